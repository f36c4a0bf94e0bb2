"""From a name to a TLS connection: which address answers, and what it means where none does."""

import asyncio
from collections.abc import Awaitable, Callable
import socket
import ssl

from .errors import (
    CertificateError,
    CertificateFault,
    ConnectError,
    NameNotFoundError,
    NotHttp2Error,
    UnreachableError,
)
from .wire import Wire

# Before a second address of a host is tried beside the first (RFC 8305, 5), in seconds.
HAPPY_EYEBALLS_DELAY = 0.25
# An IPv6 on which only small packets get through lets TCP connect and TLS wait for ever: after
# this part of the time for connecting, IPv4 is tried alone.
BOTH_FAMILIES = 0.6

# The codes of OpenSSL (X509_V_ERR_*): not yet valid, has expired, host name, address.
_FAULTS = {
    9: CertificateFault.NOT_YET_VALID,
    10: CertificateFault.EXPIRED,
    62: CertificateFault.OTHER_NAME,
    64: CertificateFault.OTHER_NAME,
}


async def dial(wire: Wire, connect: Callable[..., Awaitable[object]], timeout: float) -> None:
    """Connect a wire by the loop's create_connection, over IPv6 or IPv4: whichever answers first.

    Where that has led to nothing after part of the timeout (seconds), over IPv4 alone; the
    whole of it is the caller's to keep. Raises OSError or UnicodeError.
    """
    try:
        async with asyncio.timeout(BOTH_FAMILIES * timeout):
            await connect(happy_eyeballs_delay=HAPPY_EYEBALLS_DELAY)
            return
    except TimeoutError as err:
        if wire.transport is not None:
            raise  # it got so far in this very moment
        late = err
    try:
        await connect(family=socket.AF_INET)
    except socket.gaierror:  # it has no IPv4 address
        raise late from None


def connect_error(error: OSError | UnicodeError) -> ConnectError:
    """Return what it means that no connection came about."""
    match error:
        case ssl.SSLCertVerificationError():
            fault = _FAULTS.get(error.verify_code, CertificateFault.UNTRUSTED)
            return CertificateError(error.verify_message, fault)
        case ssl.SSLError():
            return NotHttp2Error(f"TLS handshake failed: {error.reason or type(error).__name__}")
        case TimeoutError():
            return UnreachableError("no answer in time")
        case socket.gaierror() | UnicodeError():
            return NameNotFoundError(str(error) or type(error).__name__)
        case _:
            return UnreachableError(str(error) or type(error).__name__)
