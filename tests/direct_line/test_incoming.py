"""What is read of a bot's words: whatever it sends, and what the two versions have for it."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, strategies as st
import pytest
from yarl import URL

from custom_components.clova_cic.direct_line import (
    Attachment,
    Card,
    Choice,
    Incoming,
    InputHint,
    Kind,
    Version,
)
from custom_components.clova_cic.direct_line.documents import DEEPEST, decode, encode, objects
from custom_components.clova_cic.direct_line.errors import MalformedError
from custom_components.clova_cic.direct_line.seen import Seen
from custom_components.clova_cic.direct_line.v1 import V1
from custom_components.clova_cic.direct_line.v3 import V3

from .peer import USER

BASE = URL("https://directline.example")
HERO = "application/vnd.microsoft.card.hero"
ADAPTIVE = "application/vnd.microsoft.card.adaptive"


def old(**fields: Any) -> Incoming:
    return V1(BASE, USER).incoming(fields)


def new(**fields: Any) -> Incoming:
    return V3(BASE, USER).incoming({"type": "message", **fields})


def card(kind: str, **content: Any) -> Incoming:
    return new(attachments=[{"contentType": kind, "content": content}])


def test_an_activity() -> None:
    raw = {
        "type": "message",
        "id": "K3|0000002",
        "timestamp": "2026-01-05T08:00:00.1234567Z",
        "from": {"id": "bot", "name": "House", "role": "bot"},
        "replyToId": "K3|0000001",
        "text": "**Yes**",
        "textFormat": "markdown",
        "locale": "en-GB",
        "speak": "",
        "inputHint": "expectingInput",
        "name": "n",
        "value": {"a": [1]},
        "channelData": {"b": 2},
        "somethingNew": True,
    }
    assert V3(BASE, USER).incoming(raw) == Incoming(
        kind=Kind.MESSAGE,
        id="K3|0000002",
        from_id="bot",
        from_name="House",
        text="**Yes**",
        text_format="markdown",
        speak="",
        input_hint=InputHint.EXPECTING,
        reply_to="K3|0000001",
        at=datetime(2026, 1, 5, 8, 0, 0, 123456, UTC),
        locale="en-GB",
        name="n",
        value={"a": [1]},
        channel_data={"b": 2},
        raw=raw,
    )


def test_nothing_of_what_was_said_is_in_a_repr() -> None:
    incoming = new(
        text="geheim",
        speak="geheim",
        channelData={"x": "geheim"},
        attachments=[{"contentUrl": "https://geheim"}],
    )
    assert "geheim" not in repr(incoming)


def test_a_message_of_1_1() -> None:
    incoming = old(
        id="K3|000000000000000002",
        created="2026-01-05T08:00:00.9Z",
        text="Yes.",
        images=["/attachments/K3/0.jpg?t=abc", "HTTPS://example.com/camera", 7, None],
        attachments=[
            {"url": "//evil.example/x", "contentType": "text/plain"},
            {"contentType": "x"},
        ],
        **{"from": "housebot"},
    )
    assert (incoming.from_id, incoming.kind, incoming.speak) == ("housebot", Kind.MESSAGE, None)
    assert incoming.at == datetime(2026, 1, 5, 8, 0, 0, 900000, UTC)
    assert incoming.attachments == (
        Attachment(content_type="image/jpeg", url=f"{BASE}/attachments/K3/0.jpg?t=abc"),
        Attachment(content_type="image/*", url="HTTPS://example.com/camera"),
        Attachment(content_type="image/*", url=f"{BASE}/7"),
        # all that is no URL is a path of Direct Line's
        Attachment(content_type="text/plain", url=f"{BASE}/evil.example/x"),
    )


def test_a_card_in_the_channel_data_of_1_1() -> None:
    content = {"title": "Door", "buttons": [{"type": "imBack", "title": "Open", "value": "open"}]}
    incoming = old(channelData={"contentType": HERO, "content": content})
    assert incoming.cards == (Card(title="Door", text=""),)
    assert incoming.choices == (Choice(title="Open", value="open"),)
    assert incoming.attachments == (Attachment(content_type=HERO, content=content),)
    image = old(channelData={"contentType": "image/png", "contentUrl": "/a.png"})
    assert image.attachments == (Attachment(content_type="image/png", url=f"{BASE}/a.png"),)
    assert old(channelData={"contentType": "text/plain", "content": "x"}).attachments == ()
    assert old(channelData="text").channel_data is None


@pytest.mark.parametrize(
    ("hint", "meaning"),
    [
        ("acceptingInput", InputHint.ACCEPTING),
        ("accepting", InputHint.ACCEPTING),
        ("expecting", InputHint.EXPECTING),
        ("ignoringInput", InputHint.IGNORING),
        ("shouting", None),
        (None, None),
        ([], None),
    ],
)
def test_input_hints(hint: Any, meaning: InputHint | None) -> None:
    assert new(inputHint=hint).input_hint is meaning


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("typing", Kind.TYPING),
        ("event", Kind.EVENT),
        ("endOfConversation", Kind.END_OF_CONVERSATION),
        ("messageReaction", Kind.OTHER),
        (None, Kind.OTHER),
        ({}, Kind.OTHER),
    ],
)
def test_kinds(name: Any, kind: Kind) -> None:
    assert new(type=name).kind is kind


@pytest.mark.parametrize("at", ["yesterday", "", 7, None, "2026-13-01"])
def test_no_time(at: Any) -> None:
    assert new(timestamp=at).at is None
    assert old(created=at).at is None


def test_a_summary_for_a_text() -> None:
    assert new(summary="Three pictures").text == "Three pictures"


@pytest.mark.parametrize("action", ["imBack", "postBack"])
def test_suggested_actions(action: str) -> None:
    actions = [
        {"type": action, "title": "Red", "value": "red"},
        {"type": action, "title": "Red", "value": "red"},
        {"type": action, "title": "Green", "value": {"colour": 2}},
        {"type": action, "value": "blue"},
        {"type": action, "imageAltText": "Yellow", "image": "https://example.com/y.png"},
        {"type": action, "title": "1", "value": "one", "imageAltText": "The first"},
        {"type": "openUrl", "title": "More", "value": "https://example.com"},
        {"type": action},
        "text",
    ]
    assert new(suggestedActions={"actions": actions}).choices == (
        Choice(title="Red", value="red"),
        Choice(title="Green", value="Green", data={"colour": 2}),
        Choice(title="blue", value="blue"),
        Choice(title="Yellow", value="Yellow"),
        Choice(title="1", value="one", spoken="The first"),
    )


def test_a_message_back() -> None:
    action = {
        "type": "messageBack",
        "title": "Ok",
        "text": "I agree",
        "value": {"a": 1},
        "displayText": "Agreed",
    }
    assert new(suggestedActions={"actions": [action]}).choices == (
        Choice(title="Ok", value="I agree", data={"a": 1}, spoken="Agreed"),
    )


@pytest.mark.parametrize(
    ("to", "shown"), [([], 1), ([USER], 1), (["somebody"], 0), (None, 1), ("text", 1), ([{}], 0)]
)
def test_for_whom_actions_are(to: Any, shown: int) -> None:
    actions = [{"type": "imBack", "title": "Red", "value": "red"}]
    assert len(new(suggestedActions={"to": to, "actions": actions}).choices) == shown


def test_no_more_choices_than_anybody_hears() -> None:
    actions = [{"type": "imBack", "value": f"{number}"} for number in range(1000)]
    assert len(new(suggestedActions={"actions": actions}).choices) == 50


def test_a_hero_card() -> None:
    incoming = card(
        HERO,
        title="Door",
        subtitle="Front",
        text="Open",
        images=[{"url": "/door.png"}, {"url": None}],
        buttons=[{"type": "postBack", "title": "Close", "value": "close"}],
    )
    assert incoming.cards == (Card(title="Door", text="Front\nOpen", images=(f"{BASE}/door.png",)),)
    assert incoming.choices == (Choice(title="Close", value="close"),)


def test_a_receipt() -> None:
    incoming = card(
        "application/vnd.microsoft.card.receipt",
        title="Order 7",
        facts=[{"key": "Paid", "value": "cash"}],
        items=[{"title": "Tea", "price": "2", "subtitle": "green"}, {}],
        total="2.20",
        tax="0.20",
        image={"url": "https://example.com/r.png"},
    )
    assert incoming.cards == (
        Card(
            title="Order 7",
            text="Paid: cash\nTea: 2\ngreen\ntax: 0.20\ntotal: 2.20",
            images=("https://example.com/r.png",),
        ),
    )


def test_an_adaptive_card() -> None:
    incoming = card(
        ADAPTIVE,
        body=[
            {"type": "TextBlock", "text": "Weather"},
            {
                "type": "ColumnSet",
                "columns": [
                    {"type": "Column", "items": [{"type": "TextBlock", "text": "Seoul"}]},
                    {
                        "type": "Column",
                        "items": [{"type": "Image", "url": "https://example.com/s.png"}],
                    },
                ],
            },
            {"type": "RichTextBlock", "inlines": ["3 ", {"type": "TextRun", "text": "degrees"}]},
            {"type": "FactSet", "facts": [{"title": "Wind", "value": "2"}]},
            {
                "type": "ActionSet",
                "actions": [{"type": "Action.Submit", "title": "More", "data": "more"}],
            },
        ],
        actions=[
            {"type": "Action.Submit", "title": "Less", "data": {"do": "less"}},
            {"type": "Action.OpenUrl", "title": "Web", "url": "https://example.com"},
        ],
    )
    assert incoming.cards == (
        Card(
            title="Weather",
            text="Seoul\n3 degrees\nWind: 2",
            images=("https://example.com/s.png",),
        ),
    )
    assert incoming.choices == (
        Choice(title="More", value="more"),
        Choice(title="Less", value="Less", data={"do": "less"}),
    )


@pytest.mark.parametrize("content", [None, 7, [], {}, {"title": []}, {"images": 7, "buttons": 7}])
def test_cards_that_say_nothing(content: Any) -> None:
    for kind in (HERO, ADAPTIVE):
        incoming = new(attachments=[{"contentType": kind, "content": content}])
        assert (incoming.cards, incoming.choices) == ((), ())


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = [
    "type",
    "id",
    "timestamp",
    "created",
    "from",
    "text",
    "speak",
    "inputHint",
    "suggestedActions",
    "attachments",
    "images",
    "channelData",
    "content",
    "contentType",
    "contentUrl",
    "url",
    "title",
    "buttons",
    "actions",
    "to",
    "body",
    "items",
    "columns",
    "facts",
    "inlines",
    "data",
    "value",
    "name",
    "replyToId",
    "locale",
    "summary",
]
ACTIVITY = st.dictionaries(
    st.sampled_from(KEYS),
    ANYTHING
    | st.sampled_from([HERO, ADAPTIVE, "message", "imBack", "TextBlock", "Action.Submit"])
    | st.recursive(
        st.dictionaries(
            st.sampled_from(KEYS), ANYTHING | st.sampled_from([HERO, ADAPTIVE]), max_size=4
        ),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
        ),
        max_leaves=5,
    ),
    max_size=6,
)


@given(ACTIVITY, st.sampled_from(Version))
def test_whatever_comes_is_an_activity(raw: dict[str, Any], version: Version) -> None:
    dialect = (V1 if version is Version.V1 else V3)(BASE, USER)
    for one in dialect.page({dialect.messages: [raw, raw]}).activities:
        incoming = dialect.incoming(one)
        assert dialect.is_own(one) is (incoming.from_id == USER)
        for text in (incoming.text, incoming.speak, incoming.id, incoming.from_id):
            assert text is None or isinstance(text, str)
        seen = Seen()
        assert seen.is_new(one)
        seen.is_new(one)


def test_documents() -> None:
    assert decode(b'\xef\xbb\xbf{"a": NaN, "b": 1}') == {"a": None, "b": 1}
    assert decode(b'["\\ud83d\\ude00", "\\ud83d", "\\\\ud83d"]') == [
        "\U0001f600",
        "\ufffd",
        "\\ud83d",
    ]
    assert decode(b"1" * 400) == float("inf")
    assert encode({"a": "\ud83d"}) == b'{"a":"\\ud83d"}'
    deep: Any = {}
    for _ in range(DEEPEST + 1):
        deep = {"a": deep}
    assert objects([deep, {"a": 1}]) == [{"a": 1}]
    for data in (b"", b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(MalformedError):
            decode(data)
