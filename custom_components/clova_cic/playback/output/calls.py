"""Actions of one media player: one at a time, bounded in time, their failures translated."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from homeassistant.components.media_player.const import DOMAIN as MEDIA_PLAYER_DOMAIN
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_component import DATA_INSTANCES, async_update_entity

from ...const import DOMAIN

# A player that has not taken an order by then will not, in seconds.
CALL_TIMEOUT: Final = 10.0
# How long an update is waited for, in seconds; it goes on by itself.
UPDATE_TIMEOUT: Final = 2.0


def player_error(key: str, player: str) -> HomeAssistantError:
    """Return an error about a player, translated."""
    return HomeAssistantError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders={"player": player}
    )


def reason(error: Exception) -> str:
    """Return what may be logged of an error: others' may hold addresses."""
    if isinstance(error, HomeAssistantError) and error.translation_domain != DOMAIN:
        return type(error).__name__
    return str(error)


class Calls:
    """Whoever orders something waits until the orders before are done."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        """Call the actions of an entity."""
        self._hass = hass
        self._entity_id = entity_id
        self._lock = asyncio.Lock()
        self._owner: object = None
        self._limit: asyncio.Timeout | None = None
        self._update: asyncio.Task[None] | None = None

    async def call(
        self,
        action: str,
        data: dict[str, Any] | None = None,
        *,
        owner: object = None,
        ready: Callable[[], bool] = lambda: True,
        timeout: float = CALL_TIMEOUT,
    ) -> None:
        """Perform an action of media_player. Raises HomeAssistantError.

        ready is called when its turn has come, and tells whether it is still wanted.
        """
        async with self._lock:
            if not ready():
                return
            state = self._hass.states.get(self._entity_id)
            # core passes over what is unavailable, and says nothing
            if state is None or state.state == STATE_UNAVAILABLE:
                raise player_error("no_player", self._entity_id)
            self._owner = owner
            try:
                async with asyncio.timeout(timeout) as self._limit:
                    await self._perform(action, data or {})
            except TimeoutError as err:
                raise player_error("player_hangs", state.name) from err
            finally:
                self._owner = self._limit = None

    async def _perform(self, action: str, data: dict[str, Any]) -> None:
        try:
            await self._hass.services.async_call(
                MEDIA_PLAYER_DOMAIN,
                action,
                {ATTR_ENTITY_ID: self._entity_id, **data},
                blocking=True,
            )
        except HomeAssistantError, TimeoutError:
            raise
        except Exception as err:  # integrations let out what their libraries raise
            raise player_error("player_failed", self._entity_id) from err

    @callback
    def withdraw(self, owner: object) -> None:
        """End the wait for an owner's action: the player has not taken it, and need not."""
        if self._limit is not None and self._owner is owner:
            self._limit.reschedule(self._hass.loop.time())

    async def update(self) -> None:
        """Ask the player how it is. What it tells is in its state then, or comes later."""
        if self._update is None or self._update.done():
            component = self._hass.data.get(DATA_INSTANCES, {}).get(MEDIA_PLAYER_DOMAIN)
            if component is None or component.get_entity(self._entity_id) is None:
                return
            self._update = self._hass.async_create_background_task(
                self._ask(), f"{DOMAIN} update of {self._entity_id}"
            )
        if not self._update.done():
            await asyncio.wait({self._update}, timeout=UPDATE_TIMEOUT)

    async def _ask(self) -> None:
        try:
            await async_update_entity(self._hass, self._entity_id)
        except Exception:  # noqa: BLE001  # core logs what an update raises, at its own time
            return
