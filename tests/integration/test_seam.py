"""Where an Assist run and a CIC dialog could come apart: each was a fault once, or nearly."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

from homeassistant.components import conversation, tts
from homeassistant.components.assist_pipeline.models import PipelineStage
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
import pytest

from custom_components.clova_cic import requests as requests_module, tts as tts_module
from custom_components.clova_cic.cic.errors import StreamResetError
from custom_components.clova_cic.const import CONF_HELD_TIMEOUT
from custom_components.clova_cic.conversation import CicAgent
from custom_components.clova_cic.playback.sound.failure_sound import failure_sound
from custom_components.clova_cic.run import current_turn
from custom_components.clova_cic.turn import MOVES, State, Turn

from .house import engine, make_pipeline, make_satellite, speak, whole
from .service import CicService, directive, until
from .speech import microphone
from .test_failures_are_heard import (
    EVENTS,
    SUM,
    part,
    sound_part,
    speak_part,
    text_part,
    tracebacks,
)


async def say(hass: HomeAssistant, text: str) -> bytes:
    """Have our text-to-speech say something."""
    stream = tts.async_create_stream(hass, engine(hass, "tts"), "en")
    stream.async_set_message(text)
    return await whole(stream)


async def requests(cic: CicService) -> list[str]:
    """Return the requests for dialogs the server has got, by namespace."""
    events = await cic.log("event")
    return [event["namespace"] for event in events if event["name"] == "Recognize"]


async def test_half_a_sound_is_not_kept_for_the_next_time(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    await set_up(cic)
    half = [speak_part("S"), sound_part("S", failure_sound()[:1000])]
    planned = {"event": "SpeechSynthesizer.Request", "parts": half, "truncate": True}
    await cic.control("POST", "next-answer", planned)
    assert len(await say(hass, "the washing machine is done")) <= 1000
    assert len(await say(hass, "the washing machine is done")) > 2000


async def test_typed_runs_with_one_text_have_each_their_own_sound(
    hass: HomeAssistant, cic: CicService, set_up, hass_ws_client
) -> None:
    await set_up(cic)
    pipeline = await make_pipeline(hass)
    websocket = await hass_ws_client(hass)
    heard = []
    for times in (3, 7):
        parts = [speak_part("S"), sound_part("S", failure_sound() * times)]
        planned = {"event": "TextRecognizer.Recognize", "parts": parts}
        await cic.control("POST", "next-answer", planned)
        run = {"start_stage": "intent", "end_stage": "tts", "input": {"text": f"hello {times}"}}
        await websocket.send_json_auto_id(
            {"type": "assist_pipeline/run", "pipeline": pipeline, **run}
        )
        events = [await websocket.receive_json()]
        while events[-1].get("event", {}).get("type") != "run-end":
            events.append(await websocket.receive_json())
        stream = tts.async_get_stream(hass, events[1]["event"]["data"]["tts_output"]["token"])
        assert stream is not None
        heard.append(len(await whole(stream)) // len(failure_sound()))
    assert heard == [3, 7]


async def test_what_an_automation_says_is_not_the_answers_sound(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """It is triggered by a directive of the answer, within the answer's run."""
    await set_up(cic)
    said: list[asyncio.Task[bytes]] = []

    async def speak_now(event: Event) -> None:
        if event.data["name"] == "SetIndicator":
            said.append(hass.async_create_task(say(hass, "an alarm was set")))

    hass.bus.async_listen("clova_cic_directive", speak_now)
    sound = failure_sound() * 9
    indicator = part(directive("Notifier.SetIndicator", messageId="m"))
    parts = [speak_part("S"), sound_part("S", sound), text_part("hi"), indicator]
    await cic.control("POST", "next-answer", {**EVENTS, "parts": parts})
    pipeline = await make_pipeline(hass)
    await speak(hass, microphone(SUM), pipeline, end_stage=PipelineStage.INTENT)
    (task,) = said
    assert await task != sound


async def test_what_an_automation_says_meanwhile_does_not_end_the_turn(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    coordinator = await set_up(cic)
    satellite = await make_satellite(hass, await make_pipeline(hass))
    said: list[asyncio.Task[bytes]] = []

    @callback
    def changed(event: Event[Any]) -> None:
        if event.data["new_state"].state == "processing":
            said.append(hass.async_create_task(say(hass, "one moment")))

    async_track_state_change_event(hass, satellite.entity_id, changed)
    run = await satellite.listen(microphone(SUM))
    assert "5" in run.answer or "five" in run.answer
    assert said
    assert await requests(cic) == ["SpeechRecognizer"]
    assert [turn["outcome"] for turn in coordinator.turns.recent] == ["answered"]
    await asyncio.gather(*said)


async def test_a_stand_in_is_never_sent_as_what_was_said(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    await set_up(cic, options={CONF_HELD_TIMEOUT: 0.1})
    handle = CicAgent._async_handle_message

    async def handle_late(*arguments: Any) -> Any:
        await asyncio.sleep(0.3)
        return await handle(*arguments)

    await cic.control("PUT", "settings", {"transcript": False, "partials": False})
    try:
        with patch.object(CicAgent, "_async_handle_message", handle_late):
            run = await speak(hass, microphone(SUM), await make_pipeline(hass))
    finally:
        await cic.control("PUT", "settings", {"transcript": True, "partials": True})
    assert run.answer
    assert await requests(cic) == ["SpeechRecognizer"]


async def test_a_typed_question_that_opens_the_conversation(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    await set_up(cic)
    agent = engine(hass, "conversation")
    first = await conversation.async_converse(hass, "order pizza", None, Context(), "en", agent)
    assert first.continue_conversation
    second = await conversation.async_converse(
        hass, "two", first.conversation_id, Context(), "en", agent
    )
    assert not second.continue_conversation
    await cic.dialogs(2)
    asked, answered = await cic.log("dialog")
    assert asked["dialogRequestId"] == answered["dialogRequestId"]


async def test_speech_without_an_end_is_committed_at_the_limit(
    hass: HomeAssistant, cic: CicService, set_up, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests_module, "LONGEST_SPEECH", 1.0)
    await set_up(cic)

    async def never_quiet() -> AsyncIterator[bytes]:
        while True:
            async for chunk in microphone(SUM, silence=0.0):
                yield chunk
                await asyncio.sleep(0.01)

    run = await speak(hass, never_quiet(), await make_pipeline(hass))
    assert run.answer
    assert await cic.dialogs() == ["executed"]


async def test_a_listener_that_breaks_costs_nobody_an_answer(
    hass: HomeAssistant, cic: CicService, set_up, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator = await set_up(cic)

    def broken(_header: Any) -> None:
        raise ValueError("broken listener")

    coordinator.occurrences.async_listen(broken)
    run = await speak(hass, microphone(SUM), await make_pipeline(hass))
    assert "5" in run.answer or "five" in run.answer
    assert "Unexpected error telling of" in caplog.text


async def test_a_held_request_that_broke_is_not_sent_again(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """Nobody knows what the cloud makes of half a command: what went wrong is said instead."""
    await set_up(cic)
    handle = CicAgent._async_handle_message

    async def handle_broken(*arguments: Any) -> Any:
        turn = current_turn()
        assert turn is not None
        assert turn.dialog is not None
        turn.dialog.fail(StreamResetError(2, remote=True))
        return await handle(*arguments)

    with patch.object(CicAgent, "_async_handle_message", handle_broken):
        run = await speak(hass, microphone(SUM), await make_pipeline(hass))
    assert run.outcome == "the reason, spoken"
    assert "lost" in run.answer
    assert await requests(cic) == ["SpeechRecognizer"]


async def test_a_run_that_follows_in_the_same_task_ends_the_one_before(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    coordinator = await set_up(cic)
    turns = coordinator.turns

    async def dictate_twice() -> list[str | None]:
        return [(await turns.listen("en", microphone(SUM))).text for _ in range(2)]

    assert await asyncio.create_task(dictate_twice()) == [SUM, SUM]
    await until(lambda: len(turns.recent) == 2)
    assert not turns._open


async def test_a_turn_makes_only_the_moves_of_the_table(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    coordinator = await set_up(cic)
    for state, following in MOVES.items():
        for other in State:
            turn = Turn(coordinator.turns, "c", spoken=True)
            turn.state = state
            if other in following:
                turn.move(other)
                assert turn.state is other
            else:
                with pytest.raises(RuntimeError, match=state.name):
                    turn.move(other)


async def test_no_word_and_no_sound_is_kept_for_diagnostics(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    coordinator = await set_up(cic)
    await speak(hass, microphone(SUM), await make_pipeline(hass))
    (record,) = coordinator.turns.recent
    assert SUM not in repr(record)
    assert set(record) == {"spoken", "outcome", "error", "sound_bytes", "marks"}


async def test_no_word_is_logged(
    hass: HomeAssistant, cic: CicService, set_up, caplog: pytest.LogCaptureFixture
) -> None:
    """At any level, by anything of ours."""
    caplog.set_level("DEBUG", "custom_components.clova_cic")
    await set_up(cic)
    run = await speak(hass, microphone("repeat after me silver penguin"), await make_pipeline(hass))
    assert "penguin" in run.answer
    ours = [
        record.getMessage() for record in caplog.records if record.name.startswith("custom_comp")
    ]
    assert ours
    assert "penguin" not in "".join(ours)
    assert cic.access_token not in caplog.text


async def test_unloading_while_a_command_waits_for_a_connection(
    hass: HomeAssistant, mortal_cic: CicService, set_up, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator = await set_up(mortal_cic)
    agent = engine(hass, "conversation")
    await mortal_cic.stop()
    await until(lambda: not coordinator.connected)
    asking = asyncio.create_task(
        conversation.async_converse(hass, "hello", None, Context(), "en", agent)
    )
    await until(lambda: coordinator.turns._open)
    await hass.config_entries.async_unload(coordinator.config_entry.entry_id)
    result = await asking
    assert result.response.response_type.value == "error"
    assert not tracebacks(caplog)


@pytest.mark.parametrize(("texts", "spoken"), [(["hello", " there"], True), ([" "], False)])
async def test_a_text_that_is_never_ended(
    hass: HomeAssistant, cic: CicService, set_up, monkeypatch, texts: list[str], spoken: bool
) -> None:
    """A run that failed never ends its text; what there is of it is spoken."""
    monkeypatch.setattr(tts_module, "TEXT_STALL", 0.05)
    await set_up(cic)

    async def writing() -> AsyncIterator[str]:
        for text in texts:
            yield text
        await asyncio.Event().wait()

    stream = tts.async_create_stream(hass, engine(hass, "tts"), "en")
    stream.async_set_message_stream(writing())
    assert bool(await whole(stream)) is spoken
    assert len(await cic.asked()) == spoken
