"""Who is spoken to, and what makes way: satellites by their states, and turns without any."""

from collections.abc import Callable
from dataclasses import dataclass, field

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.clova_cic.playback.attention import (
    LINGERING,
    LONGEST_ANSWER,
    LONGEST_SILENCE,
    Attention,
)
from custom_components.clova_cic.playback.focus import Claim, Focus, Grant, Kind

from .service import until

SATELLITE, OTHER = "assist_satellite.kitchen", "assist_satellite.bedroom"
STEREO, RADIO = "media_player.stereo", "media_player.radio"
FOREGROUND, DUCKED, HELD = Grant.FOREGROUND, Grant.DUCKED, Grant.HELD


@dataclass(eq=False)
class Player:
    """An output with music on it."""

    entity_id: str
    focus: Focus = field(default_factory=lambda: Focus(lambda: True))
    told: list[Grant] = field(default_factory=list)
    music: Claim = field(init=False)

    def __post_init__(self) -> None:
        self.music = self.focus.request(Kind.CONTENT, self.told.append)

    @property
    def grant(self) -> Grant:
        return self.music.grant


@dataclass
class Places:
    """Which player belongs to which satellite, by one entry's rules."""

    beside: dict[str, Player]

    def of_satellite(self, satellite_id: str) -> Player | None:
        return self.beside.get(satellite_id)


@dataclass
class House:
    """A stereo in the kitchen, a radio in the bedroom, and a satellite beside each."""

    hass: HomeAssistant
    stereo: Player = field(default_factory=lambda: Player(STEREO))
    radio: Player = field(default_factory=lambda: Player(RADIO))
    attention: Attention = field(init=False)
    remove: Callable[[], None] = field(init=False)

    def __post_init__(self) -> None:
        self.attention = Attention(self.hass, lambda: [self.stereo, self.radio])
        self.places = Places({SATELLITE: self.stereo, OTHER: self.radio})
        self.remove = self.attention.async_add(self.places)

    def go(self, *states: str, satellite: str = SATELLITE) -> None:
        """Have a satellite pass states."""
        for state in states:
            self.hass.states.async_set(satellite, state)

    @property
    def grants(self) -> tuple[Grant, Grant]:
        return self.stereo.grant, self.radio.grant


@pytest.fixture
async def house(hass: HomeAssistant) -> House:
    return House(hass)


async def test_what_plays_beside_who_is_spoken_to_makes_way(house: House) -> None:
    """From listening to the end of the answer; nothing in the other room."""
    house.go("idle", "listening")
    assert house.grants == (DUCKED, FOREGROUND)
    house.go("processing", "responding")
    assert house.grants == (DUCKED, FOREGROUND)
    house.go("idle")
    await until(lambda: house.grants == (FOREGROUND, FOREGROUND))
    assert house.stereo.told == [DUCKED, FOREGROUND]
    assert house.radio.told == []


@pytest.mark.parametrize("states", [("responding",), ("processing", "responding"), ("processing",)])
async def test_who_was_not_spoken_to_only_announces(house: House, states: tuple[str, ...]) -> None:
    house.go("idle", *states)
    assert house.grants == (FOREGROUND, FOREGROUND)
    house.go("idle", "listening")
    assert house.stereo.grant is DUCKED


async def test_the_assistant_asks_back(house: House) -> None:
    """Between the question and the answer the music does not come back for a moment."""
    house.go("listening", "processing", "responding", "idle", "listening")
    house.go("processing", "responding")
    assert house.stereo.told == [DUCKED]
    house.go("idle")
    await until(lambda: house.stereo.grant is FOREGROUND)


async def test_an_announcement_behind_the_answer_is_no_part_of_it(house: House) -> None:
    house.go("listening", "processing", "responding", "idle", "responding")
    await until(lambda: house.stereo.grant is FOREGROUND)


async def test_a_barge_in_ends_what_is_announced(house: House) -> None:
    """It is spoken beside the satellite that is now spoken to: anew, though its dialog goes on."""
    house.go("listening", "processing")
    told: list[Grant] = []
    house.stereo.focus.request(Kind.DIALOG, told.append, exclusive=True)
    assert house.grants == (HELD, FOREGROUND)
    house.go("responding", "listening")
    assert told == [Grant.LOST]
    assert house.stereo.grant is DUCKED


@pytest.mark.parametrize("end", ["unavailable", "unknown", "removed"])
@pytest.mark.parametrize("state", ["listening", "processing", "responding"])
async def test_a_satellite_that_goes_away(house: House, state: str, end: str) -> None:
    house.go("listening", state)
    if end == "removed":
        house.hass.states.async_remove(SATELLITE)
    else:
        house.go(end)
    assert house.grants == (FOREGROUND, FOREGROUND)
    house.go("listening")
    assert house.stereo.grant is DUCKED


@pytest.mark.parametrize(
    ("states", "bound"),
    [
        (("listening",), LONGEST_SILENCE),
        (("listening", "processing"), LONGEST_SILENCE),
        (("listening", "responding"), LONGEST_ANSWER),
        (("listening", "processing", "idle"), LINGERING),
    ],
)
async def test_a_satellite_that_is_stuck(
    house: House, pass_time, states: tuple[str, ...], bound: float
) -> None:
    house.go(*states)
    pass_time(bound - 0.2)
    house.hass.states.async_set(SATELLITE, states[-1], {"volume": 1})  # no news of its dialog
    assert house.stereo.grant is DUCKED
    pass_time(0.2)
    await until(lambda: house.stereo.grant is FOREGROUND)
    assert not house.attention.somebody_listens
    house.go("idle", "listening")
    assert house.stereo.grant is DUCKED


async def test_two_satellites_beside_one_player(house: House) -> None:
    house.places.beside[OTHER] = house.stereo
    house.go("listening")
    house.go("listening", satellite=OTHER)
    house.go("unavailable")
    assert house.stereo.grant is DUCKED
    house.go("unavailable", satellite=OTHER)
    assert house.stereo.told == [DUCKED, FOREGROUND]


async def test_two_entries(house: House) -> None:
    """One satellite may be beside the default players of both; one that is unloaded has none."""
    remove = house.attention.async_add(Places({SATELLITE: house.radio}))
    house.go("listening")
    assert house.grants == (DUCKED, DUCKED)
    house.remove()
    house.go("idle", "listening")
    assert house.grants == (FOREGROUND, DUCKED)
    remove()
    house.go("idle", "listening")
    assert house.grants == (FOREGROUND, FOREGROUND)


async def test_a_satellite_beside_nothing_is_somewhere(house: House) -> None:
    house.places.beside.clear()
    house.go("listening")
    assert house.attention.somebody_listens
    assert house.grants == (FOREGROUND, FOREGROUND)
    house.go("processing")
    assert not house.attention.somebody_listens


async def test_speech_that_may_be_anywhere(house: House, pass_time) -> None:
    speaking = house.attention.overhear()
    assert house.grants == (DUCKED, DUCKED)
    speaking.end_at(house.hass.loop.time() + 5)
    pass_time(5)
    await until(lambda: house.grants == (FOREGROUND, FOREGROUND))
    speaking.last_for(5)
    speaking.end()
    assert speaking.is_over
    stuck = house.attention.overhear()
    pass_time(LONGEST_SILENCE)
    await until(lambda: stuck.is_over)
    assert house.grants == (FOREGROUND, FOREGROUND)


async def test_home_assistant_stops(house: House) -> None:
    """Volumes come back before it is gone."""
    house.go("listening")
    speaking = house.attention.overhear()
    house.hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await until(lambda: house.grants == (FOREGROUND, FOREGROUND))
    assert speaking.is_over


@dataclass(frozen=True)
class Home:
    """Satellite and player as the registries have them."""

    satellite_area: str | None = None
    player_area: str | None = None
    same_device: bool = False
    by_device: bool = False


@pytest.mark.parametrize(
    ("home", "grant"),
    [
        (Home(), DUCKED),
        (Home("kitchen", "kitchen"), DUCKED),
        (Home("kitchen", "kitchen", by_device=True), DUCKED),
        (Home("kitchen", None), DUCKED),
        (Home(None, "kitchen"), DUCKED),
        (Home("kitchen", "bedroom"), FOREGROUND),
        (Home("kitchen", "bedroom", by_device=True), FOREGROUND),
        (Home("kitchen", "kitchen", same_device=True), HELD),
        (Home(same_device=True), HELD),
    ],
)
async def test_the_default_player_of_a_satellite_may_be_elsewhere(
    hass: HomeAssistant, home: Home, grant: Grant
) -> None:
    """It is where the satellite's music would sound, but nothing that disturbs its listening."""
    entry = MockConfigEntry()
    entry.add_to_hass(hass)
    entities = er.async_get(hass)
    device_ids = [
        dr.async_get(hass)
        .async_get_or_create(config_entry_id=entry.entry_id, identifiers={("test", name)})
        .id
        for name in ("satellite", "player")
    ]
    for domain, name, area, device_id in (
        ("assist_satellite", "kitchen", home.satellite_area, device_ids[0]),
        ("media_player", "stereo", home.player_area, device_ids[0 if home.same_device else 1]),
    ):
        registered = entities.async_get_or_create(
            domain, "test", name, suggested_object_id=name, original_name=name, device_id=device_id
        )
        area_id = None if area is None else ar.async_get(hass).async_get_or_create(area).id
        if home.by_device:
            dr.async_get(hass).async_update_device(device_id, area_id=area_id)
        else:
            entities.async_update_entity(registered.entity_id, area_id=area_id)
    house = House(hass)
    house.go("listening")
    assert house.grants == (grant, FOREGROUND)
