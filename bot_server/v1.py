"""Direct Line 1.1: its operations below /api (1.1 API reference)."""

from typing import Any, Final

from aiohttp import web

from .conversations import Activity, new_id
from .errors import malformed
from .flattening import as_activity, as_message, is_for_v1
from .guard import Version, admit, admit_secret, enter, read_activity
from .paging import read_page
from .receiving import take_files
from .site import Site
from .uploads import MESSAGE_TYPE_V1

# What a bot's failure is on the send page; the API reference has 502.
BOT_FAILED: Final = 500


async def generate(site: Site, request: web.Request) -> web.Response:
    """Make a token of a conversation that is not started yet."""
    admit_secret(site, request, Version.V1)
    return _token(site, site.issue(new_id(), None))


async def renew(site: Site, request: web.Request) -> web.Response:
    """Make another token; the former one stays good as long as it was."""
    grant, conversation = enter(site, request, Version.V1)
    if grant.conversation is None:
        raise malformed("Only a token can be renewed")
    return _token(site, site.issue(conversation.id, grant.user_id))


def _token(site: Site, token: str) -> web.Response:
    if site.settings.bare_tokens:
        return web.Response(text=token, content_type="text/html")
    return web.json_response(token)


async def start(site: Site, request: web.Request) -> web.Response:
    """Start a conversation: with a token the token's, with the secret a new one."""
    grant = admit(site, request, Version.V1)
    conversation_id = grant.conversation or new_id()
    if site.conversations.find(conversation_id) is None:
        site.conversations.start(conversation_id)
    body: dict[str, Any] = {
        "conversationId": conversation_id,
        "token": site.issue(conversation_id, grant.user_id),
    }
    if site.settings.tells_expiry:
        body["expires_in"] = int(site.settings.token_seconds)
    return web.json_response(body, status=201 if site.settings.v1_start_created else 200)


async def receive(site: Site, request: web.Request) -> web.Response:
    """Return the messages after a watermark, the client's own among them."""
    _, conversation = enter(site, request, Version.V1)
    page, mark = read_page(site, conversation, request.query.get("watermark"), is_for_v1)
    messages = [as_message(conversation, activity) for activity in page]
    return web.json_response({"messages": messages, "watermark": mark})


async def send(site: Site, request: web.Request) -> web.Response:
    """Hand a message to the bot; answers once the bot has."""
    _, conversation = enter(site, request, Version.V1)
    message = await read_activity(request)
    activity = as_activity(message) | _sender(message.get("from"))
    await site.deliver(conversation, activity, usual=BOT_FAILED)
    return web.Response(status=204)


async def upload(site: Site, request: web.Request) -> web.Response:
    """Take files, and hand them to the bot in one message."""
    _, conversation = enter(site, request, Version.V1)
    files, message = await take_files(site, conversation, request, MESSAGE_TYPE_V1)
    given: Activity = {} if message is None else message
    activity = as_activity(given, has_files=bool(files))
    activity["attachments"] += files
    activity |= _sender(request.query.get("userId") or given.get("from"))
    await site.deliver(conversation, activity, usual=BOT_FAILED)
    return web.Response(status=204)


def _sender(sender: Any) -> Activity:
    """Return who sends; without a name everybody is somebody new, message by message."""
    if not isinstance(sender, str | None):
        raise malformed("from is a string")
    return {"from": {"id": sender or f"user-{new_id()}"}}


V1: Final = (
    ("GET", "/api/tokens", "v1.generate_older", generate),
    ("POST", "/api/tokens/conversation", "v1.generate", generate),
    ("GET", "/api/tokens/{conversation}/renew", "v1.renew", renew),
    ("POST", "/api/tokens/{conversation}/renew", "v1.renew", renew),
    ("POST", "/api/conversations", "v1.start", start),
    ("GET", "/api/conversations/{conversation}/messages", "v1.receive", receive),
    ("POST", "/api/conversations/{conversation}/messages", "v1.send", send),
    ("POST", "/api/conversations/{conversation}/upload", "v1.upload", upload),
)
