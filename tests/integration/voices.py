"""A house whose voice cloud answers by itself in the test's own loop: for turns one after another."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import gc
from types import coroutine
from typing import Any, Self

from homeassistant.core import HomeAssistant

from custom_components.clova_cic.answer import Answer
from custom_components.clova_cic.cic import Attachment, Exchange
from custom_components.clova_cic.cic.connection import Stream
from custom_components.clova_cic.coordinator import CicCoordinator
from custom_components.clova_cic.hearing import Hearing
from custom_components.clova_cic.playback.sound.failure_sound import failure_sound
from custom_components.clova_cic.turn import Turn
from tests.peer.voice import Asked, Reply, VoiceCic, voice_cic

from .conftest import SetUp, data_for_peer
from .house import Satellite, make_pipeline, make_satellites
from .service import CicService, until

SOUND = failure_sound() * 20
"""The sound of an answer, which is not to be taken for the one of failure."""


class Cloud:
    """Answers dialogs with the replies it is given, then with their numbers; keeps what was asked."""

    def __init__(self, *replies: Reply) -> None:
        """Answer these in order."""
        self.asked: list[Asked] = []
        self.speech = Reply(sound=SOUND)
        """What text-to-speech is answered."""
        self._replies = iter(replies)

    def __call__(self, asked: Asked) -> Reply:
        """Answer a request."""
        self.asked.append(asked)
        if asked.dialog is None:
            return self.speech
        return next(self._replies, numbered(asked.number))

    @property
    def dialogs(self) -> list[str]:
        """The dialogs of the requests that had one."""
        return [one.dialog for one in self.asked if one.dialog is not None]

    @property
    def events(self) -> list[str]:
        """What was asked, by name."""
        return [one.event for one in self.asked]


def numbered(number: int, **changes: Any) -> Reply:
    """Return an answer that is known by its number."""
    known = {"text": f"answer {number}", "heard": f"command {number}", "sound": SOUND}
    return Reply(**known | changes)


async def noise(seconds: float = 5.0) -> AsyncIterator[bytes]:
    """Yield what a microphone gives, faster than a room does: the cloud says when to stop."""
    for _ in range(int(seconds * 50)):
        yield bytes(640)
        await asyncio.sleep(0)


@dataclass
class Voices:
    """The cloud, our entry and the satellites."""

    cloud: VoiceCic
    coordinator: CicCoordinator
    pipeline: str
    satellites: list[Satellite]

    @property
    def outcomes(self) -> list[str]:
        """How the latest turns ended."""
        return [turn["outcome"] for turn in self.coordinator.turns.recent]

    @property
    def dialogs(self) -> list[str]:
        """What became of the dialogs at the cloud."""
        return [fate.value for fate in self.cloud.tally.fates]

    @property
    def answers(self) -> list[Answer]:
        """The answers under way."""
        return [turn.answer for turn in self.coordinator.turns._open if turn.answer is not None]

    async def settled(self, turns: int) -> None:
        """Wait until so many turns are over, here and at the cloud."""
        await until(lambda: len(self.outcomes) == turns)
        await until(lambda: all(one.is_idle for one in self.cloud.connections))


@asynccontextmanager
async def voices(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, *rooms: str, **settings: Any
) -> AsyncIterator[Voices]:
    """Run such a house; settings are the cloud's."""
    async with voice_cic(**settings) as cloud:
        coordinator = await set_up(cic, **data_for_peer(cloud.port))
        pipeline = await make_pipeline(hass)
        satellites = await make_satellites(hass, pipeline, *(rooms or ("Kitchen",)))
        try:
            yield Voices(cloud, coordinator, pipeline, satellites)
        finally:
            await hass.config_entries.async_unload(coordinator.config_entry.entry_id)


@coroutine
def cut_short(run: Coroutine[Any, Any, Any], at: int) -> Generator[Any, Any, bool]:
    """Run something in this task and cancel the task at its at-th await; tell whether there was one."""
    awaits = 0
    try:
        awaited = run.send(None)
        while True:
            awaits += 1
            if awaits == at:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                result = yield awaited
            except BaseException as error:  # as the event loop does
                awaited = run.throw(error)
            else:
                awaited = run.send(result)
    except StopIteration:
        return awaits >= at


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a house holds: to be compared."""

    tasks: int
    open_turns: int
    streams: int
    exchanges: int
    dialogs: int
    objects: Counter[str]

    @classmethod
    def of(cls, coordinator: CicCoordinator) -> Self:
        """Count all of it."""
        gc.collect()
        client = coordinator.client
        kinds = (Turn, Answer, Hearing, Exchange, Stream, Attachment)
        found = (type(one).__name__ for one in gc.get_objects() if isinstance(one, kinds))
        return cls(
            tasks=len(asyncio.all_tasks()),
            open_turns=len(coordinator.turns._open),
            streams=len(client._connection._streams._streams),
            exchanges=len(client._exchanges),
            dialogs=len(client._dialogs._live),
            objects=Counter(found),
        )
