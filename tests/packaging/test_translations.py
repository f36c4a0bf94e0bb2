"""translations/: all texts are there, in all three languages, in hassfest's form, and are used."""

from itertools import chain
import re
from typing import Any, Final

from homeassistant.helpers import config_validation as cv
import probatio as vol
import pytest

from custom_components.clova_cic import PLATFORMS
from custom_components.clova_cic.bots.failures import BotPhrase, SilentError, bot_failure_key
from custom_components.clova_cic.cic import CicError, errors
from custom_components.clova_cic.cic.errors import StatusError
from custom_components.clova_cic.cic.interfaces.event_faults import WORDS, Fault
from custom_components.clova_cic.const import LANGUAGES
from custom_components.clova_cic.direct_line import errors as bot_errors
from custom_components.clova_cic.failures import (
    NotConnectedError,
    Phrase,
    as_home_assistant_error,
    failure_key,
    failure_placeholders,
)

from .files import INTEGRATION, placeholders, texts, translations

_KEY: Final = vol.Match(r"^(?!.+[_-]{2})[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?$")
_ADDRESS: Final = re.compile(
    r"(?:[a-z0-9]+://|www\.)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,5}", re.IGNORECASE
)
_QUOTED: Final = re.compile(r"'\{\w+\}'")
# Placeholders of texts that only a frontend fills in would be shown as they stand.
_FIXED: Final = ("state", "state_attributes", "options", "unit_of_measurement")


def sentence(text: str) -> str:
    """Accept a text as hassfest does."""
    cv.string_with_no_html(text)
    if _ADDRESS.search(text):
        raise vol.Invalid("an address belongs into a placeholder")
    if _QUOTED.search(text):
        raise vol.Invalid("a placeholder in single quotes is not filled in everywhere")
    if not all(name.isidentifier() for name in placeholders(text)):
        raise vol.Invalid("a placeholder is a name")
    if "[%" in text:
        raise vol.Invalid("references are resolved for core's own integrations only")
    if not text or text != text.strip():
        raise vol.Invalid("blanks at the ends, or nothing")
    return text


_TEXT: Final = vol.All(str, sentence)
_TEXTS: Final = {_KEY: _TEXT}
_SECTION: Final = {
    vol.Optional("name"): _TEXT,
    vol.Optional("description"): _TEXT,
    vol.Optional("data"): _TEXTS,
    vol.Optional("data_description"): _TEXTS,
}
_STEP: Final = {
    vol.Optional("title"): _TEXT,
    vol.Optional("description"): _TEXT,
    vol.Optional("data"): _TEXTS,
    vol.Optional("data_description"): _TEXTS,
    vol.Optional("menu_options"): _TEXTS,
    vol.Optional("menu_option_descriptions"): _TEXTS,
    vol.Optional("submit"): _TEXT,
    vol.Optional("sections"): {_KEY: _SECTION},
}
_FLOW: Final = {
    vol.Required("step"): {_KEY: _STEP},
    vol.Optional("flow_title"): _TEXT,
    vol.Optional("error"): _TEXTS,
    vol.Optional("abort"): _TEXTS,
    vol.Optional("progress"): _TEXTS,
    vol.Optional("create_entry"): _TEXTS,
}
_DESCRIBED: Final = {
    _KEY: {
        vol.Required("name"): _TEXT,
        vol.Required("description"): _TEXT,
        vol.Optional("fields"): {
            _KEY: {vol.Required("name"): _TEXT, vol.Required("description"): _TEXT}
        },
    }
}
SCHEMA: Final = vol.Schema(
    {
        vol.Required("config"): _FLOW,
        vol.Required("options"): _FLOW,
        vol.Required("selector"): {_KEY: {vol.Required("options"): _TEXTS}},
        vol.Required("entity"): {
            vol.In(list(PLATFORMS)): {
                _KEY: {
                    vol.Required("name"): _TEXT,
                    vol.Optional("state"): _TEXTS,
                    vol.Optional("state_attributes"): {
                        _KEY: {vol.Required("name"): _TEXT, vol.Optional("state"): _TEXTS}
                    },
                    vol.Optional("unit_of_measurement"): _TEXT,
                }
            }
        },
        vol.Required("exceptions"): {_KEY: {vol.Required("message"): _TEXT}},
        vol.Required("issues"): {
            _KEY: vol.All(
                {
                    vol.Required("title"): _TEXT,
                    vol.Exclusive("description", "how"): _TEXT,
                    vol.Exclusive("fix_flow", "how"): _FLOW,
                },
                vol.AtLeastOne("description", "fix_flow"),
            )
        },
        vol.Required("services"): _DESCRIBED,
        vol.Required("triggers"): _DESCRIBED,
        vol.Required("conditions"): _DESCRIBED,
        vol.Optional("system_health"): {vol.Required("info"): _TEXTS},
    }
)


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


def flows(language: str) -> dict[str, dict[str, Any]]:
    """Return the texts of all flows by what they are for."""
    tree = translations(language)
    fixes = {
        f"issues.{key}": issue["fix_flow"]
        for key, issue in tree["issues"].items()
        if "fix_flow" in issue
    }
    return {"config": tree["config"], "options": tree["options"], **fixes}


@pytest.mark.parametrize("language", LANGUAGES)
def test_form(language: str) -> None:
    SCHEMA(translations(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_same_texts_everywhere(language: str) -> None:
    english, other = texts("en"), texts(language)
    assert other.keys() == english.keys()
    for path, text in other.items():
        assert placeholders(text) == placeholders(english[path]), path


def test_no_other_language() -> None:
    names = {path.name for path in (INTEGRATION / "translations").iterdir()}
    assert names == {f"{language}.json" for language in LANGUAGES}


@pytest.mark.parametrize(("language", "letters"), [("ko", "가-힣"), ("ja", "ぁ-ヿ一-龯")])
def test_translated_at_all(language: str, letters: str) -> None:
    """No text was left in English, but for names and terms."""
    for path, text in texts(language).items():
        if path.startswith("selector.language.") or path.endswith(".user_agent"):
            continue
        assert re.search(f"[{letters}]", text), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_fields_are_described(language: str) -> None:
    """A user who meets a field is told what belongs there, also inside a section."""
    for flow, tree in flows(language).items():
        for name, step in tree["step"].items():
            for part in chain([step], step.get("sections", {}).values()):
                described = part.get("data_description", {}).keys()
                assert described == part.get("data", {}).keys(), (flow, name)


def test_fixed_texts_have_no_placeholders() -> None:
    for path, text in texts("en").items():
        if set(path.split(".")[:-1]) & set(_FIXED) and path.split(".")[0] in ("entity", "selector"):
            assert not placeholders(text), path


def test_every_failure_has_its_texts() -> None:
    english = texts("en")
    for error in [*all_errors(), TimeoutError(), NotConnectedError(), ValueError()]:
        key = failure_key(error)
        text = english[f"exceptions.{key}.message"]
        assert placeholders(text) == set(failure_placeholders(error) or {})
        if isinstance(error, CicError):
            assert f"config.error.{key}" in english
            assert as_home_assistant_error(error).translation_key == key


def test_every_failure_of_a_bot_has_its_texts() -> None:
    english = texts("en")
    cause = bot_errors.TooLargeError("text")
    made: list[bot_errors.DirectLineError] = [SilentError("text"), bot_errors.NotSentError(cause)]
    for kind in vars(bot_errors).values():
        if isinstance(kind, type) and issubclass(kind, bot_errors.ServiceError):
            made.append(kind(418, "code"))
        elif isinstance(kind, type) and issubclass(kind, bot_errors.DirectLineError):
            made.append(kind(cause))
    for error in made:
        key = bot_failure_key(error)
        assert not placeholders(english[f"exceptions.{key}.message"])
        assert f"config.error.{key}" in english
    for phrase in BotPhrase:
        assert f"exceptions.{phrase}.message" in english


def test_every_fault_of_an_event_has_its_text() -> None:
    english = texts("en")
    assert WORDS.keys() == set(Fault)
    for fault, words in WORDS.items():
        assert placeholders(english[f"exceptions.{fault}.message"]) == placeholders(words)


def code() -> str:
    return "".join(path.read_text() for path in INTEGRATION.rglob("*.py"))


def test_every_key_in_the_code_has_a_text() -> None:
    english = texts("en")
    for key in re.findall(r'translation_key="(\w+)"', code()):
        assert {f"exceptions.{key}.message", f"issues.{key}.title"} & english.keys()
    for phrase in Phrase:
        assert f"exceptions.{phrase}.message" in english


def test_every_text_has_its_key_in_the_code() -> None:
    """What nobody can be told any more is not kept."""
    words = set(re.findall(r'"(\w+)"', code()))
    tree = translations("en")
    for part in ("exceptions", "issues"):
        assert tree[part].keys() - words == set(), part
    for part in ("config", "options"):
        steps = {word.removeprefix("async_step_") for word in re.findall(r"async_step_\w+", code())}
        assert tree[part]["step"].keys() - steps == set(), part
