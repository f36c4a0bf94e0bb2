"""The stream of a conversation: activities on a WebSocket as they come (receive page, 3.0)."""

import asyncio
import contextlib
import json
from typing import Final

from aiohttp import WSCloseCode, web

from .conversations import Conversation, is_for_polling
from .errors import BAD_ARGUMENT, RefusedError, site_disabled
from .seen import as_seen
from .site import Site

# Activities in a row before the others get their turn.
_AT_ONCE: Final = 50
# What clients are to pass over.
_ODD_FRAMES: Final = ('{"unknown": {"activities": 1}}', '["activities"]', '{"activities": null}')


class Stream:
    """An open stream."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        """Take a socket that was accepted, and the connection it is on."""
        self._socket = socket
        self._transport = transport
        self._closing: asyncio.Task[bool] | None = None

    def close(self, code: int, reason: str) -> None:
        """Say goodbye, and close."""
        closing = self._socket.close(code=code, message=reason.encode())
        self._closing = asyncio.create_task(closing)  # kept: nobody else holds it

    def cut(self) -> None:
        """Break the connection without a word."""
        if self._transport is not None:
            self._transport.abort()


async def stream(site: Site, request: web.Request) -> web.WebSocketResponse:
    """Serve a stream; its address is all it asks for. Raises RefusedError (400, 403, 404)."""
    conversation_id = request.match_info["conversation"]
    if not site.settings.v3_enabled:
        raise site_disabled(flat=False)
    if site.tickets.grant_of(request.query.get("t", "")).conversation != conversation_id:
        raise RefusedError(403, BAD_ARGUMENT, "The address is of another conversation")
    conversation = site.conversations.get(conversation_id)
    place = conversation.place(request.query.get("watermark"))
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    opened = Stream(socket, request.transport)
    if conversation.stream is not None:
        conversation.stream.close(WSCloseCode.OK, "collision")
    conversation.stream = opened
    writing = asyncio.create_task(_write(site, conversation, socket, place))
    try:
        async for _ in socket:
            pass  # clients keep it open with empty frames; they have nothing to say on it
    finally:
        writing.cancel()
        if conversation.stream is opened:
            conversation.stream = None
    return socket


async def _write(
    site: Site, conversation: Conversation, socket: web.WebSocketResponse, place: int
) -> None:
    """Write until the socket is closed, by the client or by its time."""
    with contextlib.suppress(ConnectionError):
        try:
            async with asyncio.timeout(site.settings.socket_seconds or None):
                await _write_from(site, conversation, socket, place)
        except TimeoutError:
            await socket.close(code=WSCloseCode.GOING_AWAY)


async def _write_from(
    site: Site, conversation: Conversation, socket: web.WebSocketResponse, place: int
) -> None:
    if site.settings.odd_frames:
        for odd in _ODD_FRAMES:
            await socket.send_str(odd)
    replayed = conversation.end
    while True:
        grown = conversation.grown
        found, following = conversation.since(place, _AT_ONCE)
        for at, activity in enumerate(found, following - len(found)):
            is_kept = is_for_polling(activity)
            if is_kept or at >= replayed:  # what was typed once is over
                mark = conversation.mark(at + 1) if is_kept else None
                frame = {"activities": [as_seen(activity, site.base)], "watermark": mark}
                for _ in range(1 + site.settings.duplicates):
                    await socket.send_str(json.dumps(frame))
        place = following
        if found:
            continue
        try:
            async with asyncio.timeout(site.settings.keep_alive_seconds):
                await grown.wait()
        except TimeoutError:
            await socket.send_str("")
