"""Sending whatever a test wants: directives, sound, raw parts, answers planned ahead."""

from typing import Any
from uuid import uuid4

from cic_server.answers import speak
from cic_server.channels import RawBytes
from cic_server.http import Request
from cic_server.messages import RefusedError, dump, read_directive
from cic_server.multipart_out import JsonPart, Part, Pause, RawPart, SoundPart
from cic_server.service import PlannedAnswer, Service

from .common import Handlers, channels_in, decoded, object_in
from .watch import MAX_WAIT

MAX_PARTS = 1_000


async def _push(service: Service, request: Request) -> Any:
    body = await request.read_json()
    header = object_in(object_in(body, "directive"), "header")
    channels = channels_in(service, body)
    _pushed_parts(service, body)  # what is wrong is told, whether or not anyone listens
    for channel in channels:
        channel.push(*_pushed_parts(service, body))
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
    for content_id, content in object_in(body, "attachments").items():
        parts.append(SoundPart(content_id=content_id, chunks=_once(decoded(content))))
    if not parts:
        raise RefusedError(400, "There is neither a directive, nor something to say")
    return parts


async def _once(data: bytes) -> Any:
    yield data


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
    headers = {str(name): str(value) for name, value in object_in(part, "headers").items()}
    if "json" in part:
        headers.setdefault("Content-Type", "application/json; charset=UTF-8")
        return RawPart(headers=headers, body=dump(part["json"]))
    return RawPart(headers=headers, body=decoded(part.get("body_base64", "")))


async def _touch_downchannel(service: Service, request: Request) -> Any:
    body = await request.read_json()
    channels = channels_in(service, body)
    for channel in channels:
        if "part" in body:
            channel.push(_raw_part(body["part"]))
        if "raw_base64" in body:
            channel.push(RawBytes(data=decoded(body["raw_base64"])))
        if body.get("end"):
            channel.close()
    return {"downchannels": len(channels)}


PUSH: Handlers = {
    ("POST", "/control/directives"): _push,
    ("POST", "/control/next-answer"): _plan_answer,
    ("POST", "/control/downchannel"): _touch_downchannel,
}
