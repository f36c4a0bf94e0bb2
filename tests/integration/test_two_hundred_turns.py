"""People leave over sign-ins that end: two hundred turns with tokens that live for five seconds."""

import asyncio

from homeassistant.core import HomeAssistant
import pytest

from .conftest import SetUp
from .house import make_pipeline, speak
from .login import keeper_of, refreshes, sign_in
from .service import CicService
from .speech import microphone
from .test_failures_are_heard import SUM
from .test_tokens import reauths, type_in

# Short, and without a long answer: a machine that has much to do recognises it in time.
WORD = "stop"
TURNS = 200
SECONDS = 60.0
TOKEN_SECONDS = 5.0


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("home")
async def test_two_hundred_turns(
    hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp
) -> None:
    cic = mortal_cic
    await cic.control("PUT", "settings", {"token_seconds": TOKEN_SECONDS})
    coordinator = await set_up(cic, **await sign_in(hass, cic))
    pipeline = await make_pipeline(hass)
    begun = hass.loop.time()
    for number in range(TURNS):
        if number % 2:
            answer = await type_in(hass, coordinator, SUM)
            assert "5" in answer or "five" in answer
        else:
            run = await speak(hass, microphone(WORD), pipeline)
            assert (run.outcome, run.recognised) == ("an answer", WORD), run.answer
        await asyncio.sleep(begun + (number + 1) * SECONDS / TURNS - hass.loop.time())
    assert hass.loop.time() - begun >= SECONDS
    statuses = await refreshes(cic)
    assert len(statuses) >= SECONDS / TOKEN_SECONDS - 2
    assert set(statuses) == {200}
    assert keeper_of(hass, cic).error is None
    assert reauths(hass) == 0
    assert coordinator.counters.events["failed"] == 0
    assert [one["outcome"] for one in coordinator.turns.recent] == ["answered"] * 20
    assert not await cic.illegal()
