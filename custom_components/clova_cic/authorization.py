"""How the authorization server is asked: over Home Assistant's own session, bounded, and in no log."""

from collections.abc import Mapping
import ssl
from typing import Any, Final

from aiohttp import ClientError, ClientSSLError, ClientTimeout
from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET, CONF_MODEL_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from yarl import URL

from .cic.auth import Authenticator, DeviceCredentials, Fetch, Reply
from .cic.errors import AuthorizationServerError, CertificateError, UnreachableError
from .const import CONF_AUTH_ADDRESS, CONF_CA_CERTIFICATE, CONF_LOGIN
from .tls import async_web_context

# Somebody waits in a form, or a command for its token, in seconds.
TIMEOUT: Final = 15.0
# Two tokens of 8 Ki characters with every one of them escaped, and some words.
MOST_BYTES: Final = 64 * 1024


async def async_authenticator(hass: HomeAssistant, data: Mapping[str, Any]) -> Authenticator:
    """Return the device of a signed-in entry's data at its authorization server.

    The login is the device_id of the authentication API. Raises InvalidCaError.
    """
    credentials = DeviceCredentials(
        client_id=data[CONF_CLIENT_ID],
        client_secret=data[CONF_CLIENT_SECRET],
        device_id=data[CONF_LOGIN],
        model_id=data[CONF_MODEL_ID],
    )
    context = await async_web_context(hass, data.get(CONF_CA_CERTIFICATE))
    return Authenticator(data[CONF_AUTH_ADDRESS], credentials, _fetch_over(hass, context))


def _fetch_over(hass: HomeAssistant, context: ssl.SSLContext) -> Fetch:
    session = async_get_clientsession(hass)

    async def fetch(url: str, headers: Mapping[str, str]) -> Reply:
        """GET (cic.auth.Fetch). What aiohttp says of a failure may hold the URL: it goes nowhere."""
        try:
            async with session.get(
                URL(url, encoded=True),
                headers=headers,
                ssl=context,
                allow_redirects=False,
                timeout=ClientTimeout(total=TIMEOUT),
            ) as response:
                body = bytearray()
                async for piece in response.content.iter_any():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise AuthorizationServerError("the answer is too long")
                return Reply(status=response.status, body=bytes(body))
        except ClientSSLError:
            raise CertificateError(
                "no trusted TLS connection to the authorization server"
            ) from None
        except TimeoutError:
            raise UnreachableError(f"no answer within {TIMEOUT:g} s") from None
        except ClientError, OSError, ValueError:
            raise UnreachableError("the authorization server cannot be reached") from None

    return fetch
