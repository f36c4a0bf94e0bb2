"""A resolver that knows the names a test gives it, and no other."""

from collections.abc import Callable
import socket
from typing import Any

from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from homeassistant.helpers import aiohttp_client
import pytest

type Names = dict[str, list[str]]


def give_names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Have Home Assistant resolve by a table: each answer but a name's last is given once."""
    names: Names = {}

    class Resolver(ThreadedResolver):
        def __init__(self, _hass: Any) -> None:
            super().__init__()

        real_close: Callable[..., Any] = ThreadedResolver.close

        async def resolve(self, host: str, port: int = 0, *_: Any, **__: Any) -> Any:
            found = names.get(host.rstrip("."))
            if not found:
                raise OSError(f"no such host: {host}")
            address = found.pop(0) if len(found) > 1 else found[0]
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            return [
                ResolveResult(
                    hostname=host, host=address, port=port, family=family, proto=0, flags=0
                )
            ]

    monkeypatch.setattr(aiohttp_client, "_async_make_resolver", Resolver)
    return names
