"""CIC (Clova Interface Connect) for Python: one connection to a voice cloud.

Knows nothing of Home Assistant. The way through: Client.connect opens a
connection and its downchannel; recognize and recognize_text begin a Dialog,
which gives recognised text, directives in order and attachments as streams;
Reconnector keeps a client alive.
"""

from .attachments import Attachment
from .client import Callbacks, Client
from .dialog import Dialog
from .dialogs import Dialogs
from .errors import CicError
from .exchange import Exchange, Mark
from .messages import ContextObject, Directive, Event, Header
from .parties import Endpoint, Identity
from .reconnect import Reconnector, State
from .user_agent import DEFAULT_USER_AGENT, is_valid_user_agent

__all__ = [
    "DEFAULT_USER_AGENT",
    "Attachment",
    "Callbacks",
    "CicError",
    "Client",
    "ContextObject",
    "Dialog",
    "Dialogs",
    "Directive",
    "Endpoint",
    "Event",
    "Exchange",
    "Header",
    "Identity",
    "Mark",
    "Reconnector",
    "State",
    "is_valid_user_agent",
]
