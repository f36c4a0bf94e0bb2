"""Waiting for what a listener is told of, for so long and no longer."""

import asyncio
from collections.abc import Callable
import contextlib

from homeassistant.core import CALLBACK_TYPE


async def wait_until(
    condition: Callable[[], bool],
    add_listener: Callable[[CALLBACK_TYPE], CALLBACK_TYPE],
    deadline: float,
) -> bool:
    """Return whether a condition, looked at whenever the listener is called, holds by then.

    The deadline is a time of the loop's clock.
    """
    if condition():
        return True
    changed = asyncio.Event()
    remove = add_listener(changed.set)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                while not condition():
                    changed.clear()
                    await changed.wait()
    finally:
        remove()
    return condition()
