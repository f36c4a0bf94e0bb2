"""The access token of a login: one that was pasted, or one that is renewed before it ends."""

import asyncio
from collections.abc import Callable, Mapping
import contextlib
import logging
import random
from typing import Any, Final, Protocol

from homeassistant.const import CONF_ACCESS_TOKEN
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .authorization import async_authenticator
from .cic.auth import Authenticator, Tokens
from .cic.errors import CertificateError, CicError, GrantRefusedError, UnauthorizedError
from .cic.reconnect import Backoff
from .const import CONF_LOGIN, DOMAIN
from .issued import Issued, TokenStore, wall_time
from .tls import InvalidCaError

_LOGGER = logging.getLogger(__name__)

# A token is renewed when this part of its life is left, and no earlier than so many seconds before its end.
LEAD: Final = 0.2
LONGEST_LEAD: Final = 300.0
# Homes whose tokens were issued together, after an outage of the cloud, need not renew them together:
# any moment of the lead's first part will do.
LEAST_LEAD: Final = 0.8
# The loop's clock stands still while the machine sleeps: the wall's is looked at this often, in seconds.
LOOK_INTERVAL: Final = 60.0
# A token that CIC refuses before it has ever taken it, and so soon, in seconds, is refused for good.
JUST_ISSUED: Final = 60.0
# Whoever removes an entry waits no longer than this for the server to hear of it, in seconds.
FORGET_TIMEOUT: Final = 10.0


class Access(Protocol):
    """How CIC is shown who is there."""

    @property
    def renewable(self) -> bool:
        """Whether another token comes in place of a refused one, without the user."""

    @property
    def token(self) -> str | None:
        """The newest token there is, valid or not."""

    @property
    def error(self) -> CicError | None:
        """What the last renewal failed with, while that is not mended."""

    @property
    def refusal(self) -> CicError | None:
        """Why there will be no other token until the user signs in again."""

    async def async_token(self) -> str:
        """Return a valid token; it is renewed first where it has expired. Raises CicError."""

    async def async_renew(self, refused: str) -> str:
        """Return another in place of one CIC has refused: one renewal, however many ask.

        Raises CicError; UnauthorizedError where there can be no other.
        """

    @callback
    def accepted(self, token: str) -> None:
        """Learn that CIC has taken a token."""

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call back when another token is valid, or none could be had; return how to end that."""


class PastedToken:
    """A token that somebody has pasted: it lasts as long as it lasts."""

    renewable: Final = False
    error: Final = None
    refusal: Final = None

    def __init__(self, token: str) -> None:
        """Show that token."""
        self.token = token

    async def async_token(self) -> str:
        """Return it."""
        return self.token

    async def async_renew(self, refused: str) -> str:
        """Raise UnauthorizedError: only the user has another."""
        raise UnauthorizedError(401)

    @callback
    def accepted(self, token: str) -> None:
        """Do nothing with that."""

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Never call back."""
        return lambda: None


class TokenKeeper:
    """The tokens of one login, for all entries that share it: kept on disk, renewed in time.

    Whatever is renewed is on disk before it is used: a refresh ends the refresh token before.
    """

    renewable: Final = True

    def __init__(
        self,
        hass: HomeAssistant,
        data: Mapping[str, Any],
        *,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Know of a login; async_load or async_store brings its tokens."""
        self._hass = hass
        self.data = data
        """A signed-in entry's, for a login none has yet, or none any more."""
        self._uniform = uniform
        self._login: str = data[CONF_LOGIN]
        self._disk = TokenStore(hass, self._login)
        self._asked: tuple[Mapping[str, Any], Authenticator] | None = None
        self._issued: Issued | None = None
        self._lead = 0.0
        self._renewing: asyncio.Task[None] | None = None
        self._backoff = Backoff(uniform)
        self._not_before = 0.0
        self._refused: str | None = None
        """The token of which CIC says that it is no good."""
        self._untried_since: float | None = None
        """When a token was issued that CIC has not taken yet, by the loop's clock."""
        self.error: CicError | None = None
        self._listeners: list[CALLBACK_TYPE] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def token(self) -> str | None:
        """The newest token there is, valid or not."""
        return None if self._issued is None else self._issued.access_token

    @property
    def refusal(self) -> CicError | None:
        """Why there will be no other token until the user signs in again."""
        return self.error if isinstance(self.error, GrantRefusedError | UnauthorizedError) else None

    async def async_load(self) -> None:
        """Take what is on disk, once; without anything there the user has to sign in.

        What was refused before is asked for once more: whoever loads may know better.
        """
        if self._issued is None:
            stored = await self._disk.async_load()
            if stored is not None and self._issued is None:
                self._take(stored)
        self.error = None
        if self._issued is None:
            self.error = GrantRefusedError("there are no tokens")

    async def async_store(self, tokens: Tokens) -> None:
        """Take the tokens of a login that has just been made, and been tried; on disk when it returns."""
        issued = Issued.now(tokens)
        await self._disk.async_save(issued)
        self._take(issued)
        self._tell()

    async def async_forget(self) -> None:
        """Give the tokens back to the server, if it can be reached in time, and delete them here."""
        with contextlib.suppress(CicError, TimeoutError):
            async with asyncio.timeout(FORGET_TIMEOUT):
                if self._renewing is not None:
                    await asyncio.wait({self._renewing})
                token = await self.async_token()
                await (await self._authenticator()).delete(token)
        self._issued = None
        self._schedule()
        keepers = self._hass.data.get(KEEPERS, {})
        if keepers.get(self._login) is self:
            del keepers[self._login]
        await self._disk.async_remove()

    async def async_token(self) -> str:
        """Return a valid token; it is renewed first where it has expired. Raises CicError."""
        issued = self._issued
        if issued is None or issued.access_token == self._refused or issued.is_over():
            await self._renewal()
        return self._current.access_token

    async def async_renew(self, refused: str) -> str:
        """Return another in place of one CIC has refused: one renewal, however many ask.

        One that was just issued, and refused at its first use, is not renewed: raises
        UnauthorizedError, until it is taken after all.
        """
        if self._issued is not None and self._issued.access_token == refused:
            if self.refusal is not None:
                raise self.refusal.with_traceback(None)
            since = self._untried_since
            if since is not None and self._hass.loop.time() - since < JUST_ISSUED:
                self._fail(UnauthorizedError(401))
                raise UnauthorizedError(401)
            self._refused = refused
        return await self.async_token()

    @callback
    def accepted(self, token: str) -> None:
        """Learn that CIC has taken a token."""
        if self._issued is None or self._issued.access_token != token:
            return
        self._untried_since = None
        if isinstance(self.error, UnauthorizedError):
            self.error = None

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call back when another token is valid, or none could be had; return how to end that.

        Nothing is renewed before it is asked for where nobody listens.
        """
        self._listeners.append(listener)
        self._schedule()

        @callback
        def remove() -> None:
            self._listeners.remove(listener)
            self._schedule()

        return remove

    @property
    def _current(self) -> Issued:
        """What there is. Raises GrantRefusedError where that is nothing."""
        if self._issued is None:
            raise GrantRefusedError("there are no tokens")
        return self._issued

    # Renewal

    async def _renewal(self) -> None:
        """Wait for the renewal that is under way, or is begun now. Raises what it fails with.

        It goes on where whoever waits gives up: its outcome must reach the disk.
        """
        if self._renewing is None and self.error is not None and (self.refusal or self._held_off):
            raise self.error.with_traceback(None)
        await asyncio.wait({self._renewing or self._begin()})
        if self.error is not None and (self._refused or self._current.is_over()):
            raise self.error.with_traceback(None)

    @property
    def _held_off(self) -> bool:
        """Whether it is too early to try again what has failed."""
        return self._hass.loop.time() < self._not_before

    def _begin(self) -> asyncio.Task[None]:
        renewing = self._renewing = self._hass.async_create_task(
            self._renew(self._current), f"{DOMAIN} renewal of a token", eager_start=False
        )
        renewing.add_done_callback(self._renewed)
        self._schedule()
        return renewing

    def _renewed(self, task: asyncio.Task[None]) -> None:
        self._renewing = None
        self._schedule()

    async def _renew(self, old: Issued) -> None:
        """Put new tokens in the place of the old ones, unless those have gone meanwhile."""
        self._backoff.attempt(self._hass.loop.time())
        error: CicError | None = None
        try:
            issued = Issued.now(await (await self._authenticator()).refresh(old.refresh_token))
            if self._issued is old:
                await self._disk.async_save(issued)
        except CicError as err:
            error = err
        except Exception:  # whatever broke: it must not be tried again without a pause
            _LOGGER.exception("Unexpected error in the renewal of a token")
            error = CicError("unexpected")
        if self._issued is not old:
            return
        if error is not None:
            self._fail(error)
            return
        self._take(issued)
        self._untried_since = self._hass.loop.time()
        self._tell()

    async def _authenticator(self) -> Authenticator:
        """Return whom to ask, by what the entries of the login say now."""
        entries = self._hass.config_entries.async_entries(DOMAIN)
        ours = (entry.data for entry in entries if entry.data.get(CONF_LOGIN) == self._login)
        data = next(ours, self.data)
        if self._asked is None or self._asked[0] != data:
            try:
                self._asked = data, await async_authenticator(self._hass, data)
            except InvalidCaError as err:
                raise CertificateError("the authority's certificate cannot be read") from err
        return self._asked[1]

    def _take(self, issued: Issued) -> None:
        """Use tokens from now on."""
        self._issued = issued
        self._lead = min(LEAD * issued.lifetime, LONGEST_LEAD) * self._uniform(LEAST_LEAD, 1.0)
        self._refused = self._untried_since = self.error = None
        self._not_before = 0.0
        self._backoff.succeed(0.0, served=True)

    def _fail(self, error: CicError) -> None:
        """Hold to what there is, and try again with patience, unless it was refused."""
        _LOGGER.debug("No new token: %s", error)
        self.error = error
        now = self._hass.loop.time()
        self._not_before = now + self._backoff.next_pause(now, error)
        self._tell()

    def _tell(self) -> None:
        self._schedule()
        for listener in list(self._listeners):
            listener()

    @callback
    def _schedule(self) -> None:
        """Look at the clock again when there may be something to do."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        issued = self._issued
        if issued is None or not self._listeners or self._renewing or self.refusal:
            return
        loop_time = self._hass.loop.time()
        due = (
            issued.at + issued.lifetime - self._lead - wall_time()
            if issued.lifetime
            else LOOK_INTERVAL
        )
        wait = max(due, self._not_before - loop_time, 0.0)
        self._timer = self._hass.loop.call_at(loop_time + min(wait, LOOK_INTERVAL), self._look)

    @callback
    def _look(self) -> None:
        self._timer = None
        if self._hass.is_stopping:
            return  # what is renewed now would reach the disk after everything else, or never
        issued = self._current
        if not self._held_off and issued.is_over(self._lead):
            self._begin()
            return
        if not self._disk.saved:
            self._hass.async_create_task(self._disk.async_save(issued), f"{DOMAIN} token on disk")
        self._schedule()


KEEPERS: HassKey[dict[str, TokenKeeper]] = HassKey(f"{DOMAIN}_tokens")


@callback
def async_keeper(hass: HomeAssistant, data: Mapping[str, Any]) -> TokenKeeper:
    """Return the keeper of a signed-in entry's login: one for all entries that share it."""
    keepers = hass.data.setdefault(KEEPERS, {})
    login: str = data[CONF_LOGIN]
    if (keeper := keepers.get(login)) is None:
        keeper = keepers[login] = TokenKeeper(hass, data)
    keeper.data = data
    return keeper


async def async_access(hass: HomeAssistant, data: Mapping[str, Any]) -> Access:
    """Return how the client of an entry's data shows who it is; a login's tokens are loaded."""
    if CONF_ACCESS_TOKEN in data:
        return PastedToken(data[CONF_ACCESS_TOKEN])
    keeper = async_keeper(hass, data)
    await keeper.async_load()
    return keeper
