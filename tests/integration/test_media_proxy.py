"""Music of the web, fetched by players through Home Assistant, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from dataclasses import replace
import itertools
import os
from pathlib import Path
import signal
from typing import Any
from urllib.parse import unquote

from aiohttp import ClientPayloadError, ClientSession, ClientTimeout, web
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import pytest_socket
from yarl import URL

from custom_components.clova_cic.cic import DEFAULT_USER_AGENT
from custom_components.clova_cic.const import DOMAIN
from custom_components.clova_cic.playback.sound.ahead import SoundError
from custom_components.clova_cic.playback.speech.remote import RemoteSounds
from custom_components.clova_cic.playback.web import (
    addresses,
    fetch,
    hls,
    links,
    media_view,
    served,
)
from custom_components.clova_cic.playback.web.addresses import async_web
from custom_components.clova_cic.playback.web.convert import MUSIC, converted, from_door
from custom_components.clova_cic.playback.web.door import open_door
from custom_components.clova_cic.playback.web.fetch import Fetcher
from custom_components.clova_cic.playback.web.media_view import MEDIA_PROXY, MediaProxy
from custom_components.clova_cic.playback.web.served import Served

from .conftest import PassTime
from .names import Names, give_names
from .service import until
from .sound_server import Body, SoundServer, endless, held, sound_server, truncated
from .test_sounds_at_addresses import _no_shape, converters
from .tones import ffmpeg, measured, mp3, pcm, tones, wav

SOUND = bytes(range(256)) * 40
TAG = '"one"'


@pytest.fixture
async def sounds() -> AsyncIterator[SoundServer]:
    """Yield a web server for sounds."""
    async with sound_server() as server:
        yield server


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Return the only names there are; cdn.test is this machine."""
    names = give_names(monkeypatch)
    names["cdn.test"] = ["127.0.0.1"]
    return names


@pytest.fixture
async def proxy(
    home: HomeAssistant, names: Names, hass_client_no_auth: ClientSessionGenerator
) -> MediaProxy:
    """Return the proxy of a house whose pages can be fetched."""
    assert await async_setup_component(home, DOMAIN, {})
    home.config.internal_url = f"http://127.0.0.1:{(await hass_client_no_auth()).port}"
    return home.data[MEDIA_PROXY]


@pytest.fixture
async def player() -> AsyncIterator[ClientSession]:
    """Yield what fetches as players do."""
    async with ClientSession(timeout=ClientTimeout(10)) as session:
        yield session


@pytest.fixture(autouse=True)
def nothing_left() -> Any:
    """Leave no converter behind."""
    yield
    assert not converters()


# Through


async def test_goes_through_as_it_is(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    """With the User-Agent of CIC, and nothing else that tells who asks."""
    headers = {"ETag": TAG, "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT", "Set-Cookie": "a=b"}
    url = sounds.add("/a", SOUND, content_type="audio/flac", headers=headers)
    one = proxy.open(url + "?key=secret", "audio/flac")
    assert one.content_type == "audio/flac"
    assert one.url.partition("?")[0].endswith(".flac")
    assert "key" not in one.url
    async with player.head(one.url) as response:
        assert (response.status, response.content_length) == (200, len(SOUND))
        assert response.content_type == "audio/flac"
    assert not one.fetched.is_set()
    for _ in range(2):
        asks = {"Referer": "http://house/", "Cookie": "a=b", "Authorization": "Bearer wrong"}
        async with player.get(one.url, headers=asks) as response:
            assert await response.read() == SOUND
            assert response.content_length == len(SOUND)
            assert response.headers["ETag"] == TAG
            assert response.headers["Last-Modified"] == headers["Last-Modified"]
            assert "Set-Cookie" not in response.headers
    assert one.fetched.is_set()
    assert one.complete
    for asked in sounds.headers:
        assert asked["User-Agent"] == DEFAULT_USER_AGENT
        assert asked["Accept-Encoding"] == "identity"
        assert set(asked) == {"Host", "User-Agent", "Accept", "Accept-Encoding"}


async def test_only_with_the_signature_and_while_open(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    one = proxy.open(sounds.add("/a", SOUND), "audio/mpeg")
    async with player.get(one.url.partition("?")[0]) as response:
        assert response.status == 401
    async with player.get(one.url.replace("/0.mp3", "/1.mp3")) as response:
        assert response.status == 401
    one.close()
    one.close()
    for ask in (player.get, player.head):
        async with ask(one.url) as response:
            assert response.status == 404
    assert not sounds.asked


async def test_the_user_agent_of_an_entry(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    one = proxy.open(sounds.add("/a", SOUND), None, user_agent="maker/thing/1.0 (os;hw)")
    async with player.get(one.url) as response:
        assert await response.read() == SOUND
        assert response.content_type == "audio/mpeg"
    assert sounds.headers[0]["User-Agent"] == "maker/thing/1.0 (os;hw)"


async def test_a_web_page_may_play_it(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    """Chromecast fetches by script; but nothing that is served runs in our own origin."""
    one = proxy.open(sounds.add("/a", b"<script>", content_type="text/html"), "audio/mpeg")
    async with player.get(one.url, headers={"Origin": "https://cast.example"}) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "https://cast.example"
        assert response.content_type == "audio/mpeg"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_type_that_is_none(proxy: MediaProxy, player: ClientSession) -> None:
    """What a service says in its header goes on only where it can stand in one of ours."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        said = (
            b"HTTP/1.1 200 OK",
            b"Content-Type: audio/a\x01\xff",
            b"Content-Length: 4",
            b"",
            b"tone",
        )
        writer.write(b"\r\n".join(said))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        one = proxy.open(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", "audio/flac")
        async with player.get(one.url) as response:
            assert (response.status, response.content_type) == (200, "audio/flac")
            assert await response.read() == b"tone"


@pytest.mark.parametrize(
    ("field", "status", "start", "stop"),
    [
        ("bytes=0-99", 206, 0, 100),
        ("bytes=100-", 206, 100, 10240),
        ("bytes=-50", 206, 10190, 10240),
        ("bytes=5-5", 206, 5, 6),
        ("bytes=10240-", 416, 0, 0),
        ("bytes=0-1,5-6", 200, 0, 10240),
        ("pages=1-2", 200, 0, 10240),
        ("bytes=9-1", 200, 0, 10240),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_parts(
    proxy: MediaProxy,
    sounds: SoundServer,
    player: ClientSession,
    field,
    status,
    start,
    stop,
    method,
) -> None:
    if field == "bytes=9-1":
        sounds.add("/a", SOUND)  # as a service does that ignores what it does not understand
    else:
        sounds.add("/a", SOUND, ranges=True)
    one = proxy.open(sounds.url("/a"), "audio/mpeg")
    async with player.request(method, one.url, headers={"Range": field}) as response:
        assert response.status == status
        body = await response.read()
        if status == 416:
            assert response.headers["Content-Range"] == f"bytes */{len(SOUND)}"
            return
        assert body == (SOUND[start:stop] if method == "GET" else b"")
        assert response.content_length == stop - start
        if status == 206:
            assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(SOUND)}"
            assert response.headers["Accept-Ranges"] == "bytes"
    assert one.complete is (method == "GET" and stop - start == len(SOUND))


async def test_parts_of_what_has_changed_meanwhile(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    sounds.add("/a", SOUND, ranges=True, headers={"ETag": TAG})
    one = proxy.open(sounds.url("/a"), "audio/mpeg")
    for tag, status in ((TAG, 206), ('"other"', 200)):
        headers = {"Range": "bytes=100-", "If-Range": tag}
        async with player.get(one.url, headers=headers) as response:
            assert response.status == status


async def test_complete_when_the_parts_are_the_whole(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    """Not when a player only looks at the end, where tags are."""
    sounds.add("/a", SOUND, ranges=True)
    one = proxy.open(sounds.url("/a"), "audio/mpeg")
    for field in ("bytes=-128", "bytes=0-4999"):
        async with player.get(one.url, headers={"Range": field}) as response:
            await response.read()
        assert not one.complete
    async with player.get(one.url, headers={"Range": "bytes=4000-"}) as response:
        await response.read()
    await until(lambda: one.complete)


async def test_heard_while_it_arrives(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    """A radio station has no length."""
    release = asyncio.Event()
    one = proxy.open(sounds.add("/a", held(SOUND, b"end", release)), "audio/mpeg")
    async with player.get(one.url) as response:
        assert response.content_length is None
        assert await response.content.readexactly(len(SOUND)) == SOUND
        assert one.fetched.is_set()
        assert not one.complete
        release.set()
        assert await response.read() == b"end"
    await until(lambda: one.complete)


@pytest.mark.parametrize("told", [True, False], ids=["a length was told", "no length"])
async def test_what_breaks_off_breaks_off_here(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, caplog, told: bool
) -> None:
    headers = {"Content-Length": str(len(SOUND) * 2)} if told else {}
    breaking = asyncio.Event()
    one = proxy.open(sounds.add("/a", truncated(SOUND, breaking), headers=headers), None)
    async with player.get(one.url) as response:
        assert await response.content.readexactly(len(SOUND)) == SOUND
        breaking.set()
        with pytest.raises(ClientPayloadError):
            await response.read()
    assert not one.complete
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


FAILURES: dict[str, tuple[dict[str, Any] | str, int]] = {
    "missing": ({"status": 404}, 404),
    "gone": ({"status": 410}, 404),
    "broken": ({"status": 500}, 502),
    "forbidden": ({"status": 403}, 502),
    "late behind it": ({"status": 504}, 504),
    "a part nobody asked for": (
        {"status": 206, "body": b"abc", "headers": {"Content-Range": "bytes 0-2/9"}},
        502,
    ),
    "redirected for ever": ({"status": 302, "headers": {"Location": "/b"}}, 502),
    "redirected to a file": ({"status": 302, "headers": {"Location": "file:///etc/passwd"}}, 502),
    "redirected nowhere": ({"status": 302, "headers": {"Location": "http://[::1/a"}}, 502),
    "stalled": ({"body": held(b"", b"", asyncio.Event())}, 504),
    "nobody there": ("http://127.0.0.1:1/b", 502),
    "no such host": ("http://sound.invalid/b", 502),
}


@pytest.mark.parametrize("kind", FAILURES)
async def test_what_cannot_be_had(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, monkeypatch, caplog, kind: str
) -> None:
    stalls = ClientTimeout(total=None, sock_connect=5, sock_read=0.3)
    monkeypatch.setattr(fetch, "TIMEOUT", stalls)
    page, status = FAILURES[kind]
    url = page if isinstance(page, str) else sounds.add("/b", **page)
    one = proxy.open(url + "?key=secret", "audio/mpeg")
    for ask in (player.get, player.head):
        async with ask(one.url) as response:
            if kind == "stalled" and status == 504:
                assert response.status in {200, 504}
            else:
                assert response.status == status
            if ask == player.get and response.status == status:
                reason = await response.text()
                assert reason
                assert "secret" not in reason
                assert "127.0.0.1" not in reason
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("custom_comp")]
    assert "secret" not in "".join(ours)
    assert not one.complete
    sounds.add("/b", SOUND)
    again = proxy.open(sounds.url("/b"), None)
    async with player.get(again.url) as response:
        assert await response.read() == SOUND


@pytest.mark.parametrize("url", ["file:///etc/passwd", "a.mp3", "rtsp://cdn.test/a", "http://"])
async def test_other_addresses(proxy: MediaProxy, url: str) -> None:
    with pytest.raises(HomeAssistantError, match="none of the web") as raised:
        proxy.open(url, None)
    assert raised.value.translation_key == "bad_url"


async def test_a_house_without_an_address(proxy: MediaProxy, hass: HomeAssistant) -> None:
    hass.config.internal_url = None
    hass.config.api.use_ssl = True
    with pytest.raises(HomeAssistantError) as raised:
        proxy.open("http://cdn.test/", None)
    assert raised.value.translation_key == "no_url"


# Where it may not lead

# What a public host could try; PORT is that of a server on this machine.
EVIL = [
    "http://127.0.0.1:PORT/secret",
    "http://localhost:PORT/secret",
    "http://house.test:PORT/secret",
    "http://house.test.:PORT/secret",
    "http://0.0.0.0:PORT/secret",
    "http://[::ffff:127.0.0.1]:PORT/secret",
    "http://[::1]:PORT/secret",
    "http://cdn.test@127.0.0.1:PORT/secret",
    "http://127.1:PORT/secret",
    "http://2130706433:PORT/secret",
    "http://0x7f.1:PORT/secret",
    "http://127.0.0.1.:PORT/secret",
    "//house.test:PORT/secret",
    "http:\\\\127.0.0.1:PORT/secret",
]


@pytest.fixture
def public(names: Names, sounds: SoundServer) -> str:
    """Return the address of what looks public: any host may be named, this one is."""
    names |= {name: ["127.0.0.1"] for name in ("house.test", "localhost", "127.1", "0x7f.1")}
    sounds.add("/secret", SOUND)
    return f"http://cdn.test:{sounds.port}"


@pytest.mark.parametrize("evil", EVIL)
async def test_redirects_do_not_lead_into_the_house(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, public: str, evil: str
) -> None:
    location = evil.replace("PORT", str(sounds.port))
    sounds.add("/a", status=302, headers={"Location": location})
    one = proxy.open(f"{public}/a", "audio/mpeg")
    async with player.get(one.url) as response:
        assert response.status in {404, 502}
        assert SOUND not in await response.read()
    assert sounds.asked.count("/a") == 1
    assert "/secret" not in sounds.asked
    with pytest.raises(SoundError):
        async for _ in RemoteSounds(proxy._hass, "a").fetch(f"{public}/a", _no_shape):
            pass
    assert "/secret" not in sounds.asked


async def test_redirects_on_the_host_that_was_named(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, public: str
) -> None:
    """A service of the house may lead on to itself, however it writes its name."""
    for number, location in enumerate(
        [
            "/secret",
            "secret",
            f"http://CDN.test.:{sounds.port}/secret",
            f"//user:word@cdn.test:{sounds.port}/secret",
        ]
    ):
        sounds.add(f"/{number}", status=307, headers={"Location": location})
        async with player.get(proxy.open(f"{public}/{number}", None).url) as response:
            assert await response.read() == SOUND, location


async def test_redirects_to_other_public_hosts(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, public: str, monkeypatch
) -> None:
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
    location = f"http://house.test:{sounds.port}/secret"
    sounds.add("/a", status=302, headers={"Location": location})
    async with player.get(proxy.open(f"{public}/a", None).url) as response:
        assert await response.read() == SOUND


async def test_a_name_that_changes_its_mind(
    proxy: MediaProxy, sounds: SoundServer, player, public: str, names: Names, monkeypatch
) -> None:
    """What was resolved is what is checked and connected: a second answer changes nothing."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "127.0.0.2"], allow_unix_socket=True)
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
    names["turncoat.test"] = ["127.0.0.1", "127.0.0.2"]
    async with sound_server("127.0.0.2", sounds.port) as house:
        house.add("/secret", b"of the house")
        location = f"http://turncoat.test:{sounds.port}/secret"
        sounds.add("/a", status=302, headers={"Location": location, "Connection": "close"})
        sounds.add("/secret", SOUND, headers={"Connection": "close"})
        one = proxy.open(f"{public}/a", None)
        async with player.get(one.url) as response:
            assert await response.read() == SOUND
        assert names["turncoat.test"] == ["127.0.0.2"]
        session = async_web(proxy._hass).session(any_host=False)
        session.connector.clear_dns_cache()
        async_web(proxy._hass)._any_host.connector._resolver._connector.clear_dns_cache()
        async with player.get(one.url) as response:
            assert response.status == 502
        assert not house.asked


def evil_playlist(segment: str) -> bytes:
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,"
    return f"{head}\n{segment}\n#EXT-X-ENDLIST\n".encode()


@pytest.mark.parametrize("evil", EVIL)
async def test_playlists_do_not_lead_into_the_house(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, public: str, evil: str
) -> None:
    """Neither a player, nor our own converter, for music or for speech."""
    segment = evil.replace("PORT", str(sounds.port))
    sounds.add("/a", evil_playlist(segment))
    async with player.get(proxy.open(f"{public}/a", None).url) as response:
        told = await response.text()
    assert "secret" not in told
    for line in told.splitlines():
        if line.startswith("/api/"):
            async with player.get(f"{proxy._hass.config.internal_url}{line}") as response:
                assert response.status in {404, 502}
    async with player.get(proxy.open(f"{public}/a", None, begin=0.5).url) as response:
        assert response.status == 502
    with pytest.raises(SoundError):
        async for _ in RemoteSounds(proxy._hass, "a").fetch(f"{public}/a", _no_shape):
            pass
    assert sounds.asked.count("/a") >= 4
    assert "/secret" not in sounds.asked


DISGUISED = {
    "a key": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{0}"\n#EXTINF:2,\n{1}/tone.ts\n#EXT-X-ENDLIST\n',
    "a header": '#EXTM3U\n#EXT-X-MAP:URI="{0}"\n#EXTINF:2,\n{1}/tone.ts\n#EXT-X-ENDLIST\n',
    "a variant": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=64000\n{0}\n",
    "a nul": "#EXTM3U\n#EXTINF:2,x\0{0}\n#EXT-X-ENDLIST\n",
    "an unquoted key": "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI={0}\n#EXTINF:2,\n{1}/tone.ts\n",
    "a list of files": "ffconcat version 1.0\nfile '{0}'\n",
    "a presentation": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" '
    'type="static"><Period><AdaptationSet mimeType="audio/mp4"><Representation id="1" '
    'bandwidth="1"><BaseURL>{0}</BaseURL></Representation></AdaptationSet></Period></MPD>',
}


@pytest.mark.parametrize("kind", DISGUISED)
async def test_the_converter_fetches_nothing_itself(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, public: str, kind: str
) -> None:
    evil = f"http://127.0.0.1:{sounds.port}/secret"
    sounds.add("/a", DISGUISED[kind].format(evil, public).encode())
    tone = await asyncio.to_thread(
        ffmpeg, "-i", "pipe:0", "-c:a", "aac", "-f", "mpegts", "pipe:1", feed=wav(400, 2.0)
    )
    sounds.add("/tone.ts", tone)
    async with player.get(proxy.open(f"{public}/a", None, convert=True).url) as response:
        await response.read()
    assert "/a" in sounds.asked
    assert "/secret" not in sounds.asked


async def test_what_only_the_converter_can_read(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, public: str
) -> None:
    """A playlist in an encrypted segment: nobody can rewrite it, and it still leads nowhere."""
    inner = evil_playlist(f"http://127.0.0.1:{sounds.port}/secret") + b"#\n" * 500
    padded = inner + bytes([16 - len(inner) % 16]) * (16 - len(inner) % 16)
    encryptor = Cipher(AES(bytes(16)), CBC(bytes(16))).encryptor()
    sounds.add("/key", bytes(16))
    for name in ("one.m3u8", "one.ts"):
        sounds.add(f"/{name}", encryptor.update(padded))
        encryptor = Cipher(AES(bytes(16)), CBC(bytes(16))).encryptor()
        key = '#EXT-X-KEY:METHOD=AES-128,URI="/key",IV=0x' + "0" * 32
        sounds.add("/a", evil_playlist(f"{name}").replace(b"#EXTINF", f"{key}\n#EXTINF".encode()))
        async with player.get(proxy.open(f"{public}/a", None, convert=True).url) as response:
            assert response.status == 502
        assert f"/{name}" in sounds.asked
    assert "/key" in sounds.asked
    assert "/secret" not in sounds.asked


async def test_the_converter_knows_no_other_way(
    proxy: MediaProxy, sounds: SoundServer, public: str, monkeypatch
) -> None:
    """Whatever address it has come by, and whatever proxies the house has."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{sounds.port}")
    sounds.add("/secret", mp3(400, 1.0))
    fetcher = Fetcher(proxy._hass, f"{public}/a", "a")
    async with open_door(fetcher, f"{public}/a") as door:
        source = from_door(replace(door, address=f"http://127.0.0.1:{sounds.port}/secret"))
        with pytest.raises(SoundError):
            await anext(converted(proxy._hass, source, MUSIC))
    assert not sounds.asked


async def test_the_door_knows_one_sound(proxy: MediaProxy, sounds: SoundServer, public) -> None:
    sounds.add("/a", SOUND)
    fetcher = Fetcher(proxy._hass, f"{public}/a", "a")
    async with open_door(fetcher, f"{public}/a") as door, ClientSession() as anybody:
        async with anybody.get(door.address) as response:
            assert await response.read() == SOUND
        for path in ("/", "/0.mp3", "/x/0.mp3", "/\u00e9/0.mp3"):
            async with anybody.get(door.proxy + path) as response:
                assert response.status == 404
        for number in ("1", "\u0661", "-1", "x", "9" * 5000):
            async with anybody.get(door.address.replace("/0.", f"/{number}.")) as response:
                assert response.status in {400, 404}
        # As a proxy: what ffmpeg would do with an address that is not ours.
        elsewhere = f"http://127.0.0.1:{sounds.port}/secret"
        async with anybody.get(elsewhere, proxy=door.proxy) as response:
            assert response.status == 404
        async with anybody.post(door.address) as response:
            assert response.status == 404
    assert sounds.asked == ["/a"]


# Playlists


def hls_files(folder: Path, *options: str, seconds: float = 3.0) -> dict[str, bytes]:
    """Return the files of a playlist with a tone of 800 Hz, as ffmpeg's options have it."""
    folder.mkdir()
    (folder / "key").write_bytes(bytes(16))
    (folder / "info").write_text(f"key\n{folder / 'key'}\n")
    cut = ("-c:a", "aac", "-f", "hls", "-hls_time", "1", "-hls_list_size", "0")
    options = tuple(one.replace("FOLDER", str(folder)) for one in options)
    out = folder / "list.m3u8"
    ffmpeg("-i", "pipe:0", *cut, *options, out, feed=wav(800, seconds))
    (folder / "info").unlink()
    return {path.name: path.read_bytes() for path in folder.iterdir()}


LISTS: dict[str, tuple[str, ...]] = {
    "segments": (),
    "fragments with a header": ("-hls_segment_type", "fmp4"),
    "parts of one file": ("-hls_flags", "single_file"),
    "encrypted": ("-hls_key_info_file", "FOLDER/info"),
    "variants": ("-master_pl_name", "master.m3u8"),
}


@pytest.mark.parametrize("kind", LISTS)
async def test_hls_is_played_through_us(
    proxy: MediaProxy, sounds: SoundServer, tmp_path: Path, kind: str
) -> None:
    """By a real player, which asks nobody but Home Assistant."""
    files = await asyncio.to_thread(hls_files, tmp_path / "hls", *LISTS[kind])
    for name, content in files.items():
        sounds.add(f"/deep/{name}", content, content_type="text/plain", ranges=name[0] != "l")
    name = "master.m3u8" if kind == "variants" else "list.m3u8"
    one = proxy.open(sounds.url(f"/deep/{name}"), None)
    assert one.content_type == "application/vnd.apple.mpegurl"
    heard = await asyncio.to_thread(ffmpeg, "-i", one.url, "-f", "wav", "pipe:1")
    (tone,) = [stretch for stretch in await measured(heard, "wav") if stretch.hertz]
    assert tone.hertz == 800
    assert tone.seconds == pytest.approx(3.0, abs=0.2)
    await until(lambda: one.complete)
    assert {headers["User-Agent"] for headers in sounds.headers} == {DEFAULT_USER_AGENT}


async def test_addresses_go_up_as_they_are_spelled(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    """Named, redirected to and in a playlist: a signature may cover each letter."""
    signed = "?acl=%2f*~hmac=0a%2C1%7E&empty&b=c+d%20e"
    folder = "/b%7e%3fc"
    to = {"Location": f"{folder}/list{signed}"}
    url = sounds.add("/a~", status=302, headers=to).replace("~", "%7E")
    sounds.add(
        f"{unquote(folder)}/list",
        f"#EXTM3U\n#EXTINF:1,\nc%7E.ts{signed}\n#EXT-X-ENDLIST\n".encode(),
    )
    sounds.add(f"{unquote(folder)}/c~.ts", SOUND)
    one = proxy.open(url + signed, None)
    async with player.get(one.url) as response:
        segment = (await response.text()).splitlines()[2]
    async with player.get(URL(one.url).join(URL(segment))) as response:
        assert await response.read() == SOUND
    assert sounds.spelled == [
        f"/a%7E{signed}",
        f"{folder}/list{signed}",
        f"{folder}/c%7E.ts{signed}",
    ]


async def test_a_playlist_whatever_its_type(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    """Also where a part of it is asked for."""
    playlist = evil_playlist("one.ts")
    one = proxy.open(sounds.add("/a", playlist, content_type="audio/mpeg", ranges=True), None)
    for headers in ({}, {"Range": "bytes=0-"}, {"Range": "bytes=0-20"}):
        for ask in (player.get, player.head):
            async with ask(one.url, headers=headers) as response:
                assert response.status == 200
                assert response.content_type == "application/vnd.apple.mpegurl"
                assert "one.ts" not in await response.text()
    assert not one.complete
    assert not one.fetched.is_set()


async def test_a_live_playlist(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    """Asked for again and again; a segment keeps its address."""
    one = proxy.open(sounds.url("/live.m3u8"), None)
    seen = []
    for first in range(4):
        lines = [f"#EXTINF:2,\n{number}.ts" for number in range(first, first + 3)]
        head = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{first}\n"
        sounds.add("/live.m3u8", (head + "\n".join(lines)).encode())
        sounds.add(f"/{first}.ts", SOUND)
        async with player.get(one.url) as response:
            text = await response.text()
        assert f"#EXT-X-MEDIA-SEQUENCE:{first}" in text
        seen.append([line for line in text.splitlines() if line.startswith("/")])
    for earlier, later in itertools.pairwise(seen):
        assert earlier[1:] == later[:2]
    base = proxy._hass.config.internal_url
    async with player.get(base + seen[0][0]) as response:
        assert await response.read() == SOUND
    async with player.get(base + seen[0][0].partition("?")[0]) as response:
        assert response.status == 401
    assert not one.complete


@pytest.mark.parametrize("kind", ["bytes", "addresses", "a file"])
async def test_playlists_that_are_refused(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, monkeypatch, kind: str
) -> None:
    monkeypatch.setattr(links, "MOST_KEPT", 100_000)
    body: Body = evil_playlist("file:///etc/passwd")
    if kind == "bytes":
        body = endless(b"#EXTM3U\n" + b"#\n" * 100_000)
    elif kind == "addresses":
        body = evil_playlist("\n".join(f"{number}.ts" for number in range(1000)))
    one = proxy.open(sounds.add("/a", body), None)
    async with player.get(one.url) as response:
        assert response.status == 502
        assert "playlist cannot be served" in await response.text()
    if kind == "bytes":
        assert hls.LARGEST_PLAYLIST == 1024 * 1024
        await until(lambda: sounds.left)


async def test_a_large_playlist_holds_nobody_up(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    """Others have their turn between its lines."""
    body = evil_playlist("\n".join(f"{number}.ts" for number in range(3000)))
    one = proxy.open(sounds.add("/a", body), None)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(others())
    async with player.get(one.url) as response:
        assert len((await response.text()).splitlines()) == 3004
    counting.cancel()
    assert turns > 30


# From a second on


@pytest.fixture(scope="module")
def two_tones() -> bytes:
    """Return four seconds of 400 Hz, then four of 1200, as raw PCM."""
    return pcm(400, 4.0, 44100, 2) + pcm(1200, 4.0, 44100, 2)


FORMATS: dict[str, tuple[str, ...]] = {
    "mp3": ("-f", "mp3"),
    "flac": ("-f", "flac"),
    "ogg": ("-c:a", "libvorbis", "-f", "ogg"),
    "aac": ("-c:a", "aac", "-f", "adts"),
}


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("ranges", [True, False])
async def test_begun_in_the_middle(
    proxy: MediaProxy, sounds: SoundServer, player, two_tones: bytes, kind: str, ranges: bool
) -> None:
    raw = ("-f", "s16le", "-ar", "44100", "-ac", "2", "-i", "pipe:0")
    sound = await asyncio.to_thread(ffmpeg, *raw, *FORMATS[kind], "pipe:1", feed=two_tones)
    one = proxy.open(sounds.add("/a", sound, ranges=ranges), None, begin=5.5)
    assert one.content_type == "audio/mpeg"
    assert one.url.partition("?")[0].endswith(".mp3")
    async with player.head(one.url) as response:
        assert (response.status, response.content_length) == (200, None)
        assert response.headers["Accept-Ranges"] == "none"
    assert not sounds.asked
    async with player.get(one.url, headers={"Range": "bytes=0-"}) as response:
        assert (response.status, response.content_type) == (200, "audio/mpeg")
        stretches = await measured(await response.read())
    assert tones(stretches) == [1200]
    assert sum(stretch.seconds for stretch in stretches) == pytest.approx(2.5, abs=0.3)
    assert one.fetched.is_set()
    assert one.complete
    assert {headers["User-Agent"] for headers in sounds.headers} == {DEFAULT_USER_AGENT}


async def test_hls_begun_in_the_middle_and_from_its_beginning(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, tmp_path: Path
) -> None:
    files = await asyncio.to_thread(hls_files, tmp_path / "hls", seconds=6.0)
    for name, content in files.items():
        sounds.add(f"/{name}", content)
    for begin in (0.0, 3.5):
        one = proxy.open(sounds.url("/list.m3u8"), None, begin=begin, convert=True)
        async with player.get(one.url) as response:
            (tone,) = [one for one in await measured(await response.read()) if one.hertz]
        assert tone.hertz == 800
        assert tone.seconds == pytest.approx(6.0 - begin, abs=0.3)


async def test_begun_behind_the_end(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    one = proxy.open(sounds.add("/a", mp3(400, 2.0), ranges=True), None, begin=60)
    async with player.get(one.url) as response:
        assert response.status == 502
    other = proxy.open(sounds.url("/nothing"), None, begin=1)
    async with player.get(other.url) as response:
        assert response.status == 404
    async with player.get(other.url.replace("/0.", "/1.")) as response:
        assert response.status == 401


@pytest.mark.parametrize("told", [True, False], ids=["a length was told", "no length"])
async def test_a_service_that_breaks_off_what_is_converted(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, told: bool
) -> None:
    sound, breaking = mp3(400, 4.0), asyncio.Event()
    headers = {"Content-Length": str(len(sound) * 2)} if told else {}
    breaking.set()
    one = proxy.open(sounds.add("/a", truncated(sound, breaking), headers=headers), None, begin=1.0)
    async with player.get(one.url) as response:
        assert response.status == 200
        with pytest.raises(ClientPayloadError):
            await response.read()
    assert one.fetched.is_set()
    assert not one.complete


async def test_a_converter_that_breaks_off(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, caplog
) -> None:
    one = proxy.open(sounds.add("/a", endless(mp3(400, 1.0), pause=0.01)), None, convert=True)
    async with player.get(one.url) as response:
        await response.content.readexactly(1000)
        (found,) = [int(path.name) for path in Path("/proc").iterdir() if is_converter(path)]
        os.kill(found, signal.SIGKILL)
        with pytest.raises(ClientPayloadError):
            await response.read()
    assert not one.complete
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def is_converter(path: Path) -> bool:
    with contextlib.suppress(OSError):
        command = (path / "cmdline").read_bytes()
        return b"ffmpeg" in command.partition(b"\0")[0] and command in {
            one.replace(" ", "\0").encode() for one in converters()
        }
    return False


# Bounds


async def test_a_slow_reader_slows_the_service_down(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    sent = 0

    async def write(_: web.Request, response: web.StreamResponse) -> None:
        nonlocal sent
        while True:
            await response.write(bytes(65536))
            sent += 65536

    one = proxy.open(sounds.add("/a", write), None)
    async with player.get(one.url) as response:
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.2)
        # What the sockets of two connections hold, and nothing beside.
        assert 0 < sent < 40_000_000
        await response.content.readexactly(sent)
        await until(lambda: sent > before)
    await until(lambda: sounds.left)


async def test_many_at_once(proxy: MediaProxy, sounds: SoundServer, player: ClientSession) -> None:
    """The newest fetch is the player's; the oldest, of those it has forgotten, is cut off."""
    release = asyncio.Event()
    one = proxy.open(sounds.add("/a", held(SOUND, b"end", release)), None)
    async with contextlib.AsyncExitStack() as stack:
        responses = []
        for _ in range(served.MOST_FETCHES + 1):
            response = await stack.enter_async_context(player.get(one.url))
            await response.content.readexactly(len(SOUND))
            responses.append(response)
        with pytest.raises(ClientPayloadError):
            await responses[0].read()
        release.set()
        for response in responses[1:]:
            assert await response.read() == b"end"


async def test_closing_cuts_off(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, caplog
) -> None:
    one = proxy.open(sounds.add("/a", held(SOUND, b"", asyncio.Event())), None)
    async with player.get(one.url) as response:
        await response.content.readexactly(len(SOUND))
        one.close()
        with pytest.raises(ClientPayloadError):
            await response.read()
    await until(lambda: sounds.left)
    assert not one.complete
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_player_that_leaves(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, caplog
) -> None:
    one = proxy.open(sounds.add("/a", endless(SOUND)), None)
    two = proxy.open(sounds.add("/b", endless(mp3(400, 1.0))), None, convert=True)
    for sound in (one, two):
        async with player.get(sound.url) as response:
            await response.content.readexactly(1000)
            response.close()
    await until(lambda: sorted(set(sounds.left)) == ["/a", "/b"] and not converters())
    await until(lambda: not (one.busy or two.busy))
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_how_many_are_served(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession
) -> None:
    """Those nobody fetches go first, longest unused first."""
    release = asyncio.Event()
    url = sounds.add("/a", held(SOUND, b"end", release))
    busy, idle, used = proxy.open(url, None), proxy.open(url, None), proxy.open(url, None)
    async with player.head(used.url):
        pass
    async with player.get(busy.url) as response:
        await response.content.readexactly(len(SOUND))
        others = [proxy.open(url, None) for _ in range(media_view.MOST_SERVED - 2)]
        assert await _status(player, idle) == 404
        assert await _status(player, used) == 200
        assert await _status(player, others[0]) == 200
        release.set()
        assert await response.read() == b"end"


async def _status(player: ClientSession, one: Served) -> int:
    async with player.head(one.url) as response:
        return response.status


async def test_a_song_paused_for_hours_goes_on(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, pass_time: PassTime
) -> None:
    one = proxy.open(sounds.add("/a", SOUND), None)
    for _ in range(3):
        pass_time(served.LIFETIME - 60)
        assert await _status(player, one) == 200
    pass_time(served.LIFETIME + 1)
    await until(lambda: not proxy._served)
    assert await _status(player, one) == 404


async def test_what_plays_lives_on(
    proxy: MediaProxy, sounds: SoundServer, player: ClientSession, pass_time: PassTime, monkeypatch
) -> None:
    """A radio station, asked for once and heard for days."""
    monkeypatch.setattr(fetch, "TIMEOUT", ClientTimeout(total=None))
    release = asyncio.Event()
    one = proxy.open(sounds.add("/a", held(SOUND, b"end", release)), None)
    async with player.get(one.url, timeout=ClientTimeout(None)) as response:
        await response.content.readexactly(len(SOUND))
        for _ in range(3):
            pass_time(served.LIFETIME + 1)
            await asyncio.sleep(0.01)
            assert one.busy
        assert proxy._served
        release.set()
        assert await response.read() == b"end"
