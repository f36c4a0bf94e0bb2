"""One track on one output, from a position on: played there, until it ends or is let go."""

import asyncio
from typing import Final, Protocol

from homeassistant.components.media_player.const import MediaType
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from yarl import URL

from ...cic.interfaces.audio_stream import AudioStream
from ..output.output import Ended, Media, Output, Playing
from ..output.playing import LONGEST_ANNOUNCEMENT
from ..output.seen import Sound
from .queue import Track

# From the order to the first sound, in seconds: outputs give up before, unless they are broken.
# What is announced meanwhile may last, and hides it.
BEGIN_TIMEOUT: Final = 40.0 + LONGEST_ANNOUNCEMENT

_PLAYLISTS: Final = frozenset(
    {"audio/mpegurl", "audio/x-mpegurl", "application/x-mpegurl", "application/vnd.apple.mpegurl"}
)


class Served(Protocol):
    """Sound that players fetch from Home Assistant."""

    url: str
    content_type: str

    def close(self) -> None:
        """Serve it no longer."""


class Serve(Protocol):
    """What makes sound fetchable from Home Assistant."""

    def __call__(
        self, url: str, content_type: str | None, *, begin: float = 0.0, convert: bool = False
    ) -> Served:
        """Serve what is at an address, from a second on. Raises HomeAssistantError."""


class Owner(Protocol):
    """Who is told what becomes of it. Positions in seconds of the medium."""

    def began(self, performance: Performance, position: float) -> None:
        """Take note that it sounds."""

    def paused(self, performance: Performance, position: float) -> None:
        """Take note that it stands, by whoever's will."""

    def resumed(self, performance: Performance, position: float) -> None:
        """Take note that it goes on."""

    def ended(self, performance: Performance, how: Ended, position: float) -> None:
        """Take note that it is over."""

    def moved(self, performance: Performance, position: float) -> None:
        """Take note that somebody sought at the player."""


class FailedError(Exception):
    """A track cannot be played."""


class Performance:
    """What an output plays for us. Once let go of, it tells nothing any more."""

    def __init__(self, track: Track, output: Output, owner: Owner, serve: Serve) -> None:
        """Prepare; begin plays."""
        self.track = track
        self.output = output
        self.stands = False
        """Whether the player stands still with it."""
        self.url: str | None = None
        """The address the player was given, unless it is one of our own."""
        self._owner: Owner | None = owner
        self._serve = serve
        self._playing: Playing | None = None
        self._served: Served | None = None
        # what the player takes for its beginning, in seconds of the medium
        self._shift = 0.0
        # what was last told, for as long as the player has not taken the order
        self._last = 0.0
        self._begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def position(self) -> float:
        """Where it is, in seconds of the medium."""
        return self._last if self._playing is None else self._shift + self._playing.position

    @property
    def can_pause(self) -> bool:
        """Whether the player can stand still."""
        return self._playing is not None and self._playing.can_pause

    @property
    def can_resume(self) -> bool:
        """Whether the player can go on from where it stands."""
        return self._playing is not None and self._playing.can_resume

    @property
    def can_seek(self) -> bool:
        """Whether the player can leap to anywhere in the medium."""
        return self._playing is not None and self._playing.can_seek

    # What is done with it; all raise HomeAssistantError

    async def begin(self, position: float) -> None:
        """Play from a position; returns when it sounds. Raises FailedError too."""
        media = self._media(position)
        self._playing = await self.output.play(media, self)
        try:
            async with asyncio.timeout(BEGIN_TIMEOUT):
                await self._begun
        except TimeoutError as err:
            raise FailedError("nothing was heard of it") from err

    def adopt(self, position: float, url: str) -> bool:
        """Take over what the output plays, or holds, already; tell whether it does."""
        self.url = url
        self._playing = self.output.adopt(self._as_media(url, position), self, position)
        if self._playing is None:
            return False
        self.stands = self.output.seen.sound is Sound.PAUSED
        self._begun.set_result(None)
        return True

    async def pause(self) -> None:
        """Stand still."""
        if self._playing is not None:
            await self._playing.pause()

    async def resume(self) -> None:
        """Go on."""
        if self._playing is not None:
            await self._playing.resume()

    async def seek(self, position: float) -> None:
        """Leap."""
        if self._playing is not None:
            await self._playing.seek(position)

    async def stop(self) -> None:
        """End it at the player, and hear no more of it."""
        self._let_go()
        try:
            if self._playing is not None:
                await self._playing.stop()
        finally:
            self._close()

    @callback
    def leave(self) -> None:
        """Hear no more of it; the player is left as it is."""
        self._let_go()
        if self._playing is not None:
            self._playing.forget()
        self._close()

    @callback
    def abandon(self) -> None:
        """Hear no more of it; the player is silenced, unless something else is to play there."""
        self._let_go()
        if self._playing is not None:
            self.output.abandon(self._playing)
        self._close()

    # What the output tells

    def started(self, position: float) -> None:
        """Take note that it sounds."""
        self.stands = False
        self._last = self._shift + position
        if self._owner is not None:
            self._owner.began(self, self._last)
        if not self._begun.done():
            self._begun.set_result(None)

    def paused(self, position: float) -> None:
        """Take note that it stands."""
        self.stands = True
        if self._owner is not None:
            self._owner.paused(self, self._shift + position)

    def resumed(self, position: float) -> None:
        """Take note that it goes on."""
        self.stands = False
        if self._owner is not None:
            self._owner.resumed(self, self._shift + position)

    def ended(self, how: Ended, position: float) -> None:
        """Take note that it is over."""
        owner, self._owner = self._owner, None
        self._close()
        if not self._begun.done():
            self._begun.set_exception(FailedError(f"it never began: {how.name.lower()}"))
            self._begun.exception()  # who was waiting may have given up
        elif owner is not None:
            owner.ended(self, how, self._shift + position)

    def moved(self, position: float) -> None:
        """Take note that somebody sought."""
        if self._owner is not None:
            self._owner.moved(self, self._shift + position)

    def _let_go(self) -> None:
        self._owner = None
        self._begun.cancel()

    def _close(self) -> None:
        if self._served is not None:
            self._served.close()
            self._served = None

    def _media(self, position: float) -> Media:
        """Return what the output is to play: the address itself, unless only we can fetch it."""
        stream = self.track.stream
        leaps = self.output.can_seek
        # players differ in what they make of a playlist
        convert = _is_playlist(stream)
        if self.track.delivered is None and not convert and (leaps or not position):
            self.url = stream.url
            return self._as_media(stream.url, position)
        self._shift = 0.0 if leaps and not convert else position
        served = self._served = self._serve(
            stream.url, stream.format, begin=self._shift, convert=convert
        )
        return self._as_media(served.url, position, seekable=not (convert or self._shift))

    def _as_media(self, url: str, position: float, *, seekable: bool = True) -> Media:
        item, end = self.track.item, self.track.end
        return Media(
            url=url,
            # players that do not know a content type refuse it; none refuses music
            content_type=MediaType.MUSIC.value,
            title=item.title,
            artist=item.artist,
            album=item.album,
            image_url=item.image_url,
            begin=position - self._shift,
            duration=None if end is None else max(0.0, end - position),
            seekable=seekable,
        )


def _is_playlist(stream: AudioStream) -> bool:
    kind = (stream.format or "").partition(";")[0].strip().lower()
    try:
        return kind in _PLAYLISTS or URL(stream.url).path.lower().endswith((".m3u8", ".m3u"))
    except ValueError:
        return False


async def ended(performance: Performance) -> HomeAssistantError | None:
    """End it at the player; return what went wrong."""
    try:
        await performance.stop()
    except HomeAssistantError as err:
        return err
    return None
