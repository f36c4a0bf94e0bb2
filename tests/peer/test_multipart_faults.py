"""Multipart bodies as no document shows them: read if they can be, never cut, never waited for."""

import json

from h2.errors import ErrorCodes
import pytest

from custom_components.clova_cic.cic import exchange
from custom_components.clova_cic.cic.attachments import MOST_ATTACHMENTS
from custom_components.clova_cic.cic.errors import (
    AttachmentMissingError,
    LimitExceededError,
    MalformedResponseError,
    StatusError,
    TruncatedResponseError,
)

from .frames import data
from .house import CHUNK, NOON, SPEAK, House, Turn, survives
from .scripted import BOUNDARY, RELATED, Request, ScriptedCic, delimiter, directive, part, sound

END = delimiter(last=True)
TOKEN = f"--{BOUNDARY}".encode()


async def asked(house: House) -> tuple[ScriptedCic, Turn, Request]:
    """Have a turn that waits for its answer."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    return cic, turn, await cic.hears(turn.mark)


def say(cic: ScriptedCic, request: Request, body: bytes) -> None:
    """Answer with a body as it is."""
    cic.says(cic.head(request), data(request.stream_id, body, end=True))


# How the body is cut


@pytest.mark.parametrize("size", [1, 7, 64])
@survives
async def test_a_boundary_cut_over_frames(house: House, size: int) -> None:
    """Trap 10, fault 39: at every place that frames of this size cut."""
    cic, turn, request = await asked(house)
    body = SPEAK + sound("S", CHUNK[:2000]) + NOON + END
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    cic.says(cic.head(request), *[data(request.stream_id, piece) for piece in pieces])
    cic.says(data(request.stream_id, end=True))
    assert (await turn.text(), await turn.sound()) == ("noon", CHUNK[:2000])


@survives
async def test_a_part_is_there_as_soon_as_its_delimiter_is(house: House) -> None:
    """Trap 12, fault 39: without the line end behind it, and without the next part."""
    cic, turn, request = await asked(house)
    cic.says(cic.head(request), data(request.stream_id, NOON + TOKEN))
    assert await turn.begun() == "noon"
    cic.says(data(request.stream_id, b"--\r\n", end=True))
    assert await turn.text() == ""


@survives
async def test_sound_is_not_held_back_for_a_delimiter(house: House) -> None:
    """Trap 10, fault 39: what cannot become one is given out at once."""
    cic, turn, request = await asked(house)
    begun = sound("S", b"")[: -len(b"\r\n")]
    cic.says(cic.head(request), data(request.stream_id, SPEAK + begun))
    stream = turn.exchange.attachment("S")
    for tick in (b"tick", b"\r\n--scrip", b"\r", b"tock\r\n-"):
        cic.says(data(request.stream_id, tick))
    heard = b""
    while len(heard) < len(b"tick\r\n--scrip\rtock"):
        heard += await anext(stream)
    assert heard == b"tick\r\n--scrip\rtock"
    cic.says(data(request.stream_id, b"ted\r\n" + NOON + END, end=True))
    assert await turn.sound() == b"\r\n-ted"
    assert await turn.text() == "noon"


# What stands around the parts


@survives
async def test_a_line_end_before_the_first_delimiter(house: House) -> None:
    """Trap 20, fault 39: some servers begin with one."""
    cic, turn, request = await asked(house)
    say(cic, request, b"\r\n" + NOON + END)
    assert await turn.text() == "noon"


@survives
async def test_words_before_and_behind_the_parts(house: House) -> None:
    """Trap 20, fault 39: preamble and epilogue are nobody's (RFC 2046, 5.1.1)."""
    cic, turn, request = await asked(house)
    epilogue = b"and that was it\r\n" + directive("Clova.RenderText", text="no") + END
    say(cic, request, b"a message in parts:\r\n" + NOON + END + epilogue)
    assert await turn.text() == "noon"


@survives
async def test_lines_that_end_with_a_line_feed(house: House) -> None:
    """Trap 20, fault 39: the first delimiter says how lines end."""
    cic, turn, request = await asked(house)
    say(cic, request, (NOON + END).replace(b"\r\n", b"\n"))
    assert await turn.text() == "noon"


@survives
async def test_blanks_behind_a_boundary(house: House) -> None:
    """Trap 20, fault 39: padding that transports may add (RFC 2046, 5.1.1)."""
    cic, turn, request = await asked(house)
    say(cic, request, NOON.replace(TOKEN, TOKEN + b" \t ", 1) + TOKEN + b"-- \t\r\n")
    assert await turn.text() == "noon"


@survives
async def test_no_line_end_behind_the_closing_delimiter(house: House) -> None:
    """Trap 12, fault 39: it is complete all the same."""
    cic, turn, request = await asked(house)
    say(cic, request, NOON + TOKEN + b"--")
    assert await turn.text() == "noon"


LOOKALIKES = {
    "a longer boundary": b"\r\n" + TOKEN + b"x tail",
    "in the middle of a line": b"head " + TOKEN + b"\r\n tail",
    "behind a bare line feed": b"head\n" + TOKEN + b"\r\n tail",
    "with one dash": b"\r\n" + TOKEN[1:] + b"\r\n tail",
    "a beginning and a beginning": b"\r\n--scri\r\n--script",
}


@pytest.mark.parametrize("noise", LOOKALIKES.values(), ids=LOOKALIKES)
@survives
async def test_sound_that_looks_like_a_delimiter(house: House, noise: bytes) -> None:
    """Trap 10, fault 39: it is sound, to the last octet."""
    cic, turn, request = await asked(house)
    say(cic, request, SPEAK + sound("S", noise) + NOON + END)
    assert (await turn.text(), await turn.sound()) == ("noon", noise)


# Bodies that break off


@pytest.mark.parametrize(
    "ending", [b"", delimiter(), TOKEN], ids=["nothing", "a delimiter", "half"]
)
@survives
async def test_a_missing_closing_delimiter(house: House, ending: bytes) -> None:
    """Trap 12, fault 39: END_STREAM alone is no end; what was whole is delivered."""
    cic, turn, request = await asked(house)
    say(cic, request, NOON + NOON + ending)
    assert await turn.begun() == "noon"
    assert isinstance(await turn.error(), TruncatedResponseError)


@survives
async def test_a_sound_without_an_end(house: House) -> None:
    """Trap 12, fault 39: its reader gets what there is, and then the error."""
    cic, turn, request = await asked(house)
    say(cic, request, SPEAK + sound("S", CHUNK)[: -len(b"\r\n")])
    heard = bytearray()

    async def listen() -> None:
        async for chunk in turn.exchange.attachment("S"):
            heard.extend(chunk)

    with pytest.raises(TruncatedResponseError):
        await listen()
    assert heard == CHUNK


@survives
async def test_an_empty_body(house: House) -> None:
    """Trap 12, fault 39: 200, multipart, and not one delimiter."""
    cic, turn, request = await asked(house)
    say(cic, request, b"")
    assert isinstance(await turn.error(), TruncatedResponseError)


@survives
async def test_no_parts_at_all(house: House) -> None:
    """Trap 20, fault 39: a closing delimiter alone says that there is nothing to say."""
    cic, turn, request = await asked(house)
    say(cic, request, END)
    assert await turn.text() == ""


# The boundary


@survives
async def test_a_boundary_that_is_not_the_one_announced(house: House) -> None:
    """Trap 12, fault 39: nothing is found, nothing is held, and the end says so."""
    cic, turn, request = await asked(house)
    cic.says(cic.head(request))
    for _ in range(40):
        cic.says(data(request.stream_id, NOON.replace(b"scripted", b"other") * 50))
    cic.says(data(request.stream_id, END.replace(b"scripted", b"other"), end=True))
    assert isinstance(await turn.error(), TruncatedResponseError)


UNUSABLE = {
    "none": "multipart/related",
    "empty": 'multipart/related; boundary=""',
    "too long": f"multipart/related; boundary={'b' * 300}",
    "not multipart": "application/json",
    "no type": "",
}


@pytest.mark.parametrize("kind", UNUSABLE.values(), ids=UNUSABLE)
@survives
async def test_no_usable_boundary(house: House, kind: str) -> None:
    """Trap 6, fault 39: that answer only, and the stream is given back."""
    cic, turn, request = await asked(house)
    fields = [(":status", "200"), ("content-type", kind)]
    cic.says(cic.peer.headers(request.stream_id, fields))
    assert isinstance(await turn.error(), MalformedResponseError)
    assert await cic.reset(request.stream_id) == ErrorCodes.CANCEL


@pytest.mark.parametrize(
    "kind",
    [
        'multipart/related; boundary="scripted"; type="application/json"',
        "Multipart/Mixed;charset=UTF-8;BOUNDARY=scripted",
        'multipart/related; start="<x>;boundary=no"; boundary="scr\\ipted" ;',
    ],
    ids=["quoted", "in capitals", "behind another that looks like it"],
)
@survives
async def test_a_boundary_written_otherwise(house: House, kind: str) -> None:
    """Trap 20, fault 39: parameters have a grammar (RFC 9110, 5.6.6)."""
    cic, turn, request = await asked(house)
    fields = [(":status", "200"), ("content-type", kind)]
    cic.says(cic.peer.headers(request.stream_id, fields))
    cic.says(data(request.stream_id, NOON + END, end=True))
    assert await turn.text() == "noon"


# The parts


@survives
async def test_headers_of_a_megabyte(house: House) -> None:
    """Trap 6, fault 39: that part is skipped at its bound, the others are read."""
    cic, turn, request = await asked(house)
    long = part(b"{}", "Content-Type: application/json", "X-Long: " + "y" * 900_000)
    cic.says(cic.head(request))
    body = SPEAK + sound("S", b"before") + long + NOON + END
    for start in range(0, len(body), 16_000):
        cic.says(data(request.stream_id, body[start : start + 16_000]))
    cic.says(data(request.stream_id, end=True))
    assert (await turn.text(), await turn.sound()) == ("noon", b"before")
    assert len(house.owner.malformed) == 1


@survives
async def test_ten_thousand_empty_parts(house: House) -> None:
    """Trap 10, fault 39: with no header at all, one delimiter behind the other."""
    cic, turn, request = await asked(house)
    body = delimiter() * 10_000 + NOON + END
    cic.says(cic.head(request))
    for start in range(0, len(body), 16_000):
        cic.says(data(request.stream_id, body[start : start + 16_000]))
    cic.says(data(request.stream_id, end=True))
    assert await turn.text() == "noon"


@survives
async def test_ten_thousand_parts_that_say_nothing(house: House) -> None:
    """Trap 10, fault 39: with headers, empty, and of no kind we know."""
    cic, turn, request = await asked(house)
    body = part(b"", "Content-Type: text/plain") * 10_000 + NOON + END
    cic.says(cic.head(request))
    for start in range(0, len(body), 16_000):
        cic.says(data(request.stream_id, body[start : start + 16_000]))
    cic.says(data(request.stream_id, end=True))
    assert await turn.text() == "noon"


@survives
async def test_more_sounds_than_any_answer_has(house: House) -> None:
    """Trap 8, fault 39: sixty-four may be kept; one more ends that answer."""
    cic, turn, request = await asked(house)
    sounds = [sound(str(number), b"x") for number in range(MOST_ATTACHMENTS + 1)]
    say(cic, request, b"".join(sounds) + END)
    assert isinstance(await turn.error(), LimitExceededError)


@survives
async def test_orders_without_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap 8, fault 39: whoever gives a thousand orders is not answering a turn."""
    monkeypatch.setattr(exchange, "MOST_DIRECTIVES", 20)
    cic, turn, request = await asked(house)
    cic.says(cic.head(request), data(request.stream_id, NOON * 25))
    assert isinstance(await turn.error(), LimitExceededError)
    assert await cic.reset(request.stream_id) == ErrorCodes.CANCEL
    monkeypatch.undo()


@survives
async def test_json_larger_than_any_directive(house: House) -> None:
    """Trap 8, fault 39: skipped at 1 MiB, and what follows is read."""
    cic, turn, request = await asked(house)
    cic.says(cic.head(request))
    cic.says(data(request.stream_id, part(b"{", "Content-Type: application/json")[:-2]))
    while not house.owner.malformed:
        cic.says(*[data(request.stream_id, b" " * 16_000)] * 10)
        await cic.peer.settle()
    cic.says(data(request.stream_id, b"\r\n" + NOON + END, end=True))
    assert await turn.text() == "noon"
    assert len(house.owner.malformed) == 1


UNREADABLE = {
    "no JSON": b"{not json",
    "no object": b"[1, 2]",
    "no header": b'{"directive": {}}',
    "no name": b'{"directive": {"header": {"namespace": "Clova"}}}',
    "a name that is no text": b'{"directive": {"header": {"namespace": "Clova", "name": 5}}}',
    "not UTF-8": b'{"directive": "\xff\xfe"}',
    "deeper than any stack": b"[" * 200_000,
    "a number without end": b'{"directive": ' + b"9" * 5000 + b"}",
    "empty": b"",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
@survives
async def test_json_that_is_no_message(house: House, body: bytes) -> None:
    """Trap 6, fault 39: told once, and the rest of the answer is read."""
    cic, turn, request = await asked(house)
    cic.says(cic.head(request))
    whole = part(body, "Content-Type: application/json") + NOON + END
    for start in range(0, len(whole), 16_000):
        cic.says(data(request.stream_id, whole[start : start + 16_000]))
    cic.says(data(request.stream_id, end=True))
    assert await turn.text() == "noon"
    assert len(house.owner.malformed) == 1


@survives
async def test_a_part_without_any_header(house: House) -> None:
    """Trap 20, fault 39: examples of the documents have them; JSON shows by its brace."""
    cic, turn, request = await asked(house)
    text = json.dumps(
        {"header": {"namespace": "Clova", "name": "RenderText"}, "payload": {"text": "noon"}}
    )
    say(cic, request, part(text.encode()) + part(b"plain words") + END)
    assert await turn.text() == "noon"
    assert house.owner.malformed == []


@survives
async def test_a_folded_header(house: House) -> None:
    """Trap 20, fault 39: over two lines, as mail did."""
    cic, turn, request = await asked(house)
    folded = part(b"tick", "Content-Type: application/octet-stream", "Content-ID:\r\n\t<S>")
    say(cic, request, SPEAK + folded + NOON + END)
    assert (await turn.text(), await turn.sound()) == ("noon", b"tick")


@survives
async def test_a_content_length_that_lies(house: House) -> None:
    """Trap 6, fault 39: a part ends at its delimiter, whatever it says of itself."""
    cic, turn, request = await asked(house)
    lying = part(b"tick tock", "Content-ID: S", "Content-Length: 4")
    say(cic, request, SPEAK + lying + NOON + END)
    assert (await turn.text(), await turn.sound()) == ("noon", b"tick tock")


@survives
async def test_a_body_that_begins_with_a_line_feed(house: House) -> None:
    """Trap 10, fault 39: it is the sound's first octet, not the headers' end."""
    cic, turn, request = await asked(house)
    say(cic, request, SPEAK + sound("S", b"\n\r\n\ntick") + NOON + END)
    assert (await turn.text(), await turn.sound()) == ("noon", b"\n\r\n\ntick")


@survives
async def test_text_behind_a_boundary(house: House) -> None:
    """Trap 6, fault 39: when the part before it is over already; its own part is skipped."""
    cic, turn, request = await asked(house)
    cic.says(cic.head(request), data(request.stream_id, NOON + TOKEN))
    assert await turn.begun() == "noon"
    cic.says(data(request.stream_id, b" what is this\r\n\r\nx\r\n" + NOON + END, end=True))
    assert await turn.text() == "noon"
    assert len(house.owner.malformed) == 1


# What belongs together


@survives
async def test_a_sound_that_never_comes(house: House) -> None:
    """Trap 12, fault 39: the answer is good, and that sound is missed by its name."""
    cic, turn, request = await asked(house)
    say(cic, request, SPEAK + NOON + END)
    assert await turn.text() == "noon"
    with pytest.raises(AttachmentMissingError):
        await turn.sound()


@survives
async def test_a_sound_before_the_order_to_speak(house: House) -> None:
    """Trap 10, fault 39: either may come first."""
    cic, turn, request = await asked(house)
    say(cic, request, sound("S", CHUNK) + SPEAK + NOON + END)
    assert (await turn.text(), await turn.sound()) == ("noon", CHUNK)


@survives
async def test_a_sound_nobody_ordered(house: House) -> None:
    """Trap 8, fault 39: without a name, and with one; neither holds anything up."""
    cic, turn, request = await asked(house)
    nameless = part(CHUNK, "Content-Type: application/octet-stream")
    say(cic, request, nameless + sound("unasked", CHUNK) + NOON + END)
    assert await turn.text() == "noon"


@survives
async def test_an_exception_in_mid_answer(house: House) -> None:
    """Trap 6, fault 39: 200 was said too early; what came before stands."""
    cic, turn, request = await asked(house)
    failure = directive("System.Exception", code=500, description="it broke")
    cic.says(cic.head(request), data(request.stream_id, NOON + failure + TOKEN))
    assert await turn.begun() == "noon"
    error = await turn.error()
    assert isinstance(error, StatusError)
    assert (error.status, error.description) == (500, "it broke")


@survives
async def test_several_answers_woven_together(house: House) -> None:
    """Trap 10, fault 39: each reader gets its own parts, frame by frame."""
    cic = await house.cic()
    turns = [house.asks(text) for text in ("one", "two", "three")]
    heard = [await cic.hears(turn.mark) for turn in turns]
    bodies = [
        directive("Clova.RenderText", text=str(number))
        + SPEAK
        + sound("S", bytes([number]) * 500)
        + END
        for number in range(3)
    ]
    cic.says(*[cic.head(request) for request in heard])
    for start in range(0, max(map(len, bodies)), 50):
        for request, body in zip(heard, bodies, strict=True):
            if piece := body[start : start + 50]:
                cic.says(data(request.stream_id, piece, end=start + 50 >= len(body)))
    assert [await turn.text() for turn in turns] == ["0", "1", "2"]
    assert [await turn.sound() for turn in turns] == [bytes([number]) * 500 for number in range(3)]


@survives
async def test_fields_of_the_answer_that_are_nothing_to_us(house: House) -> None:
    """Trap 20, fault 40: cookies, dates and alternative services."""
    cic, turn, request = await asked(house)
    more = [("date", "today"), ("set-cookie", "a=b"), ("alt-svc", 'h3=":443"')]
    cic.says(cic.peer.headers(request.stream_id, [(":status", "200"), RELATED, *more]))
    cic.says(data(request.stream_id, NOON + END, end=True))
    assert await turn.text() == "noon"
