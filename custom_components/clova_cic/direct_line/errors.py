"""The one tree of errors of the Direct Line library.

Every error a caller can meet derives from DirectLineError; the branches say what the
caller can do about it. A text of the service's own stands in `description` alone: it may
repeat what a user said, so it is no part of the error's text, which is logged.
"""


class DirectLineError(Exception):
    """Base of everything this library raises on purpose."""


class AddressError(DirectLineError):
    """An address nobody may be asked at: no HTTPS, no host, or one that is refused here."""


class UnreachableError(DirectLineError):
    """The address does not resolve, refuses, breaks off, or does not answer in time."""


class NotConnectedError(UnreachableError):
    """No connection was made: not a byte of the request has left."""


class CertificateError(NotConnectedError):
    """The server's certificate was not accepted."""


class MalformedError(DirectLineError):
    """An answer of 2xx that is not what the protocol says."""


class TooLargeError(DirectLineError):
    """More than a bound of the service or of this library."""


class ServiceError(DirectLineError):
    """The service answered with an error status.

    `code` is the service's own word for it, of an open set; "" where it gave none.
    """

    def __init__(self, status: int, code: str = "", description: str = "") -> None:
        """Keep the HTTP status, the code and the service's text."""
        super().__init__(f"HTTP {status} {code}".rstrip())
        self.status = status
        self.code = code
        self.description = description


class RedirectedError(ServiceError):
    """3xx: what was asked for is at `location`, where no credential goes."""

    def __init__(self, status: int, location: str) -> None:
        """Keep where."""
        super().__init__(status)
        self.location = location


class CredentialError(ServiceError):
    """401 or 403: the secret or token is not accepted."""


class SiteDisabledError(ServiceError):
    """This version is switched off for the bot, or the bot's site is (or seems) gone."""


class ExpiredError(ServiceError):
    """The token has ended, and nothing is at hand to come by another."""


class ConversationGoneError(ServiceError):
    """404: the service knows the conversation no more; another one can be started."""


class TooManyRequestsError(ServiceError):
    """429: to be asked again after `retry_after` seconds."""

    def __init__(
        self, status: int, code: str = "", description: str = "", *, retry_after: float = 1.0
    ) -> None:
        """Keep after how many seconds the service wants to be asked again."""
        super().__init__(status, code, description)
        self.retry_after = retry_after


class NotSentError(DirectLineError):
    """The bot has certainly not got the message: sending it again does not say it twice."""

    def __init__(self, cause: DirectLineError) -> None:
        """Keep why."""
        super().__init__(f"not sent: {cause}")
        self.cause = cause


class OutcomeUnknownError(DirectLineError):
    """The bot may have got the message, and may still answer: a 5xx, or no answer in time."""

    def __init__(self, cause: DirectLineError) -> None:
        """Keep what came in place of a confirmation."""
        super().__init__(f"the outcome is unknown: {cause}")
        self.cause = cause
