"""How the bot reads what it is sent: its own files, data: addresses, and servers on this machine; nothing else."""

import base64
import binascii
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

import aiohttp

from .bot.turn import UnreadableError
from .errors import RefusedError
from .files import PREFIX, Files
from .settings import UPLOAD_LIMIT

# Seconds a server may take.
FETCH_SECONDS: Final = 5.0


async def read_address(files: Files, address: str) -> bytes:
    """Return the bytes behind an address; raises UnreadableError."""
    if address.startswith(PREFIX):
        try:
            return files.read(address).data
        except RefusedError as err:
            raise UnreadableError(f"{err}.") from err
    if address.startswith("data:"):
        return _data_in(address)
    if not _is_on_this_machine(address):
        raise UnreadableError("I read nothing but what is on this machine.")
    return await _fetched(address)


def _data_in(address: str) -> bytes:
    head, _, content = address.partition(",")
    data = unquote_to_bytes(content)
    if not head.endswith(";base64"):
        return data
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as err:
        raise UnreadableError("The address is not base64.") from err


def _is_on_this_machine(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        is_loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and is_loopback


async def _fetched(address: str) -> bytes:
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
            session.get(address, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise UnreadableError(f"The server answers {answer.status}.")
            data = bytearray()
            async for piece in answer.content.iter_chunked(65_536):
                data += piece
                if len(data) > UPLOAD_LIMIT:
                    raise UnreadableError("It is too large.")
    except (TimeoutError, aiohttp.ClientError) as err:
        raise UnreadableError("It cannot be fetched.") from err
    return bytes(data)
