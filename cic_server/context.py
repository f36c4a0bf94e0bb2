"""The context of events: objects by namespace and name; what is not known is passed over."""

from collections.abc import Mapping, Sequence
from typing import Any


def context_object(
    context: Sequence[Mapping[str, Any]], namespace: str, name: str
) -> Mapping[str, Any] | None:
    """Return the payload of a context object."""
    for each in context:
        header, payload = each.get("header"), each.get("payload")
        if not isinstance(header, Mapping) or not isinstance(payload, Mapping):
            continue
        if header.get("namespace") == namespace and header.get("name") == name:
            return payload
    return None
