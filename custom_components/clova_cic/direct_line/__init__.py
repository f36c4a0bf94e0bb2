"""Direct Line 1.1 and 3.0 for Python: conversations with a bot of the Bot Framework.

Knows nothing of Home Assistant; sockets come from the aiohttp session it is given.
DirectLine.start gives a Conversation; send says something in it, activities gives what
the bot says. Nothing here is logged.
"""

from .client import DirectLine
from .conversation import Conversation
from .errors import DirectLineError
from .messages import (
    Attachment,
    Card,
    Choice,
    Incoming,
    InputHint,
    Kind,
    Link,
    Outgoing,
    Upload,
    Version,
)
from .pace import Timing

__all__ = [
    "Attachment",
    "Card",
    "Choice",
    "Conversation",
    "DirectLine",
    "DirectLineError",
    "Incoming",
    "InputHint",
    "Kind",
    "Link",
    "Outgoing",
    "Timing",
    "Upload",
    "Version",
]
