"""An activity as 3.0 clients see it."""

from typing import Any

from .conversations import Activity
from .files import PREFIX


def as_seen(activity: Activity, base: str) -> Activity:
    """Return an activity with absolute links; bare typing has no id."""
    seen = dict(activity)
    if parts := activity.get("attachments"):
        seen["attachments"] = [_linked(part, base) for part in parts]
    if activity["type"] == "typing" and "text" not in activity:
        del seen["id"]
    return seen


def _linked(part: dict[str, Any], base: str) -> dict[str, Any]:
    address = part.get("contentUrl")
    is_own = isinstance(address, str) and address.startswith(PREFIX)
    return part | {"contentUrl": f"{base}{address}"} if is_own else part
