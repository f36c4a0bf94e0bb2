"""Notifier: an indicator that lasts, and what automations learn of it."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.coordinator import CicCoordinator
from custom_components.clova_cic.occurrences import Kind, Occurrence

from .conftest import SetUp
from .loudspeaker import Loudspeaker, add_loudspeakers
from .service import CicService, directive, until
from .sound_server import sound_server
from .test_notification_sounds import CHIME, OPTIONS, heard
from .tones import mp3

INDICATOR = "binary_sensor.test_cloud_indicator"
BELL = {"assetId": "bell", "url": "clova://notifier/sound/default"}
WORDS = {"assetId": "words", "url": "https://sound.invalid/words.mp3"}


def notice(**changes: Any) -> dict[str, Any]:
    whole = {"light": "DEFAULT", "assets": [BELL, WORDS], "assetPlayOrder": ["bell", "words"]}
    return whole | changes


def told(coordinator: CicCoordinator) -> list[Occurrence]:
    """Return the notifications that are told from now on."""
    found: list[Occurrence] = []

    def listen(occurrence: Occurrence) -> None:
        if occurrence.kind is Kind.NOTIFICATION:
            found.append(occurrence)

    coordinator.occurrences.async_listen(listen)
    return found


def indicator(hass: HomeAssistant) -> tuple[str, bool]:
    state = hass.states.get(INDICATOR)
    assert state is not None
    return state.state, state.attributes["new"]


@pytest.mark.directive("Notifier.SetIndicator", "Notifier.ClearIndicator")
async def test_indicator(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    found = told(await set_up(cic))
    assert indicator(hass) == ("off", False)
    await cic.push(directive("Notifier.SetIndicator", notice(new=True)))
    await until(lambda: indicator(hass) == ("on", True))
    await cic.push(directive("Notifier.SetIndicator", notice(new="false")))
    await until(lambda: indicator(hass) == ("on", False))
    await cic.push(directive("Notifier.ClearIndicator"))
    await until(lambda: indicator(hass) == ("off", False))
    assert [(one.type, dict(one.data)) for one in found] == [
        ("indicator_set", {"light": "DEFAULT", "new": True, "sounds": 2}),
        ("indicator_set", {"light": "DEFAULT", "new": False, "sounds": 2}),
        ("indicator_cleared", {}),
    ]


@pytest.mark.directive("Notifier.Notify")
async def test_notify(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """It is told at once, and nothing stays to be shown."""
    found = told(await set_up(cic))
    await cic.push(directive("Notifier.Notify", notice(assetPlayOrder=["words", "nobody", "bell"])))
    await until(lambda: found)
    assert (found[0].type, found[0].data) == (
        "notified",
        {"light": "DEFAULT", "new": True, "sounds": 2},
    )
    assert indicator(hass) == ("off", False)


@pytest.mark.directive("Notifier.Notify", "Notifier.SetIndicator")
async def test_heard(
    home: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """In the order that is asked for, one notification after another; a light is no sound's matter."""
    coordinator = await set_up(cic, options=OPTIONS)
    home.config.internal_url = f"http://127.0.0.1:{(await hass_client_no_auth()).port}"
    speaker = Loudspeaker(announces=True)
    await add_loudspeakers(home, speaker)
    async with sound_server() as sounds:
        words = WORDS | {"url": sounds.add("/words.mp3", mp3(400, 0.6, 24000))}
        assets = {"assets": [words, BELL], "assetPlayOrder": ["bell", "nobody", "words"]}
        await cic.push(directive("Notifier.Notify", notice(**assets)))
        await cic.push(directive("Notifier.SetIndicator", notice(**assets, light="NONE")))
        await until(lambda: coordinator.counters.events["notification_announced"] == 2)
    assert await heard(speaker) == [[*CHIME, 400]] * 2
    assert indicator(home) == ("off", False)


async def test_sound_without_light(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    found = told(await set_up(cic))
    await cic.push(directive("Notifier.SetIndicator", notice(light="none", new=True)))
    await until(lambda: found)
    assert found[0].data["light"] == "NONE"
    assert indicator(hass) == ("off", False)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"light": 7, "assets": "none", "assetPlayOrder": {}, "new": []},
        {"light": "FLASHING", "assets": [7, {"assetId": "x"}, {"assetId": "y", "url": "file:///"}]},
    ],
)
async def test_odd_notices(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, payload: dict[str, Any]
) -> None:
    """Whatever it says, there is something new."""
    found = told(await set_up(cic))
    await cic.push(directive("Notifier.SetIndicator", payload))
    await until(lambda: indicator(hass) == ("on", False))
    assert found[0].data == {"light": "DEFAULT", "new": False, "sounds": 0}


async def test_kept_across_a_restart(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    await cic.push(directive("Notifier.SetIndicator", notice(new=True)))
    await until(lambda: indicator(hass) == ("on", True))
    await hass.config_entries.async_reload(coordinator.config_entry.entry_id)
    assert indicator(hass) == ("on", True)


async def test_put_out_by_hand(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """CIC is told nothing: it has no event for that."""
    coordinator = await set_up(cic)
    await cic.push(directive("Notifier.SetIndicator", notice(new=True)))
    await until(lambda: indicator(hass) == ("on", True))
    button = {"entity_id": "button.test_cloud_clear_indicator"}
    await hass.services.async_call("button", "press", button, blocking=True)
    assert indicator(hass) == ("off", False)
    await hass.config_entries.async_reload(coordinator.config_entry.entry_id)
    assert indicator(hass) == ("off", False)
    assert await cic.asked() == []


async def test_without_cic(hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp) -> None:
    """What nobody has heard is still unheard."""
    coordinator = await set_up(mortal_cic)
    await mortal_cic.push(directive("Notifier.SetIndicator", notice()))
    await until(lambda: indicator(hass) == ("on", False))
    await mortal_cic.stop()
    await until(lambda: not coordinator.connected)
    assert indicator(hass) == ("on", False)
