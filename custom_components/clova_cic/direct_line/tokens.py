"""What the requests of a conversation are authorised with, and until when."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

# The lifetime the documents give, in seconds; 1.1 names it in one answer only.
USUAL_LIFE: Final = 1800.0
# A lifetime below this, in seconds, would have the token renewed without an end.
LEAST_LIFE: Final = 2.0
# Between two attempts to renew, in seconds, where the rest of its life is no longer.
LEAST_PAUSE: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the service gives to start a conversation, to renew a token, or to connect again."""

    conversation_id: str | None = None
    token: str | None = field(default=None, repr=False)
    expires_in: float | None = None
    stream_url: str | None = field(default=None, repr=False)


class Tokens:
    """The token of a conversation; where it is refused, the credential it came from."""

    def __init__(self, credential: str, clock: Callable[[], float]) -> None:
        """Begin with the credential itself."""
        self._credential = credential
        self._clock = clock
        self._token: str | None = None
        self._renew_at = 0.0
        self._ends_at = float("inf")

    @property
    def bearer(self) -> str:
        """What a request is authorised with."""
        return self._token or self._credential

    @property
    def is_due(self) -> bool:
        """Whether there is a token to renew: half its life is over, and not all of it."""
        return self._token is not None and self._renew_at <= self._clock() < self._ends_at

    @property
    def is_over(self) -> bool:
        """Whether the last token has ended."""
        return self._clock() >= self._ends_at

    def granted(self, grant: Grant) -> None:
        """Take a token, where one was given that is not known already."""
        if grant.token is None or (grant.token == self._token and grant.expires_in is None):
            return
        life = max(LEAST_LIFE, grant.expires_in or USUAL_LIFE)
        now = self._clock()
        self._token, self._renew_at, self._ends_at = grant.token, now + life / 2, now + life

    def not_renewed(self) -> None:
        """Try again when half of what is left has gone."""
        now = self._clock()
        self._renew_at = now + max(LEAST_PAUSE, (self._ends_at - now) / 2)

    def refused(self, bearer: str) -> bool:
        """Forget a token that was refused; return whether there is something else to try."""
        if bearer == self._token:
            self._token = None
        return self.bearer != bearer
