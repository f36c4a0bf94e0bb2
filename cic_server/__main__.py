"""The command line: `python -m cic_server`."""

import argparse
import asyncio
import atexit
import logging
import os
from pathlib import Path
import sys

from .data_dir import default_data_dir
from .engines.espeak import EspeakSynthesizer
from .serve import Options, serve
from .settings import Settings
from .skills import SKILLS
from .skills.echo import WORDS

DEFAULT_PORT = 8443


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cic_server", description="A CIC service for one machine."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0: a free one")
    parser.add_argument("--media-port", type=int, default=0, help="of the music; 0: a free one")
    parser.add_argument(
        "--data", type=Path, default=default_data_dir(), help="keys, tokens, alerts"
    )
    parser.add_argument("--announce", action="store_true", help="tell the network (mDNS)")
    parser.add_argument("--ready-file", type=Path, help="written, as JSON, once it listens")
    parser.add_argument("--no-transcript", action="store_true", help="no recognizedText")
    parser.add_argument("--no-partials", action="store_true", help="no ShowRecognizedText")
    parser.add_argument("--render-text-delay", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--lazy", action="store_true", help="recognise only once somebody speaks")
    parser.add_argument("--words", action="store_true", help="print the words it can repeat")
    parser.add_argument("--sentences", action="store_true", help="print example sentences")
    parser.add_argument("--verbose", action="store_true", help="log more; never what was said")
    return parser


def main() -> int:
    """Run the command; returns the exit status."""
    arguments = _arguments().parse_args()
    if arguments.words or arguments.sentences:
        lines = [sentence for skill in SKILLS for sentence in skill.examples]
        print("\n".join(WORDS if arguments.words else lines))  # noqa: T201 - the command's output
        return 0
    if not EspeakSynthesizer.is_installed():
        print("espeak-ng is not installed; it speaks the answers", file=sys.stderr)  # noqa: T201
        return 1
    logging.basicConfig(level=logging.INFO if arguments.verbose else logging.WARNING)
    settings = Settings(
        transcript=not arguments.no_transcript,
        partials=not arguments.no_partials,
        render_text_delay=arguments.render_text_delay,
    )
    options = Options(
        lazy=arguments.lazy,
        host=arguments.host,
        port=arguments.port,
        media_port=arguments.media_port,
        data_dir=arguments.data.absolute(),
        ready_file=arguments.ready_file,
        announce=arguments.announce,
        settings=settings,
    )
    try:
        asyncio.run(serve(options))
    except OSError as err:
        print(f"cic_server cannot run: {err}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    # The HTTP/2 server's own threads may still hold a client's connection: what is to be done at
    # exit is done here, and they are not waited for.
    atexit._run_exitfuncs()  # noqa: SLF001  # the only way to run them before os._exit
    sys.stdout.flush()
    os._exit(status)
