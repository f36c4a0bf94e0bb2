"""Which hosts may be asked for sound: the one the server named, and beside it only public ones.

A service of the house may well be named (a server of one's own). But what is public must not
lead into the house: a redirect, or an address in a playlist, to a private host is refused.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
import re
import socket
from typing import Final
from urllib.parse import urljoin

from aiohttp import (
    AddrInfoType,
    ClientError,
    ClientSession,
    DummyCookieJar,
    SocketFactoryType,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import HomeAssistantTCPConnector, async_get_clientsession
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.ssl import get_default_context
from yarl import URL

from ...const import DOMAIN

# More than all that is served and fetched at once; a bound against what nobody foresaw.
MOST_CONNECTIONS: Final = 512
# A signature, a token of 3 KB, and room: who names a longer one means harm.
LONGEST_ADDRESS: Final = 8 * 1024

# What can stand in a request as it is.
_SENDABLE: Final = re.compile(r"[!-~]*")
# IPv4 inside IPv6, by the operator's translator (RFC 6052 2.1): public only as what it holds.
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")


class ForbiddenAddressError(OSError):
    """A host that may not be asked; the text names none."""

    def __init__(self) -> None:
        """Say always the same: several of them are told as one."""
        super().__init__("it leads into a private network")


class BadAddressError(ClientError):
    """An address nothing can be fetched from; the text does not hold it."""


def web_address(address: str) -> URL:
    """Return an address of the web as what is asked, letter for letter but for the host's name.

    A signature in it often covers how it is spelled: "%2f" is not "/" then, nor "%7E" "~".
    Raises BadAddressError.
    """
    try:
        url = URL(address, encoded=_SENDABLE.fullmatch(address) is not None)
        if url.scheme not in {"http", "https"} or not url.host or not url.port:
            raise BadAddressError("it is no address of the web")
        url = url.with_host(url.host)
    except ValueError as err:
        raise BadAddressError("it is malformed") from err
    if len(str(url)) > LONGEST_ADDRESS:
        raise BadAddressError("it is too long")
    return url


def followed(base: URL, address: str) -> URL:
    """Return where an address leads, or a relative one that stands at base; like web_address.

    Not by URL.join, which decodes the base: an escaped question mark there would be one.
    """
    try:
        return web_address(urljoin(str(base), address))
    except ValueError as err:
        raise BadAddressError("it leads to a malformed address") from err


def host_of(url: URL) -> str:
    """Return a host in the one way two spellings of it have in common."""
    host = (url.host or "").rstrip(".").lower()
    try:
        return str(_unwrapped(ip_address(host)))
    except ValueError:
        return host


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open internet, whatever it is wrapped in."""
    try:
        ip = _unwrapped(ip_address(address))
    except ValueError:
        return False
    # Python calls multicast, reserved and site-local addresses global (RFC 4291, 3879).
    odd = ip.is_multicast or ip.is_reserved or (isinstance(ip, IPv6Address) and ip.is_site_local)
    return ip.is_global and not odd


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, else the address."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _TRANSLATED:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


class _Names(AbstractResolver):
    """Home Assistant's own resolver, which knows the names of the house too."""

    def __init__(self, hass: HomeAssistant) -> None:
        connector = async_get_clientsession(hass).connector
        assert isinstance(connector, HomeAssistantTCPConnector)
        self._connector = connector

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host; raises OSError."""
        found = await self._connector.async_resolve_host(host)
        return [ResolveResult(**{**one, "port": port}) for one in found]

    async def close(self) -> None:
        """Leave it to Home Assistant."""


def _public_socket(info: AddrInfoType) -> socket.socket:
    """Return a socket for an address that is about to be connected to; refuse what is private.

    Whatever a name was resolved to, and by whom: what is checked here is what is connected.
    """
    if not is_public(str(info[4][0])):
        raise ForbiddenAddressError
    return socket.socket(info[0], info[1], info[2])


class Web:
    """Two ways into the web, each with connections of its own: to any host, and to public ones.

    Without cookies or a token of anybody's; names are resolved by Home Assistant.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Connect to nothing yet."""
        self._any_host = _session(_Names(hass), None)
        self._public_hosts = _session(_Names(hass), _public_socket)

    def session(self, *, any_host: bool) -> ClientSession:
        """Return the session for a host the server named, or for one that must be public."""
        return self._any_host if any_host else self._public_hosts

    async def close(self) -> None:
        """Close all connections."""
        await self._any_host.close()
        await self._public_hosts.close()


def _session(names: _Names, socket_factory: SocketFactoryType | None) -> ClientSession:
    connector = TCPConnector(
        resolver=names,
        socket_factory=socket_factory,
        ssl=get_default_context(),
        limit=MOST_CONNECTIONS,
    )
    return ClientSession(connector=connector, cookie_jar=DummyCookieJar())


_WEB: HassKey[Web] = HassKey(f"{DOMAIN}.web")


@callback
def async_web(hass: HomeAssistant) -> Web:
    """Return the way into the web that all entries share; it closes with Home Assistant."""
    if _WEB not in hass.data:
        web = hass.data[_WEB] = Web(hass)

        async def close(_: Event) -> None:
            await web.close()

        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_CLOSE, close)
    return hass.data[_WEB]
