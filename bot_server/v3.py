"""Direct Line 3.0: its operations below /v3/directline (3.0 API reference)."""

from typing import Any, Final

from aiohttp import web

from .conversations import BEGINNING, Activity, Conversation, is_for_polling, new_id
from .errors import BAD_ARGUMENT, RefusedError, malformed, missing
from .guard import Version, admit, admit_secret, enter, read_activity
from .keys import Grant
from .paging import read_page
from .receiving import take_files
from .seen import as_seen
from .site import Site
from .stream import stream
from .uploads import MESSAGE_TYPE_V3

# A bot that fails, or is too slow.
BOT_FAILED: Final = 502
# How the id of a user begins whom a token names.
_USER_PREFIX: Final = "dl_"
# What is not for clients, whoever sends it.
_HIDDEN: Final = ("conversationUpdate", "contactRelationUpdate")


async def generate(site: Site, request: web.Request) -> web.Response:
    """Make a token of a conversation that is not started yet."""
    admit_secret(site, request, Version.V3)
    user_id = await _user_in(site, request)
    return web.json_response(_opened(site, new_id(), user_id))


async def refresh(site: Site, request: web.Request) -> web.Response:
    """Make another token; the former one stays good as long as it was."""
    grant = admit(site, request, Version.V3)
    if grant.conversation is None:
        raise malformed("Only a token can be refreshed")
    return web.json_response(_opened(site, grant.conversation, grant.user_id))


async def start(site: Site, request: web.Request) -> web.Response:
    """Start a conversation: with a token the token's, with the secret a new one."""
    grant = admit(site, request, Version.V3)
    user_id = grant.user_id or await _user_in(site, request)
    conversation_id = grant.conversation or new_id()
    is_new = site.conversations.find(conversation_id) is None
    if is_new:
        conversation = site.conversations.start(conversation_id)
        if user_id is not None:
            await site.greet(conversation)
    body = _opened(site, conversation_id, user_id)
    body |= {"streamUrl": _stream_url(site, conversation_id, BEGINNING)}
    body |= {"referenceGrammarId": new_id()}
    return web.json_response(body, status=201 if is_new else 200)


def _opened(site: Site, conversation_id: str, user_id: str | None) -> dict[str, Any]:
    body: dict[str, Any] = {"conversationId": conversation_id}
    body["token"] = site.issue(conversation_id, user_id)
    if site.settings.tells_expiry:
        body["expires_in"] = int(site.settings.token_seconds)
    return body


def _stream_url(site: Site, conversation_id: str, mark: str) -> str:
    ticket = site.tickets.issue(
        Grant(conversation=conversation_id), site.settings.stream_url_seconds
    )
    host = site.base.removeprefix("http")
    path = f"/v3/directline/conversations/{conversation_id}/stream"
    return f"ws{host}{path}?watermark={mark}&t={ticket}"


async def _user_in(site: Site, request: web.Request) -> str | None:
    """Return the user TokenParameters name; raises RefusedError (400)."""
    parameters = await read_activity(request) if await request.read() else {}
    user = parameters.get("user")
    user_id = user.get("id") if isinstance(user, dict) else None
    if user_id is None:
        if site.settings.secure_site:
            raise missing("user ID")
        return None
    if not isinstance(user_id, str) or not user_id.startswith(_USER_PREFIX):
        raise RefusedError(400, BAD_ARGUMENT, f"A user ID begins with {_USER_PREFIX}")
    return user_id


async def reconnect(site: Site, request: web.Request) -> web.Response:
    """Return an address for another stream."""
    grant, conversation = enter(site, request, Version.V3)
    if site.settings.secure_site and grant.user_id is None:
        raise missing("user ID")
    mark = request.query.get("watermark") or conversation.mark(conversation.end)
    conversation.place(mark)
    body = {
        "conversationId": conversation.id,
        "token": site.issue(conversation.id, grant.user_id),
        "streamUrl": _stream_url(site, conversation.id, mark),
        "referenceGrammarId": new_id(),
    }
    return web.json_response(body)


async def receive(site: Site, request: web.Request) -> web.Response:
    """Return the activities after a watermark, the client's own among them."""
    _, conversation = enter(site, request, Version.V3)
    page, mark = read_page(site, conversation, request.query.get("watermark"), is_for_polling)
    seen = [as_seen(activity, site.base) for activity in page]
    return web.json_response({"activities": seen, "watermark": mark})


async def send(site: Site, request: web.Request) -> web.Response:
    """Take an activity; a message goes to the bot, and is answered once the bot has."""
    grant, conversation = enter(site, request, Version.V3)
    activity = _from(await read_activity(request), grant, None)
    return web.json_response({"id": await _take(site, conversation, activity)})


async def upload(site: Site, request: web.Request) -> web.Response:
    """Take files, and hand them to the bot in one activity."""
    grant, conversation = enter(site, request, Version.V3)
    if not (user_id := request.query.get("userId")):
        raise missing("userId")
    files, activity = await take_files(site, conversation, request, MESSAGE_TYPE_V3)
    taken = _from({"type": "message"} | (activity or {}), grant, user_id)
    taken["attachments"] = _filled(taken.get("attachments") or [], files)
    return web.json_response({"id": await _take(site, conversation, taken)})


def _from(activity: Activity, grant: Grant, user_id: str | None) -> Activity:
    """Return an activity with its sender, checked: whom the token names is stronger than what is said."""
    if not isinstance(activity.get("type"), str):
        raise missing("type")
    given = activity.get("from")
    sender = given if isinstance(given, dict) else {}
    sender_id = grant.user_id or user_id or sender.get("id")
    if not isinstance(sender_id, str) or not sender_id:
        raise missing("from")
    attachments = activity.get("attachments") or []
    if not isinstance(attachments, list) or not all(map(_is_attachment, attachments)):
        raise malformed("attachments are objects with a contentType")
    if not isinstance(activity.get("channelData"), dict | None):
        raise malformed("channelData is an object")
    taken = activity | {"from": sender | {"id": sender_id}, "attachments": attachments}
    taken.pop("timestamp", None)  # the service's own
    return taken


def _is_attachment(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("contentType"), str)


def _filled(given: list[dict[str, Any]], files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a message's attachments: those without content stand, in their order, for files."""
    rest, filled = list(files), []
    for part in given:
        if part.get("contentUrl") is None and part.get("content") is None and rest:
            file = rest.pop(0)
            filled.append(part | file | {"name": file["name"] or part.get("name", "")})
        else:
            filled.append(part)
    return filled + rest


async def _take(site: Site, conversation: Conversation, activity: Activity) -> str:
    match activity["type"]:
        case "message":
            return await site.deliver(conversation, activity, usual=BOT_FAILED)
        case kind if kind in _HIDDEN:
            return conversation.id_of(conversation.number())
        case "endOfConversation":
            conversation.question = None  # and nothing more: messages after it still arrive
    return str(conversation.add(activity)["id"])


_PATH: Final = "/v3/directline/conversations/{conversation}"
V3: Final = (
    ("POST", "/v3/directline/tokens/generate", "v3.generate", generate),
    ("POST", "/v3/directline/tokens/refresh", "v3.refresh", refresh),
    ("POST", "/v3/directline/conversations", "v3.start", start),
    ("GET", _PATH, "v3.reconnect", reconnect),
    ("GET", f"{_PATH}/activities", "v3.receive", receive),
    ("POST", f"{_PATH}/activities", "v3.send", send),
    ("POST", f"{_PATH}/upload", "v3.upload", upload),
    ("GET", f"{_PATH}/stream", "v3.stream", stream),
)
