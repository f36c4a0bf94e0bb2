"""Activities as 1.1 knows them, and back: cards become text, what does not fit goes through channelData."""

from typing import Any, Final

from .conversations import Activity, Conversation
from .errors import malformed, missing

# What 1.1 has no message for.
_MESSAGE: Final = "message"
_DIGITS: Final = 18
_CARD: Final = "application/vnd.microsoft.card."


def is_for_v1(activity: Activity) -> bool:
    """Return whether an activity is a message."""
    return activity.get("type") == _MESSAGE


def as_message(conversation: Conversation, activity: Activity) -> dict[str, Any]:
    """Return an activity as a Message (1.1 API reference)."""
    parts = [part for part in activity.get("attachments", []) if isinstance(part, dict)]
    linked = [part for part in parts if isinstance(part.get("contentUrl"), str)]
    cards = [part for part in parts if str(part.get("contentType", "")).startswith(_CARD)]
    texts = [activity.get("text"), *map(_card_text, cards), _choices_text(activity)]
    number = int(str(activity["id"]).rpartition("|")[2])
    message: dict[str, Any] = {
        "id": conversation.id_of(number, _DIGITS),
        "conversationId": conversation.id,
        "created": activity["timestamp"],
        "from": activity["from"]["id"],
        "text": "\n\n".join(text for text in texts if text),
        "images": [part["contentUrl"] for part in linked if _is_image(part)],
        "attachments": [
            {"url": part["contentUrl"], "contentType": part.get("contentType")}
            for part in linked
            if not _is_image(part)
        ],
    }
    if (data := activity.get("channelData") or (cards[0] if cards else None)) is not None:
        message["channelData"] = data
    return message


def _is_image(part: dict[str, Any]) -> bool:
    return str(part.get("contentType", "")).startswith("image/")


def _card_text(card: dict[str, Any]) -> str:
    content = card.get("content", {})
    texts = [content.get(name) for name in ("title", "subtitle", "text")]
    texts += [block.get("text") for block in content.get("body", [])]
    texts += [button.get("title") for button in content.get("buttons", [])]
    return "\n\n".join(text for text in texts if text)


def _choices_text(activity: Activity) -> str:
    actions = activity.get("suggestedActions", {}).get("actions", [])
    titles = [f"{at}. {action['title']}" for at, action in enumerate(actions, 1)]
    if len(titles) < 2:
        return "".join(f"({title})" for title in titles)
    return f"({', '.join(titles[:-1])} or {titles[-1]})"


def as_activity(message: dict[str, Any], *, has_files: bool = False) -> Activity:
    """Return a Message as an activity, without its sender; raises RefusedError (400).

    has_files: it may be empty otherwise.
    """
    images, attachments = _list_in(message, "images"), _list_in(message, "attachments")
    text, data = message.get("text"), message.get("channelData")
    if not isinstance(text, str | None):
        raise malformed("text is a string")
    if not isinstance(data, dict | None):
        raise malformed("channelData is an object")
    if not (text or images or attachments or data or has_files):
        raise missing("text")
    linked = [{"contentType": "image/*", "contentUrl": _text(image)} for image in images]
    linked += [_linked(attachment) for attachment in attachments]
    activity: Activity = {"type": _MESSAGE, "attachments": linked}
    given = {"text": text, "channelData": data}
    return activity | {name: value for name, value in given.items() if value is not None}


def _list_in(message: dict[str, Any], name: str) -> list[Any]:
    value = message.get(name) or []
    if not isinstance(value, list):
        raise malformed(f"{name} is a list")
    return value


def _linked(attachment: Any) -> dict[str, Any]:
    if not isinstance(attachment, dict):
        raise malformed("An attachment is an object")
    kind = attachment.get("contentType")
    if not isinstance(kind, str):
        raise missing("contentType")
    return {"contentType": kind, "contentUrl": _text(attachment.get("url"))}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise malformed("An attachment's address is a string")
    return value
