"""What a dialog answers, sorted for Assist: sound, text, a question back, and orders for others."""

import asyncio
from collections.abc import AsyncGenerator, Callable
import logging
from typing import Final

from .cic import Attachment, CicError, Directive, Exchange
from .cic.errors import DialogCancelledError, MessageError
from .cic.interfaces import read
from .cic.interfaces.clova import RenderText
from .cic.interfaces.speech_recognizer import ExpectSpeech
from .cic.interfaces.speech_synthesizer import Speak
from .cic.interfaces.templates import Card
from .screen import Screen

_LOGGER = logging.getLogger(__name__)

_READ_HERE: Final = frozenset(
    {
        "clova.help",
        "clova.launchuri",
        "clova.rendersuggestion",
        "clova.rendertemplate",
        "clova.rendertext",
        "devicecontrol.launchuri",
        "speechrecognizer.expectspeech",
        "speechsynthesizer.speak",
    }
)


class Answer:
    """Reads a dialog's directives to the end, whoever waits for which of them."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        wants_sound: bool,
        keeps_sound: bool = False,
        on_speech: Callable[[Directive], None],
        on_other: Callable[[Directive], None],
    ) -> None:
        """Tell on_speech of what is consumed here, hand everything else to on_other.

        Sound that is not wanted is dropped as it comes, or, if it is to be kept, when it is too much.
        """
        self._exchange = exchange
        self._wants_sound = wants_sound
        self._keeps_sound = keeps_sound and not wants_sound
        if self._keeps_sound:
            exchange.on_full = self.drop_kept
        self._on_speech = on_speech
        self._on_other = on_other
        self._speaks: list[Speak] = []
        self._texts: list[str] = []
        self._screen = Screen()
        self._changed = asyncio.Condition()
        self.on_directive: Callable[[Directive], object] = lambda _: None
        """Called with each directive, before anything is done about it."""
        self.expect_speech: ExpectSpeech | None = None
        self.error: CicError | None = None
        self.ended = False

    @property
    def has_sound(self) -> bool:
        """True once there is something to play."""
        return self._wants_sound and self.is_spoken

    @property
    def is_spoken(self) -> bool:
        """True once there is sound, wanted or not."""
        return bool(self._speaks)

    @property
    def text(self) -> str:
        """What is to be read of the answer: its texts, else what is spoken, else shown; may be empty."""
        captions = [speak.caption for speak in self._speaks if speak.caption]
        return " ".join(self._texts or captions) or self._screen.text

    @property
    def card(self) -> Card | None:
        """What is to be shown beside the text."""
        return self._screen.card

    @property
    def wants_help(self) -> bool:
        """Whether it is to be said what can be said."""
        return self._screen.wants_help

    async def run(self) -> None:
        """Read the directives until the answer ends."""
        try:
            async for directive in self._exchange.directives():
                self._take(directive)
                await self._notify()
        except CicError as err:
            self.error = err
        except asyncio.CancelledError:
            self.error = DialogCancelledError("the answer is given up")
            raise
        finally:
            self.ended = True
            await self._notify()

    async def wait_sound(self) -> bool:
        """Wait for something to play, or the end; return whether there is something."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.has_sound or self.ended)
        return self.has_sound

    async def wait_end(self) -> None:
        """Wait until the last directive has been read."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.ended)

    async def speaks(self) -> AsyncGenerator[Speak]:
        """Yield what is to be played, in order and as soon as it is known, until the answer ends."""
        position = 0
        while True:
            for speak in self._speaks[position:]:
                position += 1
                yield speak
            async with self._changed:
                if len(self._speaks) == position:
                    if self.ended:
                        return
                    await self._changed.wait()

    def take_kept(self) -> list[Speak]:
        """Return what was kept for whoever will play it."""
        kept, self._keeps_sound = self._keeps_sound, False
        return list(self._speaks) if kept else []

    def drop_kept(self) -> None:
        """Keep no sound: nobody is going to play it."""
        for speak in self.take_kept():
            if speak.content_id is not None:
                self._exchange.attachment(speak.content_id).discard()

    def attachment(self, content_id: str) -> Attachment:
        """Return the sound a Speak names; raises LimitExceededError beyond the answer's bound."""
        return self._exchange.attachment(content_id)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _take(self, directive: Directive) -> None:
        self.on_directive(directive)
        try:
            content = read(directive)
        except MessageError as err:
            if directive.header.full_name.lower() in _READ_HERE:
                _LOGGER.warning("Ignoring %s: %s", directive.header.full_name, err)
                self._on_speech(directive)  # automations read it in their own way
            else:
                self._on_other(directive)  # its owner meets the same error, and reports it
            return
        match content:
            case Speak():
                self._speaks.append(content)
                unwanted = not (self._wants_sound or self._keeps_sound)
                if content.content_id is not None and unwanted:
                    self._exchange.attachment(content.content_id).discard()
            case RenderText(text=text):
                self._texts.append(text)
            case ExpectSpeech():
                self.expect_speech = content
            case _ if not self._screen.take(content):
                self._on_other(directive)
                return
        self._on_speech(directive)
