"""What the bot says of the files it is sent: kind and size, read from their bytes."""

from typing import Any
from urllib.parse import unquote, urlsplit

from bot_server.images import read_image

from .turn import Turn, UnreadableError


async def described(turn: Turn) -> str:
    """Return a line for each attachment."""
    return "\n".join([await _line(turn, part) for part in turn.attachments])


async def _line(turn: Turn, part: dict[str, Any]) -> str:
    address = part.get("contentUrl")
    kind = str(part.get("contentType", "unknown"))
    if not isinstance(address, str):
        return f"A card: {kind}."
    name = str(part.get("name") or _name_in(address))
    try:
        data = await turn.read(address)
    except UnreadableError as err:
        return f"{name}: {err}"
    if (image := read_image(data)) is None:
        return f"{name}: {kind}, {len(data)} bytes."
    return f"{name}: {image.kind}, {image.width} by {image.height} pixels, {len(data)} bytes."


def _name_in(address: str) -> str:
    if address.startswith("data:"):
        return "data"
    try:
        path = urlsplit(address).path
    except ValueError:
        path = ""
    return unquote(path.rpartition("/")[2]) or "file"
