"""A spoken command that CIC has not looked at goes up once more; nobody notices."""

import asyncio
from collections.abc import Callable

from homeassistant.core import HomeAssistant
import pytest

from tests.peer.voice import Asked, Refusal, Reply
from tests.turn_table import Row

from .service import CicService, until
from .voices import noise, voices

pytestmark = pytest.mark.usefixtures("home")

SECOND = 32_000


def refusing(refusal: Refusal, *, times: int = 1, early: bool = False) -> Callable[[Asked], Reply]:
    """Refuse the first requests, and answer the others."""

    def reply(asked: Asked) -> Reply:
        if asked.number > times:
            return Reply(heard="once more")
        return Reply(refusal=refusal, refused_early=early)

    return reply


async def check_repeated(
    hass: HomeAssistant, cic: CicService, set_up, row: Row, refusal: Refusal, *, early: bool
) -> None:
    """Speak a command that is refused once: it is answered, within one dialog."""
    async with voices(hass, cic, set_up, reply=refusing(refusal, early=early)) as house:
        (satellite,) = house.satellites
        run = await satellite.listen(noise())
        assert run.recognised == ("once more" if early else "what time is it")
        assert run.answer == "It is noon."
        await house.settled(1)
        assert not list(hass.config_entries.flow.async_progress())
        row.record(run.outcome, house.dialogs, house.outcomes)
        assert (await satellite.listen(noise())).outcome == "an answer"


@pytest.mark.turn("The request does not get through: 401, once")
@pytest.mark.parametrize("early", [True, False])
async def test_unauthorized_once(hass: HomeAssistant, cic: CicService, set_up, row, early) -> None:
    await check_repeated(hass, cic, set_up, row, Refusal.UNAUTHORIZED, early=early)


@pytest.mark.turn("The request does not get through: REFUSED_STREAM, once")
@pytest.mark.parametrize("early", [True, False])
async def test_refused_once(hass: HomeAssistant, cic: CicService, set_up, row, early) -> None:
    await check_repeated(hass, cic, set_up, row, Refusal.REFUSED_STREAM, early=early)


@pytest.mark.turn("The request does not get through: above GOAWAY's last stream")
@pytest.mark.parametrize("early", [True, False])
async def test_above_goaway(hass: HomeAssistant, cic: CicService, set_up, row, early) -> None:
    await check_repeated(hass, cic, set_up, row, Refusal.GOAWAY, early=early)


@pytest.mark.turn("The request does not get through: again and again")
async def test_refused_again_and_again(
    hass: HomeAssistant, cic: CicService, set_up, row: Row
) -> None:
    """Twice, and no more: a cloud that refuses for good is not to be stormed."""
    reply = refusing(Refusal.REFUSED_STREAM, times=2)
    async with voices(hass, cic, set_up, reply=reply) as house:
        (satellite,) = house.satellites
        run = await satellite.listen(noise())
        await house.settled(1)
        await asyncio.sleep(0.1)
        assert house.cloud.tally.requests == 3  # and the sound of the reason
        row.record(run.outcome, house.dialogs, house.outcomes)


@pytest.mark.turn("The request does not get through: more than 10 s of speech")
async def test_speech_too_long_to_be_repeated(
    hass: HomeAssistant, cic: CicService, set_up, row: Row
) -> None:
    reply = refusing(Refusal.REFUSED_STREAM)
    async with voices(hass, cic, set_up, reply=reply, capture_after=11 * SECOND) as house:
        (satellite,) = house.satellites
        run = await satellite.listen(noise(20))
        await house.settled(1)
        assert "long" in run.answer
        row.record(run.outcome, house.dialogs, house.outcomes)
        house.cloud.capture_after = SECOND
        await until(lambda: house.coordinator.connected)
        assert (await satellite.listen(noise())).outcome == "an answer"
