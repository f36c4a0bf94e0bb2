"""The control interface: what the service saw, and levers for tests. A token of its own."""

import base64
from dataclasses import asdict
import json
import math
import secrets
from typing import Any, Final

from aiohttp import web

from .bot.says import message
from .conversations import GOING_AWAY, Conversation
from .errors import BAD_ARGUMENT, RefusedError, malformed, unknown_conversation
from .faults import read_fault
from .keys import same_text
from .settings import InvalidSettingError
from .site import BOT, Site

# Longest wait for a log entry, in seconds: a test's own limit comes first.
MAX_WAIT: Final = 60.0


def admit_control(site: Site, request: web.Request) -> None:
    """Let in who has the control token; raises RefusedError (401)."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not same_text(given, site.keys.control):
        raise RefusedError(401, BAD_ARGUMENT, "The control token is missing or wrong")


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read() or b"{}")
    except (ValueError, RecursionError) as err:
        raise malformed("The body is not JSON") from err
    if not isinstance(body, dict):
        raise malformed("The body is no object")
    return body


def _number(request: web.Request, name: str) -> float:
    try:
        number = float(request.query.get(name, "0"))
    except ValueError as err:
        raise malformed(f"{name} is a number") from err
    if not math.isfinite(number):
        raise malformed(f"{name} is a number")
    return number


async def _log(site: Site, request: web.Request) -> web.Response:
    """Return what came in since an entry, and what was answered; waits for it if asked."""
    since = int(_number(request, "since"))
    await site.journal.wait(since, min(_number(request, "wait"), MAX_WAIT))
    entries, following = site.journal.since(since)
    shown = [entry | {"body": base64.b64encode(entry["body"]).decode()} for entry in entries]
    return web.json_response({"entries": shown, "next": following})


async def _settings(site: Site, request: web.Request) -> web.Response:
    return web.json_response(asdict(site.settings))


async def _change_settings(site: Site, request: web.Request) -> web.Response:
    values = await _body(request)
    try:
        site.settings = site.settings.changed(values)
    except InvalidSettingError as err:
        raise malformed(str(err)) from err
    if "seed" in values:
        site.faults.seed(site.settings.seed)
    return web.json_response(asdict(site.settings))


async def _plan_fault(site: Site, request: web.Request) -> web.Response:
    """Have the next requests of an operation fail."""
    try:
        fault, times = read_fault(await _body(request))
    except (AttributeError, TypeError, ValueError) as err:
        raise malformed(f"No such fault: {err}") from err
    return web.json_response({"planned": site.faults.plan(fault, times)})


async def _clear_faults(site: Site, request: web.Request) -> web.Response:
    site.faults.clear()
    return web.json_response({"planned": 0})


async def _conversations(site: Site, request: web.Request) -> web.Response:
    shown = [
        {"id": each.id, "activities": each.end, "stream": each.stream is not None}
        for each in site.conversations
    ]
    return web.json_response({"conversations": shown})


def _conversation(site: Site, conversation_id: Any) -> Conversation:
    """Return the conversation that is named, or the one used last; raises RefusedError (404)."""
    if isinstance(conversation_id, str):
        found = site.conversations.find(conversation_id)
    else:
        found = next(reversed(list(site.conversations)), None)
    if found is None:
        raise unknown_conversation()
    return found


async def _activities(site: Site, request: web.Request) -> web.Response:
    """Return everything of a conversation, in the service's order."""
    conversation = _conversation(site, request.query.get("conversation"))
    return web.json_response({"activities": list(conversation.activities)})


async def _push(site: Site, request: web.Request) -> web.Response:
    """Have the bot send an activity, or a text, by itself."""
    body = await _body(request)
    conversation = _conversation(site, body.get("conversation"))
    activity = body.get("activity", message(str(body.get("text", ""))))
    if not isinstance(activity, dict) or not isinstance(activity.get("type"), str):
        raise malformed("An activity is an object with a type")
    return web.json_response({"id": conversation.add({"from": BOT} | activity)["id"]})


async def _expire(site: Site, request: web.Request) -> web.Response:
    """End the tokens of a conversation, or all; the addresses of streams as well."""
    conversation_id = (await _body(request)).get("conversation")
    ended = site.tokens.expire(conversation_id)
    site.tickets.expire(conversation_id)
    return web.json_response({"expired": ended})


async def _forget(site: Site, request: web.Request) -> web.Response:
    """Let a conversation be unknown, as after weeks."""
    conversation = _conversation(site, (await _body(request)).get("conversation"))
    site.conversations.forget(conversation.id)
    return web.json_response({"forgotten": conversation.id})


async def _close_streams(site: Site, request: web.Request) -> web.Response:
    """Close the open streams, as the service does when it restarts; or cut them, as networks do."""
    body = await _body(request)
    code, reason = body.get("code", GOING_AWAY), body.get("reason", "")
    if not isinstance(code, int) or not isinstance(reason, str):
        raise malformed("code is a number, reason a text")
    streams = [each.stream for each in site.conversations if each.stream is not None]
    for stream in streams:
        if body.get("cut"):
            stream.cut()
        else:
            stream.close(code, reason)
    return web.json_response({"closed": len(streams)})


async def _change_secret(site: Site, request: web.Request) -> web.Response:
    """Have another secret, as on the channel's page: a given one, or any."""
    secret = (await _body(request)).get("secret")
    if not isinstance(secret, str | None):
        raise malformed("A secret is a text")
    site.change_secret(secret or secrets.token_urlsafe(32))
    return web.json_response({"secret": site.keys.secret})


CONTROL: Final = (
    ("GET", "/control/log", "control.log", _log),
    ("GET", "/control/settings", "control.settings", _settings),
    ("PUT", "/control/settings", "control.settings", _change_settings),
    ("POST", "/control/faults", "control.faults", _plan_fault),
    ("DELETE", "/control/faults", "control.faults", _clear_faults),
    ("GET", "/control/conversations", "control.conversations", _conversations),
    ("GET", "/control/activities", "control.activities", _activities),
    ("POST", "/control/activities", "control.activities", _push),
    ("POST", "/control/expire", "control.expire", _expire),
    ("POST", "/control/forget", "control.forget", _forget),
    ("POST", "/control/streams/close", "control.streams", _close_streams),
    ("POST", "/control/secret", "control.secret", _change_secret),
)
