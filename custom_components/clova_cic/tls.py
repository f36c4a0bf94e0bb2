"""The TLS contexts for CIC and its authorization server, and a certificate of the user's own if there is one."""

import ssl
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util.ssl import (
    SSL_ALPN_HTTP11,
    SSLALPNProtocols,
    SSLCipherList,
    client_context,
    create_client_context,
)

_ALPN: Final = ("h2",)


class InvalidCaError(Exception):
    """The text is not a PEM certificate."""


async def async_client_context(hass: HomeAssistant, ca_certificate: str | None) -> ssl.SSLContext:
    """Return a context for CIC itself: ALPN "h2" and nothing else.

    It trusts what Home Assistant trusts, and the PEM text's certificates. Without a certificate the context is Home Assistant's shared one: nobody may change it.
    Raises InvalidCaError.
    """
    return await _async_context(hass, ca_certificate, _ALPN)


async def async_web_context(hass: HomeAssistant, ca_certificate: str | None) -> ssl.SSLContext:
    """Return a context for plain HTTPS, which trusts the same. Raises InvalidCaError."""
    return await _async_context(hass, ca_certificate, SSL_ALPN_HTTP11)


async def _async_context(
    hass: HomeAssistant, ca_certificate: str | None, alpn: SSLALPNProtocols
) -> ssl.SSLContext:
    # Either way certificates may be read from disk: not in the event loop.
    if not ca_certificate:
        return await hass.async_add_executor_job(client_context, SSLCipherList.PYTHON_DEFAULT, alpn)
    return await hass.async_add_executor_job(_own_context, ca_certificate, alpn)


def _own_context(ca_certificate: str, alpn: SSLALPNProtocols) -> ssl.SSLContext:
    context = create_client_context(SSLCipherList.PYTHON_DEFAULT, alpn)
    # Private authorities are seldom made to the letter of RFC 5280.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    try:
        context.load_verify_locations(cadata=ca_certificate)
    except (ssl.SSLError, TypeError, ValueError) as err:
        raise InvalidCaError from err
    return context
