"""What the cloud says unasked: an automation hears it, a speaker plays it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from .failure import Failure, Source
from .furnish import SPEAKER
from .home_api import HomeApi
from .server import Control

_HEARD = "input_text.pushed"
ARRIVAL_SECONDS = 15.0
ALARM_SECONDS = 2
_ALARM = {"token": "demo", "type": "ALARM"}
NOTE = "Your parcel has arrived."
SPOKEN = "Your parcel has arrived."


async def push_directive(api: HomeApi, control: Control) -> str:
    """Push a text; return what the automation kept of it; raises Failure."""
    await api.act("input_text", "set_value", entity_id=_HEARD, value="")
    await _connected(control)
    header = {"namespace": "Clova", "name": "RenderText"}
    await control.push({"directive": {"header": header, "payload": {"text": NOTE}}})

    async def heard() -> bool:
        return (await api.state(_HEARD))["state"] == NOTE

    await _until(heard, "no automation ran on a directive the cloud had pushed")
    return (await api.state(_HEARD))["state"]


async def push_speech(api: HomeApi, control: Control) -> int:
    """Push speech; return how many bytes of it the speaker fetched; raises Failure."""
    before = (await _speaker(api))["played"]
    await _connected(control)
    await control.push({"say": {"text": SPOKEN}})

    async def played() -> bool:
        return (await _speaker(api))["played"] > before

    await _until(played, "the demo speaker did not play the speech the cloud had pushed")
    if not (size := (await _speaker(api))["sound_bytes"]):
        raise Failure("The speech the cloud had pushed was empty.", Source.HOME)
    return size


async def push_alarm(control: Control) -> None:
    """Set an alarm that rings in a moment; raises Failure."""
    await _connected(control)
    at = datetime.now(UTC) + timedelta(seconds=ALARM_SECONDS)
    payload = {**_ALARM, "scheduledTime": at.isoformat(timespec="seconds")}
    await _push_alert(control, "SetAlert", payload)


async def stop_alarm(control: Control) -> None:
    """Have it ring no longer; raises Failure."""
    await _push_alert(control, "StopAlert", _ALARM)
    await _push_alert(control, "DeleteAlert", _ALARM)


async def _push_alert(control: Control, name: str, payload: dict[str, str]) -> None:
    header = {"namespace": "Alerts", "name": name}
    await control.push({"directive": {"header": header, "payload": payload}})


async def _speaker(api: HomeApi) -> dict[str, Any]:
    return (await api.state(SPEAKER))["attributes"]


async def _connected(control: Control) -> None:
    async def connected() -> bool:
        return await control.downchannels() > 0

    await _until(connected, "Home Assistant is not connected to the CIC server")


async def _until(true: Callable[[], Awaitable[bool]], otherwise: str) -> None:
    try:
        async with asyncio.timeout(ARRIVAL_SECONDS):
            while not await true():
                await asyncio.sleep(0.05)
    except TimeoutError:
        sentence = f"{otherwise[:1].upper()}{otherwise[1:]}, within {ARRIVAL_SECONDS:.0f} s."
        raise Failure(sentence, Source.HOME) from None
