"""Tokens with the moment of their issue, in memory and on disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import logging
from typing import Any, Final

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .cic.auth import Tokens
from .const import DOMAIN

_LOGGER = logging.getLogger(__name__)

VERSION: Final = 1
# A lifetime that is shorter would have us do nothing but renew, in seconds.
SHORTEST_LIFE: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Tokens with the moment of their issue, by the wall's clock; seconds, a lifetime of 0 is not known."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    at: float
    lifetime: float

    @classmethod
    def now(cls, tokens: Tokens) -> Issued:
        """Return tokens that have just been issued."""
        lifetime = max(tokens.expires_in, SHORTEST_LIFE) if tokens.expires_in else 0.0
        return cls(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            at=wall_time(),
            lifetime=lifetime,
        )

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Issued:
        """Read what was stored. Raises KeyError, TypeError or ValueError."""
        return cls(
            access_token=str(stored["access_token"]),
            refresh_token=str(stored["refresh_token"]),
            at=float(stored["issued_at"]),
            lifetime=float(stored["lifetime"]),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "issued_at": self.at,
            "lifetime": self.lifetime,
        }

    def is_over(self, ahead: float = 0.0) -> bool:
        """Whether it has expired, or will have so many seconds ahead."""
        return self.lifetime > 0 and wall_time() >= self.at + self.lifetime - ahead


class TokenStore:
    """What is kept on disk of one login: a private file, written whole or not at all."""

    def __init__(self, hass: HomeAssistant, login: str) -> None:
        """Touch nothing before the first load."""
        self._hass = hass
        self._store = Store[dict[str, Any]](
            hass, VERSION, f"{DOMAIN}.tokens.{login}", private=True, atomic_writes=True
        )
        self.saved = True
        """Whether what was last to be saved is on disk, or will be when Home Assistant stops."""

    async def async_load(self) -> Issued | None:
        """Return what is on disk, None where there is nothing that can be read."""
        try:
            return Issued.from_dict(await self._read() or {})
        except KeyError, TypeError, ValueError:
            return None

    async def async_save(self, issued: Issued) -> None:
        """Write, and read it back: a store tells nobody that it could not write."""
        contents = issued.as_dict()
        await self._store.async_save(contents)
        if self._hass.state is CoreState.stopping:
            return  # written when everything else has stopped
        self.saved = await self._read() == contents
        if not self.saved:
            _LOGGER.error("New tokens are not on disk: after a restart you may have to sign in")

    async def async_remove(self) -> None:
        """Keep nothing."""
        await self._store.async_remove()

    async def _read(self) -> dict[str, Any] | None:
        try:
            return await self._store.async_load()
        except HomeAssistantError:
            return None  # core has told of a file it cannot read


def wall_time() -> float:
    """Return the time of the clock on the wall, which goes on while the machine sleeps; seconds."""
    return dt_util.utcnow().timestamp()
