"""Turns that know of each other: two satellites, one conversation, a question and its answer."""

import asyncio

from homeassistant.components import conversation
from homeassistant.core import Context, HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.clova_cic import between_turns
from custom_components.clova_cic.const import EVENT_DIRECTIVE
from custom_components.clova_cic.playback.failure_sound import failure_sound
from tests.peer.scripted import directive
from tests.peer.voice import Asked, Reply
from tests.turn_table import Row

from .house import Run, engine, speak
from .service import CicService, turns_of, until
from .voices import Voices, noise, voices

pytestmark = pytest.mark.usefixtures("home")


class Cloud:
    """Answers each request with its number, and keeps what was asked."""

    def __init__(self, *, asks_back: bool = False) -> None:
        self.asked: list[Asked] = []
        self.asks_back = asks_back

    def __call__(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return Reply(
            text=f"answer {asked.number}",
            heard=f"command {asked.number}",
            sound=failure_sound() * 20,
            asks_back=self.asks_back and asked.number == 1,
        )

    @property
    def dialogs(self) -> list[str | None]:
        """The dialogs of the requests."""
        return [one.dialog for one in self.asked]


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


async def late(hass: HomeAssistant, house: Voices, dialog: str | None) -> str:
    """Push a directive of a dialog that is over; return what becomes of it."""
    told = async_capture_events(hass, EVENT_DIRECTIVE)
    house.cloud.present.push(directive("AudioPlayer.Play", dialog, late=True))
    house.cloud.present.push(directive("Notifier.Notify"))
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

    def ask(text: str) -> asyncio.Task[conversation.ConversationResult]:
        agent = engine(hass, "conversation")
        return asyncio.create_task(
            conversation.async_converse(hass, text, "one", Context(), "en", agent)
        )

    first = ask("hello")
    await until(lambda: any(turn.answer for turn in coordinator.turns._open))
    second = ask("repeat after me red")
    assert "another command" in (await first).response.speech["plain"]["speech"].lower()
    assert "red" in (await second).response.speech["plain"]["speech"].lower()
    outcomes = await turns_of(coordinator, 2)
    row.record("the reason, spoken; an answer", await cic.dialogs(2), outcomes)


async def ask_back(house: Voices, hass: HomeAssistant, *, conversation_id: str = "one") -> Run:
    """Speak a command that the cloud answers with a question."""
    run = await speak(hass, noise(), house.pipeline, conversation_id=conversation_id)
    assert run.continues
    return run


@pytest.mark.turn("The cloud asks back: speech in time after the sound")
async def test_an_answer_in_time(hass: HomeAssistant, cic: CicService, set_up, row) -> None:
    cloud = Cloud(asks_back=True)
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        runs = [await satellite.listen(noise()) for _ in range(2)]
        await house.settled(2)
        assert [run.continues for run in runs] == [True, False]
        assert cloud.dialogs[0] == cloud.dialogs[1]
        assert cloud.asked[1].payload["speechId"] == "question-1"
        assert cloud.asked[1].payload["explicit"] is True
        row.record(f"{runs[1].outcome}; the same dialog", house.dialogs, house.outcomes)


@pytest.mark.turn("The cloud asks back: speech in time, no satellite tells of the sound's end")
async def test_an_answer_in_time_without_a_satellite(
    hass: HomeAssistant, cic: CicService, set_up, row
) -> None:
    cloud = Cloud(asks_back=True)
    async with voices(hass, cic, set_up, reply=cloud) as house:
        await ask_back(house, hass)
        run = await speak(hass, noise(), house.pipeline, conversation_id="one")
        await house.settled(2)
        assert cloud.dialogs[0] == cloud.dialogs[1]
        assert cloud.asked[1].payload["speechId"] == "question-1"
        row.record(f"{run.outcome}; the same dialog", house.dialogs, house.outcomes)


@pytest.mark.turn("The cloud asks back: speech too late")
async def test_an_answer_too_late(
    hass: HomeAssistant, cic: CicService, set_up, row, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(between_turns, "ANSWER_GRACE", -6.8)  # of 7 s that the cloud waits
    cloud = Cloud(asks_back=True)
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        await satellite.listen(noise())
        await asyncio.sleep(0.3)
        run = await satellite.listen(noise())
        await house.settled(2)
        assert cloud.dialogs[0] != cloud.dialogs[1]
        assert "speechId" not in cloud.asked[1].payload
        row.record(f"{run.outcome}; a new dialog", house.dialogs, house.outcomes)


@pytest.mark.turn("The cloud asks back: a second answer to one question")
async def test_a_question_is_answered_once(
    hass: HomeAssistant, cic: CicService, set_up, row
) -> None:
    cloud = Cloud(asks_back=True)
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        for _ in range(3):
            run = await satellite.listen(noise())
        await house.settled(3)
        assert cloud.dialogs[1] == cloud.dialogs[0] != cloud.dialogs[2]
        assert "speechId" not in cloud.asked[2].payload
        row.record(f"{run.outcome}; a new dialog", house.dialogs, house.outcomes)


@pytest.mark.turn("The cloud asks back: the question was interrupted")
async def test_a_question_that_is_spoken_into(
    hass: HomeAssistant, cic: CicService, set_up, row
) -> None:
    """The satellite goes from responding to listening: its user wants something else."""
    cloud = Cloud(asks_back=True)
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
        assert cloud.dialogs[0] != cloud.dialogs[1]
        assert "speechId" not in cloud.asked[1].payload
        row.record(f"{run.outcome}; a new dialog", house.dialogs, house.outcomes)


@pytest.mark.turn("The cloud asks back: a typed question and a typed answer")
async def test_a_typed_answer(hass: HomeAssistant, cic: CicService, set_up, row: Row) -> None:
    cloud = Cloud(asks_back=True)
    async with voices(hass, cic, set_up, reply=cloud) as house:
        agent = engine(hass, "conversation")
        results = [
            await conversation.async_converse(hass, text, "one", Context(), "en", agent)
            for text in ("order pizza", "two")
        ]
        await house.settled(2)
        assert [result.continue_conversation for result in results] == [True, False]
        assert cloud.dialogs[0] == cloud.dialogs[1]
        assert cloud.asked[1].payload["speechId"] == "question-1"
        row.record("an answer; the same dialog", house.dialogs, house.outcomes)
