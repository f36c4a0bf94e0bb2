"""The connection's story: where it is, why, and when it is tried again; no secret, no word."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
import logging
from typing import Any, Final

from homeassistant.util import dt as dt_util

from .cic.errors import (
    CertificateError,
    CertificateFault,
    ConnectError,
    ConnectionLostError,
    DownchannelClosedError,
    NameNotFoundError,
    NoDownchannelError,
    NotCicError,
    NotHttp2Error,
    SignInError,
    SilentPeerError,
    StatusError,
    TooManyRequestsError,
    UnauthorizedError,
)
from .tls import InvalidCaError

# Days of trouble: what repeats itself, or comes and goes, is counted and takes one place.
MOST_CHANGES: Final = 50
# What a library says of an error, in characters: enough for a host's name and a number.
MOST_DETAIL: Final = 200

_LOGGER = logging.getLogger(__name__)


class Link(StrEnum):
    """The connection as the entry's owner sees it."""

    STARTING = "connecting"
    UP = "connected"
    # the server has said goodbye, or long nothing: another connection is being made
    RENEWING = "renewing"
    DOWN = "disconnected"
    PAUSED = "paused"  # a flow is trying other settings


# CIC is there, also while one connection is replaced by the next.
THERE: Final = frozenset({Link.UP, Link.RENEWING})


class Reason(StrEnum):
    """Why the connection is where it is; keys of the translations."""

    AGED = "aged"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    CERTIFICATE_OTHER_NAME = "certificate_other_name"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    CLOSED_BY_SERVICE = "closed_by_service"
    GOODBYE = "goodbye"
    INVALID_CA = "invalid_ca"
    LOST = "lost"
    NAME_NOT_FOUND = "name_not_found"
    NO_DOWNCHANNEL = "no_downchannel"
    NOT_CIC = "not_cic"
    NOT_HTTP2 = "not_http2"
    REFUSED = "refused"
    SECOND_CLIENT = "second_client"
    SERVER_ERROR = "server_error"
    SIGN_IN = "sign_in"
    SILENT = "silent"
    TOKEN_REFUSED = "token_refused"
    TOO_MANY_REQUESTS = "too_many_requests"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"


_REASONS: Final[dict[type[BaseException], Reason]] = {
    BaseException: Reason.UNKNOWN,
    ConnectError: Reason.UNREACHABLE,
    ConnectionLostError: Reason.LOST,
    DownchannelClosedError: Reason.CLOSED_BY_SERVICE,
    InvalidCaError: Reason.INVALID_CA,
    NameNotFoundError: Reason.NAME_NOT_FOUND,
    NoDownchannelError: Reason.NO_DOWNCHANNEL,
    NotCicError: Reason.NOT_CIC,
    NotHttp2Error: Reason.NOT_HTTP2,
    SignInError: Reason.SIGN_IN,
    SilentPeerError: Reason.SILENT,
    TimeoutError: Reason.UNREACHABLE,
    TooManyRequestsError: Reason.TOO_MANY_REQUESTS,
    UnauthorizedError: Reason.TOKEN_REFUSED,
}
_FAULTS: Final = {
    CertificateFault.EXPIRED: Reason.CERTIFICATE_EXPIRED,
    CertificateFault.NOT_YET_VALID: Reason.CERTIFICATE_NOT_YET_VALID,
    CertificateFault.OTHER_NAME: Reason.CERTIFICATE_OTHER_NAME,
    CertificateFault.UNTRUSTED: Reason.CERTIFICATE_UNTRUSTED,
}


def reason_of(error: BaseException, *, contested: bool = False) -> Reason:
    """Return what an error means for the connection, which another client may contest."""
    match error:
        case DownchannelClosedError() if contested:
            return Reason.SECOND_CLIENT
        case CertificateError(fault=fault):
            return _FAULTS[fault]
        case StatusError(status=status) if status >= 500:
            return Reason.SERVER_ERROR
        case StatusError() if type(error) is StatusError:
            return Reason.REFUSED
        case _:
            return next(_REASONS[kind] for kind in type(error).__mro__ if kind in _REASONS)


@dataclass(slots=True, kw_only=True)
class Change:
    """One change of the connection, or the same one many times."""

    link: Link
    reason: Reason | None
    first: datetime
    last: datetime
    times: int = 0
    detail: str = ""
    next_try: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it for diagnostics."""
        return {
            "link": self.link.value,
            "reason": None if self.reason is None else self.reason.value,
            "detail": self.detail,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "times": self.times,
            "next_try": None if self.next_try is None else self.next_try.isoformat(),
        }


class ConnectionLog:
    """The last changes of one entry's connection."""

    def __init__(self, name: str) -> None:
        """Begin with the first attempt, which is about to be made."""
        self._name = name
        self._changes: deque[Change] = deque(maxlen=MOST_CHANGES)
        self.note(Link.STARTING)

    @property
    def latest(self) -> Change:
        """How it is now."""
        return self._changes[-1]

    def note(
        self,
        link: Link,
        reason: Reason | None = None,
        *,
        error: BaseException | None = None,
        pause: float | None = None,
    ) -> None:
        """Take a change: why, and in how many seconds the next attempt is to be made."""
        now = dt_util.utcnow()
        change = self._again(link, reason)
        if change is None:
            change = Change(link=link, reason=reason, first=now, last=now)
        change.times += 1
        change.last = now
        change.next_try = None if pause is None else now + timedelta(seconds=pause)
        change.detail = "" if error is None else str(error)[:MOST_DETAIL]
        self._changes.append(change)

    def tell(self, before: Link, link: Link, error: BaseException | None) -> None:
        """Write one line when CIC is lost, and one when it is back."""
        match before, link:
            case ((Link.UP | Link.RENEWING | Link.PAUSED), Link.DOWN):
                _LOGGER.warning("The connection of %s is lost: %s", self._name, error)
            case Link.STARTING, Link.DOWN:
                _LOGGER.warning("%s goes on without CIC: %s", self._name, error)
            case Link.DOWN, Link.UP:
                _LOGGER.info("The connection of %s is back", self._name)

    def _again(self, link: Link, reason: Reason | None) -> Change | None:
        """Return the change that repeats itself, or comes and goes with one other, out of its place."""
        for change in list(self._changes)[-2:]:
            if (change.link, change.reason) == (link, reason):
                self._changes.remove(change)
                return change
        return None

    def as_list(self) -> list[dict[str, Any]]:
        """Return all of it, the oldest first."""
        return [change.as_dict() for change in self._changes]
