"""Where sound goes: the chosen player, or the one beside a satellite."""

from homeassistant.components.media_player import MediaPlayerEntityFeature as Feature
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.clova_cic.const import CONF_MEDIA_PLAYER, DOMAIN
from custom_components.clova_cic.origin import Origin
from custom_components.clova_cic.playback.output.output import async_output
from custom_components.clova_cic.playback.output.outputs import Outputs

from .scripted_player import EVERYTHING, ScriptedPlayer, add_players

SATELLITE = "assist_satellite.kitchen"
ANNOUNCES = EVERYTHING | Feature.MEDIA_ANNOUNCE


class Rooms:
    """The registries, as a user fills them."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.hass = hass
        self.entities = er.async_get(hass)
        self.areas = ar.async_get(hass)
        self.entry = MockConfigEntry(domain="rooms")
        self.entry.add_to_hass(hass)

    def area(self, name: str) -> str:
        found = self.areas.async_get_area_by_name(name) or self.areas.async_create(name)
        return found.id

    def device(self, name: str, area: str | None = None) -> str:
        devices = dr.async_get(self.hass)
        device = devices.async_get_or_create(
            config_entry_id=self.entry.entry_id, identifiers={("rooms", name)}
        )
        devices.async_update_device(device.id, area_id=area and self.area(area))
        return device.id

    def satellite(self, *, device: str | None = None, area: str | None = None) -> None:
        entry = self.entities.async_get_or_create(
            "assist_satellite",
            "rooms",
            "kitchen",
            suggested_object_id="kitchen",
            original_name="Satellite",
            device_id=device,
        )
        assert entry.entity_id == SATELLITE
        if area:
            self.entities.async_update_entity(SATELLITE, area_id=self.area(area))

    def put(self, entity_id: str, *, device: str | None = None, area: str | None = None) -> None:
        self.entities.async_update_entity(
            entity_id, device_id=device, area_id=area and self.area(area)
        )


@pytest.fixture
def rooms(home: HomeAssistant) -> Rooms:
    return Rooms(home)


@pytest.fixture
def outputs(home: HomeAssistant) -> Outputs:
    entry = MockConfigEntry(domain=DOMAIN)
    entry.add_to_hass(home)
    return Outputs(home, entry)


def found(outputs: Outputs) -> str | None:
    output = outputs.of(Origin(satellite_id=SATELLITE))
    return None if output is None else output.entity_id


async def test_one_output_for_a_player(home: HomeAssistant) -> None:
    assert async_output(home, "media_player.a") is async_output(home, "media_player.a")
    assert async_output(home, "media_player.a") is not async_output(home, "media_player.b")


async def test_nothing_chosen(outputs: Outputs) -> None:
    assert outputs.default() is None
    assert outputs.of(Origin()) is None
    assert outputs.of(Origin(satellite_id="assist_satellite.unknown")) is None


async def test_the_device_before_the_area_before_the_default(
    home: HomeAssistant, rooms: Rooms, outputs: Outputs
) -> None:
    own, near, far = (ScriptedPlayer(name) for name in ("Own", "Near", "Far"))
    await add_players(home, own, near, far)
    voice = rooms.device("voice", area="Kitchen")
    rooms.satellite(device=voice)
    outputs.choose(far.entity_id)
    assert found(outputs) == far.entity_id
    rooms.put(near.entity_id, area="Kitchen")
    assert found(outputs) == near.entity_id
    rooms.put(own.entity_id, device=voice)
    assert found(outputs) == own.entity_id
    assert outputs.of(Origin()) is outputs.default()
    # whose own player is unplugged is heard in the room, then anywhere
    own.show(available=False)
    assert found(outputs) == near.entity_id
    near.show(available=False)
    assert found(outputs) == far.entity_id
    far.show(available=False)
    assert found(outputs) == own.entity_id


async def test_area_of_its_own(home: HomeAssistant, rooms: Rooms, outputs: Outputs) -> None:
    """An entity's area counts before its device's."""
    player = ScriptedPlayer("Player")
    await add_players(home, player)
    rooms.put(player.entity_id, device=rooms.device("box", area="Attic"), area="Kitchen")
    rooms.satellite(device=rooms.device("voice", area="Attic"), area="Kitchen")
    assert found(outputs) == player.entity_id
    rooms.put(player.entity_id, device=rooms.device("box", area="Attic"))
    assert found(outputs) is None


async def test_several_in_a_room(home: HomeAssistant, rooms: Rooms, outputs: Outputs) -> None:
    first, loud, chosen = (
        ScriptedPlayer("A"),
        ScriptedPlayer("B", ANNOUNCES),
        ScriptedPlayer("C"),
    )
    mute = ScriptedPlayer("0", Feature.PLAY)
    await add_players(home, first, loud, chosen, mute)
    rooms.satellite(area="Kitchen")
    rooms.put(mute.entity_id, area="Kitchen")
    assert found(outputs) is None
    rooms.put(chosen.entity_id, area="Kitchen")
    rooms.put(first.entity_id, area="Kitchen")
    assert found(outputs) == first.entity_id
    rooms.put(loud.entity_id, area="Kitchen")
    assert found(outputs) == loud.entity_id
    outputs.choose(chosen.entity_id)
    assert found(outputs) == chosen.entity_id
    chosen.show(available=False)
    assert found(outputs) == loud.entity_id


async def test_never_a_player_of_ours(home: HomeAssistant, rooms: Rooms, outputs: Outputs) -> None:
    own = rooms.entities.async_get_or_create("media_player", DOMAIN, "own")
    rooms.satellite(area="Kitchen")
    rooms.put(own.entity_id, area="Kitchen")
    outputs.choose(own.entity_id)
    assert found(outputs) is None and outputs.default() is None


async def test_chosen_player_is_renamed(
    home: HomeAssistant, rooms: Rooms, outputs: Outputs
) -> None:
    player = ScriptedPlayer("Player")
    await add_players(home, player)
    changes = list[str | None]()
    remove = outputs.async_add_listener(lambda: changes.append(outputs.chosen))
    outputs.choose(player.entity_id)
    rooms.entities.async_update_entity(player.entity_id, new_entity_id="media_player.other")
    await home.async_block_till_done()
    assert changes == ["media_player.player", "media_player.other"]
    outputs.choose("media_player.other")
    outputs.choose(None)
    assert changes[2:] == [None] and CONF_MEDIA_PLAYER not in outputs._entry.options
    remove()
    outputs.choose("media_player.other")
    assert len(changes) == 3
