"""Waiting for what a click, or Home Assistant, takes its time for."""

from collections.abc import Callable
import time

# A page that is loaded for the first time, on a machine that has other things to do.
PATIENCE = 30.0


def until[Found](
    look: Callable[[], Found | None],
    what: str,
    passing: tuple[type[Exception], ...] = (),
    seen: Callable[[], str] = str,
) -> Found:
    """Return what is found, once it is true; errors of the passing kinds are looked past meanwhile.

    Where it does not come, what was there to be seen instead is told.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        found, complaint = None, ""
        try:
            found = look()
        except passing as err:
            complaint = str(err)
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not there: {what} {complaint}\n{seen()}")
        time.sleep(0.05)
