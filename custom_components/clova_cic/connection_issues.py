"""What a user can put right about the connection: told under Repairs while it is so."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .cic import CicError
from .cic.reconnect import GOOD_LIFE
from .connection_log import Reason
from .failures import CONSENT_NEEDED, failure_key
from .issues import async_clear_issue, async_raise_issue

# A token's life, and a certificate's, are not read by a clock that is further off.
MOST_CLOCK_ERROR: Final = timedelta(minutes=5)

CERTIFICATE: Final = "certificate_not_trusted"
CLOCK: Final = "clock_wrong"
INVALID_CA: Final = "invalid_ca"
SECOND_CLIENT: Final = "second_client"


class ConnectionIssues:
    """The issues of one entry's connection."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Raise nothing yet."""
        self._hass = hass
        self._entry = entry
        self._clock_is_wrong = False
        self._proof: asyncio.TimerHandle | None = None

    @callback
    def failed(self, reason: Reason) -> None:
        """Tell what the user has to do about it, where that is known."""
        self.ended()
        match reason:
            case Reason.CERTIFICATE_NOT_YET_VALID:
                self._tell_of_the_clock()  # nobody issues certificates for tomorrow
            case Reason.CERTIFICATE_EXPIRED if self._clock_is_wrong:
                pass  # it is told of
            case (
                Reason.CERTIFICATE_EXPIRED
                | Reason.CERTIFICATE_OTHER_NAME
                | Reason.CERTIFICATE_UNTRUSTED
            ):
                self._raise(CERTIFICATE, address=self._entry.data[CONF_ADDRESS])
            case Reason.INVALID_CA:
                self._raise(INVALID_CA)
            case Reason.SECOND_CLIENT:
                self._raise(SECOND_CLIENT)

    @callback
    def met(self, error: CicError) -> None:
        """Tell of what anything met that was asked of CIC, where the user has to agree to it first."""
        if failure_key(error) == CONSENT_NEEDED:
            async_raise_issue(self._hass, self._entry, CONSENT_NEEDED, fixable=True)

    @callback
    def renewed(self) -> None:
        """Take back that the user has to agree: there is another token."""
        self._clear(CONSENT_NEEDED)

    @callback
    def connected(self, server_time: datetime | None) -> None:
        """Take back what is right now; compare the clocks, where CIC has told its time."""
        for key in (CERTIFICATE, CONSENT_NEEDED, INVALID_CA):
            self._clear(key)
        if server_time is not None:
            self._clock_is_wrong = abs(server_time - dt_util.utcnow()) > MOST_CLOCK_ERROR
        if self._clock_is_wrong:
            self._tell_of_the_clock()
        else:
            self._clear(CLOCK)
        self.ended()
        # nobody has taken the place of a connection that has lived so long
        self._proof = self._hass.loop.call_later(GOOD_LIFE, self._clear, SECOND_CLIENT)

    @callback
    def ended(self) -> None:
        """Know of the end of a connection: it will prove nothing."""
        if self._proof is not None:
            self._proof.cancel()

    def _tell_of_the_clock(self) -> None:
        self._raise(CLOCK, now=dt_util.now().strftime("%Y-%m-%d %H:%M"))

    def _raise(self, key: str, **placeholders: str) -> None:
        severity = ir.IssueSeverity.ERROR
        async_raise_issue(
            self._hass, self._entry, key, severity=severity, placeholders=placeholders
        )

    def _clear(self, key: str) -> None:
        async_clear_issue(self._hass, self._entry, key)


@callback
def async_clear_connection_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Say no more of a connection that is not kept: its entry is unloaded."""
    for key in (CERTIFICATE, CLOCK, INVALID_CA, SECOND_CLIENT):
        async_clear_issue(hass, entry, key)
