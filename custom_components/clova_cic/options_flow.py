"""What a user may change of an entry that works; each part has a step of its own."""

from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import BooleanSelector, EntitySelector, EntitySelectorConfig
import probatio as vol

from .const import (
    CONF_DEVICES,
    CONF_RECOGNISE_FOR_OTHERS,
    CONF_RECORD_WORDS,
    CONF_REMOVE_ALERTS_WHEN_LOST,
    CONF_SHARE_LOCATION,
    CONF_WORK_ZONE,
)
from .device.items import mappable

_SCHEMAS: Final = {
    "speech": vol.Schema(
        {vol.Required(CONF_RECOGNISE_FOR_OTHERS, default=True): BooleanSelector()}
    ),
    "alerts": vol.Schema(
        {vol.Required(CONF_REMOVE_ALERTS_WHEN_LOST, default=False): BooleanSelector()}
    ),
    "privacy": vol.Schema(
        {
            vol.Required(CONF_RECORD_WORDS, default=False): BooleanSelector(),
            vol.Required(CONF_SHARE_LOCATION, default=False): BooleanSelector(),
            vol.Optional(CONF_WORK_ZONE): EntitySelector(EntitySelectorConfig(domain="zone")),
        }
    ),
}


class CicOptionsFlow(OptionsFlowWithReload):
    """A menu of small forms; the default output is chosen elsewhere, by its select."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what is to be changed."""
        return self.async_show_menu(step_id="init", menu_options=[*_SCHEMAS, "devices"])

    async def async_step_speech(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for whom speech is recognised."""
        return self._step("speech", user_input)

    async def async_step_alerts(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what becomes of alerts while the service is away."""
        return self._step("alerts", user_input)

    async def async_step_privacy(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what may be told and kept."""
        return self._step("privacy", user_input)

    async def async_step_devices(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which entities carry what this device can be told to do."""
        options = self.config_entry.options
        if user_input is not None:
            return self.async_create_entry(data={**options, CONF_DEVICES: user_input})
        schema = self.add_suggested_values_to_schema(
            self._devices_schema(), options.get(CONF_DEVICES, {})
        )
        return self.async_show_form(step_id="devices", data_schema=schema)

    def _devices_schema(self) -> vol.Schema:
        """Return the form of all that can be mapped; the entry's own entities carry nothing."""
        own = [
            entity.entity_id
            for entity in er.async_entries_for_config_entry(
                er.async_get(self.hass), self.config_entry.entry_id
            )
        ]
        return vol.Schema(
            {
                vol.Optional(key): EntitySelector(
                    EntitySelectorConfig(
                        domain=list(domains),
                        exclude_entities=own,
                    )
                )
                for key, domains in mappable().items()
            }
        )

    def _step(self, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        """Show a form, or store it beside what the others hold."""
        if user_input is not None:
            # a field that was cleared is not in the input
            asked = {str(key) for key in _SCHEMAS[step_id].schema}
            kept = {key: one for key, one in self.config_entry.options.items() if key not in asked}
            return self.async_create_entry(data={**kept, **user_input})
        schema = self.add_suggested_values_to_schema(_SCHEMAS[step_id], self.config_entry.options)
        return self.async_show_form(step_id=step_id, data_schema=schema)
