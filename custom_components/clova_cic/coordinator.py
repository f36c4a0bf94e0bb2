"""The connection of one entry: kept alive, its state told, what comes down it handed on."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
import logging
import ssl
from typing import TYPE_CHECKING, Any, Final, override
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_ADDRESS, CONF_LANGUAGE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .capabilities import Capability, create_capabilities, create_parts
from .cic import (
    Attachment,
    Callbacks,
    CicError,
    Client,
    ContextObject,
    Dialogs,
    Directive,
    Reconnector,
    State,
)
from .cic.errors import ConnectionLostError, NoDownchannelError, TooManyRequestsError
from .connection_issues import ConnectionIssues
from .connection_log import THERE, ConnectionLog, Link, Reason, reason_of
from .const import CONF_ANSWER_TIMEOUT, CONF_DEVICE_UUID, DOMAIN
from .context import context_objects
from .counters import Counters
from .credentials import Credentials
from .failures import NotConnectedError, as_home_assistant_error, as_set_up_error
from .inbox import Inbox, origin_of
from .occurrences import Occurrences, async_house
from .origin import UNASKED, Origin
from .patience import wait_until
from .reports import Reports
from .settings import endpoint
from .tls import InvalidCaError
from .tokens import Access

if TYPE_CHECKING:
    from .turns import Turns

# Setting up an entry waits this long for the connection's first outcome, in seconds.
FIRST_OUTCOME_TIMEOUT: Final = 10.0
# A user who speaks while a connection is replaced, or has just gone, waits this long for the
# next, in seconds.
RENEWAL_TIMEOUT: Final = 3.0
# After an error nobody foresaw, in seconds: the longest pause of the Reconnector itself.
AFTER_UNEXPECTED: Final = 60.0

_LOGGER = logging.getLogger(__name__)

type CicConfigEntry = ConfigEntry[CicCoordinator]


class CicCoordinator(DataUpdateCoordinator[Link]):
    """Holds the client of one entry."""

    config_entry: CicConfigEntry
    turns: Turns

    def __init__(
        self,
        hass: HomeAssistant,
        entry: CicConfigEntry,
        ssl_context: ssl.SSLContext | None,
        access: Access,
    ) -> None:
        """Prepare; async_start connects. Without a context the entry's certificate is unreadable."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=entry.title)
        self.data = Link.STARTING
        self.log = ConnectionLog(entry.title)
        """How the connection has fared."""
        self._issues = ConnectionIssues(hass, entry)
        self.counters = Counters()
        self.occurrences = Occurrences()
        in_the_house = partial(async_house(hass).tell, entry.entry_id)
        entry.async_on_unload(self.occurrences.async_listen(in_the_house))
        self.device_uuid: str = entry.data[CONF_DEVICE_UUID]
        self.language: str = entry.data[CONF_LANGUAGE]
        address: str = entry.data[CONF_ADDRESS]
        self._endpoint = None if ssl_context is None else endpoint(address, ssl_context)
        self._credentials = Credentials(hass, entry, access, self._spawn)
        self.reports = Reports(self, self._spawn, self.counters.events)
        self.parts = create_parts(
            hass,
            entry,
            reports=self.reports,
            occurrences=self.occurrences,
            events=self.counters.events,
            spawn=self._spawn,
        )
        self.speech = self.parts.speech
        self.outputs = self.parts.outputs
        self.announcer = self.parts.announcer
        self.player = self.parts.player
        self.keeper = self.parts.keeper
        self.device = self.parts.device
        self.others = self.parts.others
        self.alarm_clock = self.parts.alarm_clock
        self.cloud_state = self.parts.cloud_state
        self._capabilities: dict[str, Capability] = create_capabilities(self.parts)
        self._inbox = Inbox(hass, entry, self._capabilities, self.counters, self.occurrences)
        self._dialogs = Dialogs()
        self._reconnector = Reconnector(self._connect, self._changed)
        entry.async_on_unload(
            self._credentials.async_follow(lambda: self._reconnector.kept, self._access_changed)
        )
        self.satellite_of: Callable[[str], str | None] = lambda _: None
        """Tells which satellite a dialog began at; the turns know."""
        self._task: asyncio.Task[None] | None = None
        self._first: asyncio.Future[CicError | None] = hass.loop.create_future()
        self._lost_at = -RENEWAL_TIMEOUT

    @property
    def connected(self) -> bool:
        """True while CIC is there, also while one connection is replaced by the next."""
        return self.data in THERE

    @property
    def renews_token(self) -> bool:
        """Whether what CIC has refused with 401 may be asked once more, with another token."""
        return self._credentials.renewable

    @property
    def client(self) -> Client:
        """The client there is, though it may be about to be replaced. Raises NotConnectedError."""
        session = self._reconnector.kept
        if session is None or not session.usable:
            raise NotConnectedError
        return session

    @property
    def _usable(self) -> bool:
        session = self._reconnector.session
        return session is not None and session.usable

    async def async_client(self, until: float | None = None) -> Client:
        """Return the client for anything new; waits for the next where that is coming.

        Who has time waits until then, by the loop's clock; a user does not wait long. A
        renewal that takes longer is left alone: what is new goes on the old connection
        while that lasts. Raises NotConnectedError, or CicError where there is no valid token.
        """
        # no loss is known where it is of this very step, or where the next is being made
        lost_at = self.hass.loop.time() if self.connected else self._lost_at
        if until is None:
            until = lost_at + RENEWAL_TIMEOUT
        await wait_until(lambda: self._usable, self.async_add_listener, until)
        await self._credentials.wait(until)
        return self.client

    def new_id(self) -> str:
        """Return an id for a message or a dialog."""
        return str(uuid4())

    # The connection's life

    async def async_start(self) -> None:
        """Connect, and wait for the outcome: ConfigEntryAuthFailed or ConfigEntryNotReady.

        Where there is something to do without CIC, the entry is set up all the same.
        """
        await self.cloud_state.async_load()
        for capability in self._capabilities.values():
            await capability.async_load()
        error = await self._first_outcome()
        if error is None:
            return
        if any(one.works_alone for one in self._capabilities.values()):
            self._go_on_alone(error)
            return
        raise as_set_up_error(error, needs_user=self._credentials.need_user(error)) from error

    async def _first_outcome(self) -> Exception | None:
        """Begin to connect; return why that has led to nothing yet."""
        if self._endpoint is None:
            return InvalidCaError()
        self._run()
        try:
            async with asyncio.timeout(FIRST_OUTCOME_TIMEOUT):
                return await self._first
        except TimeoutError as err:
            return err

    def _go_on_alone(self, error: Exception) -> None:
        """Be there without CIC, which may come later; ask for another token where it is refused."""
        if self.data is Link.STARTING:
            self._trouble(Link.DOWN, error)
        if self._credentials.need_user(error):
            self._credentials.ask_user()

    async def async_stop(self) -> None:
        """Close the connection and make no other."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        self._issues.ended()

    @override
    async def async_shutdown(self) -> None:
        """Leave nothing running: the entry is unloaded, or could not be set up."""
        await super().async_shutdown()
        await self.async_let_go()
        self.speech.close()
        self.reports.close()
        self.announcer.close()  # before its sounds break off
        await self.async_stop()
        # what came until now has been acted on: after this nothing comes
        for capability in self._capabilities.values():
            capability.close()

    async def async_let_go(self) -> None:
        """Remember music, alerts and settings, once CIC has heard what there was to tell of them.

        Home Assistant cancels what sends, as soon as it unloads the entry: this comes before.
        """
        await self.alarm_clock.async_close()
        await self.keeper.async_close()
        await self.player.async_close()
        await self.cloud_state.async_close()

    async def async_pause(self) -> None:
        """Close the connection while a flow tries another: CIC allows a client one downchannel."""
        await self.async_stop()
        self._move(Link.PAUSED)

    @callback
    def async_resume(self) -> None:
        """Connect again after a flow that changed nothing."""
        loaded = self.config_entry.state is ConfigEntryState.LOADED
        if self._task is None and loaded and self._endpoint is not None:
            self._run()

    def note_error(self, error: CicError) -> None:
        """Keep an error for diagnostics; where only the user can help, ask them to sign in."""
        self.counters.note_error(error)
        self._issues.met(error)
        if self._credentials.need_user(error) and self._first.done():
            self._credentials.ask_user()

    @callback
    def _access_changed(self, error: CicError | None) -> None:
        """Learn why there is no other token; or that there is one, with which all may be well."""
        if error is not None:
            self.note_error(error)
            return
        self._issues.renewed()
        if not self.connected:
            self._reconnector.stir()

    def _run(self) -> None:
        self._task = self._spawn(self._keep_connected(), "connection")

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self.config_entry.async_create_background_task(
            self.hass, work, f"{DOMAIN} {name} of {self.name}"
        )

    async def _keep_connected(self) -> None:
        while True:
            try:
                await self._reconnector.run()
            except Exception:  # whatever broke, an assistant that stays away is worse
                _LOGGER.exception("Unexpected error in the connection of %s", self.name)
                self._failed(CicError("unexpected"))
                await asyncio.sleep(AFTER_UNEXPECTED)

    async def _connect(self) -> Client:
        callbacks = Callbacks(
            context=self.context,
            directive=lambda client, directive: self.handle_directive(
                directive, client.attachment, origin_of(directive, self.satellite_of)
            ),
            malformed=self._inbox.malformed,
            new_id=self.new_id,
            capture=self.observe_directive,
            answer_timeout=lambda: self.config_entry.options.get(CONF_ANSWER_TIMEOUT),
            judged=self._credentials.judged,
        )
        assert self._endpoint is not None
        endpoint = self._endpoint.paced(self._reconnector.pace.factor)
        return await self._credentials.connect(
            lambda identity: Client.connect(endpoint, identity, callbacks, self._dialogs),
            self._reconnector.once_more,
        )

    @callback
    def _changed(self, state: State, error: CicError | None) -> None:
        match state:
            case State.CONNECTED if error is not None:
                self.note_error(error)  # no better connection could be made: this one stays
                self._move(Link.UP, reason_of(error), error)
            case State.CONNECTED:
                self.counters.events["connected"] += 1
                self._settle(None)
                if (client := self._reconnector.kept) is not None:
                    self._issues.connected(client.date)
                self._move(Link.UP)
                for capability in self._capabilities.values():
                    capability.connected()
            case State.WAITING if self._is_replaced_soon(error):
                self._issues.ended()
                self._move(Link.RENEWING, Reason.GOODBYE if error is None else reason_of(error))
            case State.WAITING:
                self._failed(error or ConnectionLostError("one goodbye after the other"))
            case State.RENEWING:
                self._move(Link.RENEWING, Reason.AGED)
            case State.CONNECTING:
                pass

    def _is_replaced_soon(self, error: CicError | None) -> bool:
        """Tell whether CIC is there, and only wants another connection: goodbye, or 412."""
        wanted = error is None or isinstance(error, NoDownchannelError)
        return wanted and self._reconnector.next_attempt_in < RENEWAL_TIMEOUT

    @callback
    def _failed(self, error: CicError) -> None:
        self.counters.events["failed"] += 1
        self.note_error(error)
        starting = self.data is Link.STARTING
        self._trouble(Link.STARTING if starting else Link.DOWN, error)
        # A flow has closed its own connection a moment ago: that passes by itself.
        if starting and not isinstance(error, TooManyRequestsError):
            self._settle(error)

    def _trouble(self, link: Link, error: Exception) -> None:
        self.last_exception = as_home_assistant_error(error)
        reason = reason_of(error, contested=self._reconnector.contest.is_on)
        self._issues.failed(reason)
        self._move(link, reason, error)

    def _settle(self, error: CicError | None) -> None:
        if not self._first.done():
            self._first.set_result(error)

    @callback
    def _move(
        self, link: Link, reason: Reason | None = None, error: BaseException | None = None
    ) -> None:
        """Take a new state, and tell of it."""
        waiting = link in (Link.STARTING, Link.DOWN) and self._task is not None
        pause = self._reconnector.next_attempt_in if waiting else None
        self.log.tell(self.data, link, self.last_exception)
        self.log.note(link, reason, error=error, pause=pause)
        if link is not self.data:
            if self.connected:
                self._lost_at = self.hass.loop.time()
            self.data = link
            self.last_update_success = self.connected
            if link is Link.DOWN:
                for capability in self._capabilities.values():
                    capability.lost()
        self.async_update_listeners()

    # What comes down

    @callback
    def handle_directive(
        self,
        directive: Directive,
        attachment: Callable[[str], Attachment],
        origin: Origin = UNASKED,
    ) -> None:
        """Act on a directive, and tell of it. Raises nothing."""
        self._inbox.handle(directive, attachment, origin)

    @callback
    def observe_directive(self, directive: Directive) -> None:
        """Tell of a directive that somebody else acts on. Raises nothing."""
        self._inbox.observe(directive)

    @callback
    def drop_dialog(self, dialog_request_id: str) -> None:
        """Act on nothing more of a dialog that is over, and replaced by another."""
        self._dialogs.drop(dialog_request_id)

    @property
    def alert_is_ringing(self) -> bool:
        """Whether an alarm, a timer or a reminder rings, as CIC is told (Alerts.AlertsState)."""
        return bool(self.alarm_clock.book.active)

    @callback
    def context(self) -> list[ContextObject]:
        """Return the state of this client now, as every event carries it."""
        return context_objects(self._capabilities.values())
