"""A bot behind Direct Line: finds the version, starts conversations, fetches attachments."""

from collections.abc import Callable
import random
import time
from typing import Final

import aiohttp

from .addresses import base_address
from .attachments import Attachments, Lookup, look_up
from .conversation import Conversation
from .dialect import Dialect, is_token
from .errors import CredentialError, MalformedError, ServiceError, SiteDisabledError
from .messages import Version
from .pace import Timing
from .service import Service
from .tokens import Tokens
from .v1 import V1
from .v3 import V3

_DIALECTS: Final[dict[Version, type[Dialect]]] = {Version.V1: V1, Version.V3: V3}
# What a request for a token answers where the credential is a token itself, and makes no other.
_NO_SECRET: Final = {400, 401, 403, 404, 405}


class DirectLine:
    """One bot, spoken to with a secret or a token."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        address: str,
        credential: str,
        *,
        user_id: str,
        version: Version | None = None,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
        lookup: Lookup = look_up,
    ) -> None:
        """Take the address with or without a version's path.

        A user's id that begins with "dl_" goes into the tokens of 3.0: the bot may then
        greet by itself, and bots that ask for enhanced authentication accept no other.
        Raises AddressError, and CredentialError for what no header can carry.
        """
        self._base = base_address(address)
        self._credential = credential.strip()
        if not is_token(self._credential):
            raise CredentialError(401, "Malformed")
        self._session = session
        self._user_id = user_id
        self._timing = timing or Timing()
        self._clock = clock
        self._uniform = uniform
        self._attachments = Attachments(session, self._base, self._credential, lookup=lookup)
        self._scoped: Tokens | None = (
            None  # a token as credential has one conversation: one renewal
        )
        self.version = version
        """The version given, or found."""

    async def find_version(self) -> Version:
        """Find out which version the bot speaks by starting a conversation; DirectLineError."""
        conversation = await self.start()
        await conversation.close()
        return conversation.version

    async def start(self) -> Conversation:
        """Start a conversation, over the version given or found; DirectLineError."""
        if self.version is not None:
            return await self._start(self.version)
        try:
            conversation = await self._start(Version.V3)
        except ServiceError as err:
            if not _is_other_version(err):
                raise
            conversation = await self._start_older(err)
        self.version = conversation.version
        return conversation

    async def fetch(self, url: str, limit: int) -> bytes:
        """Return what an attachment's URL leads to; DirectLineError, TooLargeError above the limit.

        The credential goes to the bot's own address alone, and nothing is asked for
        in the user's own network.
        """
        return await self._attachments.fetch(url, limit)

    async def _start_older(self, refusal: ServiceError) -> Conversation:
        try:
            return await self._start(Version.V1)
        except ServiceError as err:
            # neither is there: what the newer one said is what there is to say
            raise refusal if _is_other_version(err) else err from None

    async def _start(self, version: Version) -> Conversation:
        dialect = _DIALECTS[version](self._base, self._user_id)
        tokens = self._scoped or Tokens(self._credential, self._clock)
        service = Service(self._session, self._base, dialect, tokens)
        scoped = self._scoped is not None or not await _generate(service)
        grant = dialect.grant((await service.ask(dialect.start())).body)
        if grant.conversation_id is None:
            raise MalformedError("the conversation has no id")
        tokens.granted(grant)
        if scoped:
            self._scoped = tokens
        return Conversation(
            service,
            grant.conversation_id,
            grant,
            timing=self._timing,
            clock=self._clock,
            uniform=self._uniform,
        )


async def _generate(service: Service) -> bool:
    """Exchange the secret for a token; return whether that was possible.

    The token carries the user's id where a secret would not, and the secret travels no further.
    """
    try:
        reply = await service.ask(service.dialect.generate())
    except SiteDisabledError:
        raise
    except ServiceError as err:
        if err.status not in _NO_SECRET:
            raise
        return False
    service.tokens.granted(service.dialect.grant(reply.body))
    return True


def _is_other_version(err: ServiceError) -> bool:
    """Tell whether a refusal is the version's: switched off, or not there."""
    return isinstance(err, SiteDisabledError) or err.status == 404
