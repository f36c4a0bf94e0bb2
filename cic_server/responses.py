"""Sending an event's answer, and noticing when nobody wants it any more."""

from collections.abc import Callable, Sequence

from .http import Request
from .messages import Directive
from .multipart_out import (
    Part,
    Pause,
    Step,
    closing,
    content_type,
    delimiter,
    directive_in,
    new_boundary,
    opening,
    sleep_if,
    split_last,
    write_part,
)
from .racing import first_of
from .records import Delivery, DialogRecord
from .service import PlannedAnswer


class ResponseResetError(Exception):
    """Resets the stream: the kept server does so when the application fails after the headers."""


type Sent = Callable[[Directive], None]


def _tell(sent: Sent, part: Part) -> None:
    """Tell of a directive before it is written: the client may act on it at once."""
    if (directive := directive_in(part)) is not None:
        sent(directive)


async def send_steps(
    request: Request,
    steps: Sequence[Step],
    record: DialogRecord,
    sound_delay: float,
    sent: Sent,
) -> None:
    """Send parts as a 200 answer; stops when the client resets it. `sent` hears of directives."""
    boundary = new_boundary()
    earlier, last = split_last(steps)
    assert last is not None

    async def write_all() -> None:
        between = delimiter(boundary)
        await request.write(opening(boundary))
        for step in earlier:
            if isinstance(step, Pause):
                await sleep_if(step.seconds)
            else:
                _tell(sent, step)
                await write_part(request.write, step, between, sound_delay)
                record.mark("first_part")
        _tell(sent, last)
        await write_part(request.write, last, closing(boundary), sound_delay)
        record.mark("first_part")

    await request.start(200, content_type(boundary))
    ended = await first_of(write_all(), request.until_disconnect())
    if ended == 0:
        record.answer = Delivery.COMPLETE
        await request.end()
    else:
        record.answer = Delivery.CANCELLED


async def send_planned(
    request: Request, planned: PlannedAnswer, record: DialogRecord, sent: Sent
) -> None:
    """Send exactly what a test planned; stops where the client resets it before there is any."""
    if await first_of(sleep_if(planned.delay), request.until_disconnect()) != 0:
        record.answer = Delivery.CANCELLED
        return
    record.answer = Delivery.COMPLETE
    if not planned.parts:
        await request.answer(planned.status)
        return
    boundary = new_boundary()
    await request.start(planned.status, content_type(boundary))
    await request.write(opening(boundary))
    for part in planned.parts[:-1]:
        _tell(sent, part)
        await write_part(request.write, part, delimiter(boundary))
        record.mark("first_part")
    end = b"" if planned.truncate else closing(boundary)
    _tell(sent, planned.parts[-1])
    await write_part(request.write, planned.parts[-1], end)
    record.mark("first_part")
    if planned.reset:
        raise ResponseResetError
    await request.end()
