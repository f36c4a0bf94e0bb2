"""Where this device is, and the places of its user, as Home Assistant's zones have them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from homeassistant.components.zone import ENTITY_ID_HOME
from homeassistant.const import ATTR_LATITUDE, ATTR_LONGITUDE
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util

from ..cic import ContextObject

# The documents' own words for home and the place of work, whatever the language.
HOME: Final = "집"
WORK: Final = "회사"
_COORDINATES: Final = (ATTR_LATITUDE, ATTR_LONGITUDE)


def place_objects(hass: HomeAssistant, work_zone: str | None) -> Iterator[ContextObject]:
    """Yield Clova.Location, which is home, and Clova.SavedPlace, as far as there are such zones."""
    home = _coordinates(hass.states.get(ENTITY_ID_HOME))
    if home is not None:
        # a house stays where it is: that is known of this very moment
        payload = {**home, "refreshedAt": _told(dt_util.utcnow())}
        yield ContextObject(namespace="Clova", name="Location", payload=payload)
    saved = {HOME: ENTITY_ID_HOME, WORK: work_zone}
    places = [
        {**found, "refreshedAt": _told(state.last_updated), "name": name}
        for name, zone in saved.items()
        if zone is not None
        and (state := hass.states.get(zone)) is not None
        and (found := _coordinates(state)) is not None
    ]
    if places:
        yield ContextObject(namespace="Clova", name="SavedPlace", payload={"places": places})


def _coordinates(zone: State | None) -> Mapping[str, Any] | None:
    """Return both as the documents have them: texts."""
    told = [None if zone is None else zone.attributes.get(key) for key in _COORDINATES]
    if not all(isinstance(one, int | float) for one in told):
        return None
    return dict(zip(_COORDINATES, map(str, told), strict=True))


def _told(moment: datetime) -> str:
    return dt_util.as_local(moment).isoformat(timespec="seconds")
