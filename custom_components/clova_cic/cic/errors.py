"""The one tree of errors of the CIC library.

Every error a caller can meet derives from CicError; the branches say what the
caller can do about it, not which line raised it.
"""

from enum import Enum, auto


class CicError(Exception):
    """Base of everything this library raises on purpose."""


class ConnectError(CicError):
    """No connection could be made."""


class UnreachableError(ConnectError):
    """The address does not resolve, refuses, or does not answer in time."""


class NameNotFoundError(UnreachableError):
    """The host's name does not resolve: it is wrong, or there is no way to ask."""


class CertificateFault(Enum):
    """What is wrong with a certificate, or with the clock it is read by."""

    UNTRUSTED = auto()
    EXPIRED = auto()
    NOT_YET_VALID = auto()
    OTHER_NAME = auto()


class CertificateError(ConnectError):
    """The server's certificate was not accepted."""

    def __init__(self, text: str, fault: CertificateFault = CertificateFault.UNTRUSTED) -> None:
        """Keep what is wrong with it."""
        super().__init__(text)
        self.fault = fault


class NotHttp2Error(ConnectError):
    """The peer does not speak TLS, or does not select ALPN "h2" (RFC 9113, 3.2)."""


class ConnectionLostError(CicError):
    """The connection ended while something on it was still expected."""


class SilentPeerError(ConnectionLostError):
    """No PING was answered in time."""


class DownchannelClosedError(ConnectionLostError):
    """CIC has ended the downchannel, as it does when the client asks for another (CIC_API)."""


class StreamResetError(CicError):
    """One stream was reset; the others go on (RFC 9113, 5.4.2)."""

    def __init__(self, error_code: int, *, remote: bool) -> None:
        """Keep the RFC 9113 section 7 code and who sent it."""
        side = "peer" if remote else "client"
        super().__init__(f"stream reset by the {side}, error code {error_code}")
        self.error_code = error_code
        self.remote = remote


class NotProcessedError(CicError):
    """The peer certainly has not acted on the request: repeating it is safe.

    Raised for REFUSED_STREAM, for a stream above GOAWAY's last id, and for a
    request that was never written (RFC 9113, 8.7).
    """


class TooLongToRepeatError(NotProcessedError):
    """CIC has not taken an utterance, and it is longer than what is kept of one to repeat it.

    The cause is what it was refused with.
    """


class MalformedResponseError(CicError):
    """The answer breaks HTTP or multipart rules; only this stream is affected."""


class TruncatedResponseError(MalformedResponseError):
    """The answer ended before its closing delimiter."""


class LimitExceededError(MalformedResponseError):
    """A bound of this library was reached (header block, part, turn)."""


class MessageError(CicError):
    """A JSON part that is no CIC message."""


class AttachmentMissingError(CicError):
    """A directive named a cid the response never brought."""


class NoAnswerError(CicError):
    """The server took the event and did not answer in time."""


class DialogCancelledError(CicError):
    """The dialog was cancelled on this side."""


class StatusError(CicError):
    """CIC answered an event or the downchannel with an error status (CIC_API).

    The description is the server's own text, from a System.Exception part
    where there is one. It may repeat what a user said, so it is no part of the
    error's text, which is logged.
    """

    def __init__(self, status: int, description: str = "") -> None:
        """Keep the HTTP status and the server's text."""
        super().__init__(f"HTTP {status}")
        self.status = status
        self.description = description


class UnauthorizedError(StatusError):
    """401: the access token is not accepted."""


class NoDownchannelError(StatusError):
    """412: no downchannel, or the event came on another connection."""


class TooManyRequestsError(StatusError):
    """429: downchannels were requested too often."""


class TermsNotAgreedError(StatusError):
    """451, as /authorize has it: the user has to agree to the terms of the service first."""


class SignInError(CicError):
    """The authorization server has not given what was asked for (Client_Auth_API)."""


class AccountRefusedError(SignInError):
    """403: the account's token is not accepted; the user has to log in there again."""


class AccountClosedError(SignInError):
    """423: the account has left the service less than a month ago."""


class ConsentNeededError(SignInError):
    """451 where nothing was to be asked: the user has to agree to the terms, in a new sign-in."""


class GrantRefusedError(SignInError):
    """400 or 401: code, refresh token or the client's own credentials are not accepted."""


class AuthorizationServerError(SignInError):
    """It failed, or answered what nobody can read: later it may be otherwise."""


class NotCicError(CicError):
    """The peer answers over HTTP/2, but not as CIC does."""


_BY_STATUS = {
    401: UnauthorizedError,
    412: NoDownchannelError,
    429: TooManyRequestsError,
    451: TermsNotAgreedError,
}


def error_for_status(status: int, description: str = "") -> StatusError:
    """Return the error for an HTTP status of 400 and above."""
    return _BY_STATUS.get(status, StatusError)(status, description)
