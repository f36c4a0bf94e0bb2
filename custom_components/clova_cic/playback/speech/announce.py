"""Speech that no Assist run plays, and notifications: announced where their sound belongs."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ...cic import Attachment
from ...cic.interfaces.assets import Asset
from ...cic.interfaces.speech_synthesizer import Speak
from ...const import DOMAIN
from ...origin import UNASKED, Origin
from ...settings import user_agent
from ...speech_reports import SpeechReports, Told
from ..focus import Kind
from ..output.output import Output
from ..output.outputs import Outputs
from .line import Line, Waiting
from .notification import sounds_of
from .remote import RemoteSounds, any_shape
from .speech import MOST_FETCHED, pause_before
from .taken import TakenSpeech
from .view import CLIPS, MOST_CLIPS

_LOGGER = logging.getLogger(__name__)

# More media players than a home has, each for two kinds; a line that is empty makes room.
MOST_LINES: Final = 64


class Announcer:
    """Announces the speech and the notifications of one entry."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        events: Counter[str],
        outputs: Outputs,
        reports: SpeechReports,
    ) -> None:
        """Count in events what was announced and what was not."""
        self._hass = hass
        self._entry = entry
        self._events = events
        self._outputs = outputs
        self._reports = reports
        self._remote = RemoteSounds(hass, user_agent(entry.data))
        self._may_fetch = asyncio.Semaphore(MOST_FETCHED)
        self._lines: dict[tuple[str, Kind], Line] = {}
        self._tokens: deque[str] = deque(maxlen=MOST_CLIPS)

    @callback
    def announce(
        self, speak: Speak, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        """Announce one speech, after those before it on the same output.

        Raises LimitExceededError for too many sounds at once.
        """
        self._announce(self._line(origin, Kind.DIALOG), speak, attachment)

    @callback
    def announce_at(
        self, output: Output, speak: Speak, attachment: Callable[[str], Attachment]
    ) -> bool:
        """Announce one speech at an output, likewise; return False where too much waits there."""
        return self._announce(self._line_of(output, Kind.DIALOG), speak, attachment)

    def _announce(
        self, line: Line | None, speak: Speak, attachment: Callable[[str], Attachment]
    ) -> bool:
        sound = None if speak.content_id is None else attachment(speak.content_id)
        if line is None or line.is_full:
            self._events["speech_not_announced"] += 1
            _LOGGER.debug("Not announcing speech: no media player is chosen, or too much at once")
            if sound is not None:
                sound.discard()
            return False
        if sound is None:
            taken = TakenSpeech(
                self._hass, self._remote.fetch(speak.url, any_shape), self._spawn, self._may_fetch
            )
        else:
            taken = TakenSpeech(self._hass, _taken(sound), self._spawn)
        told = Told(self._reports, speak.token)
        self._add(line, Waiting(pause=pause_before(speak), sound=taken, told=told))
        return True

    @callback
    def notify(self, assets: Sequence[Asset], origin: Origin = UNASKED) -> None:
        """Announce the sounds of a notification as one, after the notifications before it.

        Neither interrupts speech nor an alert, and CIC is told nothing. Raises nothing.
        """
        if not assets:
            return
        line = self._line(origin, Kind.NOTIFICATION)
        if line is None or line.is_full:
            self._events["notification_not_announced"] += 1
            _LOGGER.debug("Not announcing a notification: no media player, or too much at once")
            return
        sound = sounds_of(self._hass, assets, self._remote)
        taken = TakenSpeech(self._hass, sound, self._spawn, self._may_fetch)
        self._add(line, Waiting(pause=0.0, sound=taken, told=Told(self._reports, token="")))

    @property
    def busy(self) -> bool:
        """Whether something is being said, or about to be."""
        return any(line.busy for line in self._lines.values())

    @callback
    def stop(self) -> None:
        """Be quiet everywhere."""
        for line in self._lines.values():
            line.stop()

    @callback
    def close(self) -> None:
        """Stop, and serve nothing any more."""
        for line in self._lines.values():
            line.close()
        for token in self._tokens:
            self._hass.data[CLIPS].remove(token)

    def _add(self, line: Line, waiting: Waiting) -> None:
        self._tokens.append(waiting.sound.clip.token)
        line.add(waiting)

    def _line(self, origin: Origin, kind: Kind) -> Line | None:
        output = self._outputs.of(origin)
        if output is None:
            self._outputs.ask_for_one()
            return None
        return self._line_of(output, kind)

    def _line_of(self, output: Output, kind: Kind) -> Line | None:
        key = (output.entity_id, kind)
        if key not in self._lines:
            for idle in [one for one, line in self._lines.items() if not line.busy]:
                del self._lines[idle]
            if len(self._lines) >= MOST_LINES:
                return None
            self._lines[key] = Line(self._hass, output, self._spawn, self._events, kind)
        return self._lines[key]

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._entry.async_create_background_task(self._hass, work, f"{DOMAIN} {name}")


async def _taken(sound: Attachment) -> AsyncGenerator[bytes]:
    """Yield a sound; what nobody takes any more is dropped."""
    try:
        async for chunk in sound:
            yield chunk
    finally:
        sound.discard()
