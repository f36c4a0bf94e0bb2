"""Ten thousand messages through a site that drops, delays, repeats and pages oddly (hostile.py)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from custom_components.clova_cic.direct_line import (
    Conversation,
    DirectLine,
    Outgoing,
    Timing,
    Version,
)
from custom_components.clova_cic.direct_line.errors import NotSentError, OutcomeUnknownError

from .hostile import FRAME_FAULTS, READ_FAULTS, SEND_FAULTS, HostilePeer
from .peer import USER

MESSAGES = 10_000
BREATHLESS = Timing(
    after_word=(),
    in_turn=0.002,
    first_failure=0.001,
    worst_failure=0.004,
    deaf=0.1,
    look=0.1,
    stream_pause=(0.001, 0.02),
    worst_stream_pause=0.02,
)


async def talk(conversation: Conversation, peer: HostilePeer) -> Counter[str]:
    """Say something until everybody has said ten thousand messages; return the outcomes."""
    outcomes: Counter[str] = Counter()
    while len(peer.log) < MESSAGES:
        text = f"message {outcomes.total()}"
        heard = len(peer.heard)
        try:
            await conversation.send(Outgoing(text=text))
        except NotSentError:
            outcomes["not sent"] += 1
            assert len(peer.heard) == heard
        except OutcomeUnknownError:
            outcomes["unknown"] += 1
        else:
            outcomes["confirmed"] += 1
            assert peer.heard[heard]["text"] == text
        assert len(peer.heard) <= heard + 1
    await asyncio.gather(*peer.late)
    return outcomes


def sender(entry: dict[str, Any]) -> str:
    return entry["from"] if isinstance(entry["from"], str) else entry["from"]["id"]


@pytest.mark.parametrize("seed", [1])
async def test_every_message_once_and_in_order(
    seed: int,
    version: Version,
    serve: Callable[..., Any],
    line: Callable[..., DirectLine],
) -> None:
    peer = await serve(HostilePeer(version, seed))
    conversation = await line(peer, timing=BREATHLESS).start()
    received: list[str | None] = []

    async def listen() -> None:
        async for activity in conversation.activities():
            received.append(activity.id)  # noqa: PERF401 - others look at it meanwhile

    listening = asyncio.create_task(listen())
    outcomes = await talk(conversation, peer)
    await peer.say("the last word")
    async with asyncio.timeout(20):
        while not received or received[-1] != peer.log[-1]["id"]:
            assert not listening.done(), listening.result()
            await asyncio.sleep(0.01)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await conversation.close()

    assert received == [entry["id"] for entry in peer.log if sender(entry) != USER]
    said = Counter(message["text"] for message in peer.heard)
    assert set(said.values()) == {1}
    assert outcomes["confirmed"] <= len(said) <= outcomes["confirmed"] + outcomes["unknown"]
    assert min(outcomes[one] for one in ("confirmed", "not sent", "unknown")) > 10
    faults = READ_FAULTS | SEND_FAULTS | (FRAME_FAULTS if version is Version.V3 else {})
    assert set(faults) == set(peer.happened)
