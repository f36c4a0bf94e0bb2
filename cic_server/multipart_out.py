"""Writing multipart bodies: every delimiter goes out directly after its part (transport.md section 7.3)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from .messages import Directive, read_directive

type Write = Callable[[bytes], Awaitable[None]]

JSON_TYPE = "application/json; charset=UTF-8"
BINARY_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonPart:
    """A directive or exception."""

    label: str
    body: bytes
    # What the body says, where it is a directive.
    directive: Directive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundPart:
    """An attachment that a directive names by `cid:`, written as its chunks come."""

    content_id: str
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPart:
    """A part exactly as a test asked for it."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Seconds to wait between two parts; everything before is flushed."""

    seconds: float


type Part = JsonPart | SoundPart | RawPart
type Step = Part | Pause


def directive_in(part: Part) -> Directive | None:
    """Return the directive a part brings, also one that a test made."""
    match part:
        case JsonPart(directive=directive):
            return directive
        case RawPart(body=body):
            return read_directive(body)
        case SoundPart():
            return None


def new_boundary() -> str:
    """Return a boundary no body contains."""
    return uuid4().hex


def content_type(boundary: str) -> list[tuple[bytes, bytes]]:
    """Return the response header that announces the boundary."""
    return [(b"content-type", f"multipart/related; boundary={boundary}".encode())]


def opening(boundary: str) -> bytes:
    """Return the delimiter before the first part."""
    return f"--{boundary}\r\n".encode()


def delimiter(boundary: str) -> bytes:
    """Return the delimiter after a part that another one follows."""
    return f"\r\n--{boundary}\r\n".encode()


def closing(boundary: str) -> bytes:
    """Return the delimiter after the last part."""
    return f"\r\n--{boundary}--\r\n".encode()


def part_head(headers: dict[str, str]) -> bytes:
    """Return a part's headers and the blank line."""
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    return "".join([*lines, "\r\n"]).encode()


def headers_of(part: Part) -> dict[str, str]:
    """Return a part's headers (CIC_API, "Multipart")."""
    match part:
        case JsonPart(label=label):
            name = f'form-data; name="{label}-{uuid4()}"'
            return {"Content-Disposition": name, "Content-Type": JSON_TYPE}
        case SoundPart(content_id=content_id):
            name = f'form-data; name="attachment-{uuid4()}"'
            return {
                "Content-Disposition": name,
                "Content-ID": content_id,
                "Content-Type": BINARY_TYPE,
            }
        case RawPart(headers=headers):
            return headers


async def write_part(write: Write, part: Part, end: bytes, sound_delay: float = 0) -> None:
    """Write one part and the delimiter `end`."""
    head = part_head(headers_of(part))
    match part:
        case JsonPart(body=body) | RawPart(body=body):
            await write(head + body + end)
        case SoundPart(chunks=chunks):
            await write(head)
            async for chunk in chunks:
                await write(chunk)
                await sleep_if(sound_delay)
            await write(end)


async def sleep_if(seconds: float) -> None:
    """Wait, but do not even yield for nothing."""
    if seconds > 0:
        await asyncio.sleep(seconds)


def split_last(steps: Sequence[Step]) -> tuple[Sequence[Step], Part | None]:
    """Return the steps before the last part, and that part."""
    for index in range(len(steps) - 1, -1, -1):
        step = steps[index]
        if not isinstance(step, Pause):
            return steps[:index], step
    return steps, None


def exception_response(body: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return headers and body of an error answer: one JSON part."""
    boundary = new_boundary()
    head = part_head(headers_of(JsonPart(label="exception", body=body)))
    return content_type(boundary), opening(boundary) + head + body + closing(boundary)
