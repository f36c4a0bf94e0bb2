"""Cards in words, and the answers their buttons and suggested actions offer (Cards specification)."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from .documents import member, objects, text_of
from .messages import Attachment, Card, Choice

PREFIX: Final = "application/vnd.microsoft.card."
ADAPTIVE: Final = f"{PREFIX}adaptive"
# More than anybody listens to; a channel shows some ten.
MOST_CHOICES: Final = 50
# Lines and pictures of one card: a long receipt.
MOST_LINES: Final = 200


def card_of(attachment: Attachment) -> Card | None:
    """Return an attachment in words; None where it is no card, or says nothing."""
    content = attachment.content
    if not attachment.content_type.startswith(PREFIX) or not isinstance(content, dict):
        return None
    adaptive = attachment.content_type == ADAPTIVE
    found = _adaptive_lines(content) if adaptive else _lines(content)
    lines = [line for line in islice(found, MOST_LINES) if line]
    title = text_of(content.get("title")) or (lines.pop(0) if adaptive and lines else "")
    images = _adaptive_images(content) if adaptive else _images(content)
    card = Card(title=title, text="\n".join(lines), images=tuple(islice(images, MOST_LINES)))
    return card if card.title or card.text or card.images else None


def choices_of(raw: Mapping[str, Any], user_id: str) -> tuple[Choice, ...]:
    """Return what an activity offers as answers: suggested actions, then buttons of cards."""
    suggested = member(raw, "suggestedActions")
    to = member(suggested, "to")
    found: list[Choice] = []
    if not isinstance(to, list) or not to or user_id in to:
        found += _card_actions(member(suggested, "actions"))
    for attachment in objects(raw.get("attachments")):
        content = member(attachment, "content")
        if text_of(attachment.get("contentType")) == ADAPTIVE:
            found += _submits(content)
        else:
            found += _card_actions(member(content, "buttons"))
    # a bot may offer the same answer as suggested action and as button
    known: dict[tuple[str, str], Choice] = {}
    for choice in found:
        known.setdefault((choice.title, choice.value), choice)
    return tuple(islice(known.values(), MOST_CHOICES))


def _card_actions(actions: Any) -> Iterator[Choice]:
    """Yield what can be said by a card's actions; the others open something on a screen."""
    for action in objects(actions):
        value = action.get("value")
        words = value if isinstance(value, str) and value else None
        shown = text_of(action.get("title")) or text_of(action.get("imageAltText")) or words
        if not shown:
            continue
        spoken = text_of(action.get("imageAltText")) or text_of(action.get("displayText"))
        match action.get("type"):
            case "imBack" | "postBack":
                # as text it would be nothing, so it goes as the value it is
                data = value if words is None else None
                said = words or shown
            case "messageBack":
                data, said = value, text_of(action.get("text")) or shown
            case _:
                continue
        yield Choice(title=shown, value=said, data=data, spoken=spoken if spoken != shown else None)


def _submits(content: Any) -> Iterator[Choice]:
    """Yield the answers of an adaptive card, wherever in it they stand."""
    for element in _elements(content):
        title, data = text_of(element.get("title")), element.get("data")
        if element.get("type") not in {"Action.Submit", "Action.Execute"} or not title:
            continue
        if isinstance(data, str) and data:
            yield Choice(title=title, value=data)
        else:
            yield Choice(title=title, value=title, data=data)


def _lines(content: Mapping[str, Any]) -> Iterator[str | None]:
    """Yield what every other card says, its title apart."""
    yield text_of(content.get("subtitle"))
    yield text_of(content.get("text"))
    for fact in objects(content.get("facts")):
        yield _pair(fact.get("key"), fact.get("value"))
    for item in objects(content.get("items")):
        yield _pair(item.get("title"), item.get("price"))
        yield text_of(item.get("subtitle"))
        yield text_of(item.get("text"))
    for amount in ("tax", "vat", "total"):
        if value := text_of(content.get(amount)):
            yield _pair(amount, value)


def _images(content: Mapping[str, Any]) -> Iterator[str]:
    for image in [*objects(content.get("images")), *objects([content.get("image")])]:
        if url := text_of(image.get("url")):
            yield url


def _adaptive_lines(content: Mapping[str, Any]) -> Iterator[str | None]:
    for element in _elements(content):
        match element.get("type"):
            case "TextBlock":
                yield text_of(element.get("text"))
            case "RichTextBlock":
                runs = element.get("inlines")
                yield "".join(
                    text_of(run) or text_of(member(run, "text")) or ""
                    for run in (runs if isinstance(runs, list) else [])
                )
            case "FactSet":
                for fact in objects(element.get("facts")):
                    yield _pair(fact.get("title"), fact.get("value"))


def _adaptive_images(content: Mapping[str, Any]) -> Iterator[str]:
    for element in _elements(content):
        if element.get("type") == "Image" and (url := text_of(element.get("url"))):
            yield url


def _elements(content: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the elements of an adaptive card in reading order; it is not too deep."""
    for key in ("body", "items", "columns", "images", "actions"):
        for element in objects(member(content, key)):
            yield element
            yield from _elements(element)


def _pair(name: Any, value: Any) -> str:
    return ": ".join(filter(None, (text_of(name), text_of(value))))
