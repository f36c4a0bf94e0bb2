"""One request and its answer: what of HTTP and aiohttp becomes which error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import aiohttp
from yarl import URL

from .documents import decode, member, text_of
from .errors import (
    AddressError,
    CertificateError,
    CredentialError,
    DirectLineError,
    ExpiredError,
    MalformedError,
    NotConnectedError,
    RedirectedError,
    ServiceError,
    SiteDisabledError,
    TooLargeError,
    TooManyRequestsError,
    UnreachableError,
)

# A page may hold a hundred messages of 256 K characters; a bot that says more than this at once
# would fill the memory of a small machine several times over before anybody hears it.
MOST_PAGE: Final = 8 * 1024 * 1024
# What is read of an error, in bytes; gateways send whole pages.
MOST_ERROR: Final = 64 * 1024
# Codes are shown and logged; the longest documented has 19 characters.
LONGEST_CODE: Final = 64
# To be connected, in seconds: a house without a way out is told so before anybody gives up waiting.
CONNECT_PATIENCE: Final = 10.0
# What a server may ask to be left alone for, in seconds; more is a mistake of its, or a trick.
LONGEST_RETRY_AFTER: Final = 3600.0
_USUAL_RETRY_AFTER: Final = 1.0
# The service has no code for it, so its words have to do (and 1.1 has nothing else).
_SITE_DISABLED: Final = "site missing or disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was answered, of a status below 300."""

    status: int
    body: bytes = field(repr=False)


async def exchange(
    session: aiohttp.ClientSession,
    method: str,
    url: URL,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    patience: float,
    limit: int = MOST_PAGE,
    status_suffices: bool = False,
    not_found: type[ServiceError] = ServiceError,
    server_hostname: str | None = None,
) -> Reply:
    """Ask, without following a redirect: it would take the credential elsewhere.

    Raises UnreachableError, ServiceError, AddressError, and TooLargeError above the limit.
    """
    try:
        async with session.request(
            method,
            url,
            data=body,
            headers=headers,
            # a body of nothing would get a type of its own
            skip_auto_headers=() if "Content-Type" in headers else ("Content-Type",),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=patience, sock_connect=CONNECT_PATIENCE),
            server_hostname=server_hostname,
        ) as response:
            if response.status >= HTTPStatus.MULTIPLE_CHOICES:
                raise await _refusal(response, not_found)
            try:
                return Reply(status=response.status, body=await _read(response, limit))
            except aiohttp.ClientError, TimeoutError, TooLargeError:
                if status_suffices:
                    return Reply(status=response.status, body=b"")
                raise
    except aiohttp.ClientConnectorCertificateError as err:
        raise CertificateError("the certificate is not accepted") from err
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as err:
        raise NotConnectedError("no connection could be made") from err
    except TimeoutError as err:
        raise UnreachableError("no answer in time") from err
    except aiohttp.InvalidURL:
        raise AddressError("the address is not a URL") from None  # the cause tells the address
    except (aiohttp.ClientError, OSError, RuntimeError) as err:  # the last: the session is closed
        raise UnreachableError("the connection broke") from err


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the body, decompressed; raises TooLargeError as soon as it is larger."""
    if (response.content_length or 0) > limit:
        raise TooLargeError(f"the answer has more than {limit} bytes")
    data = bytearray()
    async for chunk in response.content.iter_any():
        data += chunk
        if len(data) > limit:
            raise TooLargeError(f"the answer has more than {limit} bytes")
    return bytes(data)


async def _refusal(
    response: aiohttp.ClientResponse, not_found: type[ServiceError]
) -> DirectLineError:
    """Return the error for an answer of a status of 300 and above."""
    try:
        body = await _read(response, MOST_ERROR)
    except aiohttp.ClientError, TimeoutError, TooLargeError:
        body = b""  # the status has said it
    status, (code, description) = response.status, complaint(body)
    match status:
        case 301 | 302 | 303 | 307 | 308:
            return RedirectedError(status, response.headers.get("Location", ""))
        case _ if _SITE_DISABLED in description.casefold() and status < 500:
            return SiteDisabledError(status, code, description)
        case 401 | 403 if code == "TokenExpired":
            return ExpiredError(status, code, description)
        case 401 | 403:
            return CredentialError(status, code, description)
        case 404:
            return not_found(status, code, description)
        case 413:
            return TooLargeError("the service finds it too large")
        case 429:
            pause = retry_after(response.headers.get("Retry-After", ""))
            return TooManyRequestsError(status, code, description, retry_after=pause)
    return ServiceError(status, code, description)


def complaint(body: bytes) -> tuple[str, str]:
    """Return code and text of an error, in any of the shapes the service has; ("", "") for none."""
    try:
        document = decode(body)
    except MalformedError:
        return "", ""
    error = member(document, "error")
    if not isinstance(error, dict):
        error = document
    code = text_of(member(error, "code")) or ""
    description = text_of(member(error, "message")) or ""
    if not code:
        # "BadArgument:Site missing or disabled" is how 1.1 puts both
        before, colon, _ = description.partition(":")
        code = before if colon and before.isalnum() else ""
    return (code if len(code) <= LONGEST_CODE and code.isprintable() else ""), description


def retry_after(value: str) -> float:
    """Return the seconds a server asks for; one where it does not say it in seconds."""
    try:
        return min(LONGEST_RETRY_AFTER, max(0.0, float(value)))
    except ValueError:
        return _USUAL_RETRY_AFTER
