"""What a user may change of an entry that works; each part has a step of its own."""

from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.helpers.selector import BooleanSelector
import probatio as vol

from .const import CONF_RECOGNISE_FOR_OTHERS, CONF_RECORD_WORDS, CONF_REMOVE_ALERTS_WHEN_LOST

_SCHEMAS: Final = {
    "speech": vol.Schema(
        {vol.Required(CONF_RECOGNISE_FOR_OTHERS, default=True): BooleanSelector()}
    ),
    "alerts": vol.Schema(
        {vol.Required(CONF_REMOVE_ALERTS_WHEN_LOST, default=False): BooleanSelector()}
    ),
    "privacy": vol.Schema({vol.Required(CONF_RECORD_WORDS, default=False): BooleanSelector()}),
}


class CicOptionsFlow(OptionsFlowWithReload):
    """A menu of small forms; the default output is chosen elsewhere, by its select."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what is to be changed."""
        return self.async_show_menu(step_id="init", menu_options=list(_SCHEMAS))

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

    def _step(self, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        """Show a form, or store it beside what the others hold."""
        if user_input is not None:
            return self.async_create_entry(data={**self.config_entry.options, **user_input})
        schema = self.add_suggested_values_to_schema(_SCHEMAS[step_id], self.config_entry.options)
        return self.async_show_form(step_id=step_id, data_schema=schema)
