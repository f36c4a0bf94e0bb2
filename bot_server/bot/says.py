"""What the bot sends, as activities (Activity specification; cards: Cards specification)."""

from collections.abc import Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

from bot_server.conversations import Activity

HERO: Final = "application/vnd.microsoft.card.hero"
ADAPTIVE: Final = "application/vnd.microsoft.card.adaptive"
ACCEPTING: Final = "acceptingInput"
EXPECTING: Final = "expectingInput"
IGNORING: Final = "ignoringInput"


def message(text: str, *, hint: str = ACCEPTING, **fields: Any) -> Activity:
    """Return a message."""
    return {"type": "message", "text": text, "textFormat": "markdown", "inputHint": hint} | fields


def question(text: str, choices: Sequence[str]) -> Activity:
    """Return a message that is to be answered by one of some choices."""
    actions = [{"type": "imBack", "title": name, "value": name} for name in choices]
    spoken = f'<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-US">{escape(text)}</speak>'
    asked = message(text, hint=EXPECTING, speak=spoken)
    return asked | {"suggestedActions": {"to": [], "actions": actions}}


def typing() -> Activity:
    """Return the sign that an answer is under way."""
    return {"type": "typing"}


def growing(text: str, sequence: int, stream: str | None) -> Activity:
    """Return an answer as far as it is known; `stream`: the id of its first piece, None: it is the first."""
    data: dict[str, Any] = {"streamType": "streaming", "streamSequence": sequence}
    if stream is not None:
        data["streamId"] = stream
    return {"type": "typing", "text": text, "channelData": data}


def event(name: str, value: Any) -> Activity:
    """Return something that happened, for programs."""
    return {"type": "event", "name": name, "value": value}


def end() -> Activity:
    """Return the end of the conversation, which ends nothing of the channel's."""
    return {"type": "endOfConversation", "code": "completedSuccessfully"}


def hero(title: str, subtitle: str, text: str, buttons: Sequence[str]) -> dict[str, Any]:
    """Return a hero card as an attachment."""
    actions = [{"type": "imBack", "title": name, "value": name} for name in buttons]
    content = {"title": title, "subtitle": subtitle, "text": text, "buttons": actions}
    return {"contentType": HERO, "content": content}


def adaptive(*texts: str) -> dict[str, Any]:
    """Return an adaptive card of some lines as an attachment."""
    body = [{"type": "TextBlock", "text": text, "wrap": True} for text in texts]
    schema = "http://adaptivecards.io/schemas/adaptive-card.json"
    content = {"type": "AdaptiveCard", "$schema": schema, "version": "1.3", "body": body}
    return {"contentType": ADAPTIVE, "content": content}
