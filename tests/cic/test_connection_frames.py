"""A connection against a server that is spoken frame by frame, and may break any rule."""

import asyncio
from collections.abc import AsyncIterator, Iterable
import logging

from h2.errors import ErrorCodes
from hpack import Decoder, Encoder
from hyperframe.frame import (
    AltSvcFrame,
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
import pytest

from custom_components.clova_cic.cic import h2_overrides, multiplexer, pulled, streams, wire
from custom_components.clova_cic.cic.connection import Connection, ConnectionSettings, Stream
from custom_components.clova_cic.cic.errors import (
    CicError,
    ConnectionLostError,
    LimitExceededError,
    MalformedResponseError,
    NotHttp2Error,
    NotProcessedError,
    StreamResetError,
    TruncatedResponseError,
    UnreachableError,
)
from tests.peer.certificates import authority
from tests.peer.frames import (
    OK,
    PATIENCE,
    FramePeer,
    data,
    frame_server,
    goaway,
    joined,
    open_to,
    reset,
    tls_server,
    unknown,
    window,
)

INITIAL_WINDOW = SettingsFrame.INITIAL_WINDOW_SIZE
MAX_CONCURRENT = SettingsFrame.MAX_CONCURRENT_STREAMS
TOKEN = "Bearer c0ffee-secret-token"


class Body:
    """A request body fed by the test, which sees what was pulled and that it was closed."""

    def __init__(self, *chunks: bytes) -> None:
        self.queue: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()
        self.pulled = 0
        self.closed = asyncio.Event()
        for chunk in chunks:
            self.queue.put_nowait(chunk)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while (chunk := await self._next()) is not None:
                yield chunk
        finally:
            self.closed.set()

    async def _next(self) -> bytes | None:
        self.pulled += 1
        chunk = await self.queue.get()
        if isinstance(chunk, BaseException):
            raise chunk
        return chunk


async def body_of(stream: Stream) -> bytes:
    return b"".join([chunk async for chunk in stream])


async def error_of(stream: Stream) -> BaseException:
    try:
        async with asyncio.timeout(PATIENCE):
            await body_of(stream)
    except Exception as error:
        return error
    pytest.fail("the stream ended cleanly")


async def uploaded_to(peer: FramePeer, stream_id: int, size: int) -> bytes:
    """Read DATA until this many bytes are there."""
    got = bytearray()
    while len(got) < size:
        got += (await peer.expect(DataFrame, stream_id)).data
    return bytes(got)


async def assert_alive(connection: Connection, peer: FramePeer) -> None:
    """One more request goes through."""
    stream = connection.request("GET", "/alive", [])
    stream_id, _ = await peer.request()
    peer.send(peer.headers(stream_id, end=True))
    assert (await stream.head()).status == 200
    assert await body_of(stream) == b""
    await peer.settle()  # everything the client had to say has been read


# Requests


async def test_request_with_bytes_goes_out_in_one_piece() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("POST", "/v1/events", [("X-Name", "value")], b"hello")
        assert not stream.headers_received
        stream_id, fields = await peer.request()
        assert fields == {
            ":method": "POST",
            ":scheme": "https",
            ":authority": connection.authority,
            ":path": "/v1/events",
            "x-name": "value",
        }
        frame = await peer.next()
        assert isinstance(frame, DataFrame)
        assert frame.data == b"hello"
        assert "END_STREAM" in frame.flags
        await stream.wait_uploaded()
        assert stream.uploaded
        peer.send(peer.headers(stream_id), data(stream_id, b"abc"), data(stream_id, end=True))
        head = await stream.head()
        assert stream.headers_received
        assert head.status == 200
        assert head.get("Content-Type") == "application/octet-stream"
        assert head.get("x-none", "-") == "-"
        assert await stream.read_some() == b"abc"
        assert await stream.read_some() == b""
        assert await stream.read_some() == b""


@pytest.mark.parametrize("body", [None, b""])
async def test_empty_body_ends_with_the_headers(body: bytes | None) -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [], body)
        frame = await peer.expect(HeadersFrame)
        assert "END_STREAM" in frame.flags
        assert stream.uploaded
        await stream.wait_uploaded()


async def test_iterable_without_chunks() -> None:
    async with joined() as (connection, peer):
        body = Body()
        body.queue.put_nowait(None)
        stream = connection.request("POST", "/", [], body)
        frame = await peer.expect(DataFrame)
        assert frame.data == b""
        assert "END_STREAM" in frame.flags
        await stream.wait_uploaded()
        assert body.closed.is_set()


async def test_body_that_is_no_body() -> None:
    async with joined() as (connection, peer):
        with pytest.raises(TypeError):
            connection.request("POST", "/", [], 5)  # type: ignore[arg-type]
        await assert_alive(connection, peer)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/a b", []),
        ("GET", "", []),
        ("GET", "/\r\nx: y", []),
        ("GE T", "/", []),
        ("GET", "/", [("x", "secret\r\ny: z")]),
        ("GET", "/", [("x", "secret\0")]),
        ("GET", "/", [("x", " secret")]),
        ("GET", "/", [("x", "secret\t")]),
        ("GET", "/", [("", "secret")]),
        ("GET", "/", [(":path", "secret")]),
        ("GET", "/", [("x y", "secret")]),
        ("GET", "/", [("Connection", "secret")]),
    ],
)
async def test_forbidden_fields(method: str, path: str, headers: list[tuple[str, str]]) -> None:
    async with joined() as (connection, peer):
        with pytest.raises(ValueError) as caught:
            connection.request(method, path, headers)
        assert "secret" not in str(caught.value)
        await assert_alive(connection, peer)


async def test_token_is_never_indexed_and_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("h2", "hpack", "hyperframe", wire.__name__.rpartition(".")[0]):
        caplog.set_level(logging.DEBUG, name)
    async with joined() as (connection, peer):
        peer.decodes = False  # its decoder would log the token
        for _ in range(2):
            connection.request("GET", "/", [("authorization", TOKEN), ("x-plain", "plain")])
            frame = await peer.expect(HeadersFrame)
            # RFC 7541, 6.2.3: a never-indexed literal whose name is the table's 23rd
            assert b"\x1f\x08" + bytes([len(TOKEN)]) + TOKEN.encode() in frame.data
            peer.send(HeadersFrame(frame.stream_id, b"\x88", flags=["END_HEADERS"]))
            await peer.settle()
    assert "Connected to" in caplog.text
    assert "Decoded (b':status', b'200')" in caplog.text  # the level was low enough to tell
    assert "c0ffee" not in caplog.text


async def test_answers_come_interleaved() -> None:
    async with joined() as (connection, peer):
        one, two = connection.request("GET", "/1", []), connection.request("GET", "/2", [])
        (first, _), (second, _) = await peer.request(), await peer.request()
        peer.send(
            peer.headers(second), data(second, b"2a"), peer.headers(first), data(first, b"1a")
        )
        peer.send(data(second, b"2b", end=True), data(first, b"1b", end=True))
        assert await body_of(one) == b"1a1b"
        assert await body_of(two) == b"2a2b"


async def test_answer_arrives_while_the_body_goes_up() -> None:
    async with joined() as (connection, peer):
        body = Body(b"one")
        stream = connection.request("POST", "/", [], body)
        stream_id, _ = await peer.request()
        for answer in (b"1", b"2", b"3"):
            await uploaded_to(peer, stream_id, 3)
            if answer == b"1":
                peer.send(peer.headers(stream_id))
            peer.send(data(stream_id, answer))
            assert await stream.read_some() == answer
            assert not stream.uploaded
            body.queue.put_nowait(b"two")
        body.queue.put_nowait(None)
        await stream.wait_uploaded()
        peer.send(data(stream_id, end=True))
        assert await body_of(stream) == b""


async def test_table_sizes_of_the_peer() -> None:
    """HEADER_TABLE_SIZE 0, back, and gigabytes: requests stay readable and our table empty."""
    async with joined() as (connection, peer):
        for size in (0, 4096, 2**31):
            peer.send(SettingsFrame(0, settings={SettingsFrame.HEADER_TABLE_SIZE: size}))
            await peer.expect(SettingsFrame)
            for _ in range(2):
                connection.request("GET", "/table", [("x-name", "value")])
                _, fields = await peer.request()
                assert fields["x-name"] == "value"
            assert connection._h2.encoder.header_table_size == 0


async def test_fields_larger_than_a_frame() -> None:
    async with joined() as (connection, peer):
        peer.decodes = False
        connection.request("GET", "/", [("x-large", "y" * 40_000)])
        frames = [await peer.next() for _ in range(3)]
        assert [type(f) for f in frames] == [HeadersFrame, ContinuationFrame, ContinuationFrame]
        assert ["END_HEADERS" in f.flags for f in frames] == [False, False, True]
        assert "END_STREAM" in frames[0].flags
        assert [len(f.data) for f in frames[:2]] == [16_384, 16_384]
        fields = dict(Decoder().decode(b"".join(f.data for f in frames)))
        assert fields["x-large"] == "y" * 40_000


# Uploads against windows


async def test_body_is_pulled_only_when_the_window_took_the_last_chunk() -> None:
    async with joined({INITIAL_WINDOW: 10}) as (connection, peer):
        body = Body(b"a" * 8, b"b" * 8, b"c" * 8)
        stream = connection.request("POST", "/", [], body)
        stream_id, _ = await peer.request()
        assert await uploaded_to(peer, stream_id, 10) == b"a" * 8 + b"b" * 2
        await peer.settle()
        assert body.pulled == 2
        peer.send(window(stream_id, 6))
        assert await uploaded_to(peer, stream_id, 6) == b"b" * 6
        await peer.settle()
        assert body.pulled == 3
        peer.send(window(stream_id, 100))
        assert await uploaded_to(peer, stream_id, 8) == b"c" * 8
        body.queue.put_nowait(None)
        assert "END_STREAM" in (await peer.expect(DataFrame)).flags
        assert stream.uploaded


async def test_window_from_settings_wakes_an_upload() -> None:
    async with joined({INITIAL_WINDOW: 0}) as (connection, peer):
        stream = connection.request("POST", "/", [], b"x" * 100_000)
        stream_id, _ = await peer.request()
        assert [f for f in await peer.settle() if isinstance(f, DataFrame)] == []
        peer.send(SettingsFrame(0, settings={INITIAL_WINDOW: 1024 * 1024}))
        await uploaded_to(peer, stream_id, 65_535)
        peer.send(window(0, 100_000))
        await uploaded_to(peer, stream_id, 100_000 - 65_535)
        await stream.wait_uploaded()


async def test_window_made_negative() -> None:
    async with joined({INITIAL_WINDOW: 100}) as (connection, peer):
        stream = connection.request("POST", "/", [], b"x" * 150)
        stream_id, _ = await peer.request()
        await uploaded_to(peer, stream_id, 100)
        peer.send(SettingsFrame(0, settings={INITIAL_WINDOW: 10}))
        peer.send(window(stream_id, 90))
        assert [f for f in await peer.settle() if isinstance(f, DataFrame)] == []
        peer.send(window(stream_id, 50))
        assert len(await uploaded_to(peer, stream_id, 50)) == 50
        await stream.wait_uploaded()


async def test_connection_window_is_shared_and_the_small_one_goes_first() -> None:
    async with joined() as (connection, peer):
        large = connection.request("POST", "/large", [], b"l" * 200_000)
        first, _ = await peer.request()
        await uploaded_to(peer, first, 65_535)
        small = connection.request("POST", "/small", [], b"event")
        second, _ = await peer.request()
        peer.send(window(first, 200_000))
        await peer.settle()
        peer.send(window(0, 100))
        assert (await peer.expect(DataFrame)).stream_id == second
        await small.wait_uploaded()
        assert not large.uploaded
        peer.send(window(0, 200_000))
        await uploaded_to(peer, first, 200_000 - 65_535 - 95)
        await large.wait_uploaded()


async def test_frames_respect_max_frame_size() -> None:
    settings = {SettingsFrame.MAX_FRAME_SIZE: 20_000}
    async with joined(settings) as (connection, peer):
        connection.request("POST", "/", [], b"x" * 50_000)
        stream_id, _ = await peer.request()
        await uploaded_to(peer, stream_id, 50_000)
        sizes = [len(f.data) for f in peer.seen if isinstance(f, DataFrame)]
        assert sizes == [20_000, 20_000, 10_000]


async def test_transport_that_is_full_holds_the_body_back() -> None:
    """The peer's windows are open, but it does not read."""
    async with joined({INITIAL_WINDOW: 2**31 - 1}) as (connection, peer):
        peer.send(window(0, 2**30))
        await peer.settle()
        body = Body(*[b"x" * 65_536] * 300)
        body.queue.put_nowait(None)
        stream = connection.request("POST", "/", [], body)
        stalled = -1
        while body.pulled != stalled:
            stalled = body.pulled
            await asyncio.sleep(0.05)
        assert 0 < stalled < 300
        assert not stream.uploaded
        stream_id, _ = await peer.request()
        await uploaded_to(peer, stream_id, 300 * 65_536)
        await stream.wait_uploaded()


async def test_peer_that_makes_us_write_and_does_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "MAX_WRITE_BACKLOG", 1000)
    async with joined({INITIAL_WINDOW: 2**31 - 1}) as (connection, peer):
        peer.send(window(0, 2**30))
        await peer.settle()
        stream = connection.request("POST", "/", [], Body(*[b"x" * 65_536] * 1000))
        while connection._wire.writable:
            await asyncio.sleep(0)
        peer.send(PingFrame(0, opaque_data=b"01234567"))
        assert isinstance(await error_of(stream), ConnectionLostError)
        assert isinstance(await connection.wait_closed(), ConnectionLostError)


# Uploads that end early


async def test_complete_answer_stops_the_upload_quietly() -> None:
    async with joined() as (connection, peer):
        body = Body(b"one")
        stream = connection.request("POST", "/", [], body)
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id, [(":status", "403")]), data(stream_id, b"no", end=True))
        assert (await stream.head()).status == 403
        assert await body_of(stream) == b"no"
        await stream.wait_uploaded()
        assert not stream.uploaded
        await asyncio.wait_for(body.closed.wait(), PATIENCE)
        await peer.settle()
        assert peer.resets() == [ErrorCodes.NO_ERROR]
        await assert_alive(connection, peer)


async def test_reset_no_error_after_the_answer_is_silence() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("POST", "/", [], Body(b"one"))
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id), data(stream_id, b"yes", end=True), reset(stream_id, 0))
        assert await body_of(stream) == b"yes"
        await assert_alive(connection, peer)


async def test_reset_no_error_instead_of_the_end_is_told_apart() -> None:
    async with joined() as (connection, peer):
        body = Body(b"one")
        stream = connection.request("POST", "/", [], body)
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id), data(stream_id, b"yes"), reset(stream_id, 0))
        assert await stream.read_some() == b"yes"
        with pytest.raises(StreamResetError) as caught:
            await stream.read_some()
        assert caught.value.error_code == 0
        assert caught.value.remote
        with pytest.raises(StreamResetError):
            await stream.wait_uploaded()
        await asyncio.wait_for(body.closed.wait(), PATIENCE)
        await peer.settle()
        assert peer.resets() == []


async def test_body_that_raises() -> None:
    async with joined() as (connection, peer):
        body = Body(b"one")
        stream = connection.request("POST", "/", [], body)
        await uploaded_to(peer, 1, 3)
        body.queue.put_nowait(KeyError("microphone"))
        for wait in (stream.head, stream.read_some, stream.wait_uploaded):
            with pytest.raises(KeyError, match="microphone"):
                await wait()
        assert (await peer.expect(RstStreamFrame)).error_code == ErrorCodes.CANCEL
        stream.cancel()
        await assert_alive(connection, peer)
        assert peer.resets() == [ErrorCodes.CANCEL]


async def test_body_that_raises_at_once() -> None:
    async with joined() as (connection, peer):
        body = Body()
        body.queue.put_nowait(KeyError("microphone"))
        stream = connection.request("POST", "/", [], body)
        assert isinstance(await error_of(stream), KeyError)
        assert (await peer.expect(RstStreamFrame)).error_code == ErrorCodes.CANCEL


async def test_body_that_is_cancelled_from_within() -> None:
    async with joined() as (connection, peer):
        body = Body(b"one")
        stream = connection.request("POST", "/", [], body)
        await uploaded_to(peer, 1, 3)
        body.queue.put_nowait(asyncio.CancelledError())
        error = await error_of(stream)
        assert isinstance(error, StreamResetError)
        assert not error.remote
        await assert_alive(connection, peer)


async def test_body_that_cancels_its_own_stream() -> None:
    async with joined() as (connection, peer):
        made: list[Stream] = []

        async def body() -> AsyncIterator[bytes]:
            yield b"one"
            await asyncio.sleep(0)
            made[0].cancel()
            yield b"two"

        made.append(connection.request("POST", "/", [], body()))
        assert isinstance(await error_of(made[0]), StreamResetError)
        await peer.settle()
        assert peer.resets() == [ErrorCodes.CANCEL]
        assert sum(len(f.data) for f in peer.seen if isinstance(f, DataFrame)) == 3


async def test_body_that_closes_the_connection() -> None:
    async with joined() as (connection, _peer):

        async def body() -> AsyncIterator[bytes]:
            yield b"one"
            await connection.close()

        stream = connection.request("POST", "/", [], body())
        assert isinstance(await error_of(stream), ConnectionLostError)
        assert await connection.wait_closed() is None


async def test_body_that_swallows_its_cancellation() -> None:
    async with joined() as (connection, peer):
        ended = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield b"one"
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                yield b"two"
            finally:
                ended.set()

        stream = connection.request("POST", "/", [], body())
        await uploaded_to(peer, 1, 3)
        stream.cancel()
        await asyncio.wait_for(ended.wait(), PATIENCE)
        await assert_alive(connection, peer)
        assert sum(len(f.data) for f in peer.seen if isinstance(f, DataFrame)) == 3


# Cancelling


async def test_cancel_is_one_reset_whatever_is_in_flight() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        stream.cancel()
        stream.cancel()
        await peer.expect(RstStreamFrame)
        peer.send(peer.headers(stream_id))
        peer.send(*[data(stream_id, b"x" * 16_384) for _ in range(64)])
        peer.send(data(stream_id, end=True))
        error = await error_of(stream)
        assert isinstance(error, StreamResetError)
        assert (error.error_code, error.remote) == (ErrorCodes.CANCEL, False)
        await assert_alive(connection, peer)
        assert peer.resets() == [ErrorCodes.CANCEL]


async def test_credit_of_cancelled_streams_comes_back() -> None:
    """More than the connection's window is thrown away, and none of it is lost."""
    client = ConnectionSettings(connection_window=1024 * 1024)
    async with joined(client=client) as (connection, peer):
        for _ in range(4):
            stream = connection.request("GET", "/", [])
            stream_id, _ = await peer.request()
            peer.send(peer.headers(stream_id), *[data(stream_id, b"x" * 16_384) for _ in range(30)])
            await stream.read_some()
            stream.cancel()
            await peer.expect(RstStreamFrame)
            peer.send(*[data(stream_id, b"x" * 16_384) for _ in range(30)])
            await peer.settle()
        credited = sum(
            f.window_increment
            for f in peer.seen
            if isinstance(f, WindowUpdateFrame) and not f.stream_id
        )
        sent = 4 * 60 * 16_384
        assert sent - 1024 * 1024 // 4 < credited - (1024 * 1024 - 65_535) <= sent
        await assert_alive(connection, peer)


async def test_cancel_drops_what_was_not_read() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id), data(stream_id, b"a"), data(stream_id, b"b", end=True))
        await stream.head()
        await peer.settle()
        stream.cancel()
        assert isinstance(await error_of(stream), StreamResetError)
        await peer.settle()
        assert peer.resets() == []  # it was over on both sides


async def test_cancel_of_an_upload() -> None:
    async with joined() as (connection, peer):
        body = Body(b"one")
        stream = connection.request("POST", "/", [], body)
        await uploaded_to(peer, 1, 3)
        stream.cancel()
        with pytest.raises(StreamResetError):
            await stream.wait_uploaded()
        await asyncio.wait_for(body.closed.wait(), PATIENCE)
        await assert_alive(connection, peer)
        assert peer.resets() == [ErrorCodes.CANCEL]


async def test_cancel_while_the_window_is_closed() -> None:
    async with joined({INITIAL_WINDOW: 1}) as (connection, peer):
        body = Body(b"one")
        stream = connection.request("POST", "/", [], body)
        await uploaded_to(peer, 1, 1)
        stream.cancel()
        await asyncio.wait_for(body.closed.wait(), PATIENCE)
        peer.send(window(1, 100))
        await assert_alive(connection, peer)
        assert peer.resets() == [ErrorCodes.CANCEL]


async def test_cancel_of_a_queued_request_never_reaches_the_peer() -> None:
    async with joined({MAX_CONCURRENT: 1}) as (connection, peer):
        one, two = connection.request("GET", "/1", []), connection.request("GET", "/2", [], b"x")
        stream_id, _ = await peer.request()
        two.cancel()
        two.cancel()
        assert isinstance(await error_of(two), StreamResetError)
        with pytest.raises(StreamResetError):
            await two.wait_uploaded()
        peer.send(peer.headers(stream_id, end=True))
        assert await body_of(one) == b""
        await assert_alive(connection, peer)
        assert peer.resets() == []


async def test_cancelled_waits_leave_nothing_behind() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("POST", "/", [], Body(b"one"))
        stream_id, _ = await peer.request()
        waits: list = [
            stream.head,
            stream.read_some,
            stream.wait_uploaded,
            connection.ping,
            connection.wait_closing,
            connection.wait_closed,
        ]
        for wait in waits:
            task = asyncio.create_task(wait())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert stream._waiters == []
        assert connection._heartbeat._waiters == []
        peer.send(peer.headers(stream_id), data(stream_id, b"still there", end=True))
        assert (await stream.head()).status == 200
        assert await body_of(stream) == b"still there"


async def test_cancelled_open_leaves_no_socket() -> None:
    arrived, left = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await reader.read()
        left.set()
        writer.close()

    async with tls_server(silent, authority().server_context()) as port:
        task = asyncio.create_task(open_to(port))
        await asyncio.wait_for(arrived.wait(), PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(left.wait(), PATIENCE)


async def test_cancelled_close_still_drops_the_socket() -> None:
    async with joined(client=ConnectionSettings(close_timeout=60)) as (connection, peer):
        stream = connection.request("GET", "/", [])
        peer.writer.transport.pause_reading()
        task = asyncio.create_task(connection.close())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await connection.wait_closed() is None
        assert isinstance(await error_of(stream), ConnectionLostError)


# Reading


async def test_stream_credit_comes_when_the_reader_took_the_bytes() -> None:
    client = ConnectionSettings(stream_window=64 * 1024)
    async with joined(client=client) as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id), *[data(stream_id, b"x" * 16_384) for _ in range(4)])
        updates = [f for f in await peer.settle() if isinstance(f, WindowUpdateFrame)]
        assert [f for f in updates if f.stream_id == stream_id] == []
        for _ in range(4):
            await stream.read_some()
        assert (await peer.expect(WindowUpdateFrame, stream_id)).window_increment == 16_384
        peer.send(*[data(stream_id, b"y" * 16_384) for _ in range(4)], data(stream_id, end=True))
        assert await body_of(stream) == b"y" * 65_536


async def test_reader_that_stops_does_not_block_another() -> None:
    """Ten times the connection window passes by a full stream."""
    client = ConnectionSettings(stream_window=64 * 1024, connection_window=128 * 1024)
    async with joined(client=client) as (connection, peer):
        connection.request("GET", "/stopped", [])
        stopped, _ = await peer.request()
        peer.send(peer.headers(stopped), *[data(stopped, b"x" * 16_384) for _ in range(4)])
        flowing = connection.request("GET", "/flowing", [])
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id))
        room = {0: 128 * 1024 - 65_536, stream_id: 64 * 1024}
        for _ in range(80):
            while min(room.values()) < 16_384:
                frame = await peer.expect(WindowUpdateFrame)
                if frame.stream_id in room:
                    room[frame.stream_id] += frame.window_increment
            peer.send(data(stream_id, b"y" * 16_384))
            room = {key: value - 16_384 for key, value in room.items()}
            assert await flowing.read_some() == b"y" * 16_384


async def test_window_overrun_ends_that_stream() -> None:
    client = ConnectionSettings(stream_window=64 * 1024)
    async with joined(client=client) as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id), *[data(stream_id, b"x" * 16_384) for _ in range(5)])
        assert isinstance(await error_of(stream), MalformedResponseError)
        await assert_alive(connection, peer)
        assert peer.resets() == [ErrorCodes.FLOW_CONTROL_ERROR]


async def test_padding_is_credited() -> None:
    client = ConnectionSettings(stream_window=64 * 1024)
    async with joined(client=client) as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id))
        padded = DataFrame(stream_id, b"", flags=["PADDED"], pad_length=255)
        peer.send(*[padded] * 64)
        assert (await peer.expect(WindowUpdateFrame, stream_id)).window_increment == 16_384
        peer.send(data(stream_id, b"x", end=True))
        assert await body_of(stream) == b"x"


async def test_tiny_frames_do_not_pile_up_as_objects() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id), *[data(stream_id, b"x") for _ in range(20_000)])
        await peer.settle()
        assert len(stream._chunks) <= 20_000 // pulled.JOINED_CHUNK + 1
        peer.send(data(stream_id, end=True))
        assert await body_of(stream) == b"x" * 20_000


async def test_flood_of_empty_frames_ends_that_stream() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id), data(stream_id, b"x"))
        peer.send(*[data(stream_id)] * (streams.MAX_EMPTY_FRAMES + 100))
        assert await stream.read_some() == b"x"
        assert isinstance(await error_of(stream), LimitExceededError)
        await assert_alive(connection, peer)
        assert peer.resets() == [ErrorCodes.ENHANCE_YOUR_CALM]


async def test_informational_answers_and_trailers() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(*[peer.headers(stream_id, [(":status", "103"), ("link", "</x>")])] * 10)
        peer.send(peer.headers(stream_id), data(stream_id, b"x"))
        peer.send(peer.headers(stream_id, [("x-trailer", "1")], end=True))
        assert (await stream.head()).status == 200
        assert await body_of(stream) == b"x"


# Answers that break the rules: that stream only


MALFORMED: dict[str, Iterable[tuple[str, str]]] = {
    "no status": [("x", "y")],
    "two statuses": [(":status", "200"), (":status", "200")],
    "status is no number": [(":status", "2xx")],
    "status behind a field": [("x", "y"), (":status", "200")],
    "unknown pseudo-field": [*OK, (":x", "y")],
    "upper case": [*OK, ("X-Name", "y")],
    "empty name": [*OK, ("", "y")],
    "connection": [*OK, ("connection", "close")],
    "transfer-encoding": [*OK, ("transfer-encoding", "chunked")],
    "trailing blank": [*OK, ("x", "y ")],
    "leading tab": [*OK, ("x", "\ty")],
    "line end": [*OK, ("x", "y\r\nz: 1")],
    "NUL": [*OK, ("x", "y\0")],
    "content-length is no number": [*OK, ("content-length", "many")],
    "two content-lengths": [*OK, ("content-length", "1"), ("content-length", "2")],
}


@pytest.mark.parametrize("fields", MALFORMED.values(), ids=MALFORMED.keys())
@pytest.mark.parametrize("end", [False, True])
async def test_malformed_head(fields: list[tuple[str, str]], end: bool) -> None:
    async with joined() as (connection, peer):
        other = connection.request("GET", "/other", [])
        stream = connection.request("GET", "/", [])
        (good, _), (bad, _) = await peer.request(), await peer.request()
        peer.send(
            peer.headers(bad, fields, end=end), peer.headers(good), data(good, b"x", end=True)
        )
        with pytest.raises(MalformedResponseError):
            await stream.head()
        assert isinstance(await error_of(stream), MalformedResponseError)
        assert await body_of(other) == b"x"
        await assert_alive(connection, peer)
        assert set(peer.resets()) <= {ErrorCodes.PROTOCOL_ERROR}
        assert len(peer.resets()) == 1 or end


@pytest.mark.parametrize("fields", [[(":status", "200")], [("X", "y")], [("connection", "x")]])
async def test_malformed_trailers(fields: list[tuple[str, str]]) -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id), data(stream_id, b"x"))
        peer.send(peer.headers(stream_id, fields, end=True))
        assert await stream.read_some() == b"x"
        assert isinstance(await error_of(stream), MalformedResponseError)
        await assert_alive(connection, peer)


async def test_trailers_that_do_not_end_the_stream() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id), peer.headers(stream_id, [("x-trailer", "1")]))
        assert isinstance(await error_of(stream), MalformedResponseError)
        await assert_alive(connection, peer)


@pytest.mark.parametrize(
    ("length", "error"), [(2, MalformedResponseError), (4, TruncatedResponseError)]
)
async def test_content_length_that_is_wrong(length: int, error: type[CicError]) -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id, [*OK, ("content-length", str(length))]))
        peer.send(data(stream_id, b"abc", end=True))
        assert type(await error_of(stream)) is error
        await assert_alive(connection, peer)
        assert peer.resets() == [ErrorCodes.PROTOCOL_ERROR]


async def test_data_before_headers() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(data(stream_id, b"x"))
        assert isinstance(await error_of(stream), MalformedResponseError)
        await assert_alive(connection, peer)
        assert peer.resets() == [ErrorCodes.PROTOCOL_ERROR]


@pytest.mark.parametrize("kind", ["headers", "data"])
async def test_more_after_the_end_while_the_body_goes_up(kind: str) -> None:
    """We reset the stream at its end, so what follows is late, and not answered again."""
    async with joined() as (connection, peer):
        stream = connection.request("POST", "/", [], Body(b"one"))
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id), data(stream_id, b"x", end=True))
        late = peer.headers(stream_id, end=True) if kind == "headers" else data(stream_id, b"y")
        peer.send(late)
        assert await body_of(stream) == b"x"
        await assert_alive(connection, peer)
        assert peer.resets() == [ErrorCodes.NO_ERROR]


@pytest.mark.parametrize("kind", ["headers", "data"])
async def test_more_after_the_peers_reset_is_answered_once(kind: str) -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id), reset(stream_id, ErrorCodes.CANCEL))
        for _ in range(3):
            peer.send(peer.headers(stream_id) if kind == "headers" else data(stream_id, b"y"))
        assert isinstance(await error_of(stream), StreamResetError)
        await assert_alive(connection, peer)
        await assert_alive(connection, peer)  # h2 has swept its closed streams by now
        peer.send(data(stream_id, b"z"))
        await assert_alive(connection, peer)
        assert peer.resets() == [ErrorCodes.STREAM_CLOSED]


async def test_late_frames_of_a_swept_stream() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(reset(stream_id, ErrorCodes.CANCEL))
        assert isinstance(await error_of(stream), StreamResetError)
        await assert_alive(connection, peer)
        await assert_alive(connection, peer)
        peer.send(data(stream_id, b"z"), data(stream_id, b"z"))
        await assert_alive(connection, peer)
        assert peer.resets() == [ErrorCodes.STREAM_CLOSED]


async def test_window_of_a_stream_overflows() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("POST", "/", [], Body(b"one"))
        stream_id, _ = await peer.request()
        peer.send(window(stream_id, 2**31 - 1))
        error = await error_of(stream)
        assert isinstance(error, StreamResetError)
        assert (error.error_code, error.remote) == (ErrorCodes.FLOW_CONTROL_ERROR, False)
        await assert_alive(connection, peer)


# Resets by the peer


async def test_refused_stream_was_not_processed() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("POST", "/", [], b"x")
        stream_id, _ = await peer.request()
        peer.send(reset(stream_id, ErrorCodes.REFUSED_STREAM))
        with pytest.raises(NotProcessedError):
            await stream.head()
        await assert_alive(connection, peer)


async def test_reset_in_mid_answer_ends_that_stream_only() -> None:
    async with joined() as (connection, peer):
        one, two = connection.request("GET", "/1", []), connection.request("GET", "/2", [])
        (first, _), (second, _) = await peer.request(), await peer.request()
        peer.send(peer.headers(first), data(first, b"a"), reset(first, ErrorCodes.INTERNAL_ERROR))
        peer.send(peer.headers(second), data(second, b"b", end=True))
        assert await one.read_some() == b"a"
        error = await error_of(one)
        assert isinstance(error, StreamResetError)
        assert (error.error_code, error.remote) == (ErrorCodes.INTERNAL_ERROR, True)
        assert await body_of(two) == b"b"
        assert peer.resets() == []


# How many streams


async def test_requests_above_the_peers_limit_wait() -> None:
    async with joined({MAX_CONCURRENT: 2}) as (connection, peer):
        made = [connection.request("POST", f"/{number}", [], b"x") for number in range(5)]
        for number in range(5):
            stream_id, fields = await peer.request()
            assert fields[":path"] == f"/{number}"
            running = sum(1 for stream in made if stream.id and not stream.headers_received)
            assert running <= 2
            peer.send(peer.headers(stream_id, end=True))
            await made[number].head()


async def test_limit_raised_and_lowered_by_settings() -> None:
    async with joined({MAX_CONCURRENT: 0}) as (connection, peer):
        made = [connection.request("GET", f"/{number}", []) for number in range(3)]
        assert not any(isinstance(f, HeadersFrame) for f in await peer.settle())
        peer.send(SettingsFrame(0, settings={MAX_CONCURRENT: 2}))
        (one, _), (two, _) = await peer.request(), await peer.request()
        peer.send(SettingsFrame(0, settings={MAX_CONCURRENT: 1}))
        peer.send(peer.headers(one, end=True))
        assert not any(isinstance(f, HeadersFrame) for f in await peer.settle())
        peer.send(peer.headers(two, end=True))
        three, _ = await peer.request()
        peer.send(peer.headers(three, end=True))
        for stream in made:
            assert (await stream.head()).status == 200


async def test_queue_of_requests_is_bounded() -> None:
    async with joined({MAX_CONCURRENT: 0}) as (connection, _peer):
        made = [connection.request("GET", "/", []) for _ in range(multiplexer.MAX_QUEUED_REQUESTS)]
        with pytest.raises(NotProcessedError):
            connection.request("GET", "/", [])
        await connection.close()
        for stream in made:
            assert isinstance(await error_of(stream), NotProcessedError)


# GOAWAY


async def test_goaway_lets_older_streams_finish() -> None:
    async with joined() as (connection, peer):
        body = Body(b"one")
        old = connection.request("POST", "/old", [], body)
        new = connection.request("GET", "/new", [])
        (first, _), (_second, _) = await peer.request(), await peer.request()
        # in one record with DATA of the older stream
        peer.send(goaway(first), peer.headers(first), data(first, b"a"))
        await asyncio.wait_for(connection.wait_closing(), PATIENCE)
        assert not connection.accepts_requests
        assert connection.goaway_code == 0
        assert isinstance(await error_of(new), NotProcessedError)
        with pytest.raises(NotProcessedError):
            connection.request("GET", "/", [])
        body.queue.put_nowait(b"two")
        body.queue.put_nowait(None)
        assert await uploaded_to(peer, first, 3) == b"two"
        await peer.settle()  # PING is still answered
        peer.send(data(first, b"b", end=True))
        assert await body_of(old) == b"ab"
        # nothing is left to wait for
        assert (await peer.expect(GoAwayFrame)).error_code == 0
        assert await connection.wait_closed() is None


async def test_two_goaways() -> None:
    async with joined() as (connection, peer):
        one, two = connection.request("GET", "/1", []), connection.request("GET", "/2", [])
        (first, _), (_second, _) = await peer.request(), await peer.request()
        peer.send(goaway(2**31 - 1))
        await connection.wait_closing()
        await peer.settle()
        assert not two.headers_received
        peer.send(goaway(first, ErrorCodes.ENHANCE_YOUR_CALM))
        assert isinstance(await error_of(two), NotProcessedError)
        assert connection.goaway_code == ErrorCodes.ENHANCE_YOUR_CALM
        peer.send(peer.headers(first), data(first, b"x", end=True))
        assert await body_of(one) == b"x"


async def test_refused_streams_are_deaf_afterwards() -> None:
    """Whatever a confused peer still sends on a stream above its own GOAWAY."""
    async with joined() as (connection, peer):
        old = connection.request("GET", "/old", [])
        new = [connection.request("GET", "/new", []) for _ in range(5)]
        ids = [(await peer.request())[0] for _ in range(6)]
        peer.send(goaway(ids[0]))
        peer.send(peer.headers(ids[1]), data(ids[1], b"x"), data(ids[1], end=True))
        peer.send(reset(ids[2], ErrorCodes.INTERNAL_ERROR))
        peer.send(data(ids[3], b"before its headers"))
        peer.send(peer.headers(ids[4]), peer.headers(ids[4], [("x-trailer", "1")], end=True))
        peer.send(peer.headers(ids[5], [("x", "no status")]))
        peer.send(peer.headers(ids[0]), data(ids[0], b"x", end=True))
        assert await body_of(old) == b"x"
        for stream in new:
            assert isinstance(await error_of(stream), NotProcessedError)


async def test_goaway_refuses_what_waits() -> None:
    async with joined({MAX_CONCURRENT: 1}) as (connection, peer):
        connection.request("GET", "/1", [])
        queued = connection.request("GET", "/2", [])
        await peer.request()
        peer.send(goaway(2**31 - 1))
        assert isinstance(await error_of(queued), NotProcessedError)


async def test_goaway_on_an_idle_connection_closes_it() -> None:
    async with joined() as (connection, peer):
        peer.send(goaway(0))
        assert await connection.wait_closed() is None
        with pytest.raises(ConnectionLostError):
            await connection.ping()


async def test_goaway_before_the_first_settings_is_a_failure() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        FramePeer(reader, writer).send(goaway(0, ErrorCodes.ENHANCE_YOUR_CALM))

    async with tls_server(handle, authority().server_context()) as port:
        with pytest.raises(NotHttp2Error):
            await open_to(port)


# Liveness


async def test_ping_measures_and_is_shared() -> None:
    async with joined() as (connection, peer):
        one, two = asyncio.create_task(connection.ping()), asyncio.create_task(connection.ping())
        frame = await peer.expect(PingFrame)
        wrong = PingFrame(0, opaque_data=b"not ours", flags=["ACK"])
        peer.send(wrong)
        await assert_alive(connection, peer)
        assert not one.done()
        peer.send(PingFrame(0, opaque_data=frame.opaque_data, flags=["ACK"]))
        assert await one == await two > 0
        peer.send(wrong)
        await assert_alive(connection, peer)
        assert sum(isinstance(f, PingFrame) and "ACK" not in f.flags for f in peer.seen) == 1


async def test_pings_come_by_themselves() -> None:
    client = ConnectionSettings(ping_interval=0.01)
    async with joined(client=client) as (_connection, peer):
        payloads = set()
        for _ in range(3):
            frame = await peer.expect(PingFrame)
            payloads.add(frame.opaque_data)
            peer.send(PingFrame(0, opaque_data=frame.opaque_data, flags=["ACK"]))
        assert len(payloads) == 3


async def test_ping_without_an_answer_ends_the_connection() -> None:
    client = ConnectionSettings(ping_interval=0.01, ping_timeout=0.05)
    async with joined(client=client) as (connection, _peer):
        stream = connection.request("POST", "/", [], Body(b"one"))
        with pytest.raises(ConnectionLostError, match="PING"):
            await connection.ping()
        await connection.wait_closing()
        assert isinstance(await error_of(stream), ConnectionLostError)
        with pytest.raises(ConnectionLostError):
            await stream.wait_uploaded()
        assert isinstance(await connection.wait_closed(), ConnectionLostError)


async def test_pings_of_the_peer_are_answered() -> None:
    async with joined() as (_connection, peer):
        for number in range(100):
            peer.send(PingFrame(0, opaque_data=number.to_bytes(8)))
        for number in range(100):
            frame = await peer.expect(PingFrame)
            assert "ACK" in frame.flags
            assert frame.opaque_data == number.to_bytes(8)


# What may come at any time, and what may never


async def test_frames_that_mean_nothing_here() -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [])
        stream_id, _ = await peer.request()
        peer.send(
            AltSvcFrame(0, origin=b"https://x", field=b'h3=":1"'),
            AltSvcFrame(stream_id, field=b'h3=":1"'),
            unknown(0xBE, 0),
            PriorityFrame(stream_id, depends_on=0, stream_weight=1),
            SettingsFrame(0, settings={0xBEEF: 1}),
            window(stream_id, 5),
            peer.headers(stream_id),
            unknown(0xBF, stream_id),
            data(stream_id, b"x", end=True),
            window(stream_id, 5),
            reset(stream_id, ErrorCodes.CANCEL),
        )
        assert await body_of(stream) == b"x"
        await assert_alive(connection, peer)


def _idle_reset(peer: FramePeer) -> list[Frame | bytes]:
    return [reset(99, ErrorCodes.CANCEL)]


def _even_reset(peer: FramePeer) -> list[Frame | bytes]:
    return [reset(2, ErrorCodes.CANCEL)]


def _idle_data(peer: FramePeer) -> list[Frame | bytes]:
    return [data(99, b"x")]


def _idle_headers(peer: FramePeer) -> list[Frame | bytes]:
    return [peer.headers(99)]


def _servers_own_stream(peer: FramePeer) -> list[Frame | bytes]:
    return [peer.headers(2)]


def _push(peer: FramePeer) -> list[Frame | bytes]:
    frame = PushPromiseFrame(1, promised_stream_id=2, data=peer.headers(2).data)
    frame.flags.add("END_HEADERS")
    return [frame]


def _header_bomb(peer: FramePeer) -> list[Frame | bytes]:
    """One field of 4 kB in the table, named again two thousand times: 8 MB in 2 kB."""
    frame = peer.headers(1)
    frame.data = Encoder().encode([*OK, ("x", "y" * 4000)]) + b"\xbe" * 2000
    return [frame]


def _endless_continuation(peer: FramePeer) -> list[Frame | bytes]:
    frame = peer.headers(1)
    frame.flags.discard("END_HEADERS")
    return [frame, *[ContinuationFrame(1, b"\x00\x01a\x01b")] * 70]


def _broken_block(peer: FramePeer) -> list[Frame | bytes]:
    frame = peer.headers(1)
    frame.data = b"\xff\xff\xff\xff\xff\xff"
    return [frame]


def _naked_continuation(peer: FramePeer) -> list[Frame | bytes]:
    return [ContinuationFrame(1, b"\x88")]


def _overlong_frame(peer: FramePeer) -> list[Frame | bytes]:
    return [b"\xff\xff\xff\x00\x00\x00\x00\x00\x01"]


def _bad_padding(peer: FramePeer) -> list[Frame | bytes]:
    return [b"\x00\x00\x02\x00\x08\x00\x00\x00\x01\xff\x00"]


def _window_overflow(peer: FramePeer) -> list[Frame | bytes]:
    return [window(0, 2**31 - 1)]


def _push_setting(peer: FramePeer) -> list[Frame | bytes]:
    return [SettingsFrame(0, settings={SettingsFrame.ENABLE_PUSH: 1})]


@pytest.mark.parametrize(
    "frames",
    [
        _idle_reset,
        _even_reset,
        _idle_data,
        _idle_headers,
        _servers_own_stream,
        _push,
        _header_bomb,
        _endless_continuation,
        _broken_block,
        _naked_continuation,
        _overlong_frame,
        _bad_padding,
        _window_overflow,
        _push_setting,
    ],
)
async def test_broken_http2_ends_the_connection_with_goaway(frames) -> None:
    async with joined() as (connection, peer):
        stream = connection.request("GET", "/", [])
        other = connection.request("GET", "/other", [])
        await peer.request()
        _, _ = await peer.request()
        # what came before the bad frame in the same record still counts
        peer.send(peer.headers(3), data(3, b"x", end=True), *frames(peer))
        assert await body_of(other) == b"x"
        assert isinstance(await error_of(stream), ConnectionLostError)
        assert (await peer.expect(GoAwayFrame)).error_code != 0
        assert isinstance(await connection.wait_closed(), ConnectionLostError)


@pytest.mark.parametrize("kind", ["headers", "data"])
async def test_frame_on_a_stream_that_ended_on_both_sides(kind: str) -> None:
    """RFC 9113, 5.1: a connection error of type STREAM_CLOSED."""
    async with joined() as (connection, peer):
        await assert_alive(connection, peer)
        peer.send(peer.headers(1) if kind == "headers" else data(1, b"y"))
        assert (await peer.expect(GoAwayFrame)).error_code == ErrorCodes.STREAM_CLOSED
        assert isinstance(await connection.wait_closed(), ConnectionLostError)


async def test_late_frames_of_a_stream_long_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h2_overrides.H2Client, "MAX_CLOSED_STREAMS", 2)
    async with joined() as (connection, peer):
        for _ in range(5):
            await assert_alive(connection, peer)
        peer.send(data(1, b"late"), peer.headers(1))
        await assert_alive(connection, peer)
        assert peer.resets() == []


@pytest.mark.parametrize(
    "first",
    [
        PingFrame(0, opaque_data=b"01234567"),
        SettingsFrame(0, flags=["ACK"]),
        b"HTTP/1.1 400 Bad\r\n",
    ],
    ids=["ping", "settings ack", "HTTP/1.1"],
)
async def test_first_frame_is_not_settings(first: Frame | bytes) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        FramePeer(reader, writer).send(first)

    async with tls_server(handle, authority().server_context()) as port:
        with pytest.raises(NotHttp2Error):
            await open_to(port)


async def test_first_settings_never_come() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with tls_server(silent, authority().server_context()) as port:
        with pytest.raises(UnreachableError):
            await open_to(port, ConnectionSettings(connect_timeout=0.2))


# The end


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_connection_that_breaks_in_mid_answer(how: str) -> None:
    async with joined() as (connection, peer):
        body = Body(b"one")
        stream = connection.request("POST", "/", [], body)
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id), data(stream_id, b"half"))
        assert await stream.read_some() == b"half"
        if how == "close":
            peer.writer.close()
        else:
            peer.writer.transport.abort()
        assert isinstance(await error_of(stream), ConnectionLostError)
        assert isinstance(await connection.wait_closed(), ConnectionLostError)
        await asyncio.wait_for(body.closed.wait(), PATIENCE)
        assert not connection.accepts_requests
        with pytest.raises(NotProcessedError):
            connection.request("GET", "/", [])
        with pytest.raises(ConnectionLostError):
            await connection.ping()
        stream.cancel()


async def test_close_says_goaway_and_ends_every_stream() -> None:
    async with joined() as (connection, peer):
        body = Body(b"one")
        stream = connection.request("POST", "/", [], body)
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id), data(stream_id, b"half"))
        await stream.head()
        await connection.close()
        assert body.closed.is_set()
        assert await connection.wait_closed() is None
        await connection.wait_closing()
        assert (await peer.expect(GoAwayFrame)).error_code == 0
        assert await stream.read_some() == b"half"
        assert isinstance(await error_of(stream), ConnectionLostError)
        stream.cancel()
        await connection.close()


async def test_close_of_a_dead_peer_is_bounded() -> None:
    """The peer reads nothing, so close_notify gets no answer."""
    client = ConnectionSettings(close_timeout=0.1)
    async with joined({INITIAL_WINDOW: 2**31 - 1}, client=client) as (connection, peer):
        peer.send(window(0, 2**30))
        await peer.settle()
        peer.writer.transport.pause_reading()
        connection.request("POST", "/", [], Body(*[b"x" * 65_536] * 1000))
        while connection._wire.writable:
            await asyncio.sleep(0)
        await asyncio.wait_for(connection.close(), PATIENCE)
        assert await connection.wait_closed() is None


async def test_close_does_not_wait_for_a_body_that_will_not_end() -> None:
    release = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"one"
        try:
            await asyncio.Event().wait()
        finally:
            await release.wait()

    async with joined(client=ConnectionSettings(close_timeout=0.1)) as (connection, peer):
        connection.request("POST", "/", [], body())
        await uploaded_to(peer, 1, 3)
        await asyncio.wait_for(connection.close(), PATIENCE)
        release.set()
        await asyncio.wait(connection._streams.tasks)


async def test_ipv6_authority_and_default_port() -> None:
    async with frame_server() as (port, peers):
        connection = await Connection.open(
            "127.0.0.1",
            port,
            ssl_context=authority().client_context(),
            server_hostname="localhost",
        )
        await peers.get()
        assert connection.authority == f"localhost:{port}"
        await connection.close()


def test_missing_private_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    h2_overrides.check_private_names()
    names = (*h2_overrides._PRIVATE_NAMES, (object(), ("_gone",)))
    monkeypatch.setattr(h2_overrides, "_PRIVATE_NAMES", names)
    with pytest.raises(ImportError, match=r"h2 4\.\d+\.\d+ .*\._gone$"):
        h2_overrides.check_private_names()
