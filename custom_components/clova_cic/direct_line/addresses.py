"""Where Direct Line is, and where an attachment is."""

from ipaddress import ip_address
from typing import Final

from yarl import URL

from .errors import AddressError

# What people copy with the address: the paths the protocol's versions begin with.
_VERSION_PATHS: Final = ("/v3/directline/conversations", "/v3/directline", "/v3", "/api")


def base_address(address: str) -> URL:
    """Return the address all paths are appended to; raises AddressError.

    HTTPS alone, but for a server on this machine: every request carries a credential.
    """
    try:
        url = URL(address.strip())
        host = url.host
        url.port  # noqa: B018 - a port that is none shows itself only here
    except ValueError as err:
        raise AddressError("the address is not a URL") from err
    if not host or url.user or url.password or url.query_string or url.fragment:
        raise AddressError("the address is not a server's")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(host)):
        raise AddressError("the address is not HTTPS")
    path = url.raw_path.rstrip("/")
    for version_path in _VERSION_PATHS:
        path = path.removesuffix(version_path)
    return url.with_path(path, encoded=True)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_public(address: str) -> bool:
    """Tell whether a numeric address is the Internet's, not one of somebody's own network."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return found.is_global and not found.is_multicast


def absolute(base: URL, link: str) -> str:
    """Return where a link from a bot leads.

    All that is no URL is a path at the base, "//host" too: taken as the Web takes it,
    it would lead elsewhere.
    """
    if link.casefold().startswith(("http://", "https://", "data:")):
        return link
    return f"{base}".rstrip("/") + "/" + link.lstrip("/")
