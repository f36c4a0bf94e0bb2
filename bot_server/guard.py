"""Who may ask: the Authorization header, the conversation it opens, and whether the version is switched on."""

from enum import Enum
import json
from typing import Any, Final

from aiohttp import web

from .conversations import Activity, Conversation
from .errors import BAD_ARGUMENT, RefusedError, malformed, site_disabled
from .keys import Grant
from .site import Site

# Characters of one activity (FAQ: 262,144).
MAX_ACTIVITY: Final = 262_144


class Version(Enum):
    """The two protocol versions."""

    V1 = "1.1"
    V3 = "3.0"


_SCHEMES: Final = {Version.V1: ("bearer", "botconnector"), Version.V3: ("bearer",)}


def admit(site: Site, request: web.Request, version: Version) -> Grant:
    """Return what the request's credential opens; raises RefusedError (401, 403)."""
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() not in _SCHEMES[version] or not credential.strip():
        raise RefusedError(401, BAD_ARGUMENT, "Missing token or secret")
    grant = site.grant_of(credential.strip())
    is_v1 = version is Version.V1
    if not (site.settings.v1_enabled if is_v1 else site.settings.v3_enabled):
        raise site_disabled(flat=is_v1)
    return grant


def admit_secret(site: Site, request: web.Request, version: Version) -> None:
    """Let in who has the secret itself; raises RefusedError (401, 403)."""
    if admit(site, request, version).conversation is not None:
        what = "Cannot use a scoped token to generate a different scoped token"
        raise RefusedError(403, BAD_ARGUMENT, what, flat=version is Version.V1)


def enter(site: Site, request: web.Request, version: Version) -> tuple[Grant, Conversation]:
    """Return the conversation a request is about; raises RefusedError (401, 403, 404)."""
    grant = admit(site, request, version)
    conversation_id = request.match_info["conversation"]
    if grant.conversation not in (None, conversation_id):
        raise RefusedError(403, BAD_ARGUMENT, "The token is of another conversation")
    return grant, site.conversations.get(conversation_id)


async def read_activity(request: web.Request) -> Activity:
    """Return a request's JSON object; raises RefusedError (400, 413)."""
    try:
        text = (await request.read()).decode()
        found: Any = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise malformed("The body is not JSON") from err
    if len(text) > MAX_ACTIVITY:
        raise RefusedError(413, BAD_ARGUMENT, "The activity is too large")
    if not isinstance(found, dict):
        raise malformed("The body is no object")
    return found
