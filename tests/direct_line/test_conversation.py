"""A conversation with a bot that behaves, over both versions."""

from collections.abc import Callable

import pytest

from custom_components.clova_cic.direct_line import (
    Conversation,
    DirectLine,
    Kind,
    Outgoing,
    Version,
)

from .peer import SECRET, USER, Peer

type Make = Callable[..., DirectLine]


async def told(conversation: Conversation, number: int) -> list[str | None]:
    """Return the texts of the next activities."""
    activities = conversation.activities()
    return [(await anext(activities)).text for _ in range(number)]


async def test_a_question_and_its_answers(peer: Peer, line: Make) -> None:
    peer.says = lambda message: [f"You said {message['text']}", "Anything else?"]
    conversation = await line(peer).start()
    for text in ("one", "two"):
        given = await conversation.send(Outgoing(text=text))
        assert (given is None) is (peer.version is Version.V1)
        assert await told(conversation, 2) == [f"You said {text}", "Anything else?"]
    assert peer.heard[0]["from"] == (USER if peer.version is Version.V1 else {"id": USER})
    assert len(peer.heard) == 2


async def test_the_secret_is_exchanged_for_a_token(peer: Peer, line: Make) -> None:
    conversation = await line(peer).start()
    await conversation.send(Outgoing(text="one"))
    assert [one.bearer for one in peer.asked_for("generate")] == [f"Bearer {SECRET}"]
    assert [one.bearer for one in peer.asked_for("start")] == ["Bearer t1.x"]
    assert [one.bearer for one in peer.asked_for("send")] == ["Bearer t2.x"]


@pytest.mark.parametrize("version", [Version.V3], indirect=True)
async def test_activities_come_over_the_stream(peer: Peer, line: Make) -> None:
    conversation = await line(peer).start()
    await peer.say("Good morning", "How are you?")
    assert await told(conversation, 2) == ["Good morning", "How are you?"]
    assert not peer.asked_for("read")
    stream = peer.asked_for("stream")[0]
    assert stream.bearer is None  # its address authorises


async def test_a_reader_may_go_and_come_back(peer: Peer, line: Make) -> None:
    conversation = await line(peer).start()
    await peer.say("one", "two", "three")
    async for activity in conversation.activities():
        assert activity.text == "one"
        assert activity.kind is Kind.MESSAGE
        break
    assert await told(conversation, 2) == ["two", "three"]
