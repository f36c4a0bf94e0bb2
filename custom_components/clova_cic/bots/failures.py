"""What went wrong with a bot, in Home Assistant's exceptions and in words of the user's language.

The one place where Direct Line's tree of errors meets Home Assistant.
"""

from enum import StrEnum
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryNotReady, HomeAssistantError

from ..const import DOMAIN
from ..direct_line.errors import (
    AddressError,
    CertificateError,
    ConversationGoneError,
    CredentialError,
    DirectLineError,
    ExpiredError,
    MalformedError,
    NotSentError,
    OutcomeUnknownError,
    ServiceError,
    SiteDisabledError,
    TooLargeError,
    TooManyRequestsError,
    UnreachableError,
)
from ..failures import phrase


class SilentError(DirectLineError):
    """The bot has taken a message and says nothing."""


class BotPhrase(StrEnum):
    """What is said in place of a bot's answer; keys of the exceptions' translations."""

    AWAY = "say_bot_away"
    SILENT = "say_bot_silent"
    REFUSED = "say_bot_refused"
    TOO_LARGE = "say_bot_too_large"
    BROKEN = "say_bot_broken"
    FILE = "say_bot_file"


_REASONS: Final[dict[type[BaseException], tuple[str, BotPhrase]]] = {
    AddressError: ("bot_address", BotPhrase.AWAY),
    CertificateError: ("bot_certificate", BotPhrase.AWAY),
    ConversationGoneError: ("bot_conversation_gone", BotPhrase.AWAY),
    CredentialError: ("bot_secret_refused", BotPhrase.REFUSED),
    DirectLineError: ("bot_failed", BotPhrase.BROKEN),
    ExpiredError: ("bot_token_expired", BotPhrase.REFUSED),
    MalformedError: ("bot_broken_answer", BotPhrase.BROKEN),
    OutcomeUnknownError: ("bot_outcome_unknown", BotPhrase.SILENT),
    ServiceError: ("bot_failed", BotPhrase.BROKEN),
    SilentError: ("bot_silent", BotPhrase.SILENT),
    SiteDisabledError: ("bot_site_disabled", BotPhrase.REFUSED),
    TooLargeError: ("bot_too_large", BotPhrase.TOO_LARGE),
    TooManyRequestsError: ("bot_too_many_requests", BotPhrase.AWAY),
    UnreachableError: ("bot_unreachable", BotPhrase.AWAY),
}


def cause_of(error: DirectLineError) -> DirectLineError:
    """Return why a message was not sent; of another error, itself."""
    return error.cause if isinstance(error, NotSentError) else error


def _reason(error: DirectLineError) -> tuple[str, BotPhrase]:
    kinds = type(cause_of(error)).__mro__
    return next(_REASONS[kind] for kind in kinds if kind in _REASONS)


def bot_failure_key(error: DirectLineError) -> str:
    """Return the translation key of an error, in the exceptions and the flow's errors alike."""
    return _reason(error)[0]


def as_bot_error(
    error: DirectLineError, kind: type[HomeAssistantError] = HomeAssistantError
) -> HomeAssistantError:
    """Return an error of Direct Line as one of Home Assistant's, translated."""
    return kind(translation_domain=DOMAIN, translation_key=bot_failure_key(error))


def as_bot_set_up_error(error: DirectLineError) -> HomeAssistantError:
    """Return what ends the set-up of an entry: it is tried again, unless only the user can help."""
    needs_user = isinstance(error, CredentialError | ExpiredError)
    return as_bot_error(error, ConfigEntryAuthFailed if needs_user else ConfigEntryNotReady)


async def said_instead(hass: HomeAssistant, language: str, error: DirectLineError) -> str:
    """Return a short sentence about an error that can be spoken to the user."""
    return await phrase(hass, language, _reason(error)[1])
