"""A connection against Node's HTTP/2 server: the honest traffic of another implementation."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
import json
import tracemalloc

import pytest

from custom_components.clova_cic.cic.connection import Connection, ConnectionSettings, Stream
from custom_components.clova_cic.cic.errors import (
    ConnectionLostError,
    NotProcessedError,
    StreamResetError,
)
from tests.peer.frames import PATIENCE, open_to

from .node_peer import NodePeer, node_peer

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def node() -> Iterator[NodePeer]:
    with node_peer() as peer:
        yield peer


@pytest.fixture
async def connection(node: NodePeer) -> AsyncIterator[Connection]:
    connection = await open_to(node.port)
    yield connection
    await connection.close()


async def body_of(stream: Stream) -> bytes:
    """Read to the end; Node may send RST_STREAM(NO_ERROR) instead of END_STREAM."""
    received = bytearray()
    with suppress(StreamResetError):
        async for chunk in stream:
            received += chunk
    return bytes(received)


async def get(connection: Connection, path: str) -> bytes:
    stream = connection.request("GET", path, [])
    assert (await stream.head()).status in {200, 204}
    return await body_of(stream)


async def counts(connection: Connection) -> dict:
    return json.loads(await get(connection, "/counts"))


async def test_request_and_answer(connection: Connection) -> None:
    stream = connection.request("POST", "/sink", [("content-type", "text/plain")], b"hello")
    assert (await stream.head()).status == 200
    assert await body_of(stream) == b"5"
    assert (await connection.request("GET", "/none", []).head()).status == 404


async def test_empty_bodies(connection: Connection) -> None:
    assert await get(connection, "/empty") == b""
    assert await body_of(connection.request("POST", "/sink", [], b"")) == b"0"


async def test_informational_head_and_trailers(connection: Connection) -> None:
    stream = connection.request("GET", "/informed", [])
    head = await stream.head()
    assert head.status == 200
    assert head.get("x-name") == "Value"
    assert await body_of(stream) == b"body"


async def test_full_duplex(connection: Connection) -> None:
    """Every part comes back before the next one is sent."""
    turn: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def body() -> AsyncIterator[bytes]:
        while (chunk := await turn.get()) is not None:
            yield chunk

    stream = connection.request("POST", "/echo", [], body())
    for number in range(8):
        part = bytes([number]) * 6400
        turn.put_nowait(part)
        received = b""
        while len(received) < len(part):
            received += await stream.read_some()
        assert received == part
        assert not stream.uploaded
    turn.put_nowait(None)
    assert await stream.read_some() == b""
    assert stream.uploaded


async def test_large_upload(connection: Connection) -> None:
    stream = connection.request("POST", "/sink", [], b"x" * 3_000_000)
    assert await body_of(stream) == b"3000000"
    assert stream.uploaded


async def test_many_requests_at_once(connection: Connection) -> None:
    made = [connection.request("POST", "/sink", [], b"x" * number) for number in range(150)]
    for number, stream in enumerate(made):
        assert await body_of(stream) == str(number).encode()


async def endless(pulled: list[int], ended: asyncio.Event) -> AsyncIterator[bytes]:
    try:
        for number in range(100_000):
            pulled.append(number)
            yield b"x" * 1000
            await asyncio.sleep(0.001)
    finally:
        ended.set()


@pytest.mark.parametrize(
    ("path", "status", "content"), [("/early", 403, b"no"), ("/early-reset", 200, b"enough")]
)
async def test_early_answer_stops_the_upload(
    connection: Connection, path: str, status: int, content: bytes
) -> None:
    pulled: list[int] = []
    ended = asyncio.Event()
    stream = connection.request("POST", path, [], endless(pulled, ended))
    assert (await stream.head()).status == status
    assert await body_of(stream) == content
    await asyncio.wait_for(ended.wait(), PATIENCE)
    assert len(pulled) < 1000
    assert await get(connection, "/bytes?size=3") == b"xxx"


async def test_cancelled_upload_is_seen_as_a_reset(connection: Connection) -> None:
    ended = asyncio.Event()
    stream = connection.request("POST", "/open", [], endless([], ended))
    assert await stream.read_some() == b"open"
    stream.cancel()
    await asyncio.wait_for(ended.wait(), PATIENCE)
    assert (await counts(connection))["resets"]["/open"] == [8]


async def test_abandoned_downloads_leave_the_connection_alive(connection: Connection) -> None:
    """Forty barge-ins with a megabyte in flight: each one reset, and all credit back."""
    for _ in range(40):
        stream = connection.request("GET", f"/stream?size={3 * MEGABYTE}", [])
        await stream.read_some()
        stream.cancel()
    assert await get(connection, f"/bytes?size={2 * MEGABYTE}") == b"x" * 2 * MEGABYTE
    assert connection.accepts_requests
    assert (await counts(connection))["resets"]["/stream"] == [8] * 40


async def test_goaway_lets_a_post_in_flight_finish(node: NodePeer) -> None:
    connection = await open_to(node.port, ConnectionSettings(close_timeout=0.2))
    more = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"one"
        await more.wait()
        yield b"two"

    stream = connection.request("POST", "/goaway", [], body())
    assert await stream.read_some() == b"before"
    await asyncio.wait_for(connection.wait_closing(), PATIENCE)
    assert not connection.accepts_requests
    with pytest.raises(NotProcessedError):
        connection.request("GET", "/empty", [])
    more.set()
    assert await body_of(stream) == b"after"
    assert stream.uploaded
    assert await connection.wait_closed() is None


async def test_pings_both_ways(connection: Connection) -> None:
    before = (await counts(connection))["pings"]
    assert await connection.ping() > 0
    assert (await counts(connection))["pings"] == before + 1
    assert await get(connection, "/ping") == b"nodepeer"


async def test_window_of_zero_raised_during_the_upload() -> None:
    with node_peer(initialWindowSize=0) as node:
        connection = await open_to(node.port)
        stream = connection.request("POST", "/sink", [], b"x" * 500_000)
        await connection.ping()
        assert not stream.uploaded
        await get(connection, f"/settings?initialWindowSize={MEGABYTE}")
        assert await body_of(stream) == b"500000"
        await connection.close()


async def test_limit_of_streams_lowered_while_one_is_open() -> None:
    with node_peer(maxConcurrentStreams=50) as node:
        connection = await open_to(node.port)
        down = connection.request("GET", "/open", [])
        assert await down.read_some() == b"open"
        await get(connection, "/settings?maxConcurrentStreams=3")
        made = [connection.request("POST", "/sink", [], b"x") for _ in range(20)]
        for stream in made:
            assert await body_of(stream) == b"1"
        await connection.close()


async def test_reader_that_stops_blocks_nobody(node: NodePeer) -> None:
    settings = ConnectionSettings(stream_window=128 * 1024, connection_window=256 * 1024)
    connection = await open_to(node.port, settings)
    stopped = [connection.request("GET", f"/bytes?size={MEGABYTE}", []) for _ in range(4)]
    for stream in stopped:
        await stream.head()
    assert len(await get(connection, f"/bytes?size={4 * MEGABYTE}")) == 4 * MEGABYTE
    for stream in stopped:
        assert len(await body_of(stream)) == MEGABYTE
    await connection.close()


async def test_hundred_megabytes_in_bounded_memory(connection: Connection) -> None:
    size = 100 * MEGABYTE
    stream = connection.request("GET", f"/stream?size={size}", [])
    await stream.head()
    received = 0
    tracemalloc.start(1)
    try:
        with suppress(StreamResetError):  # see body_of
            async for chunk in stream:
                received += len(chunk)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert received == size
    assert peak < 8 * MEGABYTE


async def test_header_bomb_is_bounded(node: NodePeer) -> None:
    connection = await open_to(node.port)
    stream = connection.request("GET", "/bomb?fields=100", [])
    with pytest.raises(ConnectionLostError):
        await stream.head()
    assert isinstance(await connection.wait_closed(), ConnectionLostError)


async def test_many_headers_within_the_bound(connection: Connection) -> None:
    stream = connection.request("GET", "/bomb?fields=50", [])
    assert len((await stream.head()).headers) >= 50


async def test_server_that_vanishes_in_mid_answer(node: NodePeer) -> None:
    connection = await open_to(node.port)
    stream = connection.request("GET", "/vanish", [])
    assert await stream.read_some() == b"half an ans"
    with pytest.raises(ConnectionLostError):
        await stream.read_some()
    assert isinstance(await connection.wait_closed(), ConnectionLostError)


async def test_frozen_server_is_noticed_by_ping() -> None:
    with node_peer() as node:
        settings = ConnectionSettings(ping_interval=0.05, ping_timeout=0.2, close_timeout=0.2)
        connection = await open_to(node.port, settings)
        stream = connection.request("GET", "/open", [])
        assert await stream.read_some() == b"open"
        await connection.ping()
        node.freeze()
        with pytest.raises(ConnectionLostError, match="PING"):
            await stream.read_some()
        assert isinstance(await connection.wait_closed(), ConnectionLostError)


async def test_close_of_a_frozen_server_is_bounded() -> None:
    with node_peer() as node:
        connection = await open_to(node.port, ConnectionSettings(close_timeout=0.1))
        node.freeze()
        await asyncio.wait_for(connection.close(), PATIENCE)
        assert await connection.wait_closed() is None


async def test_server_that_ends_is_a_loss() -> None:
    with node_peer() as node:
        connection = await open_to(node.port)
        stream = connection.request("GET", "/open", [])
        assert await stream.read_some() == b"open"
        node.process.kill()
        with pytest.raises(ConnectionLostError):
            await stream.read_some()
