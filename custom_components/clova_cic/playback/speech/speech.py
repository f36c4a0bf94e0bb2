"""The sounds of one answer, one after another, as one MP3 stream."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Protocol

from ...cic import Attachment, CicError
from ...cic.errors import DialogCancelledError
from ...cic.interfaces.speech_synthesizer import Speak
from ..sound.ahead import ReadAhead, SoundError, Spawn
from ..sound.mp3 import LONGEST_PREFACE, Frame, FrameCounter, probe_padding
from .remote import RemoteSounds

# x-clova-pause-before beyond this is not a pause any more, in seconds.
LONGEST_PAUSE: Final = 10.0
# Sounds at addresses that are open at once: the one that plays, and the next.
MOST_FETCHED: Final = 2


def pause_before(speak: Speak) -> float:
    """Return the silence before a speech, in seconds."""
    return min(speak.pause_before / 1000, LONGEST_PAUSE)


class Spoken(Protocol):
    """An answer, as far as it is sound."""

    def speaks(self) -> AsyncGenerator[Speak]:
        """Yield what is to be played, as soon as it is known."""

    def attachment(self, content_id: str) -> Attachment:
        """Return the sound that came with the answer; raises CicError."""


class Follower(Protocol):
    """Who wants to know when each speech is heard; times are the loop's."""

    def begins(self, token: str, at: float) -> None:
        """Take when a speech begins to be heard."""

    def ends(self, at: float, *, whole: bool) -> None:
        """Take until when the last one is heard; whole is False where it breaks off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sound:
    """One speech: its pause in seconds, its bytes, and the sign that its conversion may begin."""

    token: str
    pause: float
    source: AsyncGenerator[bytes] | ReadAhead
    may_convert: asyncio.Event


class Speech:
    """Plays one answer: opens its sounds ahead of their turns, and measures what is played."""

    def __init__(
        self,
        remote: RemoteSounds,
        spawn: Spawn,
        failed: Callable[[Exception], None],
        follower: Follower,
        *,
        padded: bool,
    ) -> None:
        """Tell failed of each sound that breaks off; padded is for a converter's sake."""
        self._loop = asyncio.get_running_loop()
        self._follower = follower
        self._remote = remote
        self._spawn = spawn
        self._failed = failed
        self._padded = padded
        self._opened: asyncio.Queue[_Sound] = asyncio.Queue()
        self._may_fetch = asyncio.Semaphore(MOST_FETCHED)
        self._fetches: set[ReadAhead] = set()
        self._unshaped: list[asyncio.Event] = []
        self._counter = FrameCounter()
        self._plays_until = 0.0
        self.size = 0
        """How many bytes have been played, padding left out."""
        self.seconds = 0.0
        """How long that is: to the end of the last sound, with what lay between them."""
        self.whole = True
        """False once a sound has broken off."""
        self.stopped = False
        """True once nobody listens any more."""

    async def play(self, answer: Spoken) -> AsyncGenerator[bytes]:
        """Yield the sounds in order, each while it arrives, until the answer ends."""
        opening = self._spawn(self._open(answer), "sounds")
        sounds = self._sounds()
        try:
            async with aclosing(self._kept_audible(sounds) if self._padded else sounds) as stream:
                async for chunk in stream:
                    if chunk:
                        yield chunk
        finally:
            opening.cancel()
            await asyncio.wait({opening})
            while not self._opened.empty():
                await self._opened.get_nowait().source.aclose()

    def stop(self) -> None:
        """End after what is here: nobody listens any more."""
        self.stopped = True
        self._opened.shutdown(immediate=True)
        for fetch in self._fetches:
            fetch.give_up()

    # Opening, ahead of their turns

    async def _open(self, answer: Spoken) -> None:
        """Open each sound as soon as it is known; of those at addresses, no more than two."""
        try:
            async with aclosing(answer.speaks()) as speaks:
                async for speak in speaks:
                    if speak.content_id is None:
                        await self._may_fetch.acquire()
                    self._opened.put_nowait(self._sound(answer, speak))
        except asyncio.QueueShutDown:
            pass  # stopped
        finally:
            self._opened.shutdown()

    def _sound(self, answer: Spoken, speak: Speak) -> _Sound:
        may_convert = asyncio.Event()
        source: AsyncGenerator[bytes] | ReadAhead
        if speak.content_id is None:
            source = self._fetched(speak.url, may_convert)
        else:
            source = _attached(answer, speak.content_id)
        return _Sound(
            token=speak.token, pause=pause_before(speak), source=source, may_convert=may_convert
        )

    def _fetched(self, address: str, may_convert: asyncio.Event) -> ReadAhead:
        """Fetch a sound; what must be converted waits for a frame of the stream, or for its turn.

        Players are confused by frames of several rates.
        """

        async def shape() -> Frame | None:
            await may_convert.wait()
            return self._counter.last

        if self._counter.last is None:
            self._unshaped.append(may_convert)
        else:
            may_convert.set()
        fetch = ReadAhead(self._remote.fetch(address, shape), self._spawn)
        self._fetches.add(fetch)
        return fetch

    # Playing, in order

    async def _sounds(self) -> AsyncGenerator[bytes]:
        """Yield the bytes of all sounds, and none at each one's end."""
        while True:
            try:
                sound = await self._opened.get()
            except asyncio.QueueShutDown:
                return
            self._counter.begin_sound()
            sound.may_convert.set()
            try:
                async with aclosing(self._followed(sound)) as chunks:
                    async for chunk in chunks:
                        yield chunk
            except (CicError, SoundError) as err:
                self.whole = False
                if not isinstance(err, DialogCancelledError):
                    self._failed(err)
            finally:
                await sound.source.aclose()
                if isinstance(sound.source, ReadAhead):
                    self._fetches.discard(sound.source)
                    self._may_fetch.release()
            yield b""

    async def _followed(self, sound: _Sound) -> AsyncGenerator[bytes]:
        """Yield a sound after its pause; tell when it is heard."""
        silence, held = await _opening(sound)
        if silence:
            self._count(silence)
            yield silence
        begun = whole = False
        try:
            async with aclosing(_after(held, sound.source)) as chunks:
                async for chunk in chunks:
                    if not begun:
                        begun = True
                        self._follower.begins(sound.token, self._heard_next())
                    self._count(chunk)
                    yield chunk
            whole = True
        finally:
            if begun:
                self._follower.ends(self._plays_until, whole=whole)

    def _heard_next(self) -> float:
        """Return when what is given out now is heard: what came before it is played first."""
        return max(self._plays_until, self._loop.time())

    def _pass(self, chunk: bytes) -> None:
        """Follow what is given out, sound or silence, by the loop's clock."""
        begins, before = self._heard_next(), self._counter.seconds
        self._counter.feed(chunk)
        self._plays_until = begins + self._counter.seconds - before

    def _count(self, chunk: bytes) -> None:
        self._pass(chunk)
        self.size += len(chunk)
        self.seconds = self._counter.seconds
        if self._unshaped and self._counter.last is not None:
            for may_convert in self._unshaped:
                may_convert.set()
            self._unshaped.clear()

    async def _kept_audible(self, sounds: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """Yield the sounds; silence behind a short one, unless the next is already there."""
        async with aclosing(sounds):
            async for chunk in sounds:
                yield chunk
                while not chunk and (padding := probe_padding(self._counter)):
                    following = asyncio.create_task(_next(sounds))
                    try:
                        await asyncio.wait({following}, timeout=0)
                        if not following.done():
                            self._pass(padding)
                            yield padding
                        if (arrived := await following) is None:
                            return
                        yield (chunk := arrived)
                    finally:
                        following.cancel()
                        await asyncio.wait({following})


async def _attached(answer: Spoken, content_id: str) -> AsyncGenerator[bytes]:
    """Yield the bytes of a sound that comes with the answer."""
    async for chunk in answer.attachment(content_id):
        yield chunk


async def _opening(sound: _Sound) -> tuple[bytes, bytes]:
    """Return the silence before a sound, in the format of its own frames, and what that took of it."""
    held = b""
    if not sound.pause:
        return b"", held
    probe = FrameCounter()
    async for chunk in sound.source:
        held += chunk
        probe.feed(chunk)
        if probe.last is not None or probe.size > LONGEST_PREFACE:
            break
    silence = b"" if probe.last is None else probe.last.silence(sound.pause)
    return silence, held


async def _after(held: bytes, source: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    """Yield a sound whose beginning has been taken."""
    if held:
        yield held
    async for chunk in source:
        yield chunk


async def _next(sounds: AsyncIterator[bytes]) -> bytes | None:
    """Return what comes next, None at the end."""
    return await anext(sounds, None)
