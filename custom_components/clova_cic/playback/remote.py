"""Sound at an address of the web, as MP3, while it arrives.

CIC gives some speech as an address instead of a part of the answer (SpeechSynthesizer,
Speak). What is there is told by its first bytes: MP3 goes through as it is, an HLS
playlist (RFC 8216 4.3.1.1) and any other sound go through ffmpeg.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing
from enum import Enum, auto
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientResponse, ClientTimeout
from aiohttp.hdrs import USER_AGENT
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .ahead import SoundError
from .convert import converted, from_pipe, from_playlist
from .mp3 import Frame

# Seconds. A listener waits meanwhile: who does not answer soon is passed over.
CONNECT_TIMEOUT: Final = 5.0
READ_TIMEOUT: Final = 10.0
MOST_REDIRECTS: Final = 5
# A quarter of an hour of MP3 at 128 kbit/s, five minutes of WAV at 24 kHz: no answer is longer.
LARGEST_SOUND: Final = 16 * 1024 * 1024

_TIMEOUT: Final = ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT, sock_read=READ_TIMEOUT)
# As much as tells one kind of sound from another.
_HEAD_BYTES: Final = 10
_PLAYLIST: Final = b"#EXTM3U"
_TAG: Final = b"ID3"
# A tag may stand before other sounds too; these types leave no doubt, or say nothing.
_MPEG_TYPES: Final = frozenset(
    {"audio/mpeg", "audio/mp3", "application/octet-stream", "binary/octet-stream"}
)
_NO_SOUND: Final = ("text/", "image/", "application/json", "application/xml", "application/xhtml")

type Shape = Callable[[], Awaitable[Frame | None]]


class _Kind(Enum):
    MP3 = auto()
    PLAYLIST = auto()
    OTHER = auto()


class RemoteSounds:
    """Fetches sounds: with the User-Agent every media request of CIC needs, and no token."""

    def __init__(self, hass: HomeAssistant, user_agent: str) -> None:
        """Fetch with Home Assistant's own session."""
        self._hass = hass
        self._user_agent = user_agent

    async def fetch(self, address: str, shape: Shape) -> AsyncGenerator[bytes]:
        """Yield a sound as MP3; what must be converted gets the shape of the frame before it.

        Raises SoundError, which names the host alone: the rest of an address may be secret.
        """
        try:
            async with aclosing(self._sound(address, shape)) as sound:
                async for chunk in sound:
                    yield chunk
        except SoundError as err:
            raise SoundError(f"{_host(address)}: {err}") from err
        except (ClientError, TimeoutError, OSError) as err:
            # Their own texts may repeat the address.
            raise SoundError(f"{_host(address)}: {type(err).__name__}") from err

    async def _sound(self, address: str, shape: Shape) -> AsyncGenerator[bytes]:
        request = async_get_clientsession(self._hass).get(
            address,
            headers={USER_AGENT: self._user_agent},
            max_redirects=MOST_REDIRECTS,
            timeout=_TIMEOUT,
        )
        async with request as response:
            _check(response)
            body = _bounded(response.content.iter_any())
            head = await _head(body)
            match _kind(head, response.content_type):
                case _Kind.MP3:
                    sound = _after(head, body)
                case _Kind.PLAYLIST:
                    response.close()
                    source = from_playlist(str(response.url), self._user_agent)
                    sound = _bounded(converted(self._hass, source, await shape()))
                case _Kind.OTHER:
                    sound = converted(self._hass, from_pipe(), await shape(), _after(head, body))
            async with aclosing(sound):
                async for chunk in sound:
                    yield chunk


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""


def _check(response: ClientResponse) -> None:
    """Refuse what is no sound by its status or its length."""
    if response.status != HTTPStatus.OK:
        raise SoundError(f"HTTP {response.status}")
    if (response.content_length or 0) > LARGEST_SOUND:
        raise SoundError("it is too large")


def _kind(head: bytes, content_type: str) -> _Kind:
    """Tell what a body is by its first bytes, and by its type where they leave a doubt."""
    if head.startswith(_PLAYLIST):
        return _Kind.PLAYLIST
    if Frame.parse(head) or (head.startswith(_TAG) and content_type in _MPEG_TYPES):
        return _Kind.MP3
    if content_type.startswith(_NO_SOUND) or head.lstrip().startswith(b"<"):
        raise SoundError(f"{content_type} is no sound")
    return _Kind.OTHER


async def _head(body: AsyncGenerator[bytes]) -> bytes:
    """Return the first bytes of a body, enough to tell its kind."""
    head = b""
    async for chunk in body:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    if not head:
        raise SoundError("it is empty")
    return head


async def _after(head: bytes, body: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield a body whose first bytes have been taken."""
    yield head
    async for chunk in body:
        yield chunk


async def _bounded(source: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    """Yield what comes up to the bound of a sound; raises SoundError beyond."""
    room = LARGEST_SOUND
    async for chunk in source:
        yield chunk[:room]
        room -= len(chunk)
        if room < 0:
            raise SoundError("it is too large")
