"""What a user can put right: the account, where the service wants them to sign in or to consent."""

from typing import override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.core import HomeAssistant


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


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that puts an issue right."""
    return SignInFlow(str((data or {}).get("entry_id")))
