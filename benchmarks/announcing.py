"""From bytes of the downchannel to a media player's reader: Home Assistant itself, its HTTP server, its loopback.

The player is the fastest there could be: it opens a connection, asks, and reads.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import logging
from pathlib import Path
import socket
import tempfile
from time import monotonic_ns
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from homeassistant.bootstrap import async_setup_hass
from homeassistant.components.media_player import MediaPlayerEntity, MediaPlayerEntityFeature
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_ADDRESS, CONF_LANGUAGE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_component import DATA_INSTANCES
from homeassistant.runner import RuntimeConfig
from homeassistant.setup import async_setup_component

from custom_components.clova_cic.cic import Directive
from custom_components.clova_cic.cic.downchannel import Downchannel
from custom_components.clova_cic.cic.fields import ResponseHead
from custom_components.clova_cic.cic.interfaces import read
from custom_components.clova_cic.cic.interfaces.speech_synthesizer import Speak
from custom_components.clova_cic.cic.streams import Stream
from custom_components.clova_cic.const import CONF_DEVICE_UUID, CONF_MEDIA_PLAYER, DOMAIN
from custom_components.clova_cic.origin import UNASKED
from custom_components.clova_cic.playback.output.outputs import Outputs
from custom_components.clova_cic.playback.sound.failure_sound import failure_sound
from custom_components.clova_cic.playback.speech.announce import Announcer
from custom_components.clova_cic.speech_reports import SpeechReports

_HOST = "127.0.0.1"
# What the first ones bring is not a speech's: caches of templates, schemas, signatures.
WARM_UP = 10
_BOUNDARY = b"\r\n--boundary"


class _NoConnection:
    """What a stream asks of its connection, when nothing goes up."""

    writable = True

    def credit(self, stream: Stream, size: int) -> None:
        """Keep the window as it is."""

    def reset(self, stream: Stream, error_code: int) -> None:
        """Tell nobody."""


class Player(MediaPlayerEntity):
    """Reads a sound's first bytes, and the rest later."""

    _attr_name = "Bench"
    _attr_should_poll = False
    _attr_supported_features = (
        MediaPlayerEntityFeature.PLAY_MEDIA | MediaPlayerEntityFeature.MEDIA_ANNOUNCE
    )

    def __init__(self) -> None:
        """Wait for an order."""
        self.read_at: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def async_play_media(self, media_type: str, media_id: str, **kwargs: Any) -> None:
        """Fetch it."""
        parts = urlsplit(media_id)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        target = f"{parts.path}?{parts.query}"
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        await reader.readline()  # the first chunk's size
        assert await reader.read(1)
        self.read_at.set_result(monotonic_ns())
        writer.close()


async def announcements(count: int) -> list[float]:
    """Return seconds from a read of the connection to the player's first byte of a pushed speech."""
    async with home() as hass:
        (player,) = players = [Player()]
        await hass.data[DATA_INSTANCES]["media_player"].async_add_entities(players)
        entry = entry_of(player.entity_id)
        events: Counter[str] = Counter()
        reports, outputs = SpeechReports(lambda _: None), Outputs(hass, entry)
        announcer = Announcer(hass, entry, events, outputs, reports)
        delays = []
        for _ in range(WARM_UP + count):
            player.read_at = hass.loop.create_future()
            delays.append(await _one(announcer, player))
            announcer.stop()
            while announcer.busy:
                await asyncio.sleep(0.001)
        announcer.close()
        return delays[WARM_UP:]


async def _one(announcer: Announcer, player: Player) -> float:
    """Push one speech, whose sound goes on; return how long its beginning took."""
    stream = Stream(_NoConnection(), (), None, window=2**20)

    def take(directive: Directive) -> None:
        speak = read(directive)
        assert isinstance(speak, Speak)
        announcer.announce(speak, channel.attachment, UNASKED)

    channel = Downchannel(stream, on_directive=take, on_malformed=print)
    stream.opened(1)
    content_type = "multipart/related; boundary=boundary"
    stream.received_head(ResponseHead(200, (("content-type", content_type),)))
    hello = _BOUNDARY + _directive("Clova", "Hello")
    stream.received_data(hello, len(hello))
    payload = {"token": "bench", "url": "cid:bench", "format": "AUDIO_MPEG"}
    frame = _directive("SpeechSynthesizer", "Speak", **payload) + _sound("bench")
    await asyncio.sleep(0.001)  # an idle loop
    begun = monotonic_ns()
    stream.received_data(frame, len(frame))
    read_at = await player.read_at
    stream.cancel()
    return (read_at - begun) / 1e9


def _directive(namespace: str, name: str, **payload: str) -> bytes:
    header = {"namespace": namespace, "name": name, "messageId": "00000000"}
    message = json.dumps({"directive": {"header": header, "payload": payload}}).encode()
    return b"\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n" + message + _BOUNDARY


def _sound(content_id: str) -> bytes:
    """Return the beginning of a sound whose end is still to come."""
    headers = f"\r\nContent-Type: application/octet-stream\r\nContent-ID: {content_id}\r\n\r\n"
    return headers.encode() + failure_sound()


def entry_of(player: str) -> ConfigEntry[None]:
    """Return an entry that has no connection; its speech goes to a media player."""
    return ConfigEntry(
        data={
            CONF_ADDRESS: "https://127.0.0.1",
            CONF_ACCESS_TOKEN: "",
            CONF_DEVICE_UUID: "bench",
            CONF_LANGUAGE: "en",
        },
        discovery_keys=MappingProxyType({}),
        domain=DOMAIN,
        minor_version=1,
        options={CONF_MEDIA_PLAYER: player},
        source="user",
        subentries_data=None,
        title="Bench",
        unique_id=None,
        version=1,
    )


@asynccontextmanager
async def home() -> AsyncIterator[HomeAssistant]:
    """Run Home Assistant, with its HTTP server on a free port and our pages on it."""
    logging.disable(logging.CRITICAL)  # of libraries that cameras would want
    with tempfile.TemporaryDirectory(prefix="benchmark_") as folder:
        with socket.create_server((_HOST, 0)) as probe:
            port = probe.getsockname()[1]
        Path(folder, "configuration.yaml").write_text(
            f"http:\n  server_host: {_HOST}\n  server_port: {port}\nevent:\nmedia_player:\n"
        )
        ours = Path(__file__).resolve().parents[1] / "custom_components"
        Path(folder, "custom_components").symlink_to(ours)
        hass = await async_setup_hass(RuntimeConfig(config_dir=folder, skip_pip=True))
        assert hass is not None
        assert await async_setup_component(hass, DOMAIN, {})
        hass.config.internal_url = f"http://{_HOST}:{port}"
        await hass.async_start()
        try:
            yield hass
        finally:
            await hass.async_stop(force=True)
