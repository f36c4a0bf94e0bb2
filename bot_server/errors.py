"""What the service refuses, and the shapes in which it says so (Direct Line API reference: errors)."""

from typing import Any

# The codes both versions share; clients must take any other as well.
MISSING_PROPERTY = "MissingProperty"
MALFORMED_DATA = "MalformedData"
BAD_ARGUMENT = "BadArgument"
SERVICE_ERROR = "ServiceError"
INVALID_RANGE = "InvalidRange"
NOT_ALLOWED = "NotAllowed"
TOKEN_EXPIRED = "TokenExpired"
BOT_ERROR = "BotError"


class RefusedError(Exception):
    """A request that gets no success; `code` is None where the body has the gateway's shape."""

    def __init__(self, status: int, code: str | None, message: str, *, flat: bool = False) -> None:
        """Say what is wrong; `flat`: the body is the older one, a text alone."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.flat = flat

    def as_body(self) -> dict[str, Any]:
        """Return the body."""
        if self.code is None:
            return {"statusCode": self.status, "message": self.message}
        if self.flat:
            return {"message": f"{self.code}:{self.message}"}
        body: dict[str, Any] = {"error": {"code": self.code, "message": self.message}}
        if self.code == BOT_ERROR:
            body["httpStatusCode"] = self.status
        return body

    def as_page(self) -> str:
        """Return the page a gateway in front of the service would show."""
        return f"<html><head><title>{self.status}</title></head><body><h1>Error</h1></body></html>"


def missing(name: str) -> RefusedError:
    """Return the refusal of a body without a property."""
    return RefusedError(400, MISSING_PROPERTY, f"{name} is missing")


def malformed(what: str) -> RefusedError:
    """Return the refusal of a body that cannot be read."""
    return RefusedError(400, MALFORMED_DATA, what)


def unknown_conversation() -> RefusedError:
    """Return the refusal of a conversation that is not, or no longer, known."""
    return RefusedError(404, BAD_ARGUMENT, "Unknown conversation")


def site_disabled(*, flat: bool) -> RefusedError:
    """Return the refusal of a protocol version that is off for this bot."""
    return RefusedError(403, BAD_ARGUMENT, "Site missing or disabled", flat=flat)
