"""The CIC that answers by itself keeps CIC's rules: otherwise no test on it means anything."""

import asyncio

import pytest

from custom_components.clova_cic.cic import Client, Dialog, Identity
from custom_components.clova_cic.cic.client import speech_synthesizer, text_recognizer
from custom_components.clova_cic.playback.sound.failure_sound import failure_sound

from .frames import PATIENCE
from .scripted import TOKEN, Owner, collect, directive, endpoint, spoken
from .voice import Asked, Fate, Goodbye, Reply, VoiceCic, voice_cic

CHUNK = bytes(6400)


async def visitor(cic: VoiceCic) -> Client:
    """Connect to it."""
    return await Client.connect(
        endpoint(cic.port), Identity(access_token=TOKEN), Owner().callbacks()
    )


async def spoken_turn(client: Client, number: int) -> tuple[str | None, list[str], bytes]:
    """Speak until told to stop, then want the answer: transcript, names, sound."""
    dialog = spoken(client, hold=True, dialog=f"d{number}")
    while not dialog.capture_stopped:
        await dialog.write(CHUNK)
        await asyncio.sleep(0)
    heard = await dialog.wait_capture_stopped()
    dialog.commit()
    return heard, *await answer_of(dialog)


async def answer_of(dialog: Dialog) -> tuple[list[str], bytes]:
    """Return the names of an answer's directives, and its sound."""
    names, heard = [], b""
    async with asyncio.timeout(PATIENCE):
        async for item in dialog.directives():
            names.append(item.header.name)
            if item.header.name == "Speak":
                sound = dialog.attachment(item.payload["url"].removeprefix("cid:"))
                heard = b"".join(await collect(sound))
    return names, heard


async def settled(cic: VoiceCic) -> None:
    """Wait until nothing is under way on the present connection."""
    async with asyncio.timeout(PATIENCE):
        while not cic.present.is_idle:
            await asyncio.sleep(0)


async def test_a_spoken_turn() -> None:
    async with voice_cic() as cic:
        client = await visitor(cic)
        heard, names, sound = await spoken_turn(client, 1)
        await client.close()
    assert (heard, names) == ("what time is it", ["Speak", "RenderText"])
    assert sound == failure_sound()
    assert (cic.tally.requests, cic.tally.dialogs) == (1, 1)
    assert cic.tally.fates == [Fate.EXECUTED]
    assert not cic.tally.resets


async def test_a_dialog_without_its_closing_boundary_is_not_acted_on() -> None:
    async with voice_cic() as cic:
        client = await visitor(cic)
        dialog = spoken(client, hold=True)
        await dialog.write(CHUNK * 3)
        assert await dialog.wait_capture_stopped() == "what time is it"
        dialog.cancel()
        await settled(cic)
        assert cic.tally.fates == [Fate.RESET]
        assert list(cic.tally.resets.values()) == [1]
        await client.close()


async def test_a_dialog_that_goes_with_its_connection() -> None:
    async with voice_cic() as cic:
        client = await visitor(cic)
        dialog = spoken(client, hold=True)
        await dialog.write(CHUNK * 3)
        assert await dialog.wait_capture_stopped() == "what time is it"
        cic.present.close()
        await client.wait_unusable()
        await settled(cic)
        assert cic.tally.fates == [Fate.LOST]
        await client.close()


async def test_an_answer_that_is_left_open() -> None:
    async with voice_cic(reply=lambda _asked: Reply(ends=False)) as cic:
        client = await visitor(cic)
        request = text_recognizer.Recognize(text="hello")
        directives = client.recognize_text(request, dialog_request_id="d1").directives()
        assert [(await anext(directives)).header.name for _ in range(2)] == ["Speak", "RenderText"]
        cic.present.end_answer(directive("Clova.RenderText", "d1", text="more"))
        assert [one.payload["text"] async for one in directives] == ["more"]
        await client.close()


async def test_typed_turns_and_other_text_by_callback() -> None:
    asked: list[Asked] = []

    def reply(what: Asked) -> Reply:
        asked.append(what)
        return Reply(text=f"You said {what.text}.", sound=b"", asks_back=True)

    async with voice_cic(reply=reply) as cic:
        client = await visitor(cic)
        request = text_recognizer.Recognize(text="hello")
        typed = client.recognize_text(request, dialog_request_id="d1")
        directives = await collect(typed.directives())
        said = client.synthesize(speech_synthesizer.Request(text="bye", lang="en"))
        assert await collect(said.directives()) == []
        await client.close()
    assert [item.header.name for item in directives] == ["RenderText", "ExpectSpeech"]
    assert directives[0].payload == {"text": "You said hello."}
    assert [(what.event, what.dialog, what.text) for what in asked] == [
        ("TextRecognizer.Recognize", "d1", "hello"),
        ("SpeechSynthesizer.Request", None, "bye"),
    ]


async def test_speech_that_ends_early_is_heard_when_it_is_committed() -> None:
    async with voice_cic() as cic:
        client = await visitor(cic)
        dialog = spoken(client, hold=True)
        await dialog.write(CHUNK)
        dialog.end_audio()
        dialog.commit()
        assert await dialog.wait_capture_stopped() == "what time is it"
        await client.close()


async def test_a_cloud_that_keeps_its_transcript() -> None:
    async with voice_cic(reply=lambda _asked: Reply(heard=None)) as cic:
        client = await visitor(cic)
        heard, names, _ = await spoken_turn(client, 1)
        await client.close()
    assert (heard, names) == (None, ["Speak", "RenderText"])


async def test_a_sound_larger_than_every_window() -> None:
    large = bytes(range(256)) * 4096 * 20
    async with voice_cic(reply=lambda _asked: Reply(sound=large)) as cic:
        client = await visitor(cic)
        _, _, sound = await spoken_turn(client, 1)
        await client.close()
    assert sound == large


@pytest.mark.parametrize("moment", Goodbye)
async def test_a_goodbye_lets_its_turn_finish(moment: Goodbye) -> None:
    async with voice_cic(goaway_every=2, goaway_at=moment) as cic:
        for number in range(1, 7):
            if number % 2:
                client = await visitor(cic)
            heard, names, _ = await spoken_turn(client, number)
            assert (heard, names) == ("what time is it", ["Speak", "RenderText"])
            if not number % 2:
                assert await client.wait_unusable() is None
                await client.drain()
    assert (cic.tally.connections, cic.tally.goaways, cic.tally.late) == (3, 3, 0)
    assert cic.tally.fates == [Fate.EXECUTED] * 6


async def test_several_clients_at_once() -> None:
    async with voice_cic() as cic:
        clients = [await visitor(cic) for _ in range(3)]
        turns = [spoken_turn(client, number) for number, client in enumerate(clients)]
        assert len({sound for _, _, sound in await asyncio.gather(*turns)}) == 1
        await settled(cic)
        for client in clients:
            await client.close()
    assert [connection.tally.fates for connection in cic.connections] == [[Fate.EXECUTED]] * 3
