"""Progress: one line per step, with its seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
import sys
from time import monotonic


@contextmanager
def step(text: str) -> Iterator[None]:
    """Show what is done while it is done, and how long it took once it is."""
    began = monotonic()
    on_screen = sys.stdout.isatty()
    if on_screen:
        print(f"       …  {text}", end="\r", flush=True)
    try:
        yield
    except BaseException:
        if on_screen:
            print(flush=True)
        raise
    print(f"{monotonic() - began:6.1f} s  {text}", flush=True)
