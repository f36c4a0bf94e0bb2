"""The command line: `python -m bot_server`."""

import argparse
import asyncio
import logging
import os
from pathlib import Path
import sys
from typing import Final

from .bot.words import SKILLS
from .serve import Options, serve

DEFAULT_PORT: Final = 8444


def _default_data_dir() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "bot_server"


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bot_server", description="A Direct Line bot for one machine."
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0: a free one")
    parser.add_argument("--data", type=Path, default=_default_data_dir(), help="its keys")
    parser.add_argument("--ready-file", type=Path, help="written, as JSON, once it listens")
    parser.add_argument("--words", action="store_true", help="print what it answers to")
    return parser


def main() -> int:
    """Run the command; returns the exit status."""
    arguments = _arguments().parse_args()
    if arguments.words:
        print("\n".join(example for _, _, example in SKILLS))  # noqa: T201 - the command's output
        return 0
    logging.basicConfig(level=logging.WARNING)
    options = Options(
        port=arguments.port,
        data_dir=arguments.data.absolute(),
        ready_file=arguments.ready_file,
    )
    try:
        asyncio.run(serve(options))
    except OSError as err:
        print(f"bot_server cannot run: {err}", file=sys.stderr)  # noqa: T201 - the command's complaint
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
