"""What CIC is told of the speech of an answer: begun, heard to its end, or interrupted."""

import asyncio
from collections.abc import Iterator
from typing import Any

from homeassistant.components import tts
from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic.playback.sound.failure_sound import failure_sound
from custom_components.clova_cic.playback.sound.mp3 import length
from custom_components.clova_cic.speech_reports import (
    LATEST_WORD,
    TOLERANCE,
    SpeechReports,
    Telling,
    Told,
)
from tests.peer.scripted import directive as scripted, sound
from tests.peer.voice import Reply

from .conftest import PassTime
from .house import engine, make_pipeline, sound_of, speak
from .service import CicService, until
from .speech import microphone
from .voices import SOUND, Cloud, Voices, noise, numbered, voices

STARTED, FINISHED, STOPPED = "SpeechStarted", "SpeechFinished", "SpeechStopped"
SHORT = failure_sound()


def ended(house: Voices) -> bool:
    return len(house.cloud.told) % 2 == 0 and bool(house.cloud.told)


# Turns


@pytest.mark.event("SpeechSynthesizer.SpeechStarted", "SpeechSynthesizer.SpeechFinished")
@pytest.mark.usefixtures("home")
async def test_an_answer_that_is_heard(hass: HomeAssistant, cic: CicService, set_up) -> None:
    """Over the wire to the real server, which knows what is legal."""
    await set_up(cic)
    run = await speak(hass, microphone("what is two plus three"), await make_pipeline(hass))
    assert await sound_of(hass, run)
    async with asyncio.timeout(10):
        while len(await cic.told()) < 2:
            await asyncio.sleep(0.02)
    (started, token), (finished, same) = await cic.told()
    assert (started, finished) == (STARTED, FINISHED)
    assert token == same
    assert await cic.illegal() == []
    state = await cic.control("GET", "state")
    (context,) = (one for name, one in state["contexts"].items() if name.startswith(cic.client))
    assert spoken(context) == {"token": token, "playerActivity": "FINISHED"}


def spoken(context: Any) -> Any:
    """Return SpeechState of a context."""
    (state,) = (one for one in context if one["header"]["name"] == "SpeechState")
    return state["payload"]


@pytest.mark.usefixtures("home")
async def test_the_satellite_tells_of_the_end(
    hass: HomeAssistant, cic: CicService, set_up, pass_time: PassTime
) -> None:
    """Not before it does, within reason."""
    async with voices(hass, cic, set_up, reply=lambda _: Reply(sound=SOUND)) as house:
        (satellite,) = house.satellites
        satellite.plays_on.clear()
        listening = asyncio.create_task(satellite.listen(noise()))
        await until(lambda: house.cloud.told)
        await until(lambda: hass.states.get(satellite.entity_id).state == "responding")
        pass_time(length(SOUND) + TOLERANCE)
        await asyncio.sleep(0.1)
        assert [name for name, _ in house.cloud.told] == [STARTED]
        satellite.plays_on.set()
        await listening
        await until(lambda: ended(house))
        assert house.cloud.told == [(STARTED, "token-1"), (FINISHED, "token-1")]


@pytest.mark.usefixtures("home")
@pytest.mark.event("SpeechSynthesizer.SpeechStopped")
@pytest.mark.parametrize("how", ["stopped", "spoken into"])
async def test_a_listener_who_has_heard_enough(
    hass: HomeAssistant, cic: CicService, set_up, how: str
) -> None:
    """The satellite is silent long before the end of the sound."""
    async with voices(hass, cic, set_up, reply=Cloud()) as house:
        (satellite,) = house.satellites
        satellite.plays_on.clear()
        listening = [asyncio.create_task(satellite.listen(noise()))]
        await until(lambda: house.cloud.told)
        await until(lambda: hass.states.get(satellite.entity_id).state == "responding")
        await house.settled(1)
        if how == "stopped":
            satellite.plays_on.set()
        else:
            listening.append(asyncio.create_task(satellite.listen(noise())))
        await until(lambda: len(house.cloud.told) > 1)  # another answer may have begun
        assert house.cloud.told[:2] == [(STARTED, "token-1"), (STOPPED, "token-1")]
        satellite.plays_on.set()
        await asyncio.gather(*listening)


@pytest.mark.usefixtures("home")
async def test_several_in_one_answer(
    hass: HomeAssistant, cic: CicService, set_up, pass_time: PassTime
) -> None:
    """Each its own pair, in order, when it is its turn; one without sound has none."""
    cloud = Cloud(numbered(1, sound=SHORT, ends=False))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        run = asyncio.create_task(speak(hass, noise(), house.pipeline))
        await until(lambda: house.cloud.told)
        (dialog,) = cloud.dialogs
        more = (
            scripted("SpeechSynthesizer.Speak", dialog, url="cid:none", token="none"),
            sound("none", b""),
            scripted("SpeechSynthesizer.Speak", dialog, url="cid:two", token="two"),
            sound("two", SHORT * 4),
        )
        house.cloud.present.end_answer(*more)
        await run
        await until(lambda: house.coordinator.turns.recent)
        await until(lambda: "heard" in house.coordinator.turns.recent[0]["marks"])
        assert (STARTED, "two") not in house.cloud.told
        pass_time(length(SHORT) * 1.5)
        await until(lambda: len(house.cloud.told) == 3)
        pass_time(length(SHORT) * 4)
        await until(lambda: len(house.cloud.told) == 4)
        assert house.cloud.told == [
            (STARTED, "token-1"),
            (FINISHED, "token-1"),
            (STARTED, "two"),
            (FINISHED, "two"),
        ]


@pytest.mark.usefixtures("home")
async def test_the_run_is_cancelled(hass: HomeAssistant, cic: CicService, set_up) -> None:
    cloud = Cloud(numbered(1, ends=False))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        run = asyncio.create_task(speak(hass, noise(), house.pipeline))
        await until(lambda: house.cloud.told)
        run.cancel()
        await until(lambda: ended(house))
        assert house.cloud.told == [(STARTED, "token-1"), (STOPPED, "token-1")]


@pytest.mark.usefixtures("home")
async def test_the_next_command_in_a_browser(hass: HomeAssistant, cic: CicService, set_up) -> None:
    """Who speaks in a conversation listens to its last answer no longer."""
    async with voices(hass, cic, set_up, reply=Cloud()) as house:
        await speak(hass, noise(), house.pipeline, conversation_id="browser")
        await until(lambda: house.cloud.told)
        await speak(hass, noise(), house.pipeline, conversation_id="browser")
        await until(lambda: len(house.cloud.told) == 3)
        assert house.cloud.told == [
            (STARTED, "token-1"),
            (STOPPED, "token-1"),
            (STARTED, "token-2"),
        ]


@pytest.mark.usefixtures("home")
async def test_other_text(
    hass: HomeAssistant, cic: CicService, set_up, pass_time: PassTime
) -> None:
    """Text-to-speech of anybody's text is a Speak as well; its listener is taken to listen at once."""
    async with voices(hass, cic, set_up, reply=Cloud()) as house:
        stream = tts.async_create_stream(hass, engine(hass, "tts"), "en")
        stream.async_set_message("the washing machine is done")
        assert b"".join([chunk async for chunk in stream.async_stream_result()])
        await until(lambda: house.cloud.told)
        pass_time(length(SOUND))
        await until(lambda: ended(house))
        assert house.cloud.told == [(STARTED, "token-1"), (FINISHED, "token-1")]


# The clock


class Notes(list[tuple[str, str]]):
    """What was told."""

    def __call__(self, event: Any) -> None:
        self.append((event.NAME, event.token))


@pytest.fixture
async def notes() -> Notes:
    return Notes()


@pytest.fixture
async def reports(notes: Notes) -> Iterator[SpeechReports]:
    reports = SpeechReports(notes)
    yield reports
    reports.close()


async def steps() -> None:
    """Let timers that are due come."""
    for _ in range(5):
        await asyncio.sleep(0.005)


def two(telling: Telling) -> float:
    """Give out two speeches of ten seconds; return when that was."""
    now = asyncio.get_running_loop().time()
    telling.begins("one", now)
    telling.ends(now + 10, whole=True)
    telling.begins("two", now + 12)
    telling.ends(now + 22, whole=True)
    telling.given_out()
    return now


async def test_by_the_clock(notes: Notes, reports: SpeechReports, pass_time: PassTime) -> None:
    two(Telling(reports))
    seen = []
    for seconds in (0, 9, 2, 2, 8, 2):
        pass_time(seconds)
        await steps()
        seen.append(len(notes))
    assert seen == [1, 1, 2, 3, 3, 4]
    assert notes == [(STARTED, "one"), (FINISHED, "one"), (STARTED, "two"), (FINISHED, "two")]


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (5, [(STARTED, "one"), (STOPPED, "one")]),
        (11, [(STARTED, "one"), (FINISHED, "one")]),
        (15, [(STARTED, "one"), (FINISHED, "one"), (STARTED, "two"), (STOPPED, "two")]),
        (21.5, [(STARTED, "one"), (FINISHED, "one"), (STARTED, "two"), (FINISHED, "two")]),
        (25, [(STARTED, "one"), (FINISHED, "one"), (STARTED, "two"), (FINISHED, "two")]),
    ],
)
async def test_a_listener_tells(
    notes: Notes, reports: SpeechReports, pass_time: PassTime, after: float, told: list[Any]
) -> None:
    telling = Telling(reports, listener_tells=True)
    two(telling)
    pass_time(after)
    await steps()
    telling.over()
    assert notes == told
    pass_time(100)
    await steps()
    assert notes == told


async def test_a_listener_forgets_to_tell(
    notes: Notes, reports: SpeechReports, pass_time: PassTime
) -> None:
    two(Telling(reports, listener_tells=True))
    pass_time(22 + LATEST_WORD / 2)
    await steps()
    assert len(notes) == 3
    pass_time(LATEST_WORD)
    await steps()
    assert notes[3:] == [(FINISHED, "two")]


async def test_a_sound_that_breaks_off(notes: Notes, reports: SpeechReports) -> None:
    telling = Telling(reports)
    now = asyncio.get_running_loop().time()
    telling.begins("one", now)
    telling.ends(now, whole=False)
    telling.begins("two", now)
    telling.stop()
    telling.begins("three", now)
    telling.ends(now, whole=True)
    assert notes == [(STARTED, "one"), (STOPPED, "one"), (STARTED, "two"), (STOPPED, "two")]


async def test_the_state_of_speech(reports: SpeechReports) -> None:
    """None before the first; of two that sound at once, the later."""

    def state() -> dict[str, Any]:
        (told,) = reports.context()
        return dict(told.payload)

    assert reports.context() == []
    first, second = Told(reports, "one"), Told(reports, "two")
    first.start()
    assert state() == {"token": "one", "playerActivity": "PLAYING"}
    second.start()
    first.end(whole=True)
    assert state() == {"token": "two", "playerActivity": "PLAYING"}
    second.end(whole=False)
    assert state() == {"token": "two", "playerActivity": "STOPPED"}


async def test_told_once(notes: Notes, reports: SpeechReports) -> None:
    told = Told(reports, "one")
    told.start()
    told.start()
    told.end(whole=True)
    told.end(whole=False)
    told.start()
    assert notes == [(STARTED, "one"), (FINISHED, "one")]
    unbegun, nameless = Told(reports, "two"), Told(reports, "")
    unbegun.end(whole=True)
    nameless.start()
    nameless.end(whole=True)
    assert len(notes) == 2
