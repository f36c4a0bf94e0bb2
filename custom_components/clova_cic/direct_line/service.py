"""Direct Line as one conversation asks it: with a token that is renewed in time."""

import asyncio
import contextlib

import aiohttp
from yarl import URL

from .dialect import Ask, Dialect
from .errors import CredentialError, DirectLineError, ExpiredError, ServiceError
from .exchange import MOST_PAGE, Reply, exchange
from .tokens import Tokens

# What a way to renew that is not there answers.
_NOT_THERE = {404, 405}


class Service:
    """Asks, authorised; a token that is refused is replaced by the credential it came from."""

    def __init__(
        self, session: aiohttp.ClientSession, base: URL, dialect: Dialect, tokens: Tokens
    ) -> None:
        """Take a session that is somebody else's, and what authorises."""
        self.session = session
        self.base = base
        self.dialect = dialect
        self.tokens = tokens
        self._renewing = asyncio.Lock()
        self._renewals: list[Ask] = []

    async def ask(self, ask: Ask, *, limit: int = MOST_PAGE) -> Reply:
        """Ask for something; a refused token means that nothing was done, so it may go once more."""
        bearer = self.tokens.bearer
        try:
            return await self._ask(ask, bearer, limit)
        except (CredentialError, ExpiredError) as err:
            if not self.tokens.refused(bearer):
                raise self._for_good(err) from err
        try:
            return await self._ask(ask, self.tokens.bearer, limit)
        except CredentialError as err:
            raise self._for_good(err) from err

    async def renew(self, conversation_id: str) -> None:
        """Renew the token where that is due; a failure is for later: the old one still serves."""
        async with self._renewing:
            if self.tokens.is_due:
                self._renewals = self._renewals or self.dialect.renewals(conversation_id)
                with contextlib.suppress(DirectLineError):
                    await self._renew()

    async def _renew(self) -> None:
        self.tokens.not_renewed()
        for ask in list(self._renewals):
            try:
                reply = await self._ask(ask, self.tokens.bearer, MOST_PAGE)
            except ServiceError as err:
                if err.status not in _NOT_THERE:
                    raise
                continue
            self.tokens.granted(self.dialect.grant(reply.body))
            self._renewals = [ask]  # the others need not be tried again
            return

    async def _ask(self, ask: Ask, bearer: str, limit: int) -> Reply:
        url = URL(f"{self.base}".rstrip("/") + ask.path, encoded=True).with_query(ask.query)
        return await exchange(
            self.session,
            ask.method,
            url,
            headers={
                "Authorization": f"Bearer {bearer}",
                "Accept": "application/json",
                **ask.headers,
            },
            body=ask.body,
            patience=ask.patience,
            limit=limit,
            status_suffices=ask.status_suffices,
            not_found=ask.not_found,
        )

    def _for_good(self, err: CredentialError | ExpiredError) -> ServiceError:
        """Return the error where nothing else is at hand; 1.1 has no word for a token's end."""
        if isinstance(err, CredentialError) and self.tokens.is_over:
            return ExpiredError(err.status, err.code, err.description)
        return err
