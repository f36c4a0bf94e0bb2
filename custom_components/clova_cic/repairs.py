"""What a user can put right: the account, an output that is gone, a pipeline that cannot work."""

from typing import Final, override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
import probatio as vol

from .assistants import PIPELINE_MIXED, async_separate
from .bots.bot import VERSION_OFF
from .bots.entry import AUTOMATIC, CONF_VERSION
from .const import CONF_MEDIA_PLAYER
from .playback.output.gone import OUTPUT_GONE, async_gone
from .playback.output.outputs import with_another
from .selectors import player_selector


class EntryFlow(ConfirmRepairFlow):
    """Puts something of an entry right once the user wants to; one that is gone needs it no more."""

    def __init__(self, entry_id: str) -> None:
        """Look after one entry."""
        self._entry_id = entry_id

    @property
    def entry(self) -> ConfigEntry | None:
        """The entry, while it is there."""
        return self.hass.config_entries.async_get_entry(self._entry_id)

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask first."""
        if user_input is not None and (entry := self.entry) is not None:
            await self.mend(entry)
        return await super().async_step_confirm(user_input)

    async def mend(self, entry: ConfigEntry) -> None:
        """Put it right."""
        raise NotImplementedError


class SignInFlow(EntryFlow):
    """Leads to the form that signs in again, and from there to the page of consent if there is one."""

    @override
    async def mend(self, entry: ConfigEntry) -> None:
        entry.async_start_reauth(self.hass)


class PipelineFlow(EntryFlow):
    """Switches off what a pipeline cannot do: let Home Assistant answer before the service."""

    @override
    async def mend(self, entry: ConfigEntry) -> None:
        await async_separate(self.hass, entry)


class VersionFlow(EntryFlow):
    """Has a bot be spoken to over the version that is on."""

    @override
    async def mend(self, entry: ConfigEntry) -> None:
        data = {**entry.data, CONF_VERSION: AUTOMATIC}
        self.hass.config_entries.async_update_entry(entry, data=data)
        self.hass.config_entries.async_schedule_reload(entry.entry_id)


class OutputFlow(EntryFlow):
    """Chooses another output in the place of those that are gone."""

    @override
    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Begin with the one question there is."""
        return await self.async_step_player()

    async def async_step_player(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask for a player; none leaves the choice to Home Assistant."""
        if (entry := self.entry) is None:
            return self.async_create_entry(data={})
        gone = async_gone(self.hass, entry.options)
        if user_input is not None:
            options = with_another(entry.options, gone, user_input.get(CONF_MEDIA_PLAYER))
            self.hass.config_entries.async_update_entry(entry, options=options)
            return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="player",
            data_schema=vol.Schema({vol.Optional(CONF_MEDIA_PLAYER): player_selector(self.hass)}),
            description_placeholders={"title": entry.title, "players": ", ".join(gone)},
        )


_FLOWS: Final[dict[str, type[EntryFlow]]] = {
    OUTPUT_GONE: OutputFlow,
    PIPELINE_MIXED: PipelineFlow,
    VERSION_OFF: VersionFlow,
}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that puts an issue right."""
    told = data or {}
    flow = _FLOWS.get(str(told.get("key")), SignInFlow)
    return flow(str(told.get("entry_id")))
