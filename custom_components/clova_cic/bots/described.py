"""What a bot has said, as automations get it."""

from typing import Any

from ..direct_line import Incoming, InputHint


def described(incoming: Incoming) -> dict[str, Any]:
    """Return a message or an event in plain JSON; links may carry tokens of their own."""
    return {
        "text": incoming.text,
        "speak": incoming.speak,
        "value": incoming.value,
        "expects_answer": incoming.input_hint is InputHint.EXPECTING,
        "choices": [{"title": one.title, "value": one.value} for one in incoming.choices],
        "cards": [
            {"title": one.title, "text": one.text, "images": list(one.images)}
            for one in incoming.cards
        ],
        "attachments": [
            {"content_type": one.content_type, "name": one.name, "url": one.url}
            for one in incoming.attachments
        ],
        "channel_data": None if incoming.channel_data is None else dict(incoming.channel_data),
    }
