"""SpeechSynthesizer: speech that no Assist run plays is announced on a media player.

The speech of an answer is played by the Assist run it belongs to, not here.
"""

from collections.abc import Callable, Iterable
from typing import override

from ..cic import Attachment, ContextObject, Directive
from ..cic.interfaces import read, speech_synthesizer
from ..cic.interfaces.speech_synthesizer import Speak
from ..origin import Origin
from .base import Capability


class SpeechSynthesizer(Capability):
    """Announces the speech that no Assist run plays."""

    namespace = speech_synthesizer.NAMESPACE

    @override
    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        match read(directive):
            case Speak() as speak:
                # also of a dialog whose answer is over: it is still the last one of its place
                self._parts.announcer.announce(speak, attachment, origin)

    @override
    def context(self) -> Iterable[ContextObject]:
        return self._parts.speech.context()

    @override
    def close(self) -> None:
        self._parts.announcer.close()
