"""Sound at an address of the web, as MP3, while it arrives.

CIC gives some speech as an address instead of a part of the answer (SpeechSynthesizer,
Speak). What is there is told by its first bytes: MP3 goes through as it is, an HLS
playlist (RFC 8216 4.3.1.1) and any other sound go through ffmpeg, which fetches nothing itself.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing
from enum import Enum, auto
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientResponse
from homeassistant.core import HomeAssistant

from ..sound.ahead import SoundError
from ..sound.mp3 import Frame
from ..web.convert import FROM_PIPE, Encoding, converted, from_door
from ..web.door import open_door
from ..web.fetch import Fetcher
from ..web.hls import SNIFFED, is_playlist
from ..web.kinds import PLAYLIST

# A quarter of an hour of MP3 at 128 kbit/s, five minutes of WAV at 24 kHz: no answer is longer.
LARGEST_SOUND: Final = 16 * 1024 * 1024

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
        """Fetch for answers of one entry."""
        self._hass = hass
        self._user_agent = user_agent

    def fetch_alike(self, address: str) -> AsyncGenerator[bytes]:
        """Yield a sound as MP3 of 24 kHz, mono, as the client's own sounds are; raises SoundError."""
        return self.fetch(address, any_shape, alike=True)

    async def fetch(
        self, address: str, shape: Shape, *, alike: bool = False
    ) -> AsyncGenerator[bytes]:
        """Yield a sound as MP3; what must be converted gets the shape of the frame before it.

        alike: MP3 of another shape must be, too. Raises SoundError, which names the host alone:
        the rest of an address may be secret.
        """
        try:
            async with aclosing(self._sound(address, shape, alike)) as sound:
                async for chunk in sound:
                    yield chunk
        except SoundError as err:
            raise SoundError(f"{_host(address)}: {err}") from err
        except (ClientError, TimeoutError, OSError) as err:
            # Their own texts may repeat the address.
            raise SoundError(f"{_host(address)}: {type(err).__name__}") from err

    async def _sound(self, address: str, shape: Shape, alike: bool) -> AsyncGenerator[bytes]:
        fetcher = Fetcher(self._hass, address, self._user_agent)
        async with fetcher.get(address) as response:
            _check(response)
            body = _bounded(response.content.iter_any())
            head = await _head(body)
            match _kind(head, response.content_type):
                case _Kind.MP3 if not alike or _is_alike(head, await shape()):
                    sound = _after(head, body)
                case _Kind.PLAYLIST:
                    response.close()
                    sound = self._played(fetcher, str(response.url), await shape())
                case _:
                    encoding = Encoding.like(await shape())
                    sound = converted(self._hass, FROM_PIPE, encoding, _after(head, body))
            async with aclosing(sound):
                async for chunk in sound:
                    yield chunk

    async def _played(
        self, fetcher: Fetcher, playlist: str, frame: Frame | None
    ) -> AsyncGenerator[bytes]:
        """Yield what an HLS playlist plays; its parts are fetched under the rules for the whole."""
        async with open_door(fetcher, playlist, PLAYLIST) as door:
            source = from_door(door, playlist=True)
            async with aclosing(converted(self._hass, source, Encoding.like(frame))) as sound:
                async for chunk in _bounded(sound):
                    yield chunk
            door.check()


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _check(response: ClientResponse) -> None:
    """Refuse what is no sound by its status or its length."""
    if response.status != HTTPStatus.OK:
        raise SoundError(f"HTTP {response.status}")
    if (response.content_length or 0) > LARGEST_SOUND:
        raise SoundError("it is too large")


def _kind(head: bytes, content_type: str) -> _Kind:
    """Tell what a body is by its first bytes, and by its type where they leave a doubt."""
    if is_playlist(head):
        return _Kind.PLAYLIST
    if Frame.parse(head) or (head.startswith(_TAG) and content_type in _MPEG_TYPES):
        return _Kind.MP3
    if content_type.startswith(_NO_SOUND) or head.lstrip().startswith(b"<"):
        raise SoundError(f"{content_type} is no sound")
    return _Kind.OTHER


async def any_shape() -> Frame | None:
    """Return that a sound need not look like anything before it."""
    return None


def _is_alike(head: bytes, frame: Frame | None) -> bool:
    """Tell whether MP3 has the rate and channels of what is converted; behind a tag nobody knows."""
    own, wanted = Frame.parse(head), Encoding.like(frame)
    return own is not None and (own.rate, own.channels) == (wanted.rate, wanted.channels)


async def _head(body: AsyncGenerator[bytes]) -> bytes:
    """Return the first bytes of a body, enough to tell its kind."""
    head = b""
    async for chunk in body:
        head += chunk
        if len(head) >= SNIFFED:
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
