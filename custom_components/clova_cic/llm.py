"""A tool for other agents: what they cannot answer they may ask CIC."""

import asyncio
from typing import Any, Final, override

from homeassistant.components.llm import LLMTools
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    LLMContext,
    Tool,
    ToolAnnotations,
    ToolInput,
    ToolResult,
)
import probatio as vol

from .asking import ASK_TIMEOUT, LONGEST_TEXT, async_ask
from .const import CONF_ASK_TIMEOUT, DOMAIN
from .coordinator import CicConfigEntry
from .failures import NotConnectedError, spoken_reason
from .kinds import async_cic_entries

ATTR_QUESTION: Final = "question"
ATTR_ENTRY: Final = "entry"


@callback
def async_get_tools(hass: HomeAssistant, llm_context: LLMContext, api_id: str) -> LLMTools | None:
    """Return the one tool of the house, while an entry is loaded."""
    entries: list[CicConfigEntry] = async_cic_entries(hass, loaded=True)
    if api_id != LLM_API_ASSIST or not entries:
        return None
    return LLMTools(tools=[Ask(entries)])


class Ask(Tool):
    """Asks CIC, or has it do something, in a dialog of its own."""

    name = f"{DOMAIN}__ask"
    title = "Ask CLOVA"
    description = (
        "Ask the CLOVA voice service a question, or have it carry out a command, in one sentence of"
        " the user's language. It knows about weather, news, music and its own alarms."
    )
    integration = DOMAIN
    # What is asked may be an order, and it leaves the house.
    annotations = ToolAnnotations(
        read_only=False, destructive=True, idempotent=False, open_world=True
    )

    def __init__(self, entries: list[CicConfigEntry]) -> None:
        """Ask the first of these, or the one that is named by its title."""
        self._entries = {entry.title: entry for entry in reversed(entries)}
        self._first = entries[0]
        fields: dict[Any, Any] = {
            vol.Required(ATTR_QUESTION): vol.All(cv.string, vol.Length(min=1, max=LONGEST_TEXT))
        }
        if len(self._entries) > 1:
            fields[vol.Optional(ATTR_ENTRY)] = vol.In(sorted(self._entries))
        self.parameters = vol.Schema(fields)

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Return the answer in writing, and the names of what was ordered beside it."""
        asked = self.parameters(tool_input.tool_args)
        entry = self._entries.get(asked.get(ATTR_ENTRY), self._first)
        try:
            if entry.state is not ConfigEntryState.LOADED:
                raise NotConnectedError  # unloaded since the tool was offered
            async with asyncio.timeout(entry.options.get(CONF_ASK_TIMEOUT, ASK_TIMEOUT)):
                coordinator = entry.runtime_data
                answer = await async_ask(coordinator, asked[ATTR_QUESTION], coordinator.new_id())
        except (HomeAssistantError, TimeoutError) as err:
            cause = err if isinstance(err, TimeoutError) else err.__cause__ or err
            language = llm_context.language or hass.config.language
            reason = await spoken_reason(hass, language, cause)
            return ToolResult(data={"error": reason}, error=True)
        orders = [directive.header.full_name for directive in answer.directives]
        return ToolResult(data={"answer": answer.text, "directives": list(orders)})
