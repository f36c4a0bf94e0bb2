"""Announcing the service on the network as `_cic._tcp.local.` (RFC 6762, RFC 6763)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
import contextlib
import ipaddress
import logging
import socket

import ifaddr
from zeroconf import Error, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

_LOGGER = logging.getLogger(__name__)

SERVICE_TYPE = "_cic._tcp.local."
# Bytes of a machine's name in the service's, which is one label of 63 (RFC 1035, 2.3.4).
MAX_NAME = 40
_ANY = ("0.0.0.0", "::")


def is_any(host: str) -> bool:
    """Whether this means every address of the machine."""
    return host in _ANY


def reachable_addresses(host: str) -> list[str]:
    """Return under which addresses others reach a service that listens on `host`; none on loopback."""
    if is_any(host):
        found = [address.ip for adapter in ifaddr.get_adapters() for address in adapter.ips]
        texts = [each if isinstance(each, str) else each[0] for each in found]
        if host == _ANY[0]:
            texts = [text for text in texts if ":" not in text]
    else:
        texts = [host]
    return list(dict.fromkeys(text for text in texts if _is_reachable(text)))


def _is_reachable(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # a name: nobody resolves it for us
        return False
    return not (address.is_loopback or address.is_link_local or address.is_unspecified)


def service_info(addresses: Sequence[str], port: int, fingerprint: str) -> ServiceInfo:
    """Return what is announced; fingerprint: the SHA-256 of the authority's DER, in hex."""
    machine = socket.gethostname().partition(".")[0]
    name = f"CIC server on {machine.encode()[:MAX_NAME].decode(errors='ignore')}"
    return ServiceInfo(
        SERVICE_TYPE,
        f"{name}.{SERVICE_TYPE}",
        port=port,
        properties={"ca_sha256": fingerprint, "name": name, "auth": "1"},
        server=f"cic-{fingerprint[:12]}.local.",  # the machine's own name is not ours to tell
        parsed_addresses=list(addresses),
    )


@contextlib.asynccontextmanager
async def announced(addresses: Sequence[str], port: int, fingerprint: str) -> AsyncIterator[str]:
    """Be announced on these addresses' interfaces; yields what to tell the user of it."""
    if not addresses:
        # multicast DNS is for a network: nobody listens to it on loopback
        yield "no: --host is of this machine alone"
        return
    async with contextlib.AsyncExitStack() as stack:
        try:
            zeroconf = AsyncZeroconf(interfaces=list(addresses))
            stack.push_async_callback(zeroconf.async_close)
            info = service_info(addresses, port, fingerprint)
            telling = await zeroconf.async_register_service(info, allow_name_change=True)
            stack.callback(asyncio.ensure_future(telling).cancel)
        except (OSError, RuntimeError, Error) as err:  # a service that nobody finds still serves
            _LOGGER.warning("The service is not announced: %s", type(err).__name__)
            said = f"no: {type(err).__name__}"
        else:
            said = f"{info.name.removesuffix(f'.{SERVICE_TYPE}')} ({', '.join(addresses)})"
        yield said
