"""The media listener, as players meet it: tunes, ranges, lists of segments, addresses that expire."""

import asyncio
from collections.abc import AsyncIterator, Callable
import contextlib
from itertools import pairwise
from pathlib import Path
import re
from typing import Any

import pytest

from cic_server.journal import Journal
from cic_server.music import hls
from cic_server.music.addresses import Addresses, Grants
from cic_server.music.catalogue import PLAYLISTS, TRACKS
from cic_server.music.library import Library
from cic_server.music.listener import MAX_HEAD_BYTES, MAX_LOGGED_HEADER, MediaListener
from cic_server.music.tunes import RATE, Tunes, encode, frames, samples
from cic_server.order.reasons import Reason
from cic_server.order.verdicts import Verdicts
from tests.cic_server.client import AGENT
from tests.cic_server.mp3 import frames_in
from tests.cic_server.tones import decoded, track_in

pytestmark = pytest.mark.usefixtures("socket_enabled")


class Shop:
    """A media listener, its log, and a clock that can be turned."""

    def __init__(self, folder: Path) -> None:
        self.now = 100.0
        self.journal = Journal()
        self.verdicts = Verdicts(self.journal, lambda: self.now)
        self.grants = Grants(lambda: self.now, lambda: 60.0)
        library = Library(Tunes(folder), self.grants, lambda: self.now)
        self.listener = MediaListener(library, self.journal, self.verdicts.media)
        self.port = 0

    async def ask(
        self, path: str, method: str = "GET", agent: str | None = AGENT, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of one request on a connection of its own."""
        lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close"]
        lines += [f"User-Agent: {agent}"] if agent else []
        lines += [f"{name}: {value}" for name, value in headers.items()]
        answer = await self.talk("\r\n".join([*lines, "", ""]).encode())
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        pairs = (line.partition(": ") for line in rest)
        return int(first.split()[1]), {name: value for name, _, value in pairs}, body

    async def talk(self, sent: bytes) -> bytes:
        """Send some bytes and read until the connection's end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        try:
            async with asyncio.timeout(10):
                return await reader.read()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    @property
    def fetches(self) -> list[dict[str, Any]]:
        return [each for each in self.journal.since(0)[0] if each["kind"] == "media"]

    @property
    def illegal(self) -> list[str]:
        return [each["reason"] for each in self.verdicts.illegal(None)]


@pytest.fixture(scope="module")
def tunes_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tunes")


@pytest.fixture
async def shop(tunes_folder: Path, socket_enabled: None) -> AsyncIterator[Shop]:
    made = Shop(tunes_folder)
    async with made.listener.listening("127.0.0.1", 0) as made.port:
        yield made


def path_of(address: str) -> str:
    return re.sub(r"^http://[^/]+", "", address)


@pytest.fixture
def addresses(shop: Shop) -> Addresses:
    return Addresses(base="http://127.0.0.1", client="my client/1", grants=shop.grants)


async def test_a_tune_is_sound_of_its_pitch_and_length(shop: Shop, addresses: Addresses) -> None:
    for name in ("bells-1", "bells-3", "ocean-2"):
        track = TRACKS[name]
        status, headers, body = await shop.ask(path_of(addresses.of(track)))
        assert (status, headers["Content-Type"]) == (200, "audio/mpeg")
        assert int(headers["Content-Length"]) == len(body)
        assert frames_in(body) > 100
        heard = decoded(body)
        assert len(heard) / RATE == pytest.approx(track.seconds, rel=0.05)
        assert track_in(heard) == name
    assert {fetch["client"] for fetch in shop.fetches} == {"my client/1"}
    assert shop.illegal == []


def test_every_track_has_a_pitch_of_its_own() -> None:
    pitches = sorted(track.pitch for track in TRACKS.values())
    assert all(high / low > 1.03 for low, high in pairwise(pitches))
    assert all(pitch % 2 == 0 for pitch in pitches)
    assert all(playlist.tracks for playlist in PLAYLISTS.values())


async def test_a_tune_is_made_once(tmp_path: Path) -> None:
    tunes = Tunes(tmp_path / "tunes")
    first, second = await asyncio.gather(*(tunes.mp3(TRACKS["bells-2"]) for _ in range(2)))
    [file] = (tmp_path / "tunes").iterdir()
    assert first == second == file.read_bytes()
    assert b"".join(frames(first)) == first
    file.write_bytes(b"from the cache")
    assert await tunes.mp3(TRACKS["bells-2"]) == b"from the cache"


@pytest.mark.parametrize(
    ("asked", "status", "cut"),
    [
        ("bytes=0-", 206, slice(0, None)),
        ("bytes=100-199", 206, slice(100, 200)),
        ("bytes=-50", 206, slice(-50, None)),
        ("bytes=31000-99999999", 206, slice(31_000, None)),
        ("bytes=99999999-", 416, slice(0, 0)),
        ("bytes=-0", 416, slice(0, 0)),
        ("bytes=5-2", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("bytes=0-1,5-6", 200, slice(None)),
        ("rows=1-2", 200, slice(None)),
        ("bytes=0-" + "9" * 5000, 200, slice(None)),
    ],
)
async def test_ranges(
    shop: Shop, addresses: Addresses, asked: str, status: int, cut: slice
) -> None:
    path = path_of(addresses.of(TRACKS["bells-1"]))
    _, _, whole = await shop.ask(path)
    found, headers, body = await shop.ask(path, Range=asked)
    assert found == status
    assert body == whole[cut]
    if status == 206:
        first = range(len(whole))[cut][0]
        assert headers["Content-Range"] == f"bytes {first}-{first + len(body) - 1}/{len(whole)}"
    if status == 416:
        assert headers["Content-Range"] == f"bytes */{len(whole)}"
    assert shop.fetches[-1]["range"] == asked[:MAX_LOGGED_HEADER]


async def test_head_tells_as_much_as_get(shop: Shop, addresses: Addresses) -> None:
    path = path_of(addresses.of(TRACKS["bells-1"]))
    status, headers, body = await shop.ask(path)
    empty = await shop.ask(path, "HEAD")
    assert empty == (status, headers, b"")
    assert body != b""


async def test_one_connection_serves_many_requests(shop: Shop) -> None:
    one = b"GET /art/jazz-1.png HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /art/jazz-2.png HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = await shop.talk(one + one + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b"\x89PNG\r\n\x1a\n") == 3


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / SPDY/3\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD_BYTES + b"\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", b"400"),
        (b"POST / HTTP/1.1\r\nConnection: close\r\n\r\n", b"405"),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /tunes/c/concert-1.mp3 HTTP/1.1\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /tunes/c/../../x.mp3 HTTP/1.1\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /hls/c/bells-1.m3u8 HTTP/1.1\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /hls/c/podcast-1/99.mp3 HTTP/1.1\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /protected/guess.mp3 HTTP/1.1\r\nConnection: close\r\n\r\n", b"403"),
    ],
)
async def test_what_is_refused(shop: Shop, sent: bytes, status: bytes) -> None:
    assert (await shop.talk(sent)).split()[1] == status
    # and the next one is served
    assert (await shop.ask("/art/jazz-1.png"))[0] == 200


async def test_a_player_that_leaves_in_the_middle(shop: Shop, addresses: Addresses) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
    path = path_of(addresses.of(TRACKS["bells-1"]))
    writer.write(f"GET {path} HTTP/1.1\r\n\r\n".encode())
    await reader.readexactly(100)
    writer.transport.abort()
    assert (await shop.ask(path))[0] == 200


async def test_protected_addresses_are_each_their_own_and_expire(
    shop: Shop, addresses: Addresses
) -> None:
    track = TRACKS["concert-1"]
    assert addresses.of(track) == "clova:concert-1"
    first, second = (path_of(addresses.delivered(track)) for _ in range(2))
    assert first != second
    status, _, sound = await shop.ask(first)
    assert status == 200
    assert track_in(decoded(sound)) == "concert-1"
    shop.now += 59.0
    # players ask more than once
    assert (await shop.ask(first, Range="bytes=1000-"))[0] == 206
    shop.now += 2.0
    assert (await shop.ask(second))[0] == 403  # nobody came in time
    assert (await shop.ask(first))[0] == 403
    assert shop.illegal == []


@pytest.mark.parametrize("agent", [None, "Music Player Daemon 0.24", "Lavf/61.7.100"])
async def test_protected_sound_and_lists_want_a_user_agent(
    shop: Shop, addresses: Addresses, agent: str | None
) -> None:
    for address in (
        addresses.delivered(TRACKS["concert-1"]),
        addresses.of(TRACKS["podcast-1"]),
        addresses.of(TRACKS["radio-1"]),
    ):
        assert (await shop.ask(path_of(address), agent=agent))[0] == 403
    assert shop.illegal == [Reason.MEDIA_AGENT.value] * 3
    # what may be played as it is, any player may fetch
    assert (await shop.ask(path_of(addresses.of(TRACKS["bells-1"])), agent=agent))[0] == 200


async def test_a_token_does_not_belong_into_a_media_request(
    shop: Shop, addresses: Addresses
) -> None:
    path = path_of(addresses.of(TRACKS["bells-1"]))
    assert (await shop.ask(path, Authorization="Bearer x"))[0] == 200
    assert shop.illegal == [Reason.MEDIA_TOKEN.value]
    assert shop.fetches[-1]["authorization"] is True
    assert "Bearer" not in str(shop.journal.since(0))


async def test_a_list_of_segments_is_the_whole_tune(shop: Shop, addresses: Addresses) -> None:
    address = path_of(addresses.of(TRACKS["podcast-1"]))
    status, headers, body = await shop.ask(address)
    assert (status, headers["Content-Type"]) == (200, "application/vnd.apple.mpegurl")
    text = body.decode()
    assert text.startswith("#EXTM3U\n")
    assert text.endswith("#EXT-X-ENDLIST\n")
    lengths = [float(each) for each in re.findall(r"#EXTINF:([\d.]+),", text)]
    assert sum(lengths) == pytest.approx(20, rel=0.01)
    assert f"#EXT-X-TARGETDURATION:{max(map(round, lengths))}\n" in text
    sound = b""
    for number, name in enumerate(re.findall(r"^[^#].*$", text, re.MULTILINE)):
        _, _, segment = await shop.ask(f"{address.rpartition('/')[0]}/{name}")
        assert segment[:5] == b"ID3\x04\x00"
        size = int.from_bytes(segment[8:10])  # below 128: one of its bytes is enough
        ticks = int.from_bytes(segment[10 + size - 8 : 10 + size])
        assert ticks / hls.TICKS == pytest.approx(number * hls.SEGMENT_SECONDS, abs=0.001)
        sound += segment[10 + size :]
    heard = decoded(sound)
    assert len(heard) / RATE == pytest.approx(20, rel=0.05)
    assert track_in(heard) == "podcast-1"


async def test_the_radio_goes_on(shop: Shop, addresses: Addresses) -> None:
    address = path_of(addresses.of(TRACKS["radio-1"]))

    async def on_air() -> tuple[int, list[str]]:
        _, _, body = await shop.ask(address)
        text = body.decode()
        assert "ENDLIST" not in text
        [first] = re.findall(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", text)
        return int(first), re.findall(r"^[^#].*$", text, re.MULTILINE)

    first, names = await on_air()
    assert (first, len(names)) == (0, hls.LIVE_SEGMENTS)
    shop.now += 2 * hls.SEGMENT_SECONDS + 0.1
    later, more = await on_air()
    assert later == 2
    assert more[:3] == names[2:]
    base = address.rpartition("/")[0]
    assert (await shop.ask(f"{base}/{more[-1]}"))[0] == 200
    shop.now += 1_000 * hls.SEGMENT_SECONDS
    assert (await shop.ask(f"{base}/{more[-1]}"))[0] == 404
    _, newest = await on_air()
    _, _, segment = await shop.ask(f"{base}/{newest[0]}")
    assert track_in(decoded(segment)) == "radio-1"


def test_segments_of_a_loop_have_one_length() -> None:
    cut = hls.loop(encode(samples(TRACKS["bells-1"])))
    assert [each.seconds for each in cut] == [hls.SEGMENT_SECONDS]


async def test_grants_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    grants = Grants(lambda: 0.0, lambda: 60.0)
    keys = [grants.issue("c", TRACKS["concert-1"]) for _ in range(300)]
    opened: Callable[[str], Any] = grants.open
    assert opened(keys[0]) is None
    assert opened(keys[-1]) is not None
