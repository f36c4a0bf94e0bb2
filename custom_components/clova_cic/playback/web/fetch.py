"""What lies at an address, fetched without following it where it must not lead."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Final

from aiohttp import ClientError, ClientResponse, ClientTimeout, hdrs
from homeassistant.core import HomeAssistant

from .addresses import async_web, followed, host_of, web_address

# Seconds. A listener waits meanwhile: who does not answer soon is passed over.
CONNECT_TIMEOUT: Final = 5.0
READ_TIMEOUT: Final = 10.0
MOST_REDIRECTS: Final = 5

TIMEOUT: Final = ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT, sock_read=READ_TIMEOUT)
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class TooManyRedirectsError(ClientError):
    """An address that leads from one to the next."""


class Fetcher:
    """Fetches what one address of the server's names, and what that leads to."""

    def __init__(self, hass: HomeAssistant, named: str, user_agent: str) -> None:
        """Fetch with the User-Agent every media request of CIC needs, and nothing else of ours.

        Raises BadAddressError for a named address that is none of the web.
        """
        self._web = async_web(hass)
        self._named = host_of(web_address(named))
        # What a player gets must be what is there: no encoding that it did not ask for.
        self._headers: dict[str, str] = {
            hdrs.USER_AGENT: user_agent,
            hdrs.ACCEPT_ENCODING: "identity",
        }

    @asynccontextmanager
    async def get(
        self, address: str, headers: Mapping[str, str] = MappingProxyType({})
    ) -> AsyncGenerator[ClientResponse]:
        """Ask for an address, and where it redirects to; the answer may have any other status.

        Raises ClientError, TimeoutError or OSError; their texts may hold an address.
        """
        url = web_address(address)
        for _ in range(MOST_REDIRECTS + 1):
            session = self._web.session(any_host=host_of(url) == self._named)
            async with session.get(
                url,
                headers={**self._headers, **headers},
                allow_redirects=False,
                timeout=TIMEOUT,
            ) as response:
                location = response.headers.get(hdrs.LOCATION)
                if response.status not in _REDIRECTS or location is None:
                    yield response
                    return
                url = followed(response.url, location)
                # Its body is of no use, and may be endless.
                response.close()
        raise TooManyRedirectsError("it leads on and on")
