"""What of the service's behaviour can be changed while it runs."""

from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

MEBI: Final = 1024 * 1024
# What the public service takes in one file; larger ones end as a ServiceError.
UPLOAD_LIMIT: Final = 4 * MEBI
# What is read of a request at all: more than any limit a setting can ask for, so that the refusal
# is the service's own and not the HTTP server's.
MAX_UPLOAD_LIMIT: Final = 15 * MEBI
MAX_REQUEST: Final = 16 * MEBI
# Longest time a setting may ask for, in seconds: beyond it a client's own limits are long past.
MAX_SECONDS: Final = 3_600.0
_MOST: Final = {
    "token_seconds": 86_400.0,
    "upload_limit": float(MAX_UPLOAD_LIMIT),
    "cut_share": 1.0,
    "page_size": 1_000.0,
    "seed": 2.0**53,
}
_LEAST: Final = {"page_size": 1.0, "keep_alive_seconds": 0.01}


class InvalidSettingError(ValueError):
    """A setting that does not exist, or a value of the wrong type or size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Switches, sizes and times; times in seconds."""

    # The switches of a site (isV1Enabled, isV3Enabled, isBlockUserUploadEnabled, isSecureSiteEnabled).
    v1_enabled: bool = True
    v3_enabled: bool = True
    uploads_enabled: bool = True
    secure_site: bool = False
    # What is documented, and what was seen beside it.
    token_seconds: float = 1_800.0
    tells_expiry: bool = True
    v1_start_created: bool = False
    bare_tokens: bool = False
    upload_limit: int = UPLOAD_LIMIT
    page_size: int = 100
    # Whether the user's own message comes after the bot's answers.
    echo_last: bool = False
    # How long the bot may take before the request ends with an error, and whether it is waited for.
    bot_seconds: float = 15.0
    waits_for_bot: bool = True
    # Before each message of the bot.
    reply_delay: float = 0.0
    # The stream: how long its address is good, how often an empty frame keeps it, when it is closed
    # (0: never), and whether frames come that no document names.
    stream_url_seconds: float = 60.0
    keep_alive_seconds: float = 15.0
    socket_seconds: float = 0.0
    odd_frames: bool = False
    # Bad weather. Of the requests that are cut, half reach the bot first; all by one seed.
    delay: float = 0.0
    cut_share: float = 0.0
    seed: int = 0
    # Pages of changing lengths, some of them empty; messages that come twice; how many messages the
    # watermark falls back, once from each place.
    odd_pages: bool = False
    duplicates: bool = False
    watermark_back: int = 0
    flat_errors: bool = False
    html_errors: bool = False

    def changed(self, values: dict[str, Any]) -> Self:
        """Return a copy with the given values; raises InvalidSettingError."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        checked: dict[str, Any] = {
            name: _checked(name, value, kinds.get(name)) for name, value in values.items()
        }
        return replace(self, **checked)


def _checked(name: str, value: Any, kind: type | None) -> bool | int | float:
    if kind is None:
        raise InvalidSettingError(f"no such setting: {name}")
    if kind is bool:
        if not isinstance(value, bool):
            raise InvalidSettingError(f"{name} is true or false")
        return value
    least, most = _LEAST.get(name, 0.0), _MOST.get(name, MAX_SECONDS)
    allowed = int if kind is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, allowed) or not least <= value <= most:
        raise InvalidSettingError(f"{name} is a number from {least:g} to {most:g}")
    return value if kind is int else float(value)
