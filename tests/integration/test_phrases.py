"""Texts that are spoken, or shown where nobody has chosen a language."""

from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic.cic.errors import (
    ConnectionLostError,
    NoAnswerError,
    StatusError,
    UnauthorizedError,
)
from custom_components.clova_cic.failures import NotConnectedError, Phrase, phrase, spoken_reason


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
