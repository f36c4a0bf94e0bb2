"""Fetching what a bot has attached: from Direct Line, or from anywhere on the Internet."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
import socket
from typing import Final
from urllib.parse import unquote_to_bytes

import aiohttp
from yarl import URL

from .addresses import absolute, is_public
from .dialect import Patience
from .errors import (
    AddressError,
    CredentialError,
    ExpiredError,
    MalformedError,
    NotConnectedError,
    RedirectedError,
    ServiceError,
    TooLargeError,
)
from .exchange import Reply, exchange

# More hops than any link of a storage service has.
MOST_HOPS: Final = 5
# A file that was just uploaded may be found a moment later only.
NOT_YET_PAUSES: Final = (0.3, 1.0)


type Lookup = Callable[[str, int], Awaitable[list[str]]]


async def look_up(host: str, port: int) -> list[str]:
    """Return the numeric addresses of a host; raises NotConnectedError."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )
    except (OSError, UnicodeError) as err:
        raise NotConnectedError("the host's name does not resolve") from err
    return [str(address[0]) for *_, address in found]


class Attachments:
    """Fetches by link. The credential goes to Direct Line alone, and nothing into the house.

    A link comes from a bot: it may lead to Direct Line's own address or to the public
    Internet, not to what only this host can reach.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base: URL,
        credential: str,
        *,
        lookup: Lookup = look_up,
    ) -> None:
        """Take Direct Line's address, what authorises there, and what resolves names."""
        self._session = session
        self._base = base
        self._credential = credential
        self._lookup = lookup

    async def fetch(self, link: str, limit: int) -> bytes:
        """Return what a link leads to; DirectLineError, TooLargeError above the limit."""
        target = absolute(self._base, link)
        if target[:5].casefold() == "data:":
            return _inline(target, limit)
        url = _parsed(target)
        for _ in range(MOST_HOPS):
            try:
                return (await self._get(url, limit)).body
            except RedirectedError as err:
                url = url.join(_parsed(err.location))
        raise AddressError("the link leads from one address to the next")

    async def _get(self, url: URL, limit: int) -> Reply:
        if url.scheme not in {"http", "https"} or not url.host or url.user or url.password:
            raise AddressError("the link is not one of the Web")
        if url.origin() == self._base.origin():
            return await self._get_own(url, limit)
        host, port = url.host, url.port or 80
        addresses = await self._lookup(host, port)
        if not addresses or not all(is_public(address) for address in addresses):
            raise AddressError("the link leads into a private network")
        # to the address that was looked at: the name may have another one a moment later
        address = min(addresses, key=lambda one: ":" in one)
        return await exchange(
            self._session,
            "GET",
            url.with_host(address),
            headers={"Host": url.host_port_subcomponent or host},
            patience=Patience.UPLOAD,
            limit=limit,
            server_hostname=host if url.scheme == "https" else None,
        )

    async def _get_own(self, url: URL, limit: int) -> Reply:
        """Ask Direct Line: its links authorise by themselves, but that is nowhere promised."""
        headers: dict[str, str] = {}
        pauses = iter(NOT_YET_PAUSES)
        while True:
            try:
                return await exchange(
                    self._session,
                    "GET",
                    url,
                    headers=headers,
                    patience=Patience.UPLOAD,
                    limit=limit,
                )
            except CredentialError, ExpiredError:
                if headers:
                    raise
                headers = {"Authorization": f"Bearer {self._credential}"}
            except ServiceError as err:
                pause = next(pauses, None)
                if err.status != 404 or pause is None:
                    raise
                await asyncio.sleep(pause)


def _parsed(link: str) -> URL:
    try:
        return URL(link)
    except ValueError:
        raise AddressError("the link is not a URL") from None  # the cause tells the link


def _inline(link: str, limit: int) -> bytes:
    """Return what stands in a data URL (RFC 2397)."""
    head, comma, data = link.partition(",")
    if not comma:
        raise MalformedError("the data URL has no data")
    if len(data) > 3 * limit + 1024:  # each byte takes three characters at the most
        raise TooLargeError(f"the attachment has more than {limit} bytes")
    content = unquote_to_bytes(data)
    if head.casefold().endswith(";base64"):
        try:
            content = base64.b64decode(content)
        except binascii.Error as err:
            raise MalformedError("the data URL is not base64") from err
    if len(content) > limit:
        raise TooLargeError(f"the attachment has more than {limit} bytes")
    return content
