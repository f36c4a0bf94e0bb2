"""What is said of a bot's messages, and which choice a text means."""

import pytest

from custom_components.clova_cic.bots.choices import read_out, taken
from custom_components.clova_cic.bots.reply import Reply
from custom_components.clova_cic.bots.words import said
from custom_components.clova_cic.direct_line import Attachment, Choice, Incoming, InputHint, Kind

TEA, GREEN, WATER = (Choice(title=name, value=name.lower()) for name in ("Tea", "Green tea", "물"))
CHOICES = (TEA, GREEN, WATER)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("Tea!", TEA),
        ("green tea", GREEN),
        ("I would like some green  tea, please", None),  # it names two
        ("the third one", WATER),
        ("number 2", GREEN),
        ("2.", GREEN),
        ("두 번째", GREEN),
        ("2번", GREEN),
        ("물 주세요", WATER),
        ("물을 주세요", WATER),
        ("二番", GREEN),
        ("さん", WATER),
        ("4", None),
        ("0", None),
        ("steak", None),
        ("", None),
        ("!", None),
    ],
)
def test_taken(text: str, choice: Choice | None) -> None:
    assert taken(text, CHOICES) is choice


def test_a_title_is_no_number() -> None:
    """A choice that is called two is meant by two, wherever it stands."""
    two = Choice(title="Two", value="2 pieces")
    assert taken("two", (two, TEA)) is two
    assert taken("two please", (two, TEA)) is two


def test_read_out_where_the_text_does_not() -> None:
    spoken = Choice(title="☕", value="c", spoken="Coffee")
    assert read_out((TEA, spoken), "What would you like?") == "1. Tea, 2. Coffee"
    assert read_out((TEA, spoken), "Tea or coffee?") == ""
    assert read_out((), "Hello") == ""


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"text": "**Yes**, see [the page](https://a.b/c_d).\n\n# News\n* one\n* two"},
            "Yes, see the page.\nNews\none\ntwo",
        ),
        ({"text": "snake_case and 2 * 3"}, "snake_case and 2 3"),
        ({"text": "a *plain* text", "text_format": "plain"}, "a *plain* text"),
        ({"text": "<b>a</b> &amp; b", "text_format": "xml"}, "a & b"),
        (
            {"text": "x", "speak": "<speak>Half <break time='1s'/>past &lt;two&gt;</speak>"},
            "Half past <two>",
        ),
        ({"text": "x", "speak": ""}, ""),
        ({}, ""),
    ],
)
def test_said(fields: dict[str, str], words: str) -> None:
    assert said(Incoming(kind=Kind.MESSAGE, **fields)) == words


@pytest.mark.parametrize(
    ("fields", "expects"),
    [
        ({"text": "Which?"}, True),
        ({"text": "Which? (1. Tea, 2. Coffee or 3. Water)"}, True),
        ({"text": "어느 것？"}, True),
        ({"text": "That one."}, False),
        ({"text": "Which?", "input_hint": InputHint.ACCEPTING}, False),
        ({"text": "Say it.", "input_hint": InputHint.EXPECTING}, True),
        ({"text": "Tea", "choices": (TEA,)}, True),
    ],
)
def test_expects_answer(fields: dict[str, object], expects: bool) -> None:
    reply = Reply()
    reply.take(Incoming(kind=Kind.MESSAGE, **fields))
    assert reply.expects_answer is expects


def test_silence_is_kept_and_shown() -> None:
    reply = Reply()
    assert not reply.expects_answer
    assert reply.take(Incoming(kind=Kind.MESSAGE, text="Only to read", speak="")) == ""
    assert reply.card == "Only to read"


def test_files_alone() -> None:
    reply = Reply()
    picture = Attachment(content_type="image/png", url="https://bot/a.png")
    assert reply.take(Incoming(kind=Kind.MESSAGE, attachments=(picture,))) == ""
    assert reply.has_files_alone
    assert reply.image == "https://bot/a.png"
    assert reply.take(Incoming(kind=Kind.EVENT)) == ""


def test_pieces_that_are_another_text() -> None:
    """A piece that does not go on where the last one ended is left to the whole."""

    def piece(text: str) -> Incoming:
        return Incoming(kind=Kind.TYPING, text=text, channel_data={"streamType": "streaming"})

    reply = Reply()
    assert reply.take(Incoming(kind=Kind.MESSAGE, text="First.")) == "First."
    assert reply.take(piece("It")) == "\nIt"
    assert reply.take(piece("It is")) == " is"
    assert reply.take(piece("Other")) == ""
    assert reply.take(piece("It is **bold")) == ""
    assert reply.take(Incoming(kind=Kind.TYPING)) == ""
    assert reply.take(Incoming(kind=Kind.MESSAGE, text="It is so.")) == " so."
    assert reply.take(piece("New")) == "\nNew"
    assert reply.take(Incoming(kind=Kind.MESSAGE, text="Changed.")) == "\nChanged."
    assert reply.text == "First.\nIt is so.\nNew\nChanged."
