"""What lies at an address, passed on to whoever asks Home Assistant for it, while it arrives.

Bytes are held by nobody: a player that reads slowly slows the service down. Ranges go up and
come down (RFC 9110 14), playlists are rewritten (`hls.py`), and what breaks off there breaks
off here, so that a player does not take half a song for a whole one.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from http import HTTPStatus
import logging
from typing import Final

from aiohttp import ClientError, ClientResponse, hdrs, web

from ..sound.ahead import SoundError
from .delivery import Delivery
from .fetch import Fetcher
from .hls import END, LARGEST_PLAYLIST, SNIFFED, VARIANT, PlaylistError, Rewriter, is_playlist
from .kinds import PLAYLIST_TYPE, served_type
from .links import Links
from .ranges import Span, given_span, is_one_range, none_of

_LOGGER = logging.getLogger(__name__)

# Lines of a playlist rewritten in one go: 5 ms, with a signature each.
_AT_ONCE: Final = 100
_NO_STORE: Final = {hdrs.CACHE_CONTROL: "no-store", "X-Content-Type-Options": "nosniff"}
# What tells a player whether it is still the same sound, and whether it can ask for parts.
_PASSED_ON: Final = (hdrs.ETAG, hdrs.LAST_MODIFIED, hdrs.ACCEPT_RANGES)
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_LATE: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT})


class RefusedError(Exception):
    """Something a player cannot have: the status it is told, and why, without an address."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        """Refuse with a status."""
        super().__init__(reason)
        self.status = status


def refusal(status: HTTPStatus, reason: str) -> web.Response:
    """Return the answer that says why there is no sound."""
    return web.Response(status=status, text=f"{reason}\n", headers=_NO_STORE)


# Why a player can have nothing.
FAILURES: Final = (RefusedError, PlaylistError, SoundError, ClientError, TimeoutError, OSError)


def refused(err: Exception) -> web.Response:
    """Return the answer that says why there is no sound, and no address."""
    status = HTTPStatus.BAD_GATEWAY
    match err:
        case RefusedError():
            status, reason = err.status, str(err)
        case PlaylistError():
            reason = f"The playlist cannot be served: {err}"
        case SoundError():
            reason = f"It cannot be played from there: {err}"
        case TimeoutError():
            status, reason = HTTPStatus.GATEWAY_TIMEOUT, "The service does not answer in time"
        case _:
            # Its own text may hold the address.
            reason = f"It cannot be fetched: {type(err).__name__}"
    _LOGGER.debug("A player asked for sound in vain: %s", reason)
    return refusal(status, reason)


def begun(status: HTTPStatus, content_type: str) -> web.StreamResponse:
    """Return an answer that is about to be streamed."""
    response = web.StreamResponse(status=status, headers=_NO_STORE)
    response.content_type = content_type
    return response


def break_off(request: web.BaseRequest) -> None:
    """End the connection, so that what was sent so far is not taken for all.

    A player of HTTP/1.0 that was told no length cannot know.
    """
    if request.transport is not None:
        request.transport.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What lies at an address: a playlist, or else a sound; can parts be had, does it ever end."""

    playlist: bool
    can_jump: bool
    live: bool


class Relay:
    """Answers players with what lies at addresses of one sound."""

    def __init__(
        self, fetcher: Fetcher, links: Links, delivery: Delivery, content_type: str
    ) -> None:
        """Send content_type where a service says what is no type of a sound."""
        self._fetcher = fetcher
        self._links = links
        self._delivery = delivery
        self._content_type = content_type
        self.broke_off = False
        """True once a service has not sent all it began to send."""

    async def answer(self, request: web.BaseRequest, address: str) -> web.StreamResponse:
        """Answer a GET or HEAD with what lies at an address."""
        try:
            return await self._answer(request, address, _asked(request))
        except FAILURES as err:
            return refused(err)

    async def look(self, address: str) -> Look:
        """Tell what lies at an address. Raises one of FAILURES."""
        asked: dict[str, str] = {hdrs.RANGE: "bytes=0-"}
        async with self._fetcher.get(address, asked) as upstream:
            _span(upstream, asked)
            head = await peek(upstream)
            if not (playlist := is_playlist(head)):
                upstream.close()
                live = upstream.content_length is None and _is_station(upstream)
            else:
                live = await self._is_live(upstream, await _text(upstream, head))
        can_jump = upstream.status == HTTPStatus.PARTIAL_CONTENT
        return Look(playlist=playlist, can_jump=can_jump, live=live)

    async def _is_live(self, upstream: ClientResponse, playlist: str) -> bool:
        """Tell whether a playlist goes on for ever, one of variants by its first."""
        if VARIANT not in playlist:
            return END not in playlist
        lines = Rewriter(upstream.url, lambda address, _: address).lines(playlist)
        first = next((line for line in lines if not line.startswith("#")), None)
        if first is None:
            return False
        async with self._fetcher.get(first, {}) as variant:
            _span(variant, {})
            head = await peek(variant)
            return is_playlist(head) and END not in await _text(variant, head)

    async def _answer(
        self, request: web.BaseRequest, address: str, asked: dict[str, str]
    ) -> web.StreamResponse:
        # HEAD is answered by GET as well: an address may be signed for GET alone, and what is
        # a playlist shows by its first bytes.
        async with self._fetcher.get(address, asked) as upstream:
            if upstream.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and asked:
                return _unsatisfiable(upstream)
            span, total = _span(upstream, asked)
            head = b"" if span.start else await peek(upstream)
            if not is_playlist(head):
                return await self._pass_on(request, address, upstream, (span, total), head)
            if upstream.status == HTTPStatus.OK:
                return await self._playlist(upstream, head)
            upstream.close()
        return await self._answer(request, address, {})

    async def _playlist(self, upstream: ClientResponse, head: bytes) -> web.Response:
        rewriter = Rewriter(upstream.url, self._links.begin())
        lines = []
        for line in rewriter.lines(await _text(upstream, head)):
            lines.append(line)
            if not len(lines) % _AT_ONCE:
                await asyncio.sleep(0)
        self._delivery.expect(rewriter.last)
        return web.Response(
            text="\n".join([*lines, ""]), content_type=PLAYLIST_TYPE, headers=_NO_STORE
        )

    async def _pass_on(
        self,
        request: web.BaseRequest,
        address: str,
        upstream: ClientResponse,
        given: tuple[Span, int | None],
        head: bytes,
    ) -> web.StreamResponse:
        (start, _), total = given
        response = begun(
            HTTPStatus(upstream.status), served_type(upstream.content_type, self._content_type)
        )
        _describe(response, upstream)
        position, whole = start, False
        try:
            await response.prepare(request)
            if request.method == hdrs.METH_HEAD:
                return response
            async for chunk in _sound(head, upstream):
                await response.write(chunk)
                position += len(chunk)
                self._delivery.fetched.set()
            whole = True
        except _BrokenOffError:
            self.broke_off = True
            break_off(request)
        except ConnectionError:
            pass  # the player has gone
        finally:
            self._delivery.gave(address, Span(start, position), total, whole=whole)
        return response


class _BrokenOffError(Exception):
    """A service that has begun to send a sound, and does not go on."""


def _asked(request: web.BaseRequest) -> dict[str, str]:
    """Return the part a player asks for, as fields to ask the service with."""
    field = request.headers.get(hdrs.RANGE)
    if field is None or not is_one_range(field):
        return {}
    asked: dict[str, str] = {hdrs.RANGE: field}
    if condition := request.headers.get(hdrs.IF_RANGE):
        asked[hdrs.IF_RANGE] = condition
    return asked


def _span(upstream: ClientResponse, asked: dict[str, str]) -> tuple[Span, int | None]:
    """Return which bytes a service sends, and of how many; raises RefusedError."""
    match upstream.status:
        case HTTPStatus.OK:
            size = None if _is_encoded(upstream) else upstream.content_length
            return Span(0, size or 0), size
        case HTTPStatus.PARTIAL_CONTENT if asked and not _is_encoded(upstream):
            if given := given_span(upstream.headers.get(hdrs.CONTENT_RANGE)):
                return given
    status = HTTPStatus.BAD_GATEWAY
    if upstream.status in _GONE:
        status = HTTPStatus.NOT_FOUND
    elif upstream.status in _LATE:
        status = HTTPStatus.GATEWAY_TIMEOUT
    raise RefusedError(status, f"The service answered with HTTP {upstream.status}")


def _is_encoded(upstream: ClientResponse) -> bool:
    """Tell whether what arrives was compressed, against our wish; it has been expanded."""
    return upstream.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity"


def _unsatisfiable(upstream: ClientResponse) -> web.Response:
    response = refusal(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "It is not as long as that")
    if field := none_of(upstream.headers.get(hdrs.CONTENT_RANGE)):
        response.headers[hdrs.CONTENT_RANGE] = field
    return response


def _describe(response: web.StreamResponse, upstream: ClientResponse) -> None:
    """Say of an answer what the service says of it."""
    if _is_encoded(upstream):
        return
    response.content_length = upstream.content_length
    for name in _PASSED_ON:
        if field := upstream.headers.get(name):
            response.headers[name] = field
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        response.headers[hdrs.CONTENT_RANGE] = upstream.headers[hdrs.CONTENT_RANGE]


async def peek(upstream: ClientResponse) -> bytes:
    """Return the first bytes of a body, enough to tell a playlist."""
    head = b""
    async for chunk in upstream.content.iter_any():
        head += chunk
        if len(head) >= SNIFFED:
            break
    return head


async def _text(upstream: ClientResponse, head: bytes) -> str:
    """Return a playlist whose first bytes have been taken; raises PlaylistError."""
    text = bytearray(head)
    async for chunk in upstream.content.iter_any():
        text += chunk
        if len(text) > LARGEST_PLAYLIST:
            raise PlaylistError("it is too large")
    return text.decode(errors="replace")


def _is_station(upstream: ClientResponse) -> bool:
    """Tell a radio station as it tells itself: by the fields of SHOUTcast and Icecast."""
    return any(name.lower().startswith("icy-") for name in upstream.headers)


async def _sound(head: bytes, upstream: ClientResponse) -> AsyncGenerator[bytes]:
    """Yield a body whose first bytes have been taken; raises _BrokenOffError."""
    if head:
        yield head
    try:
        async for chunk in upstream.content.iter_any():
            yield chunk
    except (ClientError, TimeoutError, OSError) as err:
        raise _BrokenOffError from err
