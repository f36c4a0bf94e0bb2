"""What is recognised while somebody still speaks: told as it comes, and the transcript where no other is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic import microphone as microphone_module
from custom_components.clova_cic.cic import dialog as dialog_module, exchange
from custom_components.clova_cic.occurrences import Kind, Occurrence
from tests.peer.scripted import Request, ScriptedCic, directive
from tests.turn_table import Row

from .conftest import SetUp
from .house import Run, make_light, make_pipeline, speak
from .service import CicService, turns_of
from .speech import microphone
from .test_pushed_speech import scripted_cic
from .voices import noise

SUM = "what is two plus three"
LIGHT = "turn on the kitchen light"
SHOWN = "SpeechRecognizer.ShowRecognizedText"


@pytest.fixture
async def partial_cic(cic: CicService) -> AsyncIterator[CicService]:
    """Yield a server that keeps the transcript, but shows what it recognises."""
    await cic.control("PUT", "settings", {"transcript": False, "partials": True})
    yield cic
    await cic.control("PUT", "settings", {"transcript": True, "partials": True})


@pytest.mark.directive(SHOWN)
@pytest.mark.turn("The cloud sends no transcript: our agent follows, and partial texts came")
async def test_our_agent(
    hass: HomeAssistant, partial_cic: CicService, set_up: SetUp, row: Row
) -> None:
    """The last of them stands for what was said, and each is told to automations."""
    coordinator = await set_up(partial_cic)
    told: list[Occurrence] = []
    coordinator.occurrences.async_listen(told.append)
    run = await speak(hass, microphone(SUM), await make_pipeline(hass))
    partial = [
        one.words["payload"]["text"]
        for one in told
        if (one.kind, one.type) == (Kind.DIRECTIVE, SHOWN)
    ]
    assert run.recognised == partial[-1] != "(spoken)"
    assert "5" in run.answer or "five" in run.answer
    row.record(run.outcome, await partial_cic.dialogs(), await turns_of(coordinator))


@pytest.mark.turn("The cloud sends no transcript: another agent follows, and partial texts came")
async def test_another_agent(
    hass: HomeAssistant, partial_cic: CicService, set_up: SetUp, row: Row
) -> None:
    """It is asked what was recognised; the cloud does nothing."""
    coordinator = await set_up(partial_cic)
    await make_light(hass)
    pipeline = await make_pipeline(hass, conversation_engine="conversation.home_assistant")
    run = await speak(hass, microphone(LIGHT), pipeline)
    assert "light" in run.recognised
    row.record(run.outcome, await partial_cic.dialogs(), await turns_of(coordinator))


# A cloud that takes its time


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for everything, but not for long."""
    monkeypatch.setattr(microphone_module, "LATE_TEXT", 0.5)
    monkeypatch.setattr(exchange, "ANSWER_TIMEOUT", 0.5)


@asynccontextmanager
async def hearing(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> AsyncIterator[tuple[ScriptedCic, Request, asyncio.Task[Run]]]:
    """Speak to a cloud of the test's own; yield it and what was said, once all of it is up."""
    async with scripted_cic(set_up, cic) as (_, server):
        pipeline = await make_pipeline(hass)
        run = asyncio.create_task(speak(hass, noise(0.2), pipeline))
        request = await server.event()
        while b"Recognize" not in request.body:
            request = await server.event()
        yield server, request, run


def answer(server: ScriptedCic, request: Request) -> None:
    server.push(directive("SpeechRecognizer.StopCapture", dialog(request), recognizedText="done"))
    server.answer(request.stream_id, directive("Clova.RenderText", dialog(request), text="Well."))


def dialog(request: Request) -> str:
    found: str = request.metadata["event"]["header"]["dialogRequestId"]
    return found


async def keep(server: ScriptedCic, request: Request, seconds: float) -> None:
    """Say for so long that recognition goes on."""
    for _ in range(int(seconds / 0.1)):
        server.push(directive("SpeechRecognizer.KeepRecording", dialog(request)))
        await asyncio.sleep(0.1)


async def nothing(_server: ScriptedCic, _request: Request, seconds: float) -> None:
    await asyncio.sleep(seconds)


@pytest.mark.parametrize(
    ("meanwhile", "recognised", "answered"),
    [
        pytest.param(
            keep, "done", "Well.", marks=pytest.mark.directive("SpeechRecognizer.KeepRecording")
        ),
        (nothing, "(spoken)", "The voice service did not answer in time."),
    ],
)
async def test_recognition_takes_long(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    meanwhile: Callable[[ScriptedCic, Request, float], Awaitable[None]],
    recognised: str,
    answered: str,
) -> None:
    """Three times what is waited for text, or for an answer: where the cloud says so, it is waited for."""
    async with hearing(hass, cic, set_up) as (server, request, run):
        await meanwhile(server, request, 1.5)
        answer(server, request)
        heard = await run
        assert (heard.recognised, heard.answer) == (recognised, answered)


async def test_recognition_without_end(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cloud that only ever recognises is given up, and its last words are shown."""
    monkeypatch.setattr(microphone_module, "LATEST_TEXT", 0.8)
    monkeypatch.setattr(dialog_module, "LONGEST_RECOGNITION", 0.8)
    async with hearing(hass, cic, set_up) as (server, request, run):
        for text in ("", "I", "I am", ""):
            server.push(directive(SHOWN, dialog(request), text=text))
        server.push(directive(SHOWN, dialog(request)))
        keeping = asyncio.create_task(keep(server, request, 10))
        heard = await run
        keeping.cancel()
        assert heard.recognised == "I am"
        assert heard.answer == "The voice service did not answer in time."
