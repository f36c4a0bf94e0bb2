"""What of the service's behaviour can be changed while it runs."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self

# Longest delay a setting may ask for, in seconds: beyond it a client's own limits are long past.
MAX_DELAY = 60.0
# Longest life of an access token, in seconds: the second of the documents' examples.
MAX_TOKEN_SECONDS = 12_960_000.0
_MOST = {"token_seconds": MAX_TOKEN_SECONDS}


class InvalidSettingError(ValueError):
    """A setting that does not exist, or a value of the wrong type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Switches and delays; delays in seconds."""

    # The public service sends neither by default (CIC SpeechRecognizer: by arrangement only).
    transcript: bool = True
    partials: bool = True
    # Between the last byte of an answer's sound and its RenderText.
    render_text_delay: float = 0.0
    # Before an answer's first part.
    speak_delay: float = 0.0
    # Between two writes of an answer's sound.
    sound_delay: float = 0.0
    # How long the address of a protected stream waits for its first fetch.
    grant_seconds: float = 60.0
    # Whether DeviceControl.ExpectReportState follows Hello.
    expect_report_state: bool = True
    # How long, and how often, other clients are to report their state where one asks for it.
    report_duration: float = 60.0
    report_interval: float = 10.0
    # Whether a timer says, by an address, that it is over (CIC Alerts: assets of a TIMER).
    timer_speech: bool = False
    # Whether X-Clova-Device-Tags make clients of one access token several.
    device_tags: bool = True
    # How long an access token is good; the first of the documents' two examples.
    token_seconds: float = 332_000.0
    # Whether a refresh token ends when it is used, not when the access token it brought is.
    rotates_at_once: bool = False

    def changed(self, values: dict[str, Any]) -> Self:
        """Return a copy with the given values; raises InvalidSettingError."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        checked: dict[str, Any] = {
            name: _checked(name, value, kinds.get(name)) for name, value in values.items()
        }
        return replace(self, **checked)


def _checked(name: str, value: Any, kind: type | None) -> bool | float:
    if kind is None:
        raise InvalidSettingError(f"no such setting: {name}")
    if kind is bool:
        if not isinstance(value, bool):
            raise InvalidSettingError(f"{name} is true or false")
        return value
    most = _MOST.get(name, MAX_DELAY)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise InvalidSettingError(f"{name} is a number of seconds from 0 to {most:g}")
    return float(value)
