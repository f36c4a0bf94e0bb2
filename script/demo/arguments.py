"""The command line of `script/run`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
import math
from pathlib import Path

from .sentences import DEFAULT, Sentence
from .state import ROOT

LONGEST_DELAY = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for."""

    sentences: tuple[Sentence, ...]
    # Nothing in particular was asked for: everything is shown.
    whole_show: bool
    pipeline: str | None
    once: bool
    report: Path | None
    transcript: bool
    text_delay: float
    fast: bool
    state: Path
    port: int | None
    server_port: int | None


def _delay(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= LONGEST_DELAY:  # nor is nan
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to {LONGEST_DELAY:g}")
    return value


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port (1 to 65535)")
    return int(text)


def _sentence(text: str, *, typed: bool = False, to_bot: bool = False) -> Sentence:
    if not text.strip():
        raise argparse.ArgumentTypeError("there is nothing to say")
    if text.lower().endswith(".wav") and not typed:
        return Sentence(said=Path(text).name, file=Path(text).absolute(), to_bot=to_bot)
    return Sentence(said=text.strip(), typed=typed, to_bot=to_bot)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="script/run",
        description="Speak to Home Assistant, over CIC, on this machine; show what comes of it.",
    )
    add = parser.add_argument
    add(
        *("--say",),
        action="append",
        type=_sentence,
        metavar="TEXT|FILE.wav",
        help="say this, or play this file (16 kHz, mono, 16 bit); can be given several times",
    )
    add(
        *("--say-to-bot",),
        action="append",
        dest="say",
        type=partial(_sentence, to_bot=True),
        metavar="TEXT|FILE.wav",
        help="say this to the local bot; in turn with what else is given",
    )
    add(
        *("--type-to-bot",),
        action="append",
        dest="say",
        type=partial(_sentence, typed=True, to_bot=True),
        metavar="TEXT",
        help="type this to the local bot, likewise",
    )
    add("--pipeline", metavar="NAME", help="use this Assist pipeline for every sentence")
    add("--once", action="store_true", help="end afterwards; the status tells whether all worked")
    add("--report", type=Path, metavar="FILE", help="write what was measured, as JSON")
    add("--no-transcript", action="store_true", help="the server tells no recognised text")
    add("--text-delay", type=_delay, default=0.0, metavar="S", help="answer texts come S s late")
    add("--fast", action="store_true", help="speak as fast as it goes, not in real time")
    add("--state", type=Path, default=ROOT / ".run", metavar="DIR", help="keep everything here")
    add("--port", type=_port, help="of the web interface; a free one unless given")
    add("--server-port", type=_port, metavar="PORT", help="of the CIC server, likewise")
    return parser


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; prints its usage and exits where it is wrong."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.port is not None and given.port == given.server_port:
        parser.error("--port and --server-port are the same")
    return Options(
        sentences=tuple(given.say or DEFAULT),
        whole_show=not given.say and given.pipeline is None,
        pipeline=given.pipeline,
        once=given.once,
        report=given.report and given.report.absolute(),
        transcript=not given.no_transcript,
        text_delay=given.text_delay,
        fast=given.fast,
        state=given.state,
        port=given.port,
        server_port=given.server_port,
    )
