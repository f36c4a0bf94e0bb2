"""Who has an account, which codes are out, which tokens are good: the rules, without a socket or a file.

No code and no token is kept, only its SHA-256: what is looked up by that tells nothing by how
long it takes, and what lies on disk signs nobody in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

# Accounts, which only the control interface makes; one more is refused.
MAX_ACCOUNTS = 64
# Codes and logins kept; beyond that the oldest code goes, and the login unused for longest.
MAX_CODES = 256
MAX_LOGINS = 256
# Tokens of one login that are good beside each other: a client that loses every answer asks often.
MAX_PAIRS = 8
# Seconds a code is good: the longest RFC 6749 (4.1.2) would have. People read terms in that time.
CODE_SECONDS = 600.0


def digest_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A service account: known by the digest of its token."""

    digest: str
    # Whether its user has agreed to the terms (else 451).
    consent: bool = True
    # Left less than a month ago (423): its tokens have ended.
    closed: bool = False
    # Its token is not accepted any more (403); what was issued goes on.
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """An authorization code: good once."""

    digest: str
    client_id: str
    # None: a guest's.
    account: str | None
    # What the client sent along, for the way back from the page of consent.
    state: str
    # Seconds since 1970, as every time here: they outlive a restart.
    expires: float


@dataclass(slots=True, kw_only=True)
class Pair:
    """An access token and its refresh token; None: one that has ended."""

    access: str | None
    refresh: str | None
    # Seconds the access token was issued for, and its end.
    lifetime: float
    expires: float


@dataclass(slots=True, kw_only=True)
class Login:
    """A device that has signed in; its pairs, the newest last."""

    client_id: str
    device_id: str
    model_id: str
    # None: a guest.
    account: str | None
    used: float
    pairs: list[Pair] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What a client is given, in the clear: once."""

    access_token: str
    refresh_token: str
    lifetime: float


class Ledger:
    """Every account, code and login; `revision` counts what has to be on disk."""

    def __init__(
        self, now: Callable[[], float], new_secret: Callable[[], str] = lambda: token_urlsafe(32)
    ) -> None:
        """Know nobody; `now` counts seconds since 1970."""
        self._now = now
        self._new_secret = new_secret
        self.accounts: dict[str, Account] = {}
        self.codes: dict[str, Code] = {}
        self.logins: list[Login] = []
        self.revision = 0

    def change_account(self, token: str, **changes: Any) -> Account:
        """Return the account of a token, made where there is none, changed; OverflowError: too many."""
        digest = digest_of(token)
        account = self.accounts.get(digest, Account(digest=digest))
        if digest not in self.accounts and len(self.accounts) >= MAX_ACCOUNTS:
            raise OverflowError("too many accounts")
        self.accounts[digest] = replace(account, **changes)
        self.revision += 1
        return self.accounts[digest]

    def open_account(self, token: str) -> None:
        """Have an account that is there from the start, beside however many others."""
        digest = digest_of(token)
        self.accounts.setdefault(digest, Account(digest=digest))

    def agree(self, account: str) -> None:
        """Note that an account's user agrees to the terms."""
        self.accounts[account] = replace(self.accounts[account], consent=True)
        self.revision += 1

    def account_of(self, token: str) -> Account | None:
        """Return the account a token opens."""
        account = self.accounts.get(digest_of(token))
        return None if account is None or account.refused else account

    def issue_code(self, client_id: str, account: Account | None, state: str) -> str:
        """Return a new authorization code."""
        code = self._new_secret()
        self._drop_old_codes()
        self.codes[digest_of(code)] = Code(
            digest=digest_of(code),
            client_id=client_id,
            account=None if account is None else account.digest,
            state=state,
            expires=self._now() + CODE_SECONDS,
        )
        while len(self.codes) > MAX_CODES:
            del self.codes[next(iter(self.codes))]
        self.revision += 1
        return code

    def code(self, code: str) -> Code | None:
        """Return what is known of a code that is still good."""
        found = self.codes.get(digest_of(code))
        return found if found is not None and self._now() < found.expires else None

    def drop_code(self, code: Code) -> None:
        """Have a code good no longer."""
        if self.codes.pop(code.digest, None) is not None:
            self.revision += 1

    def _drop_old_codes(self) -> None:
        now = self._now()
        self.codes = {key: code for key, code in self.codes.items() if now < code.expires}

    def consents(self, account: str | None) -> bool:
        """Whether an account's user has agreed to the terms, or nobody need (a guest)."""
        return account is None or (
            (found := self.accounts.get(account)) is not None and found.consent
        )

    def stands(self, account: str | None) -> bool:
        """Whether an account is there and open, or none is needed (a guest)."""
        return account is None or (
            (found := self.accounts.get(account)) is not None and not found.closed
        )

    def exchange(self, code: Code, device_id: str, model_id: str, lifetime: float) -> Issued:
        """Take a code for the first tokens of a login; the device is the one that exchanges it."""
        self.drop_code(code)
        login = Login(
            client_id=code.client_id,
            device_id=device_id,
            model_id=model_id,
            account=code.account,
            used=self._now(),
        )
        self.logins.append(login)
        while len(self.logins) > MAX_LOGINS:
            self.logins.remove(min(self.logins, key=lambda each: each.used))
        return self._issue(login, lifetime)

    def refresh(self, login: Login, lifetime: float, *, at_once: bool) -> Issued:
        """Issue the next tokens of a login. at_once: those before end now, not at the first use."""
        login.used = self._now()
        if at_once:
            login.pairs.clear()
        return self._issue(login, lifetime)

    def _issue(self, login: Login, lifetime: float) -> Issued:
        issued = Issued(
            access_token=self._new_secret(), refresh_token=self._new_secret(), lifetime=lifetime
        )
        login.pairs.append(
            Pair(
                access=digest_of(issued.access_token),
                refresh=digest_of(issued.refresh_token),
                lifetime=lifetime,
                expires=self._now() + lifetime,
            )
        )
        self._tidy(login)
        return issued

    def use(self, token: str) -> Login | None:
        """Return whose access token this is, if it is good; its first use ends the refresh tokens before."""
        found = self.of_access(token)
        if found is None:
            return None
        login, pair = found
        if self._now() >= pair.expires or not self.stands(login.account):
            return None
        login.used = self._now()
        earlier = login.pairs[: login.pairs.index(pair)]
        if any(each.refresh is not None for each in earlier):
            for each in earlier:
                each.refresh = None
            self._tidy(login)
        return login

    def _tidy(self, login: Login) -> None:
        """Forget what has ended: an access token of before lives to its own end, for what is on its way."""
        now = self._now()
        login.pairs = [
            pair
            for pair in login.pairs
            if pair.refresh is not None or (pair.access is not None and now < pair.expires)
        ][-MAX_PAIRS:]
        self.revision += 1

    def of_access(self, token: str) -> tuple[Login, Pair] | None:
        """Return whose access token this is, expired or not."""
        digest = digest_of(token)
        return next(
            (
                (login, pair)
                for login in self.logins
                for pair in login.pairs
                if pair.access == digest
            ),
            None,
        )

    def of_refresh(self, token: str) -> Login | None:
        """Return whose refresh token this is."""
        digest = digest_of(token)
        for login in self.logins:
            if any(pair.refresh == digest for pair in login.pairs):
                return login if self.stands(login.account) else None
        return None

    def delete(self, login: Login) -> None:
        """End a login with all of its tokens."""
        self.logins.remove(login)
        self.revision += 1

    def of_device(self, device_id: str) -> list[Login]:
        """Return a device's logins."""
        return [login for login in self.logins if login.device_id == device_id]

    def revoke(self, login: Login, *, access: bool = False, refresh: bool = False) -> None:
        """End all access tokens of a login, or all refresh tokens, or both."""
        for pair in login.pairs:
            pair.access = None if access else pair.access
            pair.refresh = None if refresh else pair.refresh
        self._tidy(login)
        if not login.pairs:
            self.delete(login)

    def expire(self, login: Login) -> None:
        """Have the access tokens of a login run out now; they can be renewed."""
        for pair in login.pairs:
            pair.expires = min(pair.expires, self._now())
        self._tidy(login)
