"""Alerts are heard: where they were asked for, one at a time, until a hand at the player ends it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.alerts.alert import Phase
from custom_components.clova_cic.const import CONF_MEDIA_PLAYER, DOMAIN

from .alerts import Alarms, alarms, set_alert
from .conftest import PassTime, SetUp
from .loudspeaker import Loudspeaker, add_loudspeakers
from .service import CicService, directive, encoded, until
from .test_outputs import SATELLITE, Rooms
from .tones import measured, mp3, tones
from .wall import Wall

DEFAULT = "media_player.loudspeaker"
KITCHEN = "media_player.kitchen_radio"
ALARM = [900] * 4 + [1100] * 4
BEGUN = ("SetAlertSucceeded a", "AlertStarted a")


@pytest.fixture
async def house(
    home: HomeAssistant,
    cic: CicService,
    hass_client_no_auth: ClientSessionGenerator,
    set_up: SetUp,
    wall: Wall,
    pass_time: PassTime,
) -> AsyncIterator[Alarms]:
    """Yield an entry whose default output is a loudspeaker: it falls silent before the pages are served no more."""
    for one in (DOMAIN, "calendar", "media_player"):
        assert await async_setup_component(home, one, {})
    home.config.internal_url = f"http://127.0.0.1:{(await hass_client_no_auth()).port}"
    options = {CONF_MEDIA_PLAYER: DEFAULT}
    async with alarms(home, cic, set_up, wall, pass_time, options=options) as house:
        yield house
        await house.is_clean()


@pytest.fixture
async def speakers(house: Alarms) -> tuple[Loudspeaker, Loudspeaker]:
    """Return the default output, and one of the kitchen."""
    speakers = Loudspeaker(), Loudspeaker("Kitchen radio")
    await add_loudspeakers(house.hass, *speakers)
    return speakers


@pytest.fixture
def speaker(speakers: tuple[Loudspeaker, Loudspeaker]) -> Loudspeaker:
    return speakers[0]


@pytest.fixture
def radio(speakers: tuple[Loudspeaker, Loudspeaker]) -> Loudspeaker:
    return speakers[1]


async def ring(house: Alarms, token: str = "a") -> None:
    """Have an alert that is due now: a player's states have the time of the real wall."""
    await house.cic.push(set_alert(token, dt_util.utcnow() - timedelta(seconds=1)))
    await house.phase(Phase.RINGING, token)


async def heard(speaker: Loudspeaker, plays: int = 1) -> None:
    """Wait until so many plays have been heard, the last one at least begun."""
    await until(lambda: len(speaker.played) >= plays and speaker.played[plays - 1].sound)


async def test_heard_until_it_is_stopped(house: Alarms, speaker: Loudspeaker) -> None:
    await ring(house)
    await heard(speaker)
    await until(lambda: len(speaker.played[0].sound) > 14_000)
    await house.order("StopAlert", token="a", type="ALARM")
    await house.hears(*BEGUN, "AlertStopped a", "DeleteAlertSucceeded a")
    assert speaker.played[0].ended
    assert tones(await measured(speaker.played[0].sound))[: len(ALARM)] == ALARM


async def test_silent_at_once(house: Alarms, speaker: Loudspeaker) -> None:
    """A press silences it before CIC has said anything, and it is not heard again."""
    await ring(house)
    await heard(speaker)
    plan = {"event": "Alerts.RequestAlertStop", "status": 204}
    await house.cic.control("POST", "next-answer", plan)
    assert house.clock.press()
    await until(lambda: speaker.played[0].ended, 2.0)
    await house.hears(*BEGUN, "RequestAlertStop a")
    assert house.alert().phase is Phase.MUTED
    await house.order("StopAlert", token="a", type="ALARM")
    await house.phase(None)
    assert len(speaker.played) == 1


async def test_a_hand_at_the_player(house: Alarms, speaker: Loudspeaker) -> None:
    """Who stops it there has stopped it."""
    await ring(house)
    await heard(speaker)
    await asyncio.sleep(0.7)  # the player is believed only when it goes on playing
    stop = {"entity_id": DEFAULT}
    await house.hass.services.async_call("media_player", "media_stop", stop, blocking=True)
    await house.hears(*BEGUN, "AlertStopped a", "DeleteAlertSucceeded a")
    assert house.coordinator.counters.events["ring_stopped"] == 1


async def test_one_at_a_time(house: Alarms, speaker: Loudspeaker) -> None:
    """The later takes the place of the earlier, which has stopped by that."""
    await ring(house, "a")
    await heard(speaker)
    await ring(house, "b")
    await heard(speaker, 2)
    await house.phase(None, "a")
    await house.phase(Phase.RINGING, "b")
    assert house.coordinator.counters.events["ring_replaced"] == 1


async def test_action_timer(house: Alarms, speaker: Loudspeaker) -> None:
    """It is heard once, and ends by itself: then CIC acts."""
    await house.set("a", seconds=2, type="ACTIONTIMER", label="light off")
    await house.hears(*BEGUN, "AlertStopped a", "DeleteAlertSucceeded a")
    assert speaker.played[0].whole
    assert house.coordinator.counters.events["ring_finished"] == 1


async def test_where_it_was_asked_for(
    house: Alarms,
    speaker: Loudspeaker,
    radio: Loudspeaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside the satellite, also after a restart, and where an app has changed it."""
    rooms = Rooms(house.hass)
    rooms.satellite(area="Kitchen")
    rooms.put(KITCHEN, area="Kitchen")
    monkeypatch.setattr(house.coordinator, "satellite_of", lambda _: SATELLITE)
    asked = set_alert("a")
    asked["header"]["dialogRequestId"] = "asked-for"
    speech = {"format": "AUDIO_MPEG", "token": "t", "url": "cid:said"}
    said = [
        {"json": {"directive": directive("SpeechSynthesizer.Speak", speech, messageId="m")}},
        {"headers": {"Content-ID": "said"}, "body_base64": encoded(mp3(300, 0.5))},
    ]
    plan = {"event": "Alerts.SetAlertSucceeded", "parts": said}
    await house.cic.control("POST", "next-answer", plan)
    await house.cic.push(asked)
    await house.phase(Phase.SET)
    await heard(radio)  # that it is set is said there, too
    radio.played.clear()
    await house.begin_again()
    await house.set("a", seconds=2)
    await heard(radio)
    assert speaker.played == []
    await house.order("StopAlert", token="a", type="ALARM")
    await house.phase(None)


async def test_the_default_is_another(
    house: Alarms, speaker: Loudspeaker, radio: Loudspeaker
) -> None:
    """Chosen while it rings, it is heard there."""
    await ring(house)
    await heard(speaker)
    house.coordinator.outputs.choose(KITCHEN)
    await heard(radio)
    await until(lambda: speaker.played[-1].ended)
    await house.order("StopAlert", token="a", type="ALARM")
    await house.phase(None)
