"""What alerts sound like: their assets in order, fetched when they are set, kept until they are not wanted."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
import shutil
import stat
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.cic.interfaces.alerts import AlertType, SetAlert
from custom_components.clova_cic.cic.interfaces.assets import Asset
from custom_components.clova_cic.playback.alerts import assets as assets_module
from custom_components.clova_cic.playback.alerts.assets import AssetStore, async_forget_assets
from custom_components.clova_cic.playback.alerts.sounds import AlertSounds
from custom_components.clova_cic.playback.output.output import async_output
from custom_components.clova_cic.playback.sound.bells import Bell, async_bell
from custom_components.clova_cic.playback.sound.mp3 import frames

from .conftest import PassTime, SetUp
from .loudspeaker import Loudspeaker, add_loudspeakers
from .names import give_names
from .rings import ENTRY, Bench, make_bench
from .service import CicService, until
from .sound_server import Page, SoundServer, endless, held, sound_server
from .tones import encoded, measured, mp3, tones, wav

REMINDER = [800, 600]
"""The bell of a reminder, as it is measured."""

BUILT_IN = "clova://alert/bell/reminder"


@pytest.fixture(autouse=True)
def hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one host with a name, and it is this machine too."""
    give_names(monkeypatch)["service.test"] = ["127.0.0.1"]


@pytest.fixture
async def bench(
    home: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> AsyncIterator[Bench]:
    async with make_bench(home, hass_client_no_auth) as bench:
        yield bench


@pytest.fixture
async def sounds() -> AsyncIterator[SoundServer]:
    async with sound_server() as server:
        yield server


@pytest.fixture
def folder(hass: HomeAssistant) -> Any:
    """Return where sounds are kept; tests share Home Assistant's folder."""
    path = assets_module._folder(hass, ENTRY)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def named(*addresses: str) -> tuple[Asset, ...]:
    return tuple(Asset(asset_id=str(index), url=address) for index, address in enumerate(addresses))


async def kept(folder: Path, count: int) -> list[Path]:
    """Return what is kept, once it is so much."""

    async def here() -> list[Path]:
        return await asyncio.to_thread(lambda: sorted(folder.glob("*.mp3")))

    async with asyncio.timeout(15):
        while len(found := await here()) != count:
            await asyncio.sleep(0.02)
    return found


async def settled(store: AssetStore) -> None:
    await until(lambda: not store._fetching and not store._tidying, 20)


async def sequence(
    hass: HomeAssistant, store: AssetStore, assets: Sequence[Asset], kind: AlertType
) -> list[int]:
    """Return the tones of one turn."""
    sound = await AlertSounds(hass, kind, assets, store).sequence()
    # one rate throughout
    assert {(frame.rate, frame.channels) for _, frame in frames(sound)} == {(24000, 1)}
    return tones(await measured(sound))


@pytest.mark.parametrize("kind", [AlertType.REMINDER, AlertType.TIMER, AlertType.ACTIONTIMER])
async def test_in_order(
    hass: HomeAssistant, bench: Bench, sounds: SoundServer, folder: Path, kind: AlertType
) -> None:
    """Whatever they are, wherever they lie; what cannot be had is left out."""
    moved = sounds.add("/moved", b"", status=302, headers={"Location": sounds.url("/flac")})
    flac = await asyncio.to_thread(encoded, 1000, 0.5, "-f", "flac")
    sounds.add("/flac", flac, content_type="audio/flac")
    around = sounds.add("/around", b"", status=302, headers={"Location": "/around"})
    named_host = sounds.url("/inward").replace("127.0.0.1", "service.test")
    sounds.add("/inward", b"", status=302, headers={"Location": sounds.url("/flac")})
    big = sounds.add("/big", bytes(50 * 1024 * 1024))
    assets = named(
        BUILT_IN,
        sounds.add("/same.mp3", mp3(400, 0.5, 24000)),
        sounds.url("/gone.mp3"),
        sounds.add("/other.mp3", mp3(1300, 0.5, 44100, 2, 128)),
        sounds.add("/page", b"<html>", content_type="text/html"),
        moved,
        around,
        named_host,
        big,
        sounds.add("/sound.wav", wav(1600, 0.5), content_type="audio/wav"),
        sounds.add("/empty", b""),
        BUILT_IN,
    )
    store = bench.store()
    store.keep(assets)
    await kept(folder, 4)
    await settled(store)
    expected = [*REMINDER, 400, 1300, 1000, 1600, *REMINDER]
    assert await sequence(hass, store, assets, kind) == expected


async def test_endless(
    bench: Bench, sounds: SoundServer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One that never ends is cut off by its size, one that trickles by the time."""
    tone = await asyncio.to_thread(mp3, 400, 20.0, 24000)
    flood = sounds.add("/flood.mp3", endless(tone))
    store = bench.store()
    store.keep(named(flood))
    await settled(store)
    assert "it is too large" in caplog.text
    assert flood not in caplog.text
    await until(lambda: sounds.left == ["/flood.mp3"])
    await kept(folder, 0)


async def test_trickling(
    bench: Bench,
    sounds: SoundServer,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(assets_module, "LONGEST_FETCH", 0.5)
    store = bench.store()
    store.keep(named(sounds.add("/trickle.mp3", endless(mp3(400, 0.1, 24000), 0.1))))
    await settled(store)
    assert "it takes too long" in caplog.text
    await kept(folder, 0)


async def test_no_sound_in_it(bench: Bench, sounds: SoundServer, folder: Path) -> None:
    """Nor does what nobody can decode break anything."""
    store = bench.store()
    store.keep(
        named(
            sounds.add("/noise", bytes(range(256)) * 40, content_type="audio/wav"),
            sounds.add("/tag", b"ID3\x04\0\0\0\0\x0f\x7f" + bytes(3000)),
            "http://127.0.0.1:1/nobody.mp3",
            "http://[bad/",
            "http://" + "x" * 9000,
        )
    )
    await settled(store)
    await kept(folder, 0)


async def test_an_alarm_has_its_bell(
    hass: HomeAssistant, bench: Bench, sounds: SoundServer, folder: Path
) -> None:
    assets = named(sounds.add("/one.mp3", mp3(400, 0.5, 24000)))
    store = bench.store()
    store.keep(assets)
    await kept(folder, 1)
    bell = async_bell(hass, Bell.ALARM)
    assert await AlertSounds(hass, AlertType.ALARM, assets, store).sequence() == bell


@pytest.mark.parametrize(
    ("payload", "bell"),
    [
        ({"type": "TIMER"}, Bell.TIMER),
        ({"type": "REMINDER"}, Bell.REMINDER),
        ({"type": "ACTIONTIMER"}, Bell.ACTIONTIMER),
        (
            {
                "type": "REMINDER",
                "assets": [{"assetId": "a", "url": "clova://alert/bell/alarm"}],
                "assetPlayOrder": ["nobody"],
            },
            Bell.REMINDER,
        ),
        (
            {"type": "TIMER", "assets": [{"assetId": "a", "url": "http://127.0.0.1:1/gone"}]},
            Bell.TIMER,
        ),
    ],
)
async def test_without_what_it_names(
    hass: HomeAssistant, bench: Bench, payload: dict[str, Any], bell: Bell
) -> None:
    alert = SetAlert.from_payload(
        {"token": "t", "scheduledTime": "2026-01-01T07:00:00Z", **payload}
    )
    sound = AlertSounds(hass, alert.type, alert.assets, bench.store())
    assert await sound.sequence() == async_bell(hass, bell)


async def test_kept_across_a_restart(
    hass: HomeAssistant, bench: Bench, sounds: SoundServer, folder: Path
) -> None:
    """Fetched once, private, and there when its server is gone."""
    assets = named(BUILT_IN, sounds.add("/one.mp3", mp3(400, 0.5, 24000)))
    store = bench.store()
    store.keep(assets)
    (file,) = await kept(folder, 1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "one" not in file.name
    store.keep(assets)
    await settled(store)
    sounds.pages.clear()
    again = bench.store()
    again.keep(assets)
    await settled(again)
    assert await sequence(hass, again, assets, AlertType.REMINDER) == [*REMINDER, 400]
    assert sounds.asked == ["/one.mp3"]


async def test_a_file_that_is_spoiled(
    hass: HomeAssistant, bench: Bench, sounds: SoundServer, folder: Path
) -> None:
    """It is fetched anew."""
    assets = named(sounds.add("/one.mp3", mp3(400, 0.5, 24000)))
    store = bench.store()
    store.keep(assets)
    (file,) = await kept(folder, 1)
    await settled(store)
    file.write_bytes(bytes(100))
    again = bench.store()
    again.keep(assets)
    await settled(again)
    assert await sequence(hass, again, assets, AlertType.REMINDER) == REMINDER
    await settled(again)
    assert await sequence(hass, again, assets, AlertType.REMINDER) == [400]
    assert sounds.asked == ["/one.mp3", "/one.mp3"]


async def test_removed_when_no_alert_refers_to_it(
    hass: HomeAssistant, bench: Bench, sounds: SoundServer, folder: Path
) -> None:
    """Also what a kill has left half written; and all of it with the entry."""
    one = named(sounds.add("/one.mp3", mp3(400, 0.5, 24000)))
    two = named(sounds.add("/two.mp3", mp3(600, 0.5, 24000)))
    store = bench.store()
    store.keep(one + two)
    await kept(folder, 2)
    await settled(store)
    (folder / "tmpabc").write_bytes(b"half")
    store.keep(two)
    await kept(folder, 1)
    await settled(store)
    assert not (folder / "tmpabc").exists()
    assert await sequence(hass, store, two, AlertType.REMINDER) == [600]
    assert await store.sound(one[0].url) is None
    store.keep(())
    await until(lambda: not folder.exists())
    store.keep(one)
    await kept(folder, 1)
    await async_forget_assets(hass, ENTRY)
    assert not folder.exists()
    await async_forget_assets(hass, ENTRY)


async def test_removed_with_the_entry(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, bench: Bench
) -> None:
    coordinator = await set_up(cic)
    entry_id = coordinator.config_entry.entry_id
    folder = assets_module._folder(hass, entry_id)
    await hass.config_entries.async_unload(entry_id)
    # nobody tidies any more, as an entry does with what no alert wants
    await asyncio.to_thread(assets_module._write, folder, "name.mp3", mp3(400, 0.2, 24000))
    await hass.config_entries.async_remove(entry_id)
    assert not folder.exists()


async def test_dropped_while_it_is_fetched(bench: Bench, sounds: SoundServer, folder: Path) -> None:
    release = asyncio.Event()
    tone = mp3(400, 0.5, 24000)
    store = bench.store()
    store.keep(named(sounds.add("/slow.mp3", held(tone[:1000], tone[1000:], release))))
    await until(lambda: sounds.asked)
    store.keep(())
    release.set()
    await settled(store)
    await kept(folder, 0)


async def test_too_many(
    bench: Bench, sounds: SoundServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets_module, "MOST_KEPT", 3)
    tone = mp3(400, 0.2, 24000)
    store = bench.store()
    store.keep(named(*(sounds.add(f"/{index}", tone) for index in range(10))))
    await settled(store)
    await kept(folder, 3)
    assert sounds.asked == ["/0", "/1", "/2"]


async def test_a_folder_that_cannot_be_written(
    bench: Bench, sounds: SoundServer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Costs the sound, and nothing else."""
    await asyncio.to_thread(folder.parent.mkdir, parents=True, exist_ok=True)
    await asyncio.to_thread(folder.write_text, "no folder")
    store = bench.store()
    store.keep(named(sounds.add("/one.mp3", mp3(400, 0.2, 24000))))
    await settled(store)
    assert "A sound of an alert cannot be kept" in caplog.text
    assert await store.sound(sounds.url("/one.mp3")) is None
    folder.unlink()


async def test_asked_for_again_while_it_rings(
    hass: HomeAssistant,
    bench: Bench,
    sounds: SoundServer,
    folder: Path,
    pass_time: PassTime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The ring is not delayed: its bell sounds until the rest is there."""
    monkeypatch.setattr(assets_module, "RETRY", 0.2)
    speaker = Loudspeaker()
    await add_loudspeakers(hass, speaker)
    assets = named(sounds.url("/late.mp3"))
    store = bench.store()
    store.keep(assets)
    await settled(store)
    await asyncio.sleep(0.3)
    release = asyncio.Event()
    tone = mp3(400, 1.0, 24000)
    sounds.pages["/late.mp3"] = Page(held(tone[:1000], tone[1000:], release))
    output = async_output(hass, "media_player.loudspeaker")
    ring = bench.ring(AlertType.REMINDER, output, assets, store)
    await until(lambda: speaker.played and len(speaker.played[0].sound) > 1000, 2.0)
    assert len(sounds.asked) == 2
    release.set()
    await kept(folder, 1)
    heard_by_then = len(speaker.played[0].sound)
    await until(lambda: len(speaker.played[0].sound) > heard_by_then + 6000 * 6)
    await ring.stop()
    heard = tones(await measured(speaker.played[0].sound))
    assert heard[:2] == REMINDER
    assert heard[-1] == 400
