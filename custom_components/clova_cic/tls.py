"""The TLS contexts for CIC: ALPN "h2" only, and a certificate of the user's own if there is one."""

import ssl
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util.ssl import SSLCipherList, client_context, create_client_context

_ALPN: Final = ("h2",)


class InvalidCaError(Exception):
    """The text is not a PEM certificate."""


async def async_client_context(hass: HomeAssistant, ca_certificate: str | None) -> ssl.SSLContext:
    """Return a context that trusts what Home Assistant trusts, and the PEM text's certificates.

    Without a certificate the context is Home Assistant's shared one: nobody may change it.
    Raises InvalidCaError.
    """
    # Either way certificates may be read from disk: not in the event loop.
    if not ca_certificate:
        return await hass.async_add_executor_job(
            client_context, SSLCipherList.PYTHON_DEFAULT, _ALPN
        )
    return await hass.async_add_executor_job(_own_context, ca_certificate)


def _own_context(ca_certificate: str) -> ssl.SSLContext:
    context = create_client_context(SSLCipherList.PYTHON_DEFAULT, _ALPN)
    # Private authorities are seldom made to the letter of RFC 5280.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    try:
        context.load_verify_locations(cadata=ca_certificate)
    except (ssl.SSLError, TypeError, ValueError) as err:
        raise InvalidCaError from err
    return context
