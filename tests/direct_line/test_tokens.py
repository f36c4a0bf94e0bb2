"""Tokens: exchanged, renewed at half of their life, and replaced where they are refused."""

from collections.abc import Callable

import pytest

from custom_components.clova_cic.direct_line import Conversation, DirectLine, Outgoing, Version
from custom_components.clova_cic.direct_line.errors import (
    CredentialError,
    DirectLineError,
    ExpiredError,
    NotSentError,
)

from .peer import SECRET, Peer, replies, says

type Make = Callable[..., DirectLine]


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def say(conversation: Conversation) -> None:
    await conversation.send(Outgoing(text="one"))


def last_bearer(peer: Peer) -> str | None:
    return peer.asked_for("send")[-1].bearer


@pytest.mark.parametrize("expires_in", [1800, 600, None])
async def test_renewed_at_half_of_its_life(
    peer: Peer, line: Make, clock: Clock, expires_in: float | None
) -> None:
    peer.expires_in = expires_in
    conversation = await line(peer, clock=clock).start()
    half = (expires_in or 1800) / 2
    clock.now += half - 1
    await say(conversation)
    assert last_bearer(peer) == "Bearer t2.x"
    clock.now += 2
    await say(conversation)
    await say(conversation)
    (renewal,) = peer.asked_for("renew")
    assert renewal.bearer == "Bearer t2.x"
    assert last_bearer(peer) == "Bearer t3.x"
    if peer.version is Version.V1:
        assert (renewal.method, renewal.path) == ("GET", "/api/tokens/K3%7CxQ/renew")


@pytest.mark.parametrize("version", [Version.V1], indirect=True)
async def test_the_other_way_to_renew_is_remembered(peer: Peer, line: Make, clock: Clock) -> None:
    conversation = await line(peer, clock=clock).start()
    peer.plan("renew", says(405))
    for _ in range(2):
        clock.now += 1000
        await say(conversation)
    assert [one.method for one in peer.asked_for("renew")] == ["GET", "POST", "POST"]


async def test_a_renewal_that_fails_is_tried_again(peer: Peer, line: Make, clock: Clock) -> None:
    conversation = await line(peer, clock=clock).start()
    peer.plan("renew", says(500))
    clock.now += 1000
    await say(conversation)
    await say(conversation)
    assert len(peer.asked_for("renew")) == 1
    assert last_bearer(peer) == "Bearer t2.x"
    clock.now += 401  # half of what was left
    await say(conversation)
    assert last_bearer(peer) == "Bearer t3.x"


@pytest.mark.parametrize("status", [401, 403])
async def test_a_token_that_ends_in_mid_turn(peer: Peer, line: Make, status: int) -> None:
    """The secret is at hand: nobody hears of it."""
    conversation = await line(peer).start()
    peer.tokens.clear()
    peer.plan("send", replies({"error": {"code": "TokenExpired"}}, status))
    await say(conversation)
    assert last_bearer(peer) == f"Bearer {SECRET}"
    assert len(peer.heard) == 1
    await say(conversation)
    assert len(peer.asked_for("send")) == 3


async def test_a_token_as_credential(peer: Peer, line: Make, clock: Clock) -> None:
    """It makes no other, is renewed, and what it was renewed to starts the next conversation."""
    token = peer.new_token()
    scoped = says(403, '{"message": "Cannot use a scoped token to generate"}')
    peer.plan("generate", scoped)
    client = line(peer, credential=token, clock=clock)
    conversation = await client.start()
    assert peer.asked_for("start")[0].bearer == f"Bearer {token}"
    clock.now += 1000
    await say(conversation)
    assert last_bearer(peer) == "Bearer t3.x"
    await client.start()
    assert peer.asked_for("start")[1].bearer == "Bearer t3.x"
    assert len(peer.asked_for("generate")) == 1


async def test_a_token_as_credential_that_has_ended(peer: Peer, line: Make, clock: Clock) -> None:
    token = peer.new_token()
    peer.plan("generate", says(403))
    conversation = await line(peer, credential=token, clock=clock).start()
    clock.now += 3600
    # 1.1 has no word for it, and the time says it
    peer.plan("send", says(403), says(403))
    with pytest.raises(NotSentError) as caught:
        await say(conversation)
    assert isinstance(caught.value.cause, ExpiredError)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(403, "TokenExpired", ExpiredError), (403, "BadArgument", CredentialError)],
)
async def test_reading_ends_with_the_credential(
    peer: Peer, line: Make, status: int, code: str, error: type[DirectLineError]
) -> None:
    peer.streaming = False
    conversation = await line(peer).start()
    refusal = replies({"error": {"code": code}}, status)
    peer.plan("read", refusal, refusal)
    peer.plan("reconnect", refusal, refusal)
    with pytest.raises(error):
        await anext(conversation.activities())
    assert conversation.ended


async def test_a_reader_renews(peer: Peer, line: Make, clock: Clock) -> None:
    """Nobody may say anything for days."""
    conversation = await line(peer, clock=clock).start()
    clock.now += 1000
    await peer.say("one")
    await anext(conversation.activities())
    assert len(peer.asked_for("renew")) == 1
