"""Uploads and links: one file, several, a message beside them; what the bot sees in images."""

import base64
from collections.abc import AsyncIterator
import contextlib
import struct
from typing import Any
from urllib.parse import quote

from aiohttp import FormData, web
import pytest

from bot_server.errors import RefusedError
from bot_server.images import Image, read_image
from bot_server.uploads import MESSAGE_TYPE_V1, MESSAGE_TYPE_V3, file_name, read_upload
from tests.bot_server.client import Answer, BotControl, Caller, Talk, talk

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\x02\0\0\0"
GIF = b"GIF89a" + struct.pack("<HH", 3, 5) + b"\0\0\0"
JPEG = (
    b"\xff\xd8\xff\xe0\0\x04ab\xff\x01\xff\xff\xc4\0\x02\xff\xc2\0\x11\x08"
    + struct.pack(">HH", 1080, 1920)
    + bytes(10)
)


@pytest.mark.parametrize(
    ("data", "image"),
    [
        (PNG, Image(kind="PNG", width=640, height=480)),
        (GIF, Image(kind="GIF", width=3, height=5)),
        (JPEG, Image(kind="JPEG", width=1920, height=1080)),
        (b"\xff\xd8\xff\xe0\0\0\0", None),
        (PNG[:20], None),
        (GIF[:8], None),
        (JPEG[:12], None),
        (b"", None),
        (b"%PDF-1.7", None),
    ],
)
def test_size_of_an_image(data: bytes, image: Image | None) -> None:
    assert read_image(data) == image


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('name="file"; filename="photo.jpg"', "photo.jpg"),
        ('form-data; name="file"; filename="a b.png"', "a b.png"),
        ('attachment; filename="q\\"uote.txt"', 'q"uote.txt'),
        (f'form-data; name="file"; filename="{quote("사진.jpg")}"', "사진.jpg"),
        ('form-data; name="file"; filename="사진.jpg"', "사진.jpg"),
        (f"attachment; filename=\"x\"; filename*=UTF-8''{quote('사진.jpg')}", "사진.jpg"),
        ('form-data; name="file"', ""),
        ("", ""),
    ],
)
def test_name_of_a_file(disposition: str, name: str) -> None:
    assert file_name(disposition) == name


def part(content: bytes, *headers: str) -> bytes:
    return b"--b\r\n" + "".join(f"{line}\r\n" for line in headers).encode() + b"\r\n" + content


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (part(b"a") + b"\r\n", "no closing"),
        (b"b\r\n\r\na\r\nb", "no closing"),
        (b"", "no closing"),
        (b"--b\r\nno end\r\n--b--", "no end of its headers"),
        (b"--b and more\r\n\r\n\r\n--b--", "no end of its headers"),
        (part(b"a", "no colon") + b"\r\n--b--", "no colon"),
        (part(b"{", f"Content-Type: {MESSAGE_TYPE_V1}") + b"\r\n--b--", "not JSON"),
        (part(b"{}", f"Content-Type: {MESSAGE_TYPE_V3}") + b"\r\n--b--", "message part is"),
        (2 * (part(b"{}", f"Content-Type: {MESSAGE_TYPE_V1}") + b"\r\n") + b"--b--", "two"),
        (101 * (part(b"a") + b"\r\n") + b"--b--", "at most"),
    ],
)
def test_bodies_that_are_none(body: bytes, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        read_upload("multipart/form-data; boundary=b", "", body, MESSAGE_TYPE_V1)


def test_body_without_boundary_and_parts_as_they_are() -> None:
    with pytest.raises(RefusedError, match="no boundary"):
        read_upload("multipart/form-data", "", b"", MESSAGE_TYPE_V1)
    content = b"\r\n--almost\r\n\0\xff--b"
    body = b"preamble\r\n" + part(content, "CONTENT-TYPE:  text/x ") + b"\r\n--b--\r\nepilogue"
    (file,) = read_upload('multipart/form-data; boundary="b"', "", body, MESSAGE_TYPE_V1).files
    assert (file.content_type, file.data) == ("text/x", content)


async def form(spoken: Talk, *files: tuple[str, bytes, str], message: str | None = None) -> Answer:
    kind = MESSAGE_TYPE_V1 if spoken.version == "1.1" else MESSAGE_TYPE_V3
    body = FormData()
    for name, data, content_type in files:
        body.add_field("file", data, filename=name, content_type=content_type)
    if message is not None:
        body.add_field("activity", message, content_type=kind)
    writer = body()
    return await spoken.caller.post(
        f"{spoken.path}/upload?userId={spoken.user}",
        data=await _written(writer),
        headers={"Content-Type": writer.headers["Content-Type"]},
    )


async def _written(writer: Any) -> bytes:
    class Sink:
        data = b""

        async def write(self, chunk: bytes) -> None:
            self.data += bytes(chunk)

    sink = Sink()
    await writer.write(sink)
    return sink.data


async def test_one_file(spoken: Talk) -> None:
    headers = {"Content-Type": "image/png"}
    headers["Content-Disposition"] = 'name="file"; filename="photo.png"'
    path = f"{spoken.path}/upload?userId={spoken.user}"
    answer = await spoken.caller.post(path, data=PNG, headers=headers)
    own, said = (await spoken.page())[0]
    assert said["text"] == f"photo.png: PNG, 640 by 480 pixels, {len(PNG)} bytes."
    if spoken.version == "1.1":
        assert (answer.status, answer.body) == (204, b"")
        (link,) = own["images"]
        assert link.startswith(f"/attachments/{spoken.id}/")
        assert own["attachments"] == []
    else:
        assert (answer.status, answer.json) == (200, {"id": own["id"]})
        (attachment,) = own["attachments"]
        assert (attachment["contentType"], attachment["name"]) == ("image/png", "photo.png")
        link = attachment["contentUrl"].removeprefix(spoken.caller.bot.address)
    fetched = await spoken.caller.get(link, headers={"Authorization": ""})
    assert (fetched.status, fetched.content_type, fetched.body) == (200, "image/png", PNG)
    assert (await spoken.caller.get(link + "x")).status == 404


async def test_files_with_a_message(spoken: Talk) -> None:
    sender = '"somebody"' if spoken.version == "1.1" else '{"id": "somebody"}'
    message = f'{{"type": "message", "from": {sender}, "text": "look"}}'
    files = [("사진.gif", GIF, "image/gif"), ("notes.txt", b"words", "text/plain")]
    answer = await form(spoken, *files, message=message)
    assert answer.status == (204 if spoken.version == "1.1" else 200)
    own, said = (await spoken.page())[0]
    assert own["text"] == "look"
    lines = ["사진.gif: GIF, 3 by 5 pixels, 13 bytes.", "notes.txt: text/plain, 5 bytes."]
    assert said["text"] == "\n".join(lines)
    if spoken.version == "1.1":
        assert len(own["images"]) == 1
        assert [each["contentType"] for each in own["attachments"]] == ["text/plain"]


async def test_files_without_a_message(spoken: Talk) -> None:
    assert (await form(spoken, ("a.jpg", JPEG, "image/jpeg"))).status < 300
    (said,) = await spoken.heard()
    assert said["text"] == f"a.jpg: JPEG, 1920 by 1080 pixels, {len(JPEG)} bytes."


async def test_places_for_files_are_filled_in_order(caller: Caller) -> None:
    spoken = await talk(caller, "3.0")
    message = (
        '{"type": "message", "from": {"id": "a"}, "attachments": ['
        '{"contentType": "x/y", "contentUrl": "data:x/y,1"},'
        '{"contentType": "x/y", "thumbnailUrl": "t"}, {"contentType": "x/y"}]}'
    )
    await form(spoken, ("one", b"1", "text/1"), ("two", b"2", "text/2"), message=message)
    own = (await spoken.page())[0][0]
    names = [(each.get("name"), each["contentType"]) for each in own["attachments"]]
    assert names == [(None, "x/y"), ("one", "text/1"), ("two", "text/2")]
    assert own["attachments"][1]["thumbnailUrl"] == "t"


async def test_uploads_that_are_refused(spoken: Talk, control: BotControl) -> None:
    for limit in (3, 4):
        await control.set(upload_limit=limit)
        answer = await form(spoken, ("a", b"1234", "text/plain"))
        assert (answer.status == 500) is (limit == 3)
    await control.set(upload_limit=4 * 1024 * 1024)
    path = f"{spoken.path}/upload?userId={spoken.user}"
    for megabytes in (5, 17):
        large = await spoken.caller.post(path, data=bytes(megabytes * 1024 * 1024))
        assert (large.status, large.code) == (500, "ServiceError")
    assert (await form(spoken, message="[]")).code == "MalformedData"
    multipart = {"Content-Type": "multipart/form-data; boundary=b"}
    nothing = await spoken.caller.post(path, data=b"--b--", headers=multipart)
    assert nothing.code == "MissingProperty"
    await control.set(uploads_enabled=False)
    assert (await form(spoken, ("a", b"1", "text/plain"))).status == 403


async def test_upload_without_user(spoken: Talk) -> None:
    answer = await spoken.caller.post(f"{spoken.path}/upload", data=b"words")
    assert answer.status == (204 if spoken.version == "1.1" else 400)


@contextlib.asynccontextmanager
async def serving(*bodies: bytes) -> AsyncIterator[str]:
    """Serve some bodies under their numbers; what is beyond is elsewhere."""

    async def answer(request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        if number >= len(bodies):
            raise web.HTTPFound("/0")
        return web.Response(body=bodies[number])

    app = web.Application()
    app.router.add_get("/{number}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_links(spoken: Talk) -> None:
    async with serving(GIF, bytes(4 * 1024 * 1024 + 1)) as base:
        addresses = {
            f"{base}/0": "0: GIF, 3 by 5 pixels, 13 bytes.",
            f"{base}/1": "1: It is too large.",
            f"{base}/2": "2: The server answers 302.",
            "http://127.0.0.1:1/a": "a: It cannot be fetched.",
            "http://192.0.2.1/a.png": "a.png: I read nothing but what is on this machine.",
            "ftp://127.0.0.1/a": "a: I read nothing but what is on this machine.",
            "//[": "file: I read nothing but what is on this machine.",
            f"data:image/gif;base64,{base64.b64encode(GIF).decode()}": "data: GIF, 3 by 5",
            "data:text/plain,a%20b": "data: image/*, 3 bytes.",
            "data:image/gif;base64,?": "data: The address is not base64.",
            "/attachments/a/1/b?t=c": "b: File not found.",
        }
        if spoken.version == "1.1":
            await spoken.say("", images=list(addresses))
        else:
            linked = [{"contentType": "image/*", "contentUrl": each} for each in addresses]
            await spoken.say("", attachments=linked)
    (said,) = await spoken.heard()
    for line, expected in zip(said["text"].split("\n"), addresses.values(), strict=True):
        assert line.startswith(expected)
