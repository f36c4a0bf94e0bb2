"""What the service sees of a message, byte by byte, and what becomes of one it does not take."""

import asyncio
from collections.abc import Callable
import json

import aiohttp
from aiohttp import web
import pytest

from custom_components.clova_cic.direct_line import (
    DirectLine,
    Link,
    Outgoing,
    Upload,
    Version,
    uploads,
)
from custom_components.clova_cic.direct_line.dialect import Patience
from custom_components.clova_cic.direct_line.errors import (
    ConversationGoneError,
    CredentialError,
    DirectLineError,
    MalformedError,
    NotConnectedError,
    NotSentError,
    OutcomeUnknownError,
    ServiceError,
    SiteDisabledError,
    TooLargeError,
    TooManyRequestsError,
    UnreachableError,
)

from .peer import DISABLED, SECRET, USER, Answer, Asked, Peer, drop, dropped, replies, says

type Make = Callable[..., DirectLine]

PHOTO = Upload(name="photo.jpg", content_type="image/jpeg", data=b"\xff\xd8\r\n--\x00photo")
NOTE = Upload(name="note.txt", content_type="text/plain", data="쪽지".encode())
V1 = pytest.mark.parametrize("version", [Version.V1], indirect=True)
V3 = pytest.mark.parametrize("version", [Version.V3], indirect=True)


async def sent(peer: Peer, line: Make, outgoing: Outgoing) -> Asked:
    conversation = await line(peer).start()
    await conversation.send(outgoing)
    (asked,) = peer.asked_for("upload") + peer.asked_for("send")
    return asked


def boundary_of(asked: Asked) -> str:
    kind, _, boundary = (asked.header("Content-Type") or "").partition("; boundary=")
    assert kind == "multipart/form-data"
    return boundary


@V1
async def test_two_files_and_a_text_over_1_1(peer: Peer, line: Make) -> None:
    """The documents' parts in their order, with the dashes their sample lacks."""
    asked = await sent(peer, line, Outgoing(text="both", uploads=(PHOTO, NOTE)))
    assert (asked.method, asked.path) == (
        "POST",
        f"/api/conversations/K3%7CxQ/upload?userId={USER}",
    )
    boundary = boundary_of(asked).encode()
    assert asked.body == (
        b"--" + boundary + b"\r\n"
        b"Content-Type: image/jpeg\r\n"
        b'Content-Disposition: form-data; name="file"; filename="photo.jpg"\r\n'
        b"\r\n" + PHOTO.data + b"\r\n"
        b"--" + boundary + b"\r\n"
        b"Content-Type: text/plain\r\n"
        b'Content-Disposition: form-data; name="file"; filename="note.txt"\r\n'
        b"\r\n" + NOTE.data + b"\r\n"
        b"--" + boundary + b"\r\n"
        b"Content-Type: application/vnd.microsoft.bot.message\r\n"
        b"\r\n"
        b'{"from":"dl_7f31","text":"both"}\r\n'
        b"--" + boundary + b"--\r\n"
    )


@V3
async def test_two_files_and_a_text_over_3_0(peer: Peer, line: Make) -> None:
    asked = await sent(peer, line, Outgoing(text="둘", uploads=(PHOTO, NOTE)))
    assert asked.path == f"/v3/directline/conversations/K3%7CxQ/upload?userId={USER}"
    parts = asked.body.split(f"--{boundary_of(asked)}".encode())
    assert len(parts) == 5
    assert parts[-1] == b"--\r\n"
    head, _, body = parts[3].partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[1:] == [
        b'Content-Disposition: form-data; name="activity"',
        b"Content-Type: application/vnd.microsoft.activity",
    ]
    assert json.loads(body) == {"type": "message", "from": {"id": USER}, "text": "둘"}


async def test_files_without_words_have_no_message_part(peer: Peer, line: Make) -> None:
    asked = await sent(peer, line, Outgoing(uploads=(PHOTO, PHOTO), locale="ko-KR"))
    assert b"vnd.microsoft" not in asked.body
    assert asked.body.count(b'filename="photo.jpg"') == 1
    assert asked.body.count(b'filename="photo (2).jpg"') == 1


async def test_one_file_is_the_body(peer: Peer, line: Make) -> None:
    asked = await sent(peer, line, Outgoing(uploads=(PHOTO,)))
    assert asked.path.endswith(f"/conversations/K3%7CxQ/upload?userId={USER}")
    assert asked.header("Content-Type") == "image/jpeg"
    assert asked.header("Content-Disposition") == 'name="file"; filename="photo.jpg"'
    assert asked.header("Content-Length") == str(len(PHOTO.data))
    assert asked.body == PHOTO.data


@V1
async def test_links_over_1_1(peer: Peer, line: Make) -> None:
    asked = await sent(
        peer,
        line,
        Outgoing(
            text="",
            images=("https://example.com/a.png",),
            attachments=(Link(url="https://example.com/b.pdf", content_type="application/pdf"),),
            channel_data={"device": {"room": "부엌"}},
            value={"only": "3.0"},
            locale="ko-KR",
        ),
    )
    assert asked.path == "/api/conversations/K3%7CxQ/messages"
    assert asked.header("Content-Type") == asked.header("Accept") == "application/json"
    assert asked.json == {
        "from": USER,
        "text": "",
        "images": ["https://example.com/a.png"],
        "attachments": [{"url": "https://example.com/b.pdf", "contentType": "application/pdf"}],
        "channelData": {"device": {"room": "부엌"}},
    }


@V3
async def test_links_over_3_0(peer: Peer, line: Make) -> None:
    asked = await sent(
        peer,
        line,
        Outgoing(
            text="look",
            images=("https://example.com/a.png?size=big", "https://example.com/camera"),
            attachments=(Link(url="https://example.com/b.pdf", content_type="application/pdf"),),
            channel_data={"device": 1},
            value={"x": 1},
            locale="ko-KR",
        ),
    )
    assert asked.path == "/v3/directline/conversations/K3%7CxQ/activities"
    assert asked.json == {
        "type": "message",
        "from": {"id": USER},
        "text": "look",
        "attachments": [
            {"contentType": "image/png", "contentUrl": "https://example.com/a.png?size=big"},
            {"contentType": "image/*", "contentUrl": "https://example.com/camera"},
            {"contentType": "application/pdf", "contentUrl": "https://example.com/b.pdf"},
        ],
        "channelData": {"device": 1},
        "value": {"x": 1},
        "locale": "ko-KR",
    }


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("사진.jpg", "file.jpg"),
        ("우리 cat 사진.PNG", "cat.PNG"),
        ("Übersicht.pdf", "Ubersicht.pdf"),
        ('a"b\r\nX-Evil: 1\\..txt', "file.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\me.gif", "me.gif"),
        ("", "file"),
        (".사진", "file"),
        ("a" * 500 + ".jpeg", "a" * uploads.LONGEST_NAME + ".jpeg"),
    ],
)
def test_names_are_ascii(name: str, plain: str) -> None:
    assert uploads.ascii_name(name) == plain


@pytest.mark.parametrize("kind", ["", "image", "text/plain\r\nX-Evil: 1", "그림/png"])
def test_a_type_that_is_none(kind: str) -> None:
    upload = Upload(name="a", content_type=kind, data=b"")
    assert uploads.content_type(upload) == "application/octet-stream"


def test_a_boundary_that_is_in_a_file() -> None:
    boundaries = iter(["taken", "free"])
    parts = [uploads.Part(headers=(), data=b"--taken--")]
    kind, body = uploads.multipart(parts, lambda: next(boundaries))
    assert kind == "multipart/form-data; boundary=free"
    assert body == b"--free\r\n\r\n--taken--\r\n--free--\r\n"


@pytest.mark.parametrize(
    ("outgoing", "cause"),
    [
        (Outgoing(text="가" * (256 * 1024)), TooLargeError),
        (
            Outgoing(uploads=(Upload(name="a", content_type="", data=bytes(4 * 1024 * 1024 + 1)),)),
            TooLargeError,
        ),
        (Outgoing(uploads=(NOTE,) * 11), TooLargeError),
        (Outgoing(channel_data={"x": float("nan")}), MalformedError),
        (Outgoing(channel_data={"x": object()}), MalformedError),
    ],
)
async def test_what_is_never_sent(
    peer: Peer, line: Make, outgoing: Outgoing, cause: type[DirectLineError]
) -> None:
    conversation = await line(peer).start()
    with pytest.raises(NotSentError) as caught:
        await conversation.send(outgoing)
    assert isinstance(caught.value.cause, cause)
    assert not peer.asked_for("send") + peer.asked_for("upload")


async def test_the_most_that_is_sent(peer: Peer, line: Make) -> None:
    """The bound is the service's, in characters, not bytes."""
    conversation = await line(peer).start()
    await conversation.send(Outgoing(text="가" * (255 * 1024)))
    await conversation.send(
        Outgoing(uploads=(Upload(name="a", content_type="a/b", data=bytes(4 * 1024 * 1024)),))
    )
    await conversation.send(Outgoing(text="half a pair: \ud83d"))
    assert len(peer.heard) == 2
    assert peer.asked_for("upload")


@pytest.mark.parametrize(
    ("answer", "error", "cause"),
    [
        (says(400), NotSentError, ServiceError),
        (says(404), NotSentError, ConversationGoneError),
        (says(413), NotSentError, TooLargeError),
        (says(302, Location="https://example.com/"), NotSentError, ServiceError),
        (DISABLED, NotSentError, SiteDisabledError),
        (says(429, **{"Retry-After": "900"}), NotSentError, TooManyRequestsError),
        (says(500), OutcomeUnknownError, ServiceError),
        (replies({"error": {"code": "BotError"}}, 502), OutcomeUnknownError, ServiceError),
        (says(503, "x" * 100_000), OutcomeUnknownError, ServiceError),
        (says(504, "<html>"), OutcomeUnknownError, ServiceError),
        (dropped, OutcomeUnknownError, UnreachableError),
    ],
)
async def test_a_refusal_is_told_and_nothing_sent_again(
    peer: Peer,
    line: Make,
    answer: Answer,
    error: type[NotSentError | OutcomeUnknownError],
    cause: type[DirectLineError],
) -> None:
    conversation = await line(peer).start()
    peer.plan("send", answer)
    with pytest.raises(error) as caught:
        await conversation.send(Outgoing(text="geheim"))
    assert isinstance(caught.value.cause, cause)
    assert "geheim" not in str(caught.value) + repr(caught.value.cause)
    assert len(peer.asked_for("send")) == 1
    assert not peer.heard


async def test_a_refused_credential(peer: Peer, line: Make) -> None:
    """The token first, then the secret: neither has said anything."""
    conversation = await line(peer).start()
    peer.plan("send", says(403), says(401))
    with pytest.raises(NotSentError) as caught:
        await conversation.send(Outgoing(text="one"))
    assert isinstance(caught.value.cause, CredentialError)
    await conversation.send(Outgoing(text="two"))
    assert [message["text"] for message in peer.heard] == ["two"]


async def test_a_busy_service_is_asked_again(peer: Peer, line: Make) -> None:
    conversation = await line(peer).start()
    peer.plan("send", says(429, **{"Retry-After": "0.01"}), says(429, **{"Retry-After": "0"}))
    await conversation.send(Outgoing(text="one"))
    assert len(peer.asked_for("send")) == 3
    assert len(peer.heard) == 1


async def test_no_answer_in_time(peer: Peer, line: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot may still answer, so the message is not sent again."""

    async def never(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.5)
        return await peer.send(request)

    monkeypatch.setattr(Patience, "SEND", 0.1)
    conversation = await line(peer).start()
    peer.plan("send", never)
    with pytest.raises(OutcomeUnknownError) as caught:
        await conversation.send(Outgoing(text="one"))
    assert isinstance(caught.value.cause, UnreachableError)
    await asyncio.sleep(0.5)
    assert len(peer.asked_for("send")) == 1


async def test_a_session_that_is_closed(peer: Peer) -> None:
    """As Home Assistant stops."""
    async with aiohttp.ClientSession() as session:
        client = DirectLine(session, peer.address, SECRET, user_id=USER, version=peer.version)
        conversation = await client.start()
    with pytest.raises(OutcomeUnknownError):
        await conversation.send(Outgoing(text="one"))


async def test_nobody_there(line: Make, unused_tcp_port: int) -> None:
    peer = Peer(Version.V3)
    peer.address = f"http://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(NotConnectedError):
        await line(peer).start()


async def test_a_site_that_goes(peer: Peer, line: Make) -> None:
    """Refused before a byte has left: the message is certainly not sent."""
    conversation = await line(peer).start()
    conversation._service.base = conversation._service.base.with_port(1)
    with pytest.raises(NotSentError) as caught:
        await conversation.send(Outgoing(text="one"))
    assert isinstance(caught.value.cause, NotConnectedError)


async def test_a_confirmation_that_breaks_off_is_one(peer: Peer, line: Make) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"{")
        drop(request)
        return response

    conversation = await line(peer).start()
    peer.plan("send", half, says(200, "no JSON"))
    assert await conversation.send(Outgoing(text="one")) is None
    assert await conversation.send(Outgoing(text="two")) is None


async def test_one_at_a_time(peer: Peer, line: Make) -> None:
    """A bot that is answered before it has finished loses its place."""
    conversation = await line(peer).start()
    running = 0

    async def slow(request: web.Request) -> web.StreamResponse:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0.01)
        running -= 1
        return await peer.send(request)

    peer.plan("send", slow, slow, slow)
    await asyncio.gather(*(conversation.send(Outgoing(text=text)) for text in "abc"))
    assert [message["text"] for message in peer.heard] == ["a", "b", "c"]


async def test_after_the_end(peer: Peer, line: Make) -> None:
    conversation = await line(peer).start()
    await conversation.close()
    assert conversation.ended
    with pytest.raises(NotSentError):
        await conversation.send(Outgoing(text="one"))
    assert [one async for one in conversation.activities()] == []
