"""The control interface: what the service saw, and levers for tests. Loopback and its own token only."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from .answers import speak
from .channels import Downchannel, RawBytes
from .dialogs import DEFAULT_CLIENT
from .http import Request, same_token
from .messages import Directive, RefusedError, dump, read_directive
from .multipart_out import JsonPart, Part, Pause, RawPart, SoundPart
from .music.catalogue import PLAYLISTS, TRACKS, track_of
from .music.orders import ENQUEUE, REPLACE, controller, play
from .service import PlannedAnswer, Service
from .settings import InvalidSettingError
from .skills.clock import CITIES
from .skills.echo import WORDS

# Longest wait for a log entry, in seconds: a test's own limit comes first.
MAX_WAIT = 60.0
MAX_PARTS = 1_000
BUTTONS = ("Next", "Pause", "Previous", "Resume", "Stop")

type Handler = Callable[[Service, Request], Awaitable[Any]]


async def handle_control(service: Service, request: Request) -> None:
    """Answer a request below /control/; raises RefusedError."""
    if not request.is_from_this_machine:
        raise RefusedError(403, "The control interface serves this machine only")
    if not same_token(request.bearer, service.tokens.control):
        raise RefusedError(401, "The control token is missing or wrong")
    handler = _HANDLERS.get((request.method, request.path))
    if handler is None:
        raise RefusedError(404, "No such control request")
    await request.answer_json(await handler(service, request))


async def _log(service: Service, request: Request) -> Any:
    since = int(_number(request, "since"))
    await service.journal.wait(since, min(_number(request, "wait"), MAX_WAIT))
    entries, following = service.journal.since(since)
    return {"entries": entries, "next": following}


def _number(request: Request, name: str) -> float:
    try:
        return float(request.query.get(name, ["0"])[0])
    except ValueError as err:
        raise RefusedError(400, f"{name} is a number") from err


async def _state(service: Service, request: Request) -> Any:
    channels = [
        {"channel": channel.id, "client": channel.client, "connection": channel.connection}
        for channel in service.channels.all
    ]
    return {
        "downchannels": channels,
        "contexts": service.memory.contexts(),
        "planned": len(service.planned),
    }


async def _words(service: Service, request: Request) -> Any:
    sentences = [sentence for skill in service.skills for sentence in skill.examples]
    return {"words": list(WORDS), "cities": list(CITIES), "sentences": sentences}


async def _settings(service: Service, request: Request) -> Any:
    return asdict(service.settings)


async def _change_settings(service: Service, request: Request) -> Any:
    try:
        service.settings = service.settings.changed(await request.read_json())
    except InvalidSettingError as err:
        raise RefusedError(400, str(err)) from err
    return asdict(service.settings)


def _channels(service: Service, body: dict[str, Any]) -> list[Downchannel]:
    """Return the downchannels a request means: all, or one client's."""
    client = body.get("client")
    return [channel for channel in service.channels.all if client in (None, channel.client)]


def _client(body: dict[str, Any], key: str = "client") -> str:
    client = body.get(key)
    if not isinstance(client, str):
        raise RefusedError(400, f"{key} names a client")
    return client


async def _push(service: Service, request: Request) -> Any:
    body = await request.read_json()
    channels = _channels(service, body)
    for channel in channels:
        channel.push(*_pushed_parts(service, body))
    header = body.get("directive", {}).get("header", {})
    name = {"namespace": header.get("namespace"), "name": header.get("name")}
    service.journal.add("pushed", clients=[channel.client for channel in channels], **name)
    return {"downchannels": len(channels)}


def _pushed_parts(service: Service, body: dict[str, Any]) -> list[Part]:
    parts: list[Part] = []
    directive, say = body.get("directive"), body.get("say")
    if isinstance(directive, dict):
        header = directive.setdefault("header", {})
        header.setdefault("messageId", str(uuid4()))
        whole = dump({"directive": directive})
        parts.append(JsonPart(label="pushedDirective", body=whole, directive=read_directive(whole)))
    if isinstance(say, dict) and isinstance(say.get("text"), str):
        lang = str(say.get("lang", "en"))
        steps = speak(service.synthesizer, say["text"], lang, say.get("dialogRequestId"))
        parts += [step for step in steps if not isinstance(step, Pause)]
    for content_id, content in _object(body, "attachments").items():
        parts.append(SoundPart(content_id=content_id, chunks=_once(_decoded(content))))
    if not parts:
        raise RefusedError(400, "There is neither a directive, nor something to say")
    return parts


async def _once(data: bytes) -> Any:
    yield data


def _object(body: dict[str, Any], key: str) -> dict[str, Any]:
    value = body.get(key, {})
    if not isinstance(value, dict):
        raise RefusedError(400, f"{key} is an object")
    return value


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as err:
        raise RefusedError(400, "Not base64") from err


async def _plan_answer(service: Service, request: Request) -> Any:
    body = await request.read_json()
    parts = body.get("parts", [])
    if not isinstance(parts, list) or len(parts) > MAX_PARTS:
        raise RefusedError(400, "parts is a list")
    try:
        planned = PlannedAnswer(
            status=int(body.get("status", 200)),
            parts=tuple(_raw_part(part) for part in parts),
            truncate=bool(body.get("truncate", False)),
            reset=bool(body.get("reset", False)),
            delay=min(float(body.get("delay", 0)), MAX_WAIT),
            event=body.get("event"),
        )
    except (TypeError, ValueError) as err:
        raise RefusedError(400, "A field has the wrong type") from err
    service.planned.append(planned)
    return {"planned": len(service.planned)}


def _raw_part(part: Any) -> RawPart:
    if not isinstance(part, dict):
        raise RefusedError(400, "A part is an object")
    headers = {str(name): str(value) for name, value in _object(part, "headers").items()}
    if "json" in part:
        headers.setdefault("Content-Type", "application/json; charset=UTF-8")
        return RawPart(headers=headers, body=dump(part["json"]))
    return RawPart(headers=headers, body=_decoded(part.get("body_base64", "")))


async def _touch_downchannel(service: Service, request: Request) -> Any:
    body = await request.read_json()
    channels = _channels(service, body)
    for channel in channels:
        if "part" in body:
            channel.push(_raw_part(body["part"]))
        if "raw_base64" in body:
            channel.push(RawBytes(data=_decoded(body["raw_base64"])))
        if body.get("end"):
            channel.close()
    return {"downchannels": len(channels)}


async def _illegal(service: Service, request: Request) -> Any:
    client = request.query.get("client", [None])[0]
    return {"illegal": service.verdicts.illegal(client)}


async def _catalogue(service: Service, request: Request) -> Any:
    player = service.player_of(request.query.get("client", [DEFAULT_CLIENT])[0])
    return {
        playlist.name: [
            {
                "id": track.id,
                "title": track.title,
                "artist": track.artist,
                "seconds": track.seconds,
                "pitch": track.pitch,
                "kind": track.kind.value,
                "url": player.addresses.of(track),
            }
            for track in playlist.tracks
        ]
        for playlist in PLAYLISTS.values()
    }


async def _play(service: Service, request: Request) -> Any:
    """Push Plays of some of our tracks; their audioItem and stream can be changed."""
    body = await request.read_json()
    client = _client(body)
    names = body.get("tracks")
    if not isinstance(names, list) or not names or any(name not in TRACKS for name in names):
        raise RefusedError(400, "tracks is a list of ids (GET /control/catalogue)")
    behavior = str(body.get("behavior", REPLACE))
    player = service.player_of(client)
    orders = []
    for name in names:
        order = play(TRACKS[name], player, behavior)
        item = order.payload["audioItem"]
        item["stream"] |= _object(body, "stream")
        item |= _object(body, "item")
        orders.append(order)
        behavior = ENQUEUE
    _push_to(service, client, orders)
    return {"tokens": [order.payload["audioItem"]["stream"]["token"] for order in orders]}


async def _hand_over(service: Service, request: Request) -> Any:
    """Have one client take over what another one plays."""
    body = await request.read_json()
    giver, taker = _client(body, "from"), _client(body, "to")
    token = service.player_of(giver).token
    if track_of(token) is None:
        raise RefusedError(400, f"{giver} plays nothing that can be handed over")
    handover = {"customData": "{}", "deviceId": giver}
    order = controller("ExpectPlayCommand", {"token": token, "handover": handover})
    _push_to(service, taker, [order])
    return {"token": token}


async def _expect(service: Service, request: Request) -> Any:
    """Have a client behave as if one of its buttons were pressed, as a remote app does."""
    body = await request.read_json()
    command, target = body.get("command"), body.get("target")
    if command not in BUTTONS:
        raise RefusedError(400, f"command is one of {', '.join(BUTTONS)}")
    payload = {} if target is None else {"target": {"namespace": target}}
    _push_to(service, _client(body), [controller(f"Expect{command}Command", payload)])
    return {}


def _push_to(service: Service, client: str, orders: list[Directive]) -> None:
    if not service.push(client, *orders):
        raise RefusedError(400, f"{client} has no downchannel")


async def _seek(service: Service, request: Request) -> Any:
    """Be told that the user of a client has sought in what plays: no event tells."""
    service.verdicts.of(_client(await request.read_json())).sought()
    return {}


_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", "/control/log"): _log,
    ("GET", "/control/state"): _state,
    ("GET", "/control/words"): _words,
    ("GET", "/control/illegal"): _illegal,
    ("GET", "/control/catalogue"): _catalogue,
    ("GET", "/control/settings"): _settings,
    ("PUT", "/control/settings"): _change_settings,
    ("POST", "/control/directives"): _push,
    ("POST", "/control/next-answer"): _plan_answer,
    ("POST", "/control/downchannel"): _touch_downchannel,
    ("POST", "/control/play"): _play,
    ("POST", "/control/handover"): _hand_over,
    ("POST", "/control/expect"): _expect,
    ("POST", "/control/seek"): _seek,
}
