"""Spoken dialogues: recognition while the upload is open, and what ends it."""

import asyncio
from collections.abc import AsyncIterator
import os
from pathlib import Path
import signal
from uuid import uuid4

import pytest

from tests.cic_server.client import BOUNDARY, CLOSING, Client, Control, Part, Stream, part_head
from tests.cic_server.mp3 import frames_in
from tests.cic_server.speech import silence, speech

CHUNK = 6_400


@pytest.fixture
def dialog() -> str:
    return str(uuid4())


@pytest.fixture
async def channel(client: Client) -> AsyncIterator[AsyncIterator[Part]]:
    stream = await client.downchannel()
    parts = stream.parts()
    assert (await anext(parts)).name == "DeviceControl.ExpectReportState"
    return parts


async def upload(stream: Stream, pcm: bytes) -> None:
    """Send sound in the chunks of a client, as fast as they are taken."""
    for start in range(0, len(pcm), CHUNK):
        await stream.send(pcm[start : start + CHUNK])


async def until_stop(channel: AsyncIterator[Part]) -> list[Part]:
    """Return what the downchannel brings up to StopCapture."""
    found = []
    async with asyncio.timeout(30):
        async for part in channel:
            found.append(part)
            if part.name == "SpeechRecognizer.StopCapture":
                break
    return found


async def test_command_is_recognised_while_the_upload_is_open(
    client: Client, control: Control, channel: AsyncIterator[Part], dialog: str
) -> None:
    since = await control.now()
    stream = await client.open_voice(dialog)
    await upload(stream, speech("what is twelve plus thirty four"))
    heard = await until_stop(channel)
    assert {part.directive["header"]["dialogRequestId"] for part in heard} == {dialog}
    assert heard[-1].payload == {"recognizedText": "what is twelve plus thirty four"}
    partial = [p.payload["text"] for p in heard if p.name == "SpeechRecognizer.ShowRecognizedText"]
    assert len(partial) > 1
    assert partial == list(dict.fromkeys(partial))
    assert partial[0].startswith("what")
    # The boundary is still ours to send: nothing is answered, nothing is done.
    assert not stream.answered.is_set()
    log = await control.call("GET", f"/control/log?since={since}")
    assert not [entry for entry in log["entries"] if entry["kind"] == "dialog"]
    await stream.send(CLOSING, end=True)
    speak, sound, text = await stream.all_parts()
    assert speak.directive["header"]["dialogRequestId"] == dialog
    assert frames_in(sound.body) > 10
    assert text.payload["text"] == "12 plus 34 is 46."
    found = await control.entry(since, "dialog", dialogRequestId=dialog)
    assert found["outcome"] == "executed"
    assert found["transcript"] == "what is twelve plus thirty four"
    assert found["said"] == "12 plus 34 is 46."
    assert found["audio_bytes"] == len(speech("what is twelve plus thirty four"))
    marks = list(found["marks"].values())
    assert marks == sorted(marks)


async def test_transcript_and_partials_can_be_off(
    client: Client, control: Control, channel: AsyncIterator[Part], dialog: str
) -> None:
    await control.call("PUT", "/control/settings", {"transcript": False, "partials": False})
    stream = await client.open_voice(dialog)
    await upload(stream, speech("what can you do"))
    [stop] = await until_stop(channel)
    assert stop.payload == {}
    await stream.send(CLOSING, end=True)
    assert "pizza" in (await stream.part("Clova.RenderText")).payload["text"]


@pytest.mark.parametrize("recognised", [True, False])
async def test_reset_upload_executes_nothing(
    client: Client,
    control: Control,
    channel: AsyncIterator[Part],
    dialog: str,
    recognised: bool,
) -> None:
    since = await control.now()
    stream = await client.open_voice(dialog)
    pcm = speech("order a pizza")
    await upload(stream, pcm if recognised else pcm[: len(pcm) // 3])
    if recognised:
        await until_stop(channel)
    await stream.reset()
    found = await control.entry(since, "dialog", dialogRequestId=dialog)
    assert found["outcome"] == "reset"
    assert found["said"] is None
    assert found["transcript"] == ("order a pizza" if recognised else None)
    assert found["marks"]["boundary"] is None


async def test_lost_connection_executes_nothing(control: Control, client: Client) -> None:
    since, dialog = await control.now(), str(uuid4())
    async with Client(client.server).named() as other:
        await other.downchannel()
        stream = await other.open_voice(dialog)
        await upload(stream, speech("order a pizza"))
        await control.entry(since, "event", dialogRequestId=dialog)
    found = await control.entry(since, "dialog", dialogRequestId=dialog)
    assert (found["outcome"], found["said"]) == ("reset", None)


async def test_ended_upload_without_boundary_executes_nothing(
    client: Client, control: Control, channel: AsyncIterator[Part], dialog: str
) -> None:
    since = await control.now()
    stream = await client.open_voice(dialog)
    await upload(stream, speech("order a pizza"))
    await until_stop(channel)
    await stream.send(CLOSING[:-4], end=True)
    assert await stream.status == 400
    found = await control.entry(since, "dialog", dialogRequestId=dialog)
    assert (found["outcome"], found["said"]) == ("incomplete", None)


async def test_answer_waits_for_the_boundary_not_for_the_stream_end(
    client: Client, channel: AsyncIterator[Part], dialog: str
) -> None:
    stream = await client.open_voice(dialog)
    await upload(stream, speech("hello there"))
    await until_stop(channel)
    await stream.send(CLOSING)
    assert (await stream.part("Clova.RenderText")).payload["text"].startswith("Hello")


async def test_commit_before_the_end_of_speech(
    client: Client, control: Control, channel: AsyncIterator[Part], dialog: str
) -> None:
    stream = await client.open_voice(dialog)
    await upload(stream, speech("what is two times three", tail=0.1))
    await stream.send(CLOSING, end=True)
    assert (await stream.part("Clova.RenderText")).payload["text"] == "2 times 3 is 6."
    stop = (await until_stop(channel))[-1]
    assert stop.payload == {"recognizedText": "what is two times three"}


async def test_sound_after_stop_capture_is_ignored(
    client: Client, control: Control, channel: AsyncIterator[Part], dialog: str
) -> None:
    since = await control.now()
    stream = await client.open_voice(dialog)
    first, second = speech("what is five minus nine"), speech("order a pizza")
    await upload(stream, first)
    await until_stop(channel)
    await upload(stream, second)
    await stream.send(CLOSING, end=True)
    assert (await stream.part("Clova.RenderText")).payload["text"] == "5 minus 9 is -4."
    found = await control.entry(since, "dialog", dialogRequestId=dialog)
    assert found["audio_bytes"] == len(first + second)


async def test_many_audio_parts_of_any_length_are_one_sound(
    client: Client, channel: AsyncIterator[Part], dialog: str
) -> None:
    stream = await client.open_voice(dialog)
    pcm = speech("repeat after me tiger banana")
    head = b"\r\n" + part_head("audio", "application/octet-stream")
    odd = CHUNK + 1
    for start in range(0, len(pcm), odd):
        await stream.send((head if start else b"") + pcm[start : start + odd])
    assert (await until_stop(channel))[-1].payload["recognizedText"] == (
        "repeat after me tiger banana"
    )
    await stream.send(CLOSING, end=True)
    assert (await stream.part("Clova.RenderText")).payload["text"] == "tiger banana"


async def test_long_utterance_is_kept_alive(
    client: Client, channel: AsyncIterator[Part], dialog: str
) -> None:
    stream = await client.open_voice(dialog)
    await upload(stream, speech("repeat after me red hospital seven elephant guitar"))
    names = [part.name for part in await until_stop(channel)]
    assert "SpeechRecognizer.KeepRecording" in names
    await stream.send(CLOSING, end=True)
    assert await stream.status == 200


async def test_silence_is_answered_aloud(
    client: Client, control: Control, channel: AsyncIterator[Part], dialog: str
) -> None:
    since = await control.now()
    stream = await client.open_voice(dialog)
    await upload(stream, silence(7.2))
    heard = await until_stop(channel)
    assert heard[-1].payload == {}
    assert "SpeechRecognizer.ShowRecognizedText" not in {part.name for part in heard}
    await stream.send(CLOSING, end=True)
    _, sound, text = await stream.all_parts()
    assert text.payload["text"] == "Sorry, I did not hear anything."
    assert frames_in(sound.body) > 10
    found = await control.entry(since, "dialog", dialogRequestId=dialog)
    assert found["recognition"] == "silence"


async def test_unrelated_talk_is_refused_aloud(
    client: Client, control: Control, channel: AsyncIterator[Part], dialog: str
) -> None:
    since = await control.now()
    stream = await client.open_voice(dialog)
    await upload(stream, speech("the committee will publish its report next thursday"))
    assert (await until_stop(channel))[-1].payload == {}
    await stream.send(CLOSING, end=True)
    _, sound, text = await stream.all_parts()
    assert text.payload["text"] == "Sorry, I did not understand that."
    assert frames_in(sound.body) > 10
    found = await control.entry(since, "dialog", dialogRequestId=dialog)
    assert (found["recognition"], found["transcript"]) == ("rejected", None)


async def test_language_without_recognition_is_answered_in_it(
    client: Client, channel: AsyncIterator[Part], dialog: str
) -> None:
    stream = await client.open_voice(dialog, lang="ko")
    await upload(stream, speech("hello there"))
    assert (await until_stop(channel))[-1].payload == {}
    await stream.send(CLOSING, end=True)
    speak, _, text = await stream.all_parts()
    assert speak.payload["ttsLang"] == "ko"
    assert "한국어" in text.payload["text"]


async def test_wav_file_is_refused(
    client: Client, control: Control, channel: AsyncIterator[Part], dialog: str
) -> None:
    stream = await client.open_voice(dialog)
    for byte in b"RIFF\x24\x00\x00\x00WAVEfmt ":
        await stream.send(bytes((byte,)))
    assert await stream.status == 400
    assert "raw PCM" in (await stream.part("System.Exception")).payload["description"]


async def test_voice_order_in_two_steps(
    client: Client, channel: AsyncIterator[Part], dialog: str
) -> None:
    stream = await client.open_voice(dialog)
    await upload(stream, speech("order a pizza"))
    await until_stop(channel)
    await stream.send(CLOSING, end=True)
    expect = await stream.part("SpeechRecognizer.ExpectSpeech")
    # The follow-up names the dialogue and the question again; `lang` may be missing.
    reply = {"speechId": expect.payload["expectSpeechId"], "explicit": True}
    stream = await client.open_voice(dialog, **reply)
    await upload(stream, speech("three"))
    assert (await until_stop(channel))[-1].payload == {"recognizedText": "three"}
    await stream.send(CLOSING, end=True)
    assert (await stream.part("Clova.RenderText")).payload["text"] == "Ordering three pizzas."


async def test_three_clients_speak_at_once(cic_server: object, client: Client) -> None:
    async def one(text: str) -> str:
        async with Client(client.server).named() as speaker:
            parts = (await speaker.downchannel()).parts()
            stream = await speaker.open_voice(str(uuid4()))
            await upload(stream, speech(text))
            stop = (await until_stop(parts))[-1]
            await stream.send(CLOSING, end=True)
            await stream.all_parts()
            return stop.payload["recognizedText"]

    texts = ["what time is it", "thank you", "what is the date"]
    assert await asyncio.gather(*(one(text) for text in texts)) == texts


def recogniser_pids(parent: int) -> list[int]:
    tasks = Path(f"/proc/{parent}/task").iterdir()
    children = [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    return [
        pid
        for pid in children
        if b"pocketsphinx_worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def is_dead(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return status.rpartition(")")[2].split()[0] in "ZX"


async def test_dead_recogniser_is_replaced(
    client: Client, control: Control, channel: AsyncIterator[Part], dialog: str
) -> None:
    since = await control.now()
    stream = await client.open_voice(dialog)
    await upload(stream, silence(0.4))
    await control.entry(since, "event", dialogRequestId=dialog)
    killed = recogniser_pids(client.server.process.pid)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(10):  # so much memory is not given back at once
        while not all(is_dead(pid) for pid in killed):
            await asyncio.sleep(0.01)
    assert (await until_stop(channel))[-1].payload == {}
    await stream.send(CLOSING, end=True)
    text = (await stream.part("Clova.RenderText")).payload["text"]
    assert text == "Sorry, I did not understand that."
    again = await client.open_voice(str(uuid4()))
    await upload(again, speech("thank you"))
    assert (await until_stop(channel))[-1].payload == {"recognizedText": "thank you"}
    await again.send(f"\r\n--{BOUNDARY}--".encode(), end=True)
    assert (await again.part("Clova.RenderText")).payload["text"] == "You are welcome."
