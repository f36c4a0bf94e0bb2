"""What went wrong, in Home Assistant's exceptions and in words of the user's language.

The one place where the library's tree of errors meets Home Assistant.
"""

from enum import StrEnum
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
    HomeAssistantError,
)
from homeassistant.helpers.translation import async_get_translations

from .cic.errors import (
    AccountClosedError,
    AccountRefusedError,
    AttachmentMissingError,
    AuthorizationServerError,
    CertificateError,
    ConnectError,
    ConnectionLostError,
    ConsentNeededError,
    DialogCancelledError,
    GrantRefusedError,
    MalformedResponseError,
    MessageError,
    NoAnswerError,
    NotCicError,
    NotHttp2Error,
    NotProcessedError,
    SignInError,
    StatusError,
    StreamResetError,
    TermsNotAgreedError,
    TooLongToRepeatError,
    TooManyRequestsError,
    UnauthorizedError,
)
from .const import DOMAIN, FALLBACK_LANGUAGE, LANGUAGES
from .tls import InvalidCaError

# The user has to agree to the terms of the service first: an error, and a repair.
CONSENT_NEEDED: Final = "consent_needed"


class NotConnectedError(HomeAssistantError):
    """There is no connection to CIC now."""

    def __init__(self) -> None:
        """Carry the translated reason."""
        super().__init__(translation_domain=DOMAIN, translation_key="not_connected")


class ReplacedError(HomeAssistantError):
    """Another command in the same conversation, or at the same satellite, came after this one."""

    def __init__(self) -> None:
        """Carry the translated reason."""
        super().__init__(translation_domain=DOMAIN, translation_key="replaced")


class Phrase(StrEnum):
    """Texts that are spoken, or shown in a dialog or a browser; keys of the exceptions' translations."""

    STAND_IN_ANSWER = "stand_in_answer"
    STAND_IN_TRANSCRIPT = "stand_in_transcript"
    HELP = "say_help"
    BROWSE_ROOT = "browse_root"
    BROWSE_QUEUE = "browse_queue"
    BROWSE_TRACKS = "browse_tracks"
    BROWSE_LISTS = "browse_lists"
    ALERT_ACTION_TIMER = "alert_action_timer"
    ALERT_ALARM = "alert_alarm"
    ALERT_REMINDER = "alert_reminder"
    ALERT_TIMER = "alert_timer"
    ALERTS_MISSED = "alerts_missed"
    NOT_CONNECTED = "say_not_connected"
    CONNECTION_LOST = "say_connection_lost"
    NO_ANSWER = "say_no_answer"
    TOKEN_REFUSED = "say_token_refused"
    CONSENT_NEEDED = "say_consent_needed"
    CONSENT_HEARD = "consent_heard"
    CONSENT_UNKNOWN = "consent_unknown"
    TOO_LONG = "say_too_long"
    NOT_UNDERSTOOD = "say_not_understood"
    REFUSED = "say_refused"
    REPLACED = "say_replaced"
    BROKEN_ANSWER = "say_broken_answer"
    UNKNOWN = "say_unknown"


_REASONS: Final[dict[type[BaseException], tuple[str, Phrase]]] = {
    AccountClosedError: ("account_closed", Phrase.TOKEN_REFUSED),
    AccountRefusedError: ("account_refused", Phrase.TOKEN_REFUSED),
    AttachmentMissingError: ("broken_answer", Phrase.BROKEN_ANSWER),
    AuthorizationServerError: ("authorization_failed", Phrase.NOT_CONNECTED),
    BaseException: ("unknown", Phrase.UNKNOWN),
    CertificateError: ("certificate", Phrase.NOT_CONNECTED),
    ConnectError: ("unreachable", Phrase.NOT_CONNECTED),
    ConnectionLostError: ("connection_lost", Phrase.CONNECTION_LOST),
    ConsentNeededError: (CONSENT_NEEDED, Phrase.CONSENT_NEEDED),
    DialogCancelledError: ("connection_lost", Phrase.CONNECTION_LOST),
    GrantRefusedError: ("grant_refused", Phrase.TOKEN_REFUSED),
    InvalidCaError: ("invalid_ca", Phrase.NOT_CONNECTED),
    MalformedResponseError: ("broken_answer", Phrase.BROKEN_ANSWER),
    MessageError: ("broken_answer", Phrase.BROKEN_ANSWER),
    NoAnswerError: ("no_answer", Phrase.NO_ANSWER),
    NotCicError: ("not_cic", Phrase.NOT_CONNECTED),
    NotConnectedError: ("not_connected", Phrase.NOT_CONNECTED),
    NotHttp2Error: ("not_http2", Phrase.NOT_CONNECTED),
    NotProcessedError: ("connection_lost", Phrase.CONNECTION_LOST),
    ReplacedError: ("replaced", Phrase.REPLACED),
    SignInError: ("authorization_failed", Phrase.NOT_CONNECTED),
    StatusError: ("refused", Phrase.REFUSED),
    StreamResetError: ("connection_lost", Phrase.CONNECTION_LOST),
    TermsNotAgreedError: (CONSENT_NEEDED, Phrase.CONSENT_NEEDED),
    TimeoutError: ("no_answer", Phrase.NO_ANSWER),
    TooLongToRepeatError: ("connection_lost", Phrase.TOO_LONG),
    TooManyRequestsError: ("too_many_requests", Phrase.NOT_CONNECTED),
    UnauthorizedError: ("token_refused", Phrase.TOKEN_REFUSED),
}


def _reason(error: BaseException) -> tuple[str, Phrase]:
    return next(_REASONS[kind] for kind in type(error).__mro__ if kind in _REASONS)


def failure_key(error: BaseException) -> str:
    """Return the translation key of an error, in the exceptions and the flows' errors alike."""
    return _reason(error)[0]


def failure_placeholders(error: BaseException) -> dict[str, str] | None:
    """Return what the text of an error is filled with."""
    if failure_key(error) == "refused" and isinstance(error, StatusError):
        return {"status": str(error.status)}
    return None


def as_home_assistant_error(
    error: Exception, kind: type[HomeAssistantError] = HomeAssistantError
) -> HomeAssistantError:
    """Return a library's error as one of Home Assistant's, translated."""
    return kind(
        translation_domain=DOMAIN,
        translation_key=failure_key(error),
        translation_placeholders=failure_placeholders(error),
    )


def as_set_up_error(error: Exception, *, needs_user: bool) -> HomeAssistantError:
    """Return what ends the set-up of an entry: it is tried again, unless only the user can help."""
    kind: type[HomeAssistantError] = ConfigEntryNotReady
    if isinstance(error, InvalidCaError):
        kind = ConfigEntryError
    elif needs_user:
        kind = ConfigEntryAuthFailed
    return as_home_assistant_error(error, kind)


async def spoken_reason(hass: HomeAssistant, language: str, error: BaseException) -> str:
    """Return a short sentence about an error that can be spoken to the user."""
    return await phrase(hass, language, _reason(error)[1])


async def phrase(hass: HomeAssistant, language: str, key: StrEnum) -> str:
    """Return a text to be spoken in a language such as "ko" or "ko-KR"; English where we lack it."""
    spoken = language.replace("_", "-").partition("-")[0].lower()
    texts = await async_get_translations(
        hass, spoken if spoken in LANGUAGES else FALLBACK_LANGUAGE, "exceptions", {DOMAIN}
    )
    return texts[f"component.{DOMAIN}.exceptions.{key}.message"]
