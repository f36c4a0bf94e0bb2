"""What is heard of notifications: each as one, after those before it, and never over what is louder."""

import asyncio
from collections.abc import AsyncIterator

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.cic.interfaces.assets import Asset
from custom_components.clova_cic.const import CONF_MEDIA_PLAYER, DOMAIN
from custom_components.clova_cic.playback.focus import Grant, Kind
from custom_components.clova_cic.playback.speech import line

from .conftest import PassTime, SetUp
from .loudspeaker import Loudspeaker, add_loudspeakers
from .service import CicService, until
from .sound_server import SoundServer, sound_server
from .test_announcements import FINISHED, STARTED, STOPPED, push_tone, take, told
from .tones import measured, mp3, tones, wav

PLAYER = "media_player.loudspeaker"
OPTIONS = {CONF_MEDIA_PLAYER: PLAYER}
BUILT_IN = "clova://notifier/sound/default"
CHIME = [1000, 1200]
"""The built-in sound, as it is measured."""


@pytest.fixture(params=[False, True], ids=["plays", "announces"])
async def speaker(
    home: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, request: pytest.FixtureRequest
) -> Loudspeaker:
    """Add a player."""
    for one in (DOMAIN, "media_player"):
        assert await async_setup_component(home, one, {})
    home.config.internal_url = f"http://127.0.0.1:{(await hass_client_no_auth()).port}"
    speaker = Loudspeaker(announces=request.param)
    await add_loudspeakers(home, speaker)
    return speaker


@pytest.fixture
async def sounds() -> AsyncIterator[SoundServer]:
    async with sound_server() as server:
        yield server


def named(*addresses: str) -> tuple[Asset, ...]:
    return tuple(Asset(asset_id=str(at), url=address) for at, address in enumerate(addresses))


async def heard(speaker: Loudspeaker) -> list[list[int]]:
    """Return the tones of each play."""
    return [tones(await measured(one.sound)) for one in speaker.played]


async def test_all_of_it_as_one(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker, sounds: SoundServer
) -> None:
    """In order, of one rate; what cannot be had is left out. CIC hears nothing of it."""
    coordinator = await set_up(cic, options=OPTIONS)
    music, grants = take(hass, Kind.CONTENT)
    coordinator.announcer.notify(
        named(
            BUILT_IN,
            sounds.url("/gone.mp3"),
            sounds.add("/one.mp3", mp3(400, 0.6, 44100, 2, 128)),
            sounds.add("/two.wav", wav(600, 0.6), content_type="audio/wav"),
            "clova://notifier/sound/unknown",
        )
    )
    await until(lambda: coordinator.counters.events["notification_announced"])
    assert await heard(speaker) == [[*CHIME, 400, 600, *CHIME]]
    assert speaker.played[0].whole
    assert grants == [Grant.DUCKED if speaker.announces else Grant.HELD, Grant.FOREGROUND]
    music.release()
    assert await cic.told() == []
    assert await cic.illegal() == []


async def test_one_after_another(
    cic: CicService, set_up: SetUp, speaker: Loudspeaker, sounds: SoundServer
) -> None:
    coordinator = await set_up(cic, options=OPTIONS)
    addresses = [sounds.add(f"/{hertz}", mp3(hertz, 0.6, 24000)) for hertz in (400, 600, 800)]
    for address in addresses:
        coordinator.announcer.notify(named(address))
    await until(lambda: coordinator.counters.events["notification_announced"] == 3)
    assert await heard(speaker) == [[400], [600], [800]]
    first, second, third = speaker.played
    assert first.ended <= second.began
    assert second.ended <= third.began


async def test_behind_speech(cic: CicService, set_up: SetUp, speaker: Loudspeaker) -> None:
    """Speech is heard to its end first."""
    coordinator = await set_up(cic, options=OPTIONS)
    await push_tone(cic, "one", 400, 2.0)
    await told(cic, 1)
    coordinator.announcer.notify(named(BUILT_IN))
    assert await told(cic, 2) == [(STARTED, "one"), (FINISHED, "one")]
    await until(lambda: coordinator.counters.events["notification_announced"])
    assert await heard(speaker) == [[400], CHIME]
    assert speaker.played[0].ended <= speaker.played[1].began


async def test_heard_anew_after_speech(
    cic: CicService, set_up: SetUp, speaker: Loudspeaker, sounds: SoundServer
) -> None:
    """Who speaks is heard at once; the notification comes again from its beginning, before the next."""
    coordinator = await set_up(cic, options=OPTIONS)
    coordinator.announcer.notify(named(sounds.add("/long", mp3(600, 3.0, 24000))))
    coordinator.announcer.notify(named(BUILT_IN))
    await until(lambda: speaker.played and speaker.played[0].sound)
    await asyncio.sleep(0.7)
    await push_tone(cic, "one", 400, 1.0)
    await until(lambda: coordinator.counters.events["notification_announced"] == 2, 15)
    assert (await heard(speaker))[1:] == [[400], [600], CHIME]
    assert not speaker.played[0].whole
    assert [one.whole for one in speaker.played[1:]] == [True, True, True]
    assert await told(cic, 2) == [(STARTED, "one"), (FINISHED, "one")]
    assert STOPPED not in str(await cic.told())
    assert coordinator.counters.events["notification_failed"] == 0
    assert not coordinator.announcer.busy


async def test_under_an_alert(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker, pass_time: PassTime
) -> None:
    """It waits for its end, but not for ever."""
    coordinator = await set_up(cic, options=OPTIONS)
    alert, _ = take(hass, Kind.ALERT)
    coordinator.announcer.notify(named(BUILT_IN))
    await asyncio.sleep(0.2)
    assert speaker.played == []
    alert.release()
    await until(lambda: coordinator.counters.events["notification_announced"])
    await until(lambda: not coordinator.announcer.busy)
    alert, _ = take(hass, Kind.ALERT)
    coordinator.announcer.notify(named(BUILT_IN))
    await asyncio.sleep(0.1)
    pass_time(line.LONGEST_HELD)
    await until(lambda: coordinator.counters.events["notification_not_announced"])
    assert not coordinator.announcer.busy
    assert len(speaker.played) == 1


@pytest.mark.parametrize("how", ["here", "there"])
async def test_stopped(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    speaker: Loudspeaker,
    sounds: SoundServer,
    how: str,
) -> None:
    """What waits is not said either."""
    coordinator = await set_up(cic, options=OPTIONS)
    coordinator.announcer.notify(named(sounds.add("/long", mp3(600, 5.0, 24000))))
    coordinator.announcer.notify(named(BUILT_IN))
    await until(lambda: speaker.played and speaker.played[0].sound)
    await asyncio.sleep(0.7)
    if how == "here":
        coordinator.announcer.stop()
    else:
        await hass.services.async_call("media_player", "media_stop", {"entity_id": PLAYER})
    await until(lambda: not coordinator.announcer.busy)
    assert len(speaker.played) == 1
    assert coordinator.counters.events["notification_not_announced"] == 1


async def test_nothing_to_hear(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker
) -> None:
    """Without a sound nothing happens; with none that can be had one line in the log."""
    coordinator = await set_up(cic, options=OPTIONS)
    coordinator.announcer.notify(())
    assert not coordinator.announcer.busy
    coordinator.announcer.notify(named("http://127.0.0.1:1/gone"))
    await until(lambda: coordinator.counters.events["notification_failed"])
    await until(lambda: not coordinator.announcer.busy)
    assert speaker.played == []
    for _ in range(line.MOST_WAITING + 2):
        coordinator.announcer.notify(named(BUILT_IN))
    assert coordinator.counters.events["notification_not_announced"] == 2
    coordinator.announcer.stop()


async def test_nowhere_to_hear_it(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """The user is asked for a player, as for speech."""
    coordinator = await set_up(cic)
    coordinator.announcer.notify(())
    issue = f"no_output_{coordinator.config_entry.entry_id}"
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue) is None
    coordinator.announcer.notify(named(BUILT_IN))
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue) is not None
    assert coordinator.counters.events["notification_not_announced"] == 1
