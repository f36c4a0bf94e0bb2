"""Turns that know of each other: two satellites, one conversation, a question and its answer."""

import asyncio

from homeassistant.components import conversation
from homeassistant.core import Context, HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.clova_cic import between_turns
from custom_components.clova_cic.const import EVENT_DIRECTIVE
from custom_components.clova_cic.playback.sound.mp3 import length
from tests.peer.scripted import directive as pushed
from tests.peer.voice import Reply
from tests.turn_table import Row

from .conftest import PassTime
from .house import Run, engine, make_pipeline, outcome_of, speak
from .service import CicService, directive, turns_of, until
from .speech import microphone
from .test_failures_are_heard import EVENTS, SUM, part, text_part
from .voices import SOUND, Cloud, Voices, noise, numbered, voices

pytestmark = pytest.mark.usefixtures("home")


QUESTION = numbered(1, asks_back=True)
# How long the cloud waits for an answer, and a moment after all that it is given, in seconds.
CLOUD_WAITS = 7.0
TOO_LATE = CLOUD_WAITS + between_turns.ANSWER_GRACE + 0.1


@pytest.mark.turn("Two satellites: two at once")
async def test_two_satellites_at_once(hass: HomeAssistant, cic: CicService, set_up, row) -> None:
    async with voices(hass, cic, set_up, "Kitchen", "Bedroom", reply=Cloud()) as house:
        runs = await asyncio.gather(*(one.listen(noise()) for one in house.satellites))
        await house.settled(2)
        numbers = [run.recognised.removeprefix("command ") for run in runs]
        assert sorted(numbers) == ["1", "2"]
        assert [run.answer for run in runs] == [f"answer {number}" for number in numbers]
        assert all(sum(size for _, size in one.heard) > 16000 for one in house.satellites)
        row.record(" and ".join(run.outcome for run in runs), house.dialogs, house.outcomes)


async def ask(hass: HomeAssistant, text: str) -> conversation.ConversationResult:
    """Type something, always in the same conversation."""
    agent = engine(hass, "conversation")
    return await conversation.async_converse(hass, text, "one", Context(), "en", agent)


async def late(hass: HomeAssistant, house: Voices, dialog: str | None) -> str:
    """Push a directive of a dialog that is over; return what becomes of it."""
    told = async_capture_events(hass, EVENT_DIRECTIVE)
    house.cloud.present.push(pushed("AudioPlayer.Play", dialog, late=True))
    house.cloud.present.push(pushed("Notifier.Notify"))
    await until(lambda: [event for event in told if event.data["name"] == "Notify"])
    names = [event.data["name"] for event in told]
    return "the directive is acted on" if "Play" in names else "the directive is dropped"


@pytest.mark.turn("Two satellites: a late directive, and a newer dialog elsewhere")
async def test_a_newer_dialog_elsewhere(hass: HomeAssistant, cic: CicService, set_up, row) -> None:
    cloud = Cloud()
    async with voices(hass, cic, set_up, "Kitchen", "Bedroom", reply=cloud) as house:
        for satellite in house.satellites:
            await satellite.listen(noise())
        await house.settled(2)
        outcome = await late(hass, house, cloud.dialogs[0])
        assert "acted on" in outcome
        row.record(outcome, house.dialogs, house.outcomes)


@pytest.mark.turn("Two satellites: a late directive of a dialog replaced in its conversation")
async def test_replaced_in_its_conversation(
    hass: HomeAssistant, cic: CicService, set_up, row
) -> None:
    cloud = Cloud()
    async with voices(hass, cic, set_up, reply=cloud) as house:
        for _ in range(2):
            run = await speak(hass, noise(), house.pipeline, conversation_id="one")
            assert run.outcome == "an answer"
        await house.settled(2)
        outcome = await late(hass, house, cloud.dialogs[0])
        assert "dropped" in outcome
        assert "acted on" in await late(hass, house, cloud.dialogs[1])
        row.record(outcome, house.dialogs, house.outcomes)


@pytest.mark.turn(
    "Two satellites: a late directive of a dialog replaced at its satellite, in a new conversation"
)
async def test_replaced_at_its_satellite(hass: HomeAssistant, cic: CicService, set_up, row) -> None:
    cloud = Cloud()
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        await satellite.listen(noise())
        before, satellite._conversation_id = satellite._conversation_id, None
        await satellite.listen(noise())
        assert satellite._conversation_id != before
        await house.settled(2)
        outcome = await late(hass, house, cloud.dialogs[0])
        assert "dropped" in outcome
        row.record(outcome, house.dialogs, house.outcomes)


@pytest.mark.turn("Two satellites: a late directive of a cancelled dialog")
async def test_a_cancelled_dialog(hass: HomeAssistant, cic: CicService, set_up, row) -> None:
    cloud = Cloud()
    async with voices(hass, cic, set_up, reply=cloud, capture_after=10**6) as house:
        run = Run()
        speaking = asyncio.create_task(speak(hass, noise(60), house.pipeline, run=run))
        await until(lambda: cloud.asked)
        speaking.cancel()
        await house.settled(1)
        outcome = await late(hass, house, cloud.dialogs[0])
        assert "dropped" in outcome
        row.record(outcome, house.dialogs, house.outcomes)


@pytest.mark.turn("Two satellites: a second command in a conversation that is being answered")
async def test_a_second_command_replaces_the_first(
    hass: HomeAssistant, cic: CicService, set_up, row
) -> None:
    """The first is given up when the second is on its way, and says so (Manage_Dialogue_ID)."""
    coordinator = await set_up(cic)
    planned = {"event": "TextRecognizer.Recognize", "delay": 5, "parts": []}
    await cic.control("POST", "next-answer", planned)

    first = asyncio.create_task(ask(hass, "hello"))
    await until(lambda: any(turn.answer for turn in coordinator.turns._open))
    second = asyncio.create_task(ask(hass, "repeat after me red"))
    results = [(await one).as_dict() for one in (first, second)]
    spoken = [result["response"]["speech"]["plain"]["speech"].lower() for result in results]
    assert "another command" in spoken[0]
    assert "red" in spoken[1]
    outcomes = await turns_of(coordinator, 2)
    row.record("; ".join(map(outcome_of, results)), await cic.dialogs(2), outcomes)


async def test_the_question_of_a_dialog_that_was_replaced(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """A newer command came: nobody has heard the question, and it is abandoned (flows, 4.5)."""
    cloud = Cloud(Reply(asks_back=True, sound=b"", ends=False))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        first = asyncio.create_task(ask(hass, "order pizza"))
        await until(lambda: any(one.expect_speech for one in house.answers))
        assert not (await ask(hass, "what time is it")).continue_conversation
        assert not (await first).continue_conversation
        await ask(hass, "turn on the light")
        check_new(cloud, 2)


def check_same(cloud: Cloud, request: int) -> None:
    """Check that a request answered the first question, within its dialog."""
    assert cloud.dialogs[request] == cloud.dialogs[0]
    assert cloud.asked[request].payload["speechId"] == "question-1"
    assert cloud.asked[request].payload["explicit"] is True


def check_new(cloud: Cloud, request: int) -> None:
    """Check that a request answered nothing."""
    assert cloud.dialogs[request] != cloud.dialogs[0]
    assert "speechId" not in cloud.asked[request].payload


async def ask_back(house: Voices, hass: HomeAssistant, *, conversation_id: str = "one") -> Run:
    """Speak a command that the cloud answers with a question."""
    run = await speak(hass, noise(), house.pipeline, conversation_id=conversation_id)
    assert run.continues
    return run


@pytest.mark.turn("The cloud asks back: speech in time after the sound")
async def test_an_answer_in_time(hass: HomeAssistant, cic: CicService, set_up, row) -> None:
    cloud = Cloud(QUESTION)
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        runs = [await satellite.listen(noise()) for _ in range(2)]
        await house.settled(2)
        assert [run.continues for run in runs] == [True, False]
        check_same(cloud, 1)
        row.record(f"{runs[1].outcome}; the same dialog", house.dialogs, house.outcomes)


@pytest.mark.turn("The cloud asks back: speech in time, no satellite tells of the sound's end")
async def test_an_answer_in_time_without_a_satellite(
    hass: HomeAssistant, cic: CicService, set_up, row
) -> None:
    cloud = Cloud(QUESTION)
    async with voices(hass, cic, set_up, reply=cloud) as house:
        await ask_back(house, hass)
        run = await speak(hass, noise(), house.pipeline, conversation_id="one")
        await house.settled(2)
        check_same(cloud, 1)
        row.record(f"{run.outcome}; the same dialog", house.dialogs, house.outcomes)


@pytest.mark.turn("The cloud asks back: speech too late")
async def test_an_answer_too_late(
    hass: HomeAssistant, cic: CicService, set_up, row, pass_time: PassTime
) -> None:
    cloud = Cloud(QUESTION)
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        await satellite.listen(noise())
        pass_time(TOO_LATE)
        run = await satellite.listen(noise())
        await house.settled(2)
        check_new(cloud, 1)
        row.record(f"{run.outcome}; a new dialog", house.dialogs, house.outcomes)


@pytest.mark.turn("The cloud asks back: a second answer to one question")
async def test_a_question_is_answered_once(
    hass: HomeAssistant, cic: CicService, set_up, row
) -> None:
    cloud = Cloud(QUESTION)
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        for _ in range(3):
            run = await satellite.listen(noise())
        await house.settled(3)
        check_same(cloud, 1)
        check_new(cloud, 2)
        row.record(f"{run.outcome}; a new dialog", house.dialogs, house.outcomes)


@pytest.mark.turn("The cloud asks back: the question was interrupted")
async def test_a_question_that_is_spoken_into(
    hass: HomeAssistant, cic: CicService, set_up, row
) -> None:
    """The satellite goes from responding to listening: its user wants something else."""
    cloud = Cloud(QUESTION)
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        satellite.plays_on.clear()
        playing = asyncio.create_task(satellite.listen(noise()))
        await until(lambda: hass.states.get(satellite.entity_id).state == "responding")
        await until(lambda: satellite.heard)
        playing.cancel()
        satellite.plays_on.set()
        run = await satellite.listen(noise())
        await house.settled(2)
        check_new(cloud, 1)
        row.record(f"{run.outcome}; a new dialog", house.dialogs, house.outcomes)


@pytest.mark.turn("The cloud asks back: the question was stopped")
async def test_a_question_that_is_stopped(
    hass: HomeAssistant, cic: CicService, set_up, row, pass_time: PassTime
) -> None:
    """By a button or a word, long before its sound is over: it has ended, and waits for its answer."""
    cloud = Cloud(QUESTION)
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        satellite.plays_on.clear()
        playing = asyncio.create_task(satellite.listen(noise()))
        await until(lambda: hass.states.get(satellite.entity_id).state == "responding")
        await house.settled(1)
        await until(lambda: satellite.heard and satellite._pipeline_task is None)
        satellite.tts_response_finished()  # ESPHome: "announcement finished", whatever ended it
        playing.cancel()
        marks = house.coordinator.turns.recent[0]["marks"]
        assert marks["heard"] - marks["first_sound"] < length(SOUND) * 1000 / 2
        satellite.plays_on.set()
        pass_time(CLOUD_WAITS)
        run = await satellite.listen(noise())
        await house.settled(2)
        check_same(cloud, 1)
        row.record(f"{run.outcome}; the same dialog", house.dialogs, house.outcomes)


@pytest.mark.turn("The cloud asks back: a question without sound")
async def test_a_question_without_sound(
    hass: HomeAssistant, cic: CicService, set_up, row, pass_time: PassTime
) -> None:
    """Nothing is played, and the satellite is idle: its time runs from then."""
    question = Reply(asks_back=True, text="", sound=b"")
    cloud = Cloud(question, question)
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        assert (await satellite.listen(noise())).continues
        assert hass.states.get(satellite.entity_id).state == "idle"
        pass_time(CLOUD_WAITS)
        assert (await satellite.listen(noise())).continues
        pass_time(TOO_LATE)
        run = await satellite.listen(noise())
        await house.settled(3)
        check_same(cloud, 1)
        check_new(cloud, 2)
        outcome = f"{run.outcome}; the same dialog, too late a new one"
        row.record(outcome, house.dialogs, house.outcomes)


async def test_an_announcement_does_not_prolong_a_question(
    hass: HomeAssistant, cic: CicService, set_up, pass_time: PassTime
) -> None:
    """Whatever the satellite plays later, it is not the answer."""
    cloud = Cloud(Reply(asks_back=True, text="", sound=b""))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        assert (await satellite.listen(noise())).continues
        pass_time(TOO_LATE)
        satellite._set_state("responding")
        satellite.tts_response_finished()
        await satellite.listen(noise())
        check_new(cloud, 1)


@pytest.mark.turn("The cloud asks back: the question of an answer that broke off")
async def test_a_question_that_nobody_was_asked(
    hass: HomeAssistant, cic: CicService, set_up, row
) -> None:
    """What is said is what went wrong, and no microphone opens."""
    coordinator = await set_up(cic)
    expect = {"expectSpeechId": "e", "explicit": True, "timeoutInMilliseconds": 7000}
    question = part(directive("SpeechRecognizer.ExpectSpeech", expect, messageId="m"))
    planned = {**EVENTS, "parts": [question, text_part("how many?")], "truncate": True}
    await cic.control("POST", "next-answer", planned)
    pipeline = await make_pipeline(hass)
    run = await speak(hass, microphone(SUM), pipeline, conversation_id="one")
    assert not run.continues
    row.record(run.outcome, await cic.dialogs(), await turns_of(coordinator))
    await speak(hass, microphone(SUM), pipeline, conversation_id="one")
    await cic.dialogs(2)
    asked, other = filter(None, [one["dialogRequestId"] for one in await cic.log("dialog")])
    assert asked != other


@pytest.mark.turn("The cloud asks back: `ask_question` while the cloud's is open")
async def test_a_question_of_an_automation_is_not_the_clouds(
    hass: HomeAssistant, cic: CicService, set_up, row
) -> None:
    """At the same satellite, and in time."""
    cloud = Cloud(QUESTION, Reply(heard="yes"))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        assert (await satellite.listen(noise())).continues
        satellite.said = noise()
        answer = await hass.services.async_call(
            "assist_satellite",
            "ask_question",
            {
                "entity_id": satellite.entity_id,
                "question_media_id": "http://sound.invalid/close-the-blinds.mp3",
                "preannounce": False,
                "answers": [{"id": "yes", "sentences": ["yes"]}],
            },
            blocking=True,
            return_response=True,
        )
        assert answer["id"] == "yes"
        await house.settled(2)
        check_new(cloud, 1)
        row.record(f"{satellite.run.outcome}; a new dialog", house.dialogs, house.outcomes)


@pytest.mark.turn("The cloud asks back: a typed question and a typed answer")
async def test_a_typed_answer(hass: HomeAssistant, cic: CicService, set_up, row: Row) -> None:
    cloud = Cloud(QUESTION)
    async with voices(hass, cic, set_up, reply=cloud) as house:
        results = [await ask(hass, text) for text in ("order pizza", "two")]
        await house.settled(2)
        assert [result.continue_conversation for result in results] == [True, False]
        check_same(cloud, 1)
        outcome = outcome_of(results[1].as_dict())
        row.record(f"{outcome}; the same dialog", house.dialogs, house.outcomes)
