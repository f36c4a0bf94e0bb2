"""SpeechSynthesizer: speech that CIC pushes unasked is announced on a media player.

The speech of an answer is played by the Assist run it belongs to, not here.
"""

from collections.abc import Callable, Iterable
from typing import override

from ..cic import Attachment, ContextObject, Directive
from ..cic.errors import MessageError
from ..cic.interfaces import read, speech_synthesizer
from ..cic.interfaces.speech_synthesizer import Speak
from ..origin import Origin
from ..playback.announce import Announcer
from .base import Capability, Parts


class SpeechSynthesizer(Capability):
    """Announces pushed speech, and remembers what was spoken last."""

    namespace = speech_synthesizer.NAMESPACE

    def __init__(self, parts: Parts) -> None:
        """Announce on the entry's chosen media player."""
        super().__init__(parts)
        self._announcer = Announcer(parts.hass, parts.entry, parts.events)
        self._token: str | None = None

    @override
    def observe(self, directive: Directive) -> None:
        try:
            content = read(directive)
        except MessageError:
            return  # whoever acts on the directive meets the same error, and reports it
        if isinstance(content, Speak) and content.token:
            self._token = content.token

    @override
    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        match read(directive):
            case Speak() as speak:
                # also of a dialog whose answer is over: it is still the last one of its place
                self._announcer.announce(speak, attachment)

    @override
    def context(self) -> Iterable[ContextObject]:
        if self._token is not None:
            # No player tells when speech ends; by the next event it has.
            yield ContextObject(
                namespace=self.namespace,
                name="SpeechState",
                payload={"token": self._token, "playerActivity": "FINISHED"},
            )

    @override
    def close(self) -> None:
        self._announcer.close()
