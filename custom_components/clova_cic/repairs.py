"""What a user can put right: the account, an output that is gone, a pipeline that cannot work."""

from typing import Final, override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.core import HomeAssistant
import probatio as vol

from .assistants import PIPELINE_MIXED, async_separate
from .const import CONF_MEDIA_PLAYER
from .playback.output.gone import OUTPUT_GONE, async_gone
from .playback.output.outputs import with_another
from .selectors import player_selector


class SignInFlow(ConfirmRepairFlow):
    """Leads to the form that signs in again, and from there to the page of consent if there is one."""

    def __init__(self, entry_id: str) -> None:
        """Sign in for one entry."""
        self._entry_id = entry_id

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Sign in once the user wants to; an entry that is gone needs it no more."""
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        if user_input is not None and entry is not None:
            entry.async_start_reauth(self.hass)
        return await super().async_step_confirm(user_input)


class PipelineFlow(ConfirmRepairFlow):
    """Switches off what a pipeline cannot do: let Home Assistant answer before the service."""

    def __init__(self, entry_id: str) -> None:
        """Look after the pipelines of one entry."""
        self._entry_id = entry_id

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask first; an entry that is gone has no pipelines."""
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        if user_input is not None and entry is not None:
            await async_separate(self.hass, entry)
        return await super().async_step_confirm(user_input)


class OutputFlow(RepairsFlow):
    """Chooses another output in the place of those that are gone."""

    def __init__(self, entry_id: str) -> None:
        """Look after the outputs of one entry."""
        self._entry_id = entry_id

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Begin with the one question there is."""
        return await self.async_step_player()

    async def async_step_player(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask for a player; none leaves the choice to Home Assistant."""
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        if entry is None:
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


_FLOWS: Final = {OUTPUT_GONE: OutputFlow, PIPELINE_MIXED: PipelineFlow}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that puts an issue right."""
    told = data or {}
    flow = _FLOWS.get(str(told.get("key")), SignInFlow)
    return flow(str(told.get("entry_id")))
