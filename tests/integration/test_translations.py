"""Texts: all there, in all three languages, and used."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
import string
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

import custom_components.clova_cic as integration
from custom_components.clova_cic.cic import CicError, errors
from custom_components.clova_cic.cic.errors import (
    ConnectionLostError,
    NoAnswerError,
    StatusError,
    UnauthorizedError,
)
from custom_components.clova_cic.cic.interfaces.event_faults import WORDS, Fault
from custom_components.clova_cic.const import LANGUAGES
from custom_components.clova_cic.failures import (
    NotConnectedError,
    Phrase,
    as_home_assistant_error,
    failure_key,
    failure_placeholders,
    phrase,
    spoken_reason,
)

FOLDER = Path(integration.__file__).parent


def texts(language: str) -> dict[str, str]:
    """Return a language's texts by their paths."""
    return dict(flat(json.loads((FOLDER / "translations" / f"{language}.json").read_text())))


def flat(tree: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def all_errors() -> list[CicError]:
    """Return one error of every kind the library has."""
    made = []
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, CicError):
            if issubclass(kind, StatusError):
                made.append(kind(418))
            elif kind is errors.StreamResetError:
                made.append(kind(2, remote=True))
            else:
                made.append(kind("text"))
    return made


@pytest.mark.parametrize("language", LANGUAGES)
def test_same_texts_everywhere(language: str) -> None:
    english, other = texts("en"), texts(language)
    assert other.keys() == english.keys()
    for path, text in other.items():
        assert text.strip() == text != ""
        assert placeholders(text) == placeholders(english[path]), path


def test_no_other_language() -> None:
    assert {path.stem for path in (FOLDER / "translations").iterdir()} == set(LANGUAGES)


def test_translated_at_all() -> None:
    """No text was left in English, but for names and terms."""
    english = texts("en")
    for language in ("ko", "ja"):
        same = {path for path, text in texts(language).items() if text == english[path]}
        assert {path.rpartition(".")[2] for path in same} <= {"user_agent", "ko", "ja"}


def test_every_failure_has_its_texts() -> None:
    english = texts("en")
    for error in [*all_errors(), TimeoutError(), NotConnectedError(), ValueError()]:
        key = failure_key(error)
        text = english[f"exceptions.{key}.message"]
        assert placeholders(text) == set(failure_placeholders(error) or {})
        if isinstance(error, CicError):
            assert f"config.error.{key}" in english
            assert as_home_assistant_error(error).translation_key == key


def test_every_fault_of_an_event_has_its_text() -> None:
    english = texts("en")
    assert WORDS.keys() == set(Fault)
    for fault, words in WORDS.items():
        assert placeholders(english[f"exceptions.{fault}.message"]) == placeholders(words)


def test_every_key_in_the_code_has_a_text() -> None:
    code = "".join(path.read_text() for path in FOLDER.rglob("*.py"))
    english = texts("en")
    for key in re.findall(r'translation_key="(\w+)"', code):
        assert {f"exceptions.{key}.message", f"issues.{key}.title"} & english.keys()
    for key in Phrase:
        assert f"exceptions.{key}.message" in english


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
async def test_phrases(hass: HomeAssistant, language: str) -> None:
    spoken = {key: await phrase(hass, language, key) for key in Phrase}
    assert len(set(spoken.values())) == len(Phrase)
    stand_in = spoken[Phrase.STAND_IN_TRANSCRIPT]
    assert stand_in.startswith("(") and stand_in.endswith(")")


@pytest.mark.parametrize(
    ("language", "same_as"),
    [("ko-KR", "ko"), ("ja_JP", "ja"), ("EN", "en"), ("de", "en"), ("*", "en")],
)
async def test_phrase_of_a_near_language(hass: HomeAssistant, language: str, same_as: str) -> None:
    key = Phrase.STAND_IN_ANSWER
    assert await phrase(hass, language, key) == await phrase(hass, same_as, key)


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (UnauthorizedError(401), Phrase.TOKEN_REFUSED),
        (StatusError(503), Phrase.REFUSED),
        (NoAnswerError("late"), Phrase.NO_ANSWER),
        (TimeoutError(), Phrase.NO_ANSWER),
        (ConnectionLostError("gone"), Phrase.CONNECTION_LOST),
        (NotConnectedError(), Phrase.NOT_CONNECTED),
        (RuntimeError("defect"), Phrase.UNKNOWN),
    ],
)
async def test_spoken_reasons(hass: HomeAssistant, error: Exception, key: Phrase) -> None:
    assert await spoken_reason(hass, "ko", error) == await phrase(hass, "ko", key)
