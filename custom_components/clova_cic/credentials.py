"""Who the client of one entry says it is: a token CIC takes, and another where it does not."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
import contextlib
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from .cic import CicError, Client, Identity
from .cic.errors import UnauthorizedError
from .failures import NotConnectedError
from .settings import identity
from .tokens import Access

# Whoever asks while a token is renewed waits this long for the next, in seconds: a little less than
# a dialog looks for a connection to go up on once more (REPEAT_TIMEOUT).
TOKEN_TIMEOUT: Final = 8.0


class Credentials:
    """The access of one entry, as its connections use it."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        access: Access,
        spawn: Callable[[Coroutine[Any, Any, None], str], object],
    ) -> None:
        """Show what an entry's data says, and a token of its access; async_follow keeps that valid."""
        self._hass = hass
        self._entry = entry
        self._access = access
        self._spawn = spawn
        self._user_is_asked = False

    @callback
    def async_follow(
        self, client: Callable[[], Client | None], changed: Callable[[CicError | None], None]
    ) -> CALLBACK_TYPE:
        """Have the token renewed in time, and a running client show the newest from its next request on.

        changed is told that there is another, or why none can be had. Returns how to end that.
        """

        def tell() -> None:
            error, running, token = self._access.error, client(), self._access.token
            if error is None:
                self._user_is_asked = False
                if running is not None and token is not None:
                    running.identify(self._identity(token))
            changed(error)

        return self._access.async_add_listener(tell)

    @property
    def renewable(self) -> bool:
        """Whether what CIC has refused with 401 may be asked once more, with another token."""
        return self._access.renewable

    def need_user(self, error: BaseException) -> bool:
        """Whether nobody but the user can help against an error: they have to sign in.

        That a renewable token is refused says nothing; that its renewal is, does.
        """
        if self._access.renewable:
            return self._access.refusal is not None
        return isinstance(error, UnauthorizedError)

    def ask_user(self) -> None:
        """Have the user sign in again: asked once, until there is a token with which all is well."""
        if not self._user_is_asked:
            self._user_is_asked = True
            self._entry.async_start_reauth(self._hass)

    async def connect(
        self,
        connect: Callable[[Identity], Awaitable[Client]],
        once_more: Callable[[], Awaitable[None]],
    ) -> Client:
        """Connect; where CIC refuses the token, once more with another.

        once_more waits until there may be a second attempt. Raises CicError.
        """
        token = await self._access.async_token()
        with contextlib.suppress(UnauthorizedError):
            return await self._connect(connect, token)
        token = await self._access.async_renew(token)
        await once_more()
        try:
            return await self._connect(connect, token)
        except UnauthorizedError:
            await self._access.async_renew(token)
            raise

    async def _connect(
        self, connect: Callable[[Identity], Awaitable[Client]], token: str
    ) -> Client:
        client = await connect(self._identity(token))
        self._access.accepted(token)
        self._user_is_asked = False
        return client

    def _identity(self, token: str) -> Identity:
        return identity(self._entry.data, token)

    async def wait(self, until: float) -> None:
        """Wait until the next request can go up with a valid token.

        Waits until then, by the loop's clock, and as long as a user does. Raises CicError, or
        NotConnectedError where a renewal takes longer.
        """
        until = max(until, asyncio.get_running_loop().time() + TOKEN_TIMEOUT)
        try:
            async with asyncio.timeout_at(until):
                await self._access.async_token()
        except TimeoutError as err:
            raise NotConnectedError from err

    @callback
    def judged(self, token: str, accepted: bool) -> None:
        """Learn what CIC has made of a request's token; one that it has refused is renewed."""
        if accepted:
            self._access.accepted(token)
        elif self._access.renewable:
            # it begins in this very step: whoever asks for a token now waits for the new one
            self._spawn(self._renew(token), "renewal")

    async def _renew(self, refused: str) -> None:
        with contextlib.suppress(CicError):  # who listens to the access is told
            await self._access.async_renew(refused)
