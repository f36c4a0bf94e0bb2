"""An answer of a bot, message by message: what is said, what stands on the card, what may come next."""

import re
from typing import Final

from ..direct_line import Choice, Incoming, InputHint, Kind
from .choices import read_out
from .words import is_marked, said, written

# How a question ends; over 1.1 nothing else tells one, and its choices stand behind it.
_QUESTION: Final = re.compile(r"[?？؟;]\s*(?:\(\s*1\..*\))?\s*$", re.DOTALL)


class Reply:
    """What a bot has answered so far."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.text = ""
        """What is said."""
        self.title: str | None = None
        self.image: str | None = None
        self.choices: tuple[Choice, ...] = ()
        self._card: list[str] = []
        self._last: Incoming | None = None
        self._grown = ""
        self._has_files = False

    @property
    def has_files_alone(self) -> bool:
        """Whether there is nothing to say of what came."""
        return self._has_files and not self.text

    @property
    def card(self) -> str | None:
        """What is shown beside what is said, where that is more."""
        shown = "\n".join(self._card)
        return shown if shown and shown != self.text else None

    @property
    def expects_answer(self) -> bool:
        """Whether the bot waits for an answer: it says so, or, over 1.1, has asked something."""
        if self._last is None:
            return False
        if self._last.input_hint is not None:
            return self._last.input_hint is InputHint.EXPECTING
        return bool(self.choices) or _QUESTION.search(self._last.text or "") is not None

    def take(self, incoming: Incoming) -> str:
        """Take an activity; return what more is said."""
        match incoming.kind:
            case Kind.MESSAGE:
                more = self._message(incoming)
            case Kind.TYPING:
                more = self._piece(incoming)
            case _:
                return ""
        self.text += more
        return more

    def _message(self, incoming: Incoming) -> str:
        self._last = incoming
        text, shown = said(incoming), written(incoming)
        cards = ["\n".join(filter(None, (card.title, card.text))) for card in incoming.cards]
        self._show(incoming, shown, cards)
        if not text and incoming.speak is None:
            text = "\n".join(cards)
        self.choices = incoming.choices
        grown, self._grown = self._grown, ""
        if grown and text.startswith(grown):
            text, first = text[len(grown) :], True
        else:
            first = not self.text
        if listed := read_out(self.choices, grown + text):
            text = f"{text}\n{listed}" if text else listed
        return text if first or not text else f"\n{text}"

    def _show(self, incoming: Incoming, shown: str, cards: list[str]) -> None:
        pictures = [image for card in incoming.cards for image in card.images]
        for one in incoming.attachments:
            self._has_files = self._has_files or one.url is not None
            if one.url is not None and one.content_type.startswith("image/"):
                pictures.append(one.url)
        if self.title is None and incoming.cards:
            self.title = incoming.cards[0].title or None
        if self.image is None and pictures:
            self.image = pictures[0]
        self._card += [part for part in (shown, *cards) if part]

    def _piece(self, incoming: Incoming) -> str:
        """Take an answer as far as it is known (livestreaming: each piece has all of it)."""
        data = incoming.channel_data or {}
        text = incoming.text or ""
        if data.get("streamType") != "streaming" or is_marked(text):
            return ""
        if not text.startswith(self._grown):
            return ""
        before, first = self._grown, not self.text and not self._grown
        self._grown = text
        more = text[len(before) :]
        return more if first or before else f"\n{more}"
