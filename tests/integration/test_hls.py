"""HLS playlists rewritten: every address in them becomes one of ours, and nothing else stays."""

from hypothesis import given, strategies as st
import pytest
from yarl import URL

from custom_components.clova_cic.playback.web.hls import (
    LastSegment,
    PlaylistError,
    Rewriter,
    is_playlist,
)
from custom_components.clova_cic.playback.web.links import Links

BASE = URL("https://sound.example/deep/list.m3u8?key=1")


def rewrite(text: str) -> tuple[list[str], dict[str, str], LastSegment | None]:
    """Return the lines, what each link in them stands for, and the last segment."""
    linked: dict[str, str] = {}

    def link(address: str, end: str) -> str:
        name = f"/{len(linked)}.{end}"
        linked[name] = address
        return name

    rewriter = Rewriter(BASE, link)
    return list(rewriter.lines(text)), linked, rewriter.last


def test_media() -> None:
    lines, linked, last = rewrite(
        """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-KEY:METHOD=AES-128,URI="../key?id=1,2",IV=0x12
#EXT-X-MAP:URI="head.mp4",BYTERANGE="100@0"
#EXTINF:5.5,A title, with words
one.m4s?sig=a
# a comment with https://evil.example/
#EXT-X-DISCONTINUITY
#EXTINF:6,
//cdn.example/two
#EXT-X-ENDLIST
"""
    )
    assert lines == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:6",
        "#EXT-X-MEDIA-SEQUENCE:7",
        '#EXT-X-KEY:METHOD=AES-128,URI="/0.key",IV=0x12',
        '#EXT-X-MAP:URI="/1.mp4",BYTERANGE="100@0"',
        "#EXTINF:5.5,",
        "/2.m4s",
        "#EXT-X-DISCONTINUITY",
        "#EXTINF:6,",
        "/3.ts",
        "#EXT-X-ENDLIST",
    ]
    assert list(linked.values()) == [
        "https://sound.example/key?id=1,2",
        "https://sound.example/deep/head.mp4",
        "https://sound.example/deep/one.m4s?sig=a",
        "https://cdn.example/two",
    ]
    assert last == LastSegment("https://cdn.example/two", None)


def test_master() -> None:
    lines, linked, last = rewrite(
        "\ufeff#EXTM3U\r\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="audio/a.m3u8"\r\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=64000,AUDIO="a"\r\n'
        "low\r\n"
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="pictures.m3u8"\r\n'
        "#EXT-X-STREAM-INF:BANDWIDTH=128000\r\n"
        "high.m3u8\r\n"
    )
    assert lines == [
        "#EXTM3U",
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="/0.m3u8"',
        '#EXT-X-STREAM-INF:BANDWIDTH=64000,AUDIO="a"',
        "/1.m3u8",
        "#EXT-X-STREAM-INF:BANDWIDTH=128000",
        "/2.m3u8",
    ]
    assert linked["/1.m3u8"] == "https://sound.example/deep/low"
    assert last is None


def test_parts_of_one_file() -> None:
    text = "#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:100@50\na.ts\n#EXTINF:1,\n#EXT-X-BYTERANGE:70\na.ts\n"
    lines, _, last = rewrite(text + "#EXT-X-ENDLIST\n")
    assert lines[2] == "#EXT-X-BYTERANGE:100@50"
    assert last == LastSegment("https://sound.example/deep/a.ts", 220)
    assert rewrite(text)[2] is None


@pytest.mark.parametrize(
    "tag",
    [
        "#EXT-X-PART:DURATION=1,URI=https://evil.example/",
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="https://evil.example/"',
        '#EXT-X-RENDITION-REPORT:URI="https://evil.example/"',
        '#EXT-X-SESSION-DATA:DATA-ID="a",URI="https://evil.example/"',
        '#EXT-X-CONTENT-STEERING:SERVER-URI="https://evil.example/"',
        '#EXT-X-DATERANGE:ID="a",X-ASSET-URI="https://evil.example/"',
        '#EXT-X-DEFINE:NAME="a",VALUE="https://evil.example/"',
        "#EXT-X-NEW:https://evil.example/",
        "#EXTINF:1,https://evil.example/",
        "#EXTVLCOPT:http-proxy=https://evil.example/",
        "#https://evil.example/",
    ],
)
def test_what_might_hold_an_address_is_left_out(tag: str) -> None:
    lines, linked, _ = rewrite(f"#EXTM3U\n{tag}\n")
    assert "evil" not in "".join(lines)
    assert not linked


@pytest.mark.parametrize(
    "line",
    [
        "#EXT-X-KEY:METHOD=AES-128,URI=https://evil.example/",
        '#EXT-X-KEY:METHOD=AES-128, uri = "https://evil.example/"',
        '#EXT-X-KEY:METHOD="a",URI="https://evil.example/"',
        '#EXT-X-MAP:URI="https://evil.example/"\0junk',
        "#EXTINF:1\0https://evil.example/",
        " \thttps://evil.example/",
        "//evil.example/",
        "\\\\evil.example/",
        "x\rhttps://evil.example/",
    ],
)
def test_an_address_in_disguise_is_an_address(line: str) -> None:
    lines, linked, _ = rewrite(f"#EXTM3U\n{line}\n")
    assert "evil" not in "".join(lines)
    assert any("evil.example/" in address for address in linked.values())


@pytest.mark.parametrize(
    "line",
    [
        "file:///etc/passwd",
        "ftp://sound.example/",
        '#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/passwd"',
        '#EXT-X-MEDIA:TYPE=AUDIO,URI="data:audio/mpegurl,x"',
        '#EXT-X-KEY:METHOD=AES-128,URI="https://evil.example/',
        "#EXT-X-MAP:https://evil.example/",
        "#EXT-X-BYTERANGE:all\na.ts",
        "http://[::1/a",
        "a" * 9000,
    ],
)
def test_refused(line: str) -> None:
    with pytest.raises(PlaylistError) as raised:
        rewrite(f"#EXTM3U\n{line}\n")
    assert "evil" not in str(raised.value)


def test_a_key_in_the_playlist_stays_there() -> None:
    key = '#EXT-X-KEY:METHOD=AES-128,URI="data:text/plain;base64,AAAA"'
    lines, linked, _ = rewrite(f"#EXTM3U\n{key}\n")
    assert lines[1] == key
    assert not linked


_WORDS = st.sampled_from(
    [
        *("#EXTM3U", "#EXT-X-KEY:", "#EXT-X-MAP:", "#EXTINF:", "#EXT-X-STREAM-INF:", "#EXT", "#"),
        *("URI=", "uri=", '"', ",", "=", ":", "\n", "\r", "\0", " ", "\t", "\\", "\u2028", "\x0b"),
        *("evil", "//evil", "http://evil/", "METHOD=AES-128", "a.ts", "1", "@", "data:", "{$a}"),
    ]
)


@given(st.lists(_WORDS, max_size=25).map("".join))
def test_no_foreign_address_gets_through(text: str) -> None:
    """Whatever is written: lines that are addresses, and URIs, are ours or data."""
    try:
        lines, linked, _ = rewrite(text)
    except PlaylistError:
        return
    for line in lines:
        assert not set("\r\n\0") & set(line)
        if not line.startswith("#"):
            assert line in linked
        elif line.startswith(("#EXT-X-KEY", "#EXT-X-MAP")):
            for value in line.partition(":")[2].split(","):
                name, _, content = value.partition("=")
                address = content.strip('"')
                assert name.upper() != "URI" or address in linked or address.startswith("data:")


def test_sniffed() -> None:
    assert is_playlist(b"#EXTM3U\n")
    assert is_playlist(b"\xef\xbb\xbf#EXTM3U")
    assert not is_playlist(b"\xff\xfb\x90\x00")
    assert not is_playlist(b"")


# The table behind the links


def test_an_address_keeps_its_link() -> None:
    links = Links("https://a/", lambda number, end: f"{number}.{end}")
    first = links.begin()
    assert [first("https://a/1", "ts"), first("https://a/2", "ts")] == ["1.ts", "2.ts"]
    assert links.begin()("https://a/2", "ts") == "2.ts"
    assert links.address(2) == "https://a/2"
    assert links.address(0) == "https://a/"
    assert links.address(3) is None


def test_a_live_stream_leaves_behind_what_it_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.clova_cic.playback.web.links.MOST_KEPT", 600 * 10)
    links = Links("https://a/", lambda number, end: f"{number}.{end}")
    for first in range(100):
        link = links.begin()
        for number in range(first, first + 5):
            link(f"https://a/{number}", "ts")
    assert len(links._kept) == len(links._numbers) <= 12
    assert links.address(1) is None
    assert links.address(104) == "https://a/103"


def test_a_playlist_that_names_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.clova_cic.playback.web.links.MOST_KEPT", 600 * 10)
    links = Links("https://a/", lambda number, end: f"{number}.{end}")
    link = links.begin()
    with pytest.raises(PlaylistError, match="too much"):
        _ = [link(f"https://a/{number}", "ts") for number in range(20)]
    assert links.begin()("https://a/new", "ts")
