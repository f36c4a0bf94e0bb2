"""What a user may change of an entry that works; each part has a step of its own.

All of it holds at once, without another connection (updates.py); who opens none of it
has what the defaults are.
"""

from typing import Any, Final

from homeassistant.components.assist_satellite.const import DOMAIN as SATELLITE_DOMAIN
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.const import UnitOfTime
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import probatio as vol

from .asking import ASK_TIMEOUT
from .cic.exchange import ANSWER_TIMEOUT
from .const import (
    CONF_ANSWER_TIMEOUT,
    CONF_ASK_TIMEOUT,
    CONF_DEVICES,
    CONF_HELD_TIMEOUT,
    CONF_MEDIA_PLAYER,
    CONF_OUTPUT_RULES,
    CONF_RECOGNISE_FOR_OTHERS,
    CONF_RECORD_WORDS,
    CONF_REMOVE_ALERTS_WHEN_LOST,
    CONF_SHARE_LOCATION,
    CONF_WORK_ZONE,
)
from .device.items import mappable
from .playback.output.outputs import with_outputs
from .selectors import player_selector
from .turns import HELD_FOR

SATELLITE: Final = "satellite"
_NOTHING: Final = "–"


def _seconds(least: int, most: int) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=least,
            max=most,
            step=1,
            unit_of_measurement=UnitOfTime.SECONDS,
            mode=NumberSelectorMode.BOX,
        )
    )


_SCHEMAS: Final = {
    "speech": vol.Schema(
        {vol.Required(CONF_RECOGNISE_FOR_OTHERS, default=True): BooleanSelector()}
    ),
    "privacy": vol.Schema({vol.Required(CONF_RECORD_WORDS, default=False): BooleanSelector()}),
    "location": vol.Schema(
        {
            vol.Required(CONF_SHARE_LOCATION, default=False): BooleanSelector(),
            vol.Optional(CONF_WORK_ZONE): EntitySelector(EntitySelectorConfig(domain="zone")),
        }
    ),
    "alerts": vol.Schema(
        {vol.Required(CONF_REMOVE_ALERTS_WHEN_LOST, default=False): BooleanSelector()}
    ),
    # Sooner than the least, answers that are only slow are lost; later than the most, nobody waits.
    "timeouts": vol.Schema(
        {
            vol.Required(CONF_ANSWER_TIMEOUT, default=ANSWER_TIMEOUT): _seconds(5, 60),
            vol.Required(CONF_HELD_TIMEOUT, default=HELD_FOR): _seconds(5, 60),
            vol.Required(CONF_ASK_TIMEOUT, default=ASK_TIMEOUT): _seconds(10, 120),
        }
    ),
}
_MENU: Final = ["speech", "outputs", "privacy", "location", "alerts", "devices", "timeouts"]


class CicOptionsFlow(OptionsFlow):
    """A menu of small forms."""

    _satellite = ""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what is to be changed."""
        return self.async_show_menu(step_id="init", menu_options=_MENU)

    async def async_step_speech(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for whom speech is recognised."""
        return self._step("speech", user_input)

    async def async_step_privacy(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what may be kept."""
        return self._step("privacy", user_input)

    async def async_step_location(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which places may be told."""
        return self._step("location", user_input)

    async def async_step_alerts(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what becomes of alerts while the service is away."""
        return self._step("alerts", user_input)

    async def async_step_timeouts(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how long is waited for what."""
        return self._step("timeouts", user_input)

    async def async_step_outputs(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Tell what is heard where, and ask which of that is to be another."""
        rules = [f"{self._name(one)} → {self._name(to)}" for one, to in self._rules.items()]
        return self.async_show_menu(
            step_id="outputs",
            menu_options=["default_output", SATELLITE],
            description_placeholders={
                "default": self._name(self._default) if self._default else _NOTHING,
                "rules": ", ".join(sorted(rules)) or _NOTHING,
            },
        )

    async def async_step_default_output(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask where is heard what belongs to no satellite."""
        if user_input is not None:
            return self._route(user_input.get(CONF_MEDIA_PLAYER), self._rules)
        return self._ask_for_player("default_output", self._default)

    async def async_step_satellite(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for which satellite."""
        if user_input is not None:
            self._satellite = user_input[SATELLITE]
            return await self.async_step_satellite_output()
        satellites = EntitySelector(EntitySelectorConfig(domain=SATELLITE_DOMAIN))
        return self.async_show_form(
            step_id=SATELLITE, data_schema=vol.Schema({vol.Required(SATELLITE): satellites})
        )

    async def async_step_satellite_output(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask where is heard what is asked for at that satellite."""
        if user_input is None:
            return self._ask_for_player("satellite_output", self._rules.get(self._satellite))
        rules = {one: to for one, to in self._rules.items() if one != self._satellite}
        if (player := user_input.get(CONF_MEDIA_PLAYER)) is not None:
            rules[self._satellite] = player
        return self._route(self._default, rules)

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

    @property
    def _default(self) -> str | None:
        return self.config_entry.options.get(CONF_MEDIA_PLAYER)

    @property
    def _rules(self) -> dict[str, str]:
        return dict(self.config_entry.options.get(CONF_OUTPUT_RULES, {}))

    def _name(self, entity_id: str) -> str:
        state = self.hass.states.get(entity_id)
        return entity_id if state is None else state.name

    def _ask_for_player(self, step_id: str, chosen: str | None) -> ConfigFlowResult:
        """Show a form whose empty field means that Home Assistant finds a player, or that there is none."""
        schema = vol.Schema({vol.Optional(CONF_MEDIA_PLAYER): player_selector(self.hass)})
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, {CONF_MEDIA_PLAYER: chosen}),
            description_placeholders={SATELLITE: self._name(self._satellite)},
        )

    def _route(self, default: str | None, rules: dict[str, str]) -> ConfigFlowResult:
        return self.async_create_entry(data=with_outputs(self.config_entry.options, default, rules))

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
