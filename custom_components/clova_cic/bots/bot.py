"""What runs for a bot: its standing conversation, and one for each of Assist's."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime, timedelta
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from ..direct_line import DirectLine, DirectLineError, Incoming, Kind, Outgoing
from ..direct_line.errors import (
    ConversationGoneError,
    CredentialError,
    ExpiredError,
    NotSentError,
    SiteDisabledError,
)
from ..issues import async_clear_issue, async_raise_issue
from ..occurrences import Kind as Happening, Occurrence, Occurrences, async_house
from .described import described
from .talk import Talk, Waits

type BotConfigEntry = ConfigEntry[Bot]

_LOGGER = logging.getLogger(__name__)

# Conversations of Assist at once: each is a socket, or a read each few seconds.
MOST_TALKS: Final = 16
# So long after its last word one is left, in seconds; Assist itself forgets after five minutes.
IDLE: Final = 1800.0
_LOOK: Final = timedelta(minutes=5)
# Before the standing conversation is started again, in seconds: the first pause, the longest.
FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 300.0
# Under Repairs: the version the user has chosen is switched off for the bot.
VERSION_OFF: Final = "bot_version_off"


class Bot:
    """One bot and its conversations. Of another one nobody speaks to, messages are told as they come."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: BotConfigEntry,
        line: DirectLine,
        waits: Waits | None = None,
    ) -> None:
        """Take the way to the bot."""
        self.hass = hass
        self.entry = entry
        self.line = line
        self.waits = waits or Waits()
        self.occurrences = Occurrences()
        self.last_error: str | None = None
        self._talks: dict[str, Talk] = {}
        self._standing: Talk | None = None
        self._listeners: list[Callable[[], None]] = []
        self._opening = asyncio.Lock()
        self._chosen = line.version

    @property
    def connected(self) -> bool:
        """Whether the standing conversation is there."""
        return self._standing is not None and not self._standing.is_over

    @property
    def talks(self) -> int:
        """How many conversations of Assist there are."""
        return len(self._talks)

    async def async_start(self) -> None:
        """Start the standing conversation; DirectLineError."""
        try:
            self._standing = await self._open()
        except DirectLineError as err:
            self._failed(err)
            raise
        async_clear_issue(self.hass, self.entry, VERSION_OFF)
        self._background(self._keep(), "standing conversation")
        self.entry.async_on_unload(async_track_time_interval(self.hass, self._leave_idle, _LOOK))

    async def async_stop(self) -> None:
        """Leave all conversations."""
        talks = [*self._talks.values(), *([self._standing] if self._standing else [])]
        self._talks.clear()
        for talk in talks:
            await talk.close()

    @callback
    def async_listen(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call back when the bot comes or goes; return how to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def async_send(self, outgoing: Outgoing) -> str | None:
        """Say something in the standing conversation; answers are told as they come. DirectLineError."""
        talk = await self._stand()
        try:
            return await talk.send(outgoing)
        except NotSentError as err:
            if not _is_gone(err):
                raise
        await talk.close()
        return await (await self._stand()).send(outgoing)

    async def async_ask(
        self, outgoing: Outgoing, conversation_id: str | None = None
    ) -> AsyncGenerator[Incoming]:
        """Say something and yield the answer; in the standing conversation, or one of Assist's.

        In one of Assist's, what has come since its last turn comes first. Raises DirectLineError.
        What has certainly not arrived because the conversation is gone goes into a new one, once.
        """
        for last in (False, True):
            talk = await self.async_talk(conversation_id)
            late, is_standing = list(talk.late), conversation_id is None
            talk.late.clear()
            for incoming in [] if is_standing else late:
                yield incoming
            try:
                async with aclosing(talk.ask(outgoing)) as answer:
                    async for incoming in answer:
                        yield incoming
            except NotSentError as err:
                if last or not _is_gone(err):
                    raise
                await talk.close()
            else:
                return

    async def async_talk(self, conversation_id: str | None) -> Talk:
        """Return the conversation of one of Assist's, or the standing one; DirectLineError."""
        if conversation_id is None:
            return await self._stand()
        async with self._opening:
            talk = self._talks.pop(conversation_id, None)
            if talk is None or talk.is_over:
                await self._make_room()
                talk = await self._open()
                await talk.wait_greeting()
            self._talks[conversation_id] = talk  # the last one is the one used last
            return talk

    async def _stand(self) -> Talk:
        async with self._opening:
            if self._standing is None or self._standing.is_over:
                self._standing = await self._open()
                self._changed()
            return self._standing

    async def _open(self) -> Talk:
        """Start a conversation and read it; a token has one alone, and that is the standing one."""
        try:
            conversation = await self.line.start()
        except CredentialError, ExpiredError:
            self.entry.async_start_reauth(self.hass)
            raise
        standing = self._standing
        if (
            standing is not None
            and conversation.id == standing.conversation.id
            and not standing.is_over
        ):
            await conversation.close()
            return standing
        talk = Talk(conversation, self._tell, self.waits, self.hass.loop.time)
        self._background(talk.read(), "conversation")
        return talk

    async def _make_room(self) -> None:
        if len(self._talks) >= MOST_TALKS:
            oldest = next((key for key, talk in self._talks.items() if not talk.is_busy), None)
            if oldest is not None:
                await self._leave(oldest)

    async def _leave_idle(self, _: datetime) -> None:
        now = self.hass.loop.time()
        for key, talk in list(self._talks.items()):
            if talk.is_over or (not talk.is_busy and now - talk.used > IDLE):
                await self._leave(key)

    async def _leave(self, key: str) -> None:
        talk = self._talks.pop(key)
        if talk is not self._standing:
            await talk.close()

    async def _keep(self) -> None:
        """Start the standing conversation again where it is over, until only the user can help."""
        pause = FIRST_PAUSE
        while True:
            if (talk := self._standing) is not None and not talk.is_over:
                await talk.over.wait()
                if self.hass.loop.time() - talk.began > LONGEST_PAUSE:
                    pause = FIRST_PAUSE
                # the service forgets conversations, and a bot may end them
                gone = talk.error is None or isinstance(talk.error, ConversationGoneError)
                if talk.error is not None and not gone and self._failed(talk.error):
                    return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                await self._stand()
            except DirectLineError as err:
                if self._failed(err):
                    return

    def _failed(self, err: DirectLineError) -> bool:
        """Tell of a failure; return whether only the user can help."""
        if self.last_error is None and self._standing is not None:  # set-up tells by itself
            _LOGGER.warning("%s cannot be reached: %s", self.entry.title, type(err).__name__)
        self.last_error = type(err).__name__
        self._changed()
        if isinstance(err, SiteDisabledError) and self._chosen is not None:
            off = {"version": self._chosen.value}
            async_raise_issue(self.hass, self.entry, VERSION_OFF, fixable=True, placeholders=off)
        if isinstance(err, CredentialError | ExpiredError):
            self.entry.async_start_reauth(self.hass)
            return True
        return False

    def _changed(self) -> None:
        if self.connected and self.last_error is not None:
            self.last_error = None
            _LOGGER.info("%s is there again", self.entry.title)
        for listener in list(self._listeners):
            listener()

    def _tell(self, incoming: Incoming) -> None:
        """Tell what the bot has said by itself: words are for triggers alone."""
        occurrence = Occurrence(
            kind=Happening.MESSAGE,
            type="message" if incoming.kind is Kind.MESSAGE else "event",
            data={"message_id": incoming.id, "name": incoming.name},
            words=described(incoming),
        )
        self.occurrences.tell(occurrence)
        async_house(self.hass).tell(self.entry.entry_id, occurrence)

    def _background(self, work: Any, name: str) -> None:
        self.entry.async_create_background_task(self.hass, work, f"{self.entry.title} {name}")


def _is_gone(err: NotSentError) -> bool:
    return isinstance(err.cause, ConversationGoneError | ExpiredError)
