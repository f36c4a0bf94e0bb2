"""The library and the local bot, which shares no code with it: each reads the documents by itself."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator, Iterator
import json
from typing import Any

import aiohttp
import pytest

from custom_components.clova_cic.direct_line import (
    Conversation,
    DirectLine,
    Incoming,
    InputHint,
    Kind,
    Outgoing,
    Timing,
    Upload,
    Version,
)
from custom_components.clova_cic.direct_line.errors import (
    ConversationGoneError,
    CredentialError,
    NotSentError,
    OutcomeUnknownError,
    ServiceError,
    SiteDisabledError,
)
from tests.bot_server.server import RunningBot, running_bot

from .peer import USER

# Quick, but for what a busy machine needs to answer.
TIMING = Timing(
    after_word=(0.01, 0.03),
    in_turn=0.05,
    first_failure=0.01,
    worst_failure=0.05,
    stream_pause=(0.01, 0.05),
    deaf=2.0,
)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBot]:
    """Run the bot."""
    with running_bot(tmp_path_factory.mktemp("bot")) as running:
        yield running


class Control:
    """The bot's levers."""

    def __init__(self, session: aiohttp.ClientSession, bot: RunningBot) -> None:
        self._session = session
        self._bot = bot

    async def __call__(self, method: str, path: str, **body: Any) -> Any:
        async with self._session.request(
            method,
            f"{self._bot.address}/control{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._bot.control_token}"},
        ) as response:
            assert response.status == 200, await response.text()
            return await response.json()


@pytest.fixture
async def control(session: aiohttp.ClientSession, bot: RunningBot) -> AsyncIterator[Control]:
    """Give the levers, and put them back."""
    control = Control(session, bot)
    before = await control("GET", "/settings")
    yield control
    await control("PUT", "/settings", **before)
    await control("DELETE", "/faults")


@pytest.fixture
def client(session: aiohttp.ClientSession, bot: RunningBot, version: Version) -> DirectLine:
    """Speak to the bot."""
    return DirectLine(
        session, bot.address, bot.secret, user_id=USER, version=version, timing=TIMING
    )


@pytest.fixture
async def conversation(client: DirectLine) -> AsyncIterator[Conversation]:
    """Start a conversation, and hear the greeting of 3.0."""
    conversation = await client.start()
    if conversation.version is Version.V3:
        assert (await heard(conversation)).text.startswith("Hello.")
    yield conversation
    await conversation.close()


async def heard(conversation: Conversation) -> Incoming:
    """Return the next message."""
    async with asyncio.timeout(30):
        async for activity in conversation.activities():
            if activity.kind is not Kind.TYPING:
                return activity
    raise AssertionError("it has ended")


async def said(conversation: Conversation, text: str, number: int = 1) -> list[Any]:
    await conversation.send(Outgoing(text=text))
    return [(await heard(conversation)).text for _ in range(number)]


async def test_an_echo(conversation: Conversation) -> None:
    assert await said(conversation, "문이 잠겼어?") == ["You said: 문이 잠겼어?"]
    assert await said(conversation, "twice", 2) == ["I say this twice."] * 2
    assert await said(conversation, "wrong order", 2) == ["Second.", "First."]


async def test_a_menu(conversation: Conversation) -> None:
    await conversation.send(Outgoing(text="menu"))
    question = await heard(conversation)
    if conversation.version is Version.V3:
        assert question.input_hint is InputHint.EXPECTING
        assert len(question.choices) == 3
    answer = question.choices[0].value if question.choices else "1"
    await conversation.send(Outgoing(text=answer))
    assert (await heard(conversation)).text != question.text


@pytest.mark.parametrize("version", [Version.V3], indirect=True)
async def test_cards(conversation: Conversation) -> None:
    await conversation.send(Outgoing(text="card"))
    message = await heard(conversation)
    assert [card.title for card in message.cards] == ["Front door", "Back door"]
    assert message.speak == "Here are two cards."
    assert message.choices


async def test_pictures(conversation: Conversation, client: DirectLine, bot: RunningBot) -> None:
    picture = Upload(name="사진.png", content_type="image/png", data=PNG)
    await conversation.send(Outgoing(uploads=(picture,)))
    assert "2" in ((await heard(conversation)).text or "")
    await conversation.send(Outgoing(text="", uploads=(picture, picture)))
    assert (await heard(conversation)).text


@pytest.mark.parametrize("words", ["fail", "fail 502", "fail 500"])
async def test_a_bot_that_fails(conversation: Conversation, words: str) -> None:
    with pytest.raises(OutcomeUnknownError) as caught:
        await conversation.send(Outgoing(text=words))
    assert isinstance(caught.value.cause, ServiceError)
    assert await said(conversation, "hello") == ["You said: hello"]


async def test_an_answer_although_it_failed(conversation: Conversation) -> None:
    with pytest.raises(OutcomeUnknownError):
        await conversation.send(Outgoing(text="fail 504 anyway"))
    assert (await heard(conversation)).text == "An answer in spite of it."


async def test_a_bot_slower_than_the_service_waits(
    conversation: Conversation, control: Control
) -> None:
    await control("PUT", "/settings", bot_seconds=0.05)
    with pytest.raises(OutcomeUnknownError):
        await conversation.send(Outgoing(text="slow 0.3"))
    assert (await heard(conversation)).text == "That took 0.3 seconds."


async def test_by_itself(conversation: Conversation) -> None:
    assert await said(conversation, "remind me 0.2", 2) == [
        "I will remind you in 0.2 seconds.",
        "This is your reminder.",
    ]


async def test_goodbye(conversation: Conversation) -> None:
    assert await said(conversation, "bye") == ["Goodbye."]
    if conversation.version is Version.V3:
        assert (await heard(conversation)).kind is Kind.END_OF_CONVERSATION
        assert conversation.ended


async def test_tokens_that_end(conversation: Conversation, control: Control) -> None:
    await control("POST", "/expire")
    assert await said(conversation, "hello") == ["You said: hello"]


async def test_tokens_that_are_renewed(client: DirectLine, control: Control) -> None:
    await control("PUT", "/settings", token_seconds=2)
    conversation = await client.start()
    since = (await control("GET", "/log"))["next"]
    async with asyncio.timeout(20):
        while not any(
            "renew" in entry.get("operation", "") or "refresh" in entry.get("operation", "")
            for entry in (await control("GET", f"/log?since={since}"))["entries"]
        ):
            await conversation.send(Outgoing(text="say nothing"))
    await conversation.close()


async def test_a_token_as_credential(
    session: aiohttp.ClientSession, bot: RunningBot, client: DirectLine, version: Version
) -> None:
    path = "/api/tokens/conversation" if version is Version.V1 else "/v3/directline/tokens/generate"
    async with session.post(
        bot.address + path, headers={"Authorization": f"Bearer {bot.secret}"}
    ) as response:
        found = json.loads(await response.read())
    token = found if isinstance(found, str) else found["token"]
    scoped = DirectLine(
        session, bot.address, token, user_id="house", version=version, timing=TIMING
    )
    conversation = await scoped.start()
    assert await said(conversation, "hello") == ["You said: hello"]
    await conversation.close()


async def test_a_conversation_that_is_gone(conversation: Conversation, control: Control) -> None:
    await control("POST", "/forget", conversation=conversation.id)
    with pytest.raises(NotSentError) as caught:
        await conversation.send(Outgoing(text="hello"))
    assert isinstance(caught.value.cause, ConversationGoneError)


async def test_versions_and_secrets(
    session: aiohttp.ClientSession, bot: RunningBot, control: Control
) -> None:
    def made(secret: str) -> DirectLine:
        return DirectLine(session, bot.address, secret, user_id=USER, timing=TIMING)

    assert await made(bot.secret).find_version() is Version.V3
    with pytest.raises(CredentialError):
        await made("wrong").find_version()
    await control("PUT", "/settings", v3_enabled=False)
    assert await made(bot.secret).find_version() is Version.V1
    with pytest.raises((CredentialError, SiteDisabledError)):
        await made("wrong").find_version()
    await control("PUT", "/settings", v1_enabled=False, flat_errors=True)
    with pytest.raises(SiteDisabledError):
        await made(bot.secret).find_version()
    await control("PUT", "/settings", v1_enabled=True, v1_start_created=True, bare_tokens=True)
    assert await made(bot.secret).find_version() is Version.V1


def number_of(activity_id: str | None) -> int:
    """Return an activity's number: the versions write it with different digits."""
    return int((activity_id or "").rpartition("|")[2])


async def test_bad_weather(client: DirectLine, control: Control) -> None:
    """What the bot can do of its own: connections cut, odd pages, twice, back, streams cut off."""
    conversation = await client.start()
    await control(
        "PUT",
        "/settings",
        cut_share=0.1,
        seed=3,
        odd_pages=True,
        duplicates=True,
        watermark_back=3,
        page_size=5,
        socket_seconds=0.3,
        odd_frames=True,
        echo_last=True,
    )
    received: list[int] = []

    async def listen() -> None:
        async for activity in conversation.activities():
            received.append(number_of(activity.id))  # noqa: PERF401 - others look at it meanwhile

    listening = asyncio.create_task(listen())
    outcomes: dict[str, str] = {}
    for one in range(200):
        try:
            await conversation.send(Outgoing(text=f"message {one}"))
        except (NotSentError, OutcomeUnknownError) as err:
            outcomes[f"message {one}"] = type(err).__name__
        else:
            outcomes[f"message {one}"] = "confirmed"
    await control("PUT", "/settings", cut_share=0.0)
    log = (await control("GET", f"/activities?conversation={conversation.id}"))["activities"]
    expected = [
        number_of(one["id"])
        for one in log
        if one["from"]["id"] != USER and one["type"] == "message"
    ]
    async with asyncio.timeout(30):
        while len(received) < len(expected) or received[-1] != expected[-1]:
            assert not listening.done(), listening.result()
            await asyncio.sleep(0.02)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await conversation.close()
    assert received == expected
    said = Counter(one["text"] for one in log if one["from"]["id"] == USER)
    assert set(said.values()) == {1}
    for text, outcome in outcomes.items():
        assert (text in said) is (outcome == "confirmed") or outcome == "OutcomeUnknownError"
    assert {"confirmed", "OutcomeUnknownError"} <= set(outcomes.values())
