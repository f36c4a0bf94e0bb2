"""Downchannel, statuses and refusals, over a real connection (transport.md sections 4 to 7)."""

import asyncio
import json
import shutil
import ssl
import subprocess
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.cic_server.client import CLOSING, Client, Control, event_json
from tests.cic_server.server import RunningServer


async def test_hello_comes_first_and_without_a_dialogue(client: Client) -> None:
    stream = await client.request("GET", "/v1/directives")
    assert await stream.status == 200
    assert stream.headers["content-type"].startswith("multipart/related; boundary=")
    parts = stream.parts()
    hello = await anext(parts)
    assert hello.name == "Clova.Hello"
    assert "dialogRequestId" not in hello.directive["header"]
    assert hello.directive["header"]["messageId"]
    assert (await anext(parts)).name == "DeviceControl.ExpectReportState"


async def test_ping(client: Client) -> None:
    assert await (await client.request("GET", "/ping")).status == 204


async def test_ping_frame_is_acknowledged(client: Client) -> None:
    await asyncio.wait_for(client.ping(), 10)


@pytest.mark.parametrize("path", ["/ping", "/v1/directives", "/v1/events"])
@pytest.mark.parametrize("authorization", ["Bearer wrong", "", "Basic abc"])
async def test_wrong_token_is_401(client: Client, path: str, authorization: str) -> None:
    method = "POST" if path == "/v1/events" else "GET"
    stream = await client.request(method, path, authorization=authorization)
    assert await stream.status == 401
    [part] = await stream.all_parts()
    assert stream.complete
    assert part.name == "System.Exception"
    assert part.payload["code"] == 401
    assert part.headers["content-disposition"].startswith('form-data; name="exception-')


async def test_event_without_downchannel_is_412(client: Client) -> None:
    stream = await client.say_text("hello")
    assert await stream.status == 412
    [part] = await stream.all_parts()
    assert part.payload["code"] == 412


async def test_event_on_another_connection_is_412(client: Client) -> None:
    await client.downchannel()
    async with Client(client.server, client.token) as other:
        assert await (await other.say_text("hello")).status == 412
    assert await (await client.say_text("hello")).status == 200


async def test_second_downchannel_at_once_is_429(client: Client) -> None:
    first = await client.request("GET", "/v1/directives")
    second = await client.request("GET", "/v1/directives")
    assert await first.status == 200
    assert await second.status == 429
    assert (await second.part("System.Exception")).payload["code"] == 429
    assert await (await client.say_text("hello")).status == 200
    await first.reset()


async def test_later_downchannel_ends_the_first(client: Client) -> None:
    first = await client.downchannel()
    while True:  # until a second has passed on the server's clock
        second = await client.request("GET", "/v1/directives")
        if await second.status == 200:
            break
        assert await second.status == 429
        await asyncio.sleep(0.2)
    assert await anext(second.parts())
    assert [part.name async for part in first.parts()] == ["DeviceControl.ExpectReportState"]
    assert not first.was_reset
    assert await (await client.say_text("hello")).status == 200


async def test_lost_connection_closes_the_downchannel(client: Client, control: Control) -> None:
    since = await control.now()
    async with Client(client.server).named() as other:
        await other.downchannel()
        opened = await control.entry(since, "downchannel_opened", client=other.name)
    closed = await control.entry(since, "downchannel_closed", client=other.name)
    assert closed["channel"] == opened["channel"]
    assert closed["seq"] > opened["seq"]


async def test_reset_downchannel_can_be_opened_again_at_once(
    client: Client, control: Control
) -> None:
    since = await control.now()
    await (await client.downchannel()).reset()
    await control.entry(since, "downchannel_closed", client=client.name)
    await client.downchannel()


@pytest.mark.parametrize(
    "body",
    [
        b"[1, 2]",
        b'"text"',
        b"{",
        b"\xff\xfe",
        b"{}",
        b"[" * 100_000,
        b'{"event": 5}',
        b'{"event": {"header": {"namespace": "A", "name": "B"}, "payload": {}}}',
        b'{"event": {"header": {"namespace": "A", "messageId": "1"}, "payload": {}}}',
        b'{"event": {"header": {"namespace": "A", "name": "B", "messageId": "1"}, "payload": []}}',
        # by ids of their own: each process of a run collects the same tests
        pytest.param(
            event_json("TextRecognizer", "Recognize", {"text": "red"}), id="no dialogRequestId"
        ),
        pytest.param(
            event_json("TextRecognizer", "Recognize", {}, dialogRequestId="1"), id="no text"
        ),
    ],
)
async def test_malformed_event_is_400(client: Client, body: bytes) -> None:
    await client.downchannel()
    stream = await client.open_event(body)
    await stream.send(CLOSING, end=True)
    assert await stream.status == 400
    [part] = await stream.all_parts()
    assert part.name == "System.Exception"
    assert part.payload["code"] == 400


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"this is no multipart body"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("", b""),
    ],
)
async def test_undecodable_body_is_400(client: Client, kind: str, body: bytes) -> None:
    await client.downchannel()
    stream = await client.request("POST", "/v1/events", end=False, content_type=kind)
    await stream.send(body, end=True)
    assert await stream.status == 400
    assert (await stream.part("System.Exception")).payload["description"]


async def test_ended_stream_without_closing_boundary_is_400_and_does_nothing(
    client: Client, control: Control
) -> None:
    await client.downchannel()
    since, dialog = await control.now(), str(uuid4())
    payload = {"text": "order a pizza"}
    body = event_json("TextRecognizer", "Recognize", payload, dialogRequestId=dialog)
    stream = await client.open_event(body)
    await stream.send(b"", end=True)
    assert await stream.status == 400
    # The metadata part never ended, so the service does not even know the event.
    found = await control.entry(since, "error", status=400, connection=client.connection)
    assert found["detail"] == "Could not decode multipart"
    log = await control.call("GET", f"/control/log?since={since}")
    assert not [entry for entry in log["entries"] if entry["kind"] == "dialog"]


@pytest.mark.parametrize(
    ("namespace", "name"), [("DeviceControl", "ReportState"), ("Nobody", "KnowsThis")]
)
async def test_event_with_nothing_to_say_is_204(
    client: Client, control: Control, namespace: str, name: str
) -> None:
    await client.downchannel()
    stream = await client.event(namespace, name, {"x": 1})
    assert await stream.status == 204
    assert await stream.body() == b""


async def test_documents_slips_are_tolerated(client: Client) -> None:
    """`events` for `event`, an unwrapped event, a missing payload (differences.md, traps 6, 7)."""
    await client.downchannel()
    header = {"namespace": "System", "name": "Unheard", "messageId": "1"}
    for document in ({"events": {"header": header}}, {"header": header, "payload": {}}):
        stream = await client.open_event(json.dumps(document).encode())
        await stream.send(CLOSING, end=True)
        assert await stream.status == 204


async def test_context_of_any_kind_is_kept(client: Client, control: Control) -> None:
    await client.downchannel()
    volume: dict[str, Any] = {
        "header": {"namespace": "Speaker", "name": "VolumeState"},
        "payload": {"volume": 3, "muted": False},
    }
    document = json.loads(event_json("DeviceControl", "ReportState", {}))
    document["context"] = [volume, "no object", {"header": "unknown"}]
    stream = await client.open_event(json.dumps(document).encode())
    await stream.send(CLOSING, end=True)
    assert await stream.status == 204
    state = await control.call("GET", "/control/state")
    assert state["contexts"][client.name] == [volume, {"header": "unknown"}]


async def test_device_tags_and_unusual_user_agent_are_accepted(
    client: Client, control: Control
) -> None:
    since = await control.now()
    await client.downchannel(user_agent="whatever", x_clova_device_tags="One,Two")
    tags = {"x_clova_device_tags": "One,Two", "user_agent": "not of CIC's form"}
    stream = await client.open_event(event_json("DeviceControl", "ReportState", {}), **tags)
    await stream.send(CLOSING, end=True)
    assert await stream.status == 204
    found = await control.entry(since, "event", client=f"{client.name}/One,Two")
    assert found["device_tags"] == "One,Two"
    assert found["user_agent"] == "not of CIC's form"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/v1/directives", 400), ("GET", "/v1/events", 400), ("GET", "/nowhere", 404)],
)
async def test_wrong_method_or_path(client: Client, method: str, path: str, status: int) -> None:
    assert await (await client.request(method, path)).status == status


def test_httpx_is_served(cic_server: RunningServer) -> None:
    context = ssl.create_default_context(cafile=cic_server.ca_file)
    headers = {"authorization": f"Bearer {cic_server.access_token}.httpx"}
    with httpx.Client(http1=False, http2=True, verify=context, headers=headers) as other:
        answer = other.get(f"{cic_server.address}/ping")
    assert (answer.status_code, answer.http_version) == (204, "HTTP/2")


NODE_CLIENT = """
const [address, token, ca] = process.argv.slice(1);
const client = require('http2').connect(address, {ca: require('fs').readFileSync(ca)});
const stream = client.request({':path': '/v1/directives', authorization: `Bearer ${token}`});
let body = '';
stream.setEncoding('utf8');
stream.on('data', (chunk) => {
  body += chunk;
  if (body.includes('Hello')) { console.log(body); client.destroy(); }
});
"""


def test_node_is_served(cic_server: RunningServer) -> None:
    node = shutil.which("node")
    assert node is not None, "script/setup installs Node"
    token = f"{cic_server.access_token}.node"
    command = [node, "-e", NODE_CLIENT, cic_server.address, token, cic_server.ca_file]
    found = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert '"name":"Hello"' in found.stdout
