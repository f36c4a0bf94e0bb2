"""What an answer would show on a screen: for Assist, a text and a card."""

from typing import Final

from homeassistant.util import dt as dt_util

from .cic.interfaces.clova import (
    Help,
    LaunchURI,
    RenderSuggestion,
    RenderTemplate,
    Suggestion,
    UriTarget,
)
from .cic.interfaces.templates import Card, Rendered, render

# A screen has room for a few.
MOST_SUGGESTED: Final = 10


class Screen:
    """Shows the last of each: a template, an address, what may be said next. Opens nothing."""

    def __init__(self) -> None:
        """Show nothing."""
        self._template: Rendered | None = None
        self._topic: str | None = None
        self._suggestions: tuple[Suggestion, ...] = ()
        self._link: UriTarget | None = None
        self.wants_help = False
        """Whether it is to be said what can be said."""

    def take(self, content: object) -> bool:
        """Show what a directive brings; tell whether it is for a screen."""
        match content:
            case RenderTemplate(type=kind, raw=raw):
                self._template = render(kind, raw, dt_util.get_default_time_zone())
            case RenderSuggestion(topic=topic, suggestions=suggestions):
                self._topic, self._suggestions = topic, suggestions
            case LaunchURI(targets=(target, *_)):
                self._link = target
            case Help():
                self.wants_help = True
            case _:
                return False
        return True

    @property
    def text(self) -> str:
        """What can be said of the template; may be empty."""
        return "" if self._template is None else self._template.text

    @property
    def card(self) -> Card | None:
        """All of it."""
        shown = Card(title="", content="") if self._template is None else self._template.card
        titles: list[str | None] = [shown.title, self._topic]
        lines: list[str | None] = [shown.content]
        if (link := self._link) is not None:
            titles.insert(1, link.title)
            lines += [link.description, link.uri]
        lines.append(" ".join(f"“{one.label}”" for one in self._suggestions[:MOST_SUGGESTED]))
        if not any(lines) and shown.image_url is None:
            return None
        return Card(
            title=next(filter(None, titles), ""),
            content="\n".join(filter(None, lines)),
            image_url=shown.image_url,
        )
