"""Automations as a user writes them, and what they were run with."""

from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component


class Runs(list[dict[str, Any]]):
    """What the action `test.record` of automations was called with, in order."""

    def of(self, alias: str) -> list[Any]:
        """Return what one automation has called it with."""
        return [one["data"] for one in self if one["alias"] == alias]


async def automate(hass: HomeAssistant, **automations: dict[str, Any]) -> Runs:
    """Set up automations by their names; each records a template, `record`, over what it is run with."""
    runs = Runs()

    async def record(call: ServiceCall) -> None:
        runs.append(dict(call.data))

    hass.services.async_register("test", "record", record)
    config = [_automation(alias, **one) for alias, one in automations.items()]
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()
    states = hass.states.async_all("automation")
    assert [state.state for state in states] == ["on"] * len(automations)
    return runs


def _automation(alias: str, *, record: str = "", **parts: Any) -> dict[str, Any]:
    action = {"action": "test.record", "data": {"alias": alias, "data": record}}
    return {"alias": alias, "mode": "queued", "actions": [action], **parts}


def on(trigger: str, record: str = "", **options: Any) -> dict[str, Any]:
    """Return an automation that begins with a trigger of ours."""
    beginning = {"trigger": f"clova_cic.{trigger}", "options": options}
    return {"triggers": [beginning], "record": record}
