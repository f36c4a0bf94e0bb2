"""`python -m script.demo`: what `script/run` runs."""

import asyncio
from collections.abc import Sequence
import signal
import sys

from .arguments import Options, parse
from .failure import Failure
from .show import InterruptedEarlyError, demonstrate

_INTERRUPTED = 130


async def _run(options: Options) -> None:
    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    await demonstrate(options, interrupted)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its status."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        asyncio.run(_run(options))
    except Failure as failure:
        print(f"script/run: {failure}", file=sys.stderr)
        for note in getattr(failure, "__notes__", ()):
            if note:
                print(note, file=sys.stderr)
        return 1
    except InterruptedEarlyError:
        print("script/run: interrupted", file=sys.stderr)
        return _INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
