"""One connection for trial: whether an entry's settings work, before anything is stored."""

import asyncio
from collections.abc import Mapping
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_ADDRESS
from homeassistant.core import HomeAssistant

from .cic import Callbacks, CicError, Client
from .cic.errors import TooManyRequestsError, UnauthorizedError
from .cic.reconnect import AFTER_TOO_MANY
from .const import CONF_CA_CERTIFICATE
from .coordinator import CicConfigEntry
from .failures import NotConnectedError, failure_key
from .settings import endpoint, identity
from .tls import InvalidCaError, async_client_context
from .tokens import Access

_LOGGER = logging.getLogger(__name__)

# A service that takes a second device for the first ends the first one's downchannel as it
# answers the second; it takes no longer than this to be here, in seconds.
_DISPLACED_WITHIN: Final = 1.0
# Errors that are best shown beside the field they come from.
_FIELDS: Final = {
    "not_cic": CONF_ADDRESS,
    "not_http2": CONF_ADDRESS,
    "token_refused": CONF_ACCESS_TOKEN,
    "unreachable": CONF_ADDRESS,
}


async def async_try_connection(
    hass: HomeAssistant,
    data: Mapping[str, Any],
    access: Access,
    beside: CicConfigEntry | None = None,
) -> dict[str, str]:
    """Connect once with an entry's settings and close; return the form's errors.

    A running entry it is to stand beside must keep its own connection.
    """
    running = _client_of(beside)
    try:
        client = await _connect(hass, data, access)
        try:
            displaced = running is not None and await _is_displaced(running)
        finally:
            await client.close()
    except InvalidCaError:
        return {CONF_CA_CERTIFICATE: "invalid_ca"}
    except CicError as err:
        key = failure_key(err)
        return {_FIELDS.get(key, "base"): key}
    except Exception:
        _LOGGER.exception("Unexpected error trying a connection")
        return {"base": "unknown"}
    return {CONF_ACCESS_TOKEN: "same_device"} if displaced else {}


async def _connect(hass: HomeAssistant, data: Mapping[str, Any], access: Access) -> Client:
    """Connect; once more where the token has ended, or where CIC wants some time in between."""
    context = await async_client_context(hass, data.get(CONF_CA_CERTIFICATE))
    where = endpoint(data[CONF_ADDRESS], context)
    callbacks = Callbacks(context=list, directive=lambda *_: None, malformed=lambda _: None)
    token = await access.async_token()
    try:
        return await Client.connect(where, identity(data, token), callbacks)
    except UnauthorizedError:
        token = await access.async_renew(token)
    except TooManyRequestsError:
        # The connection closed a moment ago, ours or another's, still counts.
        await asyncio.sleep(AFTER_TOO_MANY)
    return await Client.connect(where, identity(data, token), callbacks)


def _client_of(entry: CicConfigEntry | None) -> Client | None:
    if entry is None or entry.state is not ConfigEntryState.LOADED:
        return None
    try:
        return entry.runtime_data.client
    except NotConnectedError:
        return None


async def _is_displaced(client: Client) -> bool:
    """Whether a client loses its downchannel to one that has just connected."""
    try:
        async with asyncio.timeout(_DISPLACED_WITHIN):
            await client.wait_unusable()
    except TimeoutError:
        return False
    return True
