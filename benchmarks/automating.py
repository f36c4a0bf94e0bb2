"""From a directive in hand to an automation's beginning: Home Assistant itself, a coordinator without a connection."""

import asyncio
import logging
import ssl
from time import monotonic_ns
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.entity_component import DATA_INSTANCES
from homeassistant.helpers.trigger import async_initialize_triggers, async_validate_trigger_config

from custom_components.clova_cic.cic import Directive
from custom_components.clova_cic.cic.messages import Header
from custom_components.clova_cic.coordinator import CicCoordinator, Link
from custom_components.clova_cic.event import CicEvent
from custom_components.clova_cic.occurrences import Kind
from custom_components.clova_cic.tokens import PastedToken

from .announcing import WARM_UP, entry_of, home

_LOGGER = logging.getLogger(__name__)


async def triggers(count: int) -> dict[str, list[float]]:
    """Return seconds from a directive in hand to the action of each trigger that it sets off."""
    async with home() as hass:
        coordinator = CicCoordinator(
            hass, entry_of(""), ssl.create_default_context(), PastedToken("")
        )
        coordinator.data = Link.UP
        entities = [CicEvent(coordinator, Kind.DIRECTIVE)]
        await hass.data[DATA_INSTANCES]["event"].async_add_entities(entities)
        ours = {
            "trigger": "clova_cic.directive_received",
            "options": {"name": "Notify", "payload": {"light": "DEFAULT"}},
        }
        core = {
            "trigger": "event.received",
            "target": {"entity_id": entities[0].entity_id},
            "options": {"event_type": ["Notifier.Notify"]},
        }
        return {
            name: await _delays(hass, coordinator, trigger, WARM_UP + count)
            for name, trigger in (("ours", ours), ("core", core))
        }


async def _delays(
    hass: HomeAssistant, coordinator: CicCoordinator, trigger: dict[str, Any], count: int
) -> list[float]:
    began: asyncio.Future[int] = hass.loop.create_future()

    async def action(variables: dict[str, Any], context: Any = None) -> None:
        began.set_result(monotonic_ns())

    config = await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA([trigger]))
    stop = await async_initialize_triggers(hass, config, action, "bench", "bench", _LOGGER.log)
    assert stop is not None
    delays = []
    for number in range(count):
        began = hass.loop.create_future()
        header = Header(namespace="Notifier", name="Notify", message_id=str(number))
        payload = {"light": "DEFAULT", "assets": [], "assetPlayOrder": []}
        await asyncio.sleep(0.001)  # an idle loop
        in_hand = monotonic_ns()
        coordinator.handle_directive(Directive(header=header, payload=payload), _no_sound)
        delays.append((await began - in_hand) / 1e9)
    stop()
    return delays[WARM_UP:]


def _no_sound(content_id: str) -> Any:
    raise AssertionError(content_id)
