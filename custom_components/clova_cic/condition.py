"""What an automation may ask: of one entry, or of all that are loaded."""

from abc import abstractmethod
from typing import Any, Final, Unpack, override

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, CONF_OPTIONS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.condition import Condition, ConditionCheckParams, ConditionConfig
from homeassistant.helpers.typing import ConfigType
import probatio as vol

from .coordinator import CicCoordinator
from .kinds import async_cic_entries

_SCHEMA: Final = vol.Schema(
    {vol.Optional(CONF_OPTIONS, default=dict): {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}}
)


class _OfEntries(Condition):
    """Something that is true of entries; of one that is not loaded nothing is."""

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        checked: ConfigType = _SCHEMA(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Know which entry is meant, if one is."""
        super().__init__(hass, config)
        options: dict[str, Any] = config.options or {}
        self._entry_id: str | None = options.get(ATTR_CONFIG_ENTRY_ID)

    @override
    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        loaded = async_cic_entries(self._hass, loaded=True)
        meant = [one for one in loaded if self._entry_id in (None, one.entry_id)]
        return bool(meant) and self._is_true([one.runtime_data for one in meant])

    @abstractmethod
    def _is_true(self, meant: list[CicCoordinator]) -> bool:
        """Tell whether it is true of them, one at least."""


class IsConnected(_OfEntries):
    """CIC is there: for all that are meant."""

    @override
    def _is_true(self, meant: list[CicCoordinator]) -> bool:
        return all(one.connected for one in meant)


class AlertIsRinging(_OfEntries):
    """An alarm, a timer or a reminder rings: of any that is meant."""

    @override
    def _is_true(self, meant: list[CicCoordinator]) -> bool:
        return any(one.alert_is_ringing for one in meant)


_CONDITIONS: Final[dict[str, type[Condition]]] = {
    "alert_is_ringing": AlertIsRinging,
    "is_connected": IsConnected,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return what there is by its key."""
    return _CONDITIONS
