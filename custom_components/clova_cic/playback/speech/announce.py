"""Speech that no Assist run plays, announced where its sound belongs."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Coroutine
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ...cic import Attachment
from ...cic.interfaces.speech_synthesizer import Speak
from ...const import DOMAIN
from ...origin import Origin
from ...settings import identity
from ...speech_reports import SpeechReports, Told
from ..output.output import Output
from ..output.outputs import Outputs
from ..sound.mp3 import Frame
from .line import Line, Waiting
from .remote import RemoteSounds
from .speech import MOST_FETCHED, pause_before
from .taken import TakenSpeech
from .view import CLIPS, MOST_CLIPS

_LOGGER = logging.getLogger(__name__)

# More media players than a home has; a line that is empty makes room.
MOST_LINES: Final = 32


class Announcer:
    """Announces the speech of one entry."""

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
        self._remote = RemoteSounds(hass, identity(entry.data).user_agent)
        self._may_fetch = asyncio.Semaphore(MOST_FETCHED)
        self._lines: dict[str, Line] = {}
        self._tokens: deque[str] = deque(maxlen=MOST_CLIPS)

    @callback
    def announce(
        self, speak: Speak, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        """Announce one speech, after those before it on the same output.

        Raises LimitExceededError for too many sounds at once.
        """
        self.add(self._line(origin), speak, attachment)

    @callback
    def add(self, line: Line | None, speak: Speak, attachment: Callable[[str], Attachment]) -> bool:
        """Announce one speech in a line; return whether it will be said, if there is one with room.

        Raises LimitExceededError for too many sounds at once.
        """
        sound = None if speak.content_id is None else attachment(speak.content_id)
        if line is None or line.is_full:
            self._events["speech_not_announced"] += 1
            _LOGGER.debug("Not announcing speech: no media player is chosen, or too much at once")
            if sound is not None:
                sound.discard()
            return False
        if sound is None:
            taken = TakenSpeech(
                self._hass, self._remote.fetch(speak.url, _any_shape), self._spawn, self._may_fetch
            )
        else:
            taken = TakenSpeech(self._hass, _taken(sound), self._spawn)
        self._tokens.append(taken.clip.token)
        told = Told(self._reports, speak.token)
        line.add(Waiting(pause=pause_before(speak), sound=taken, told=told))
        return True

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

    def _line(self, origin: Origin) -> Line | None:
        output = self._outputs.of(origin)
        if output is None:
            self._outputs.ask_for_one()
            return None
        return self.line_of(output)

    def line_of(self, output: Output) -> Line | None:
        """Return the line of an output; None where there are too many."""
        if output.entity_id not in self._lines:
            for idle in [key for key, line in self._lines.items() if not line.busy]:
                del self._lines[idle]
            if len(self._lines) >= MOST_LINES:
                return None
            self._lines[output.entity_id] = Line(self._hass, output, self._spawn, self._events)
        return self._lines[output.entity_id]

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._entry.async_create_background_task(self._hass, work, f"{DOMAIN} {name}")


async def _any_shape() -> Frame | None:
    """Return that a speech need not look like anything before it."""
    return None


async def _taken(sound: Attachment) -> AsyncGenerator[bytes]:
    """Yield a sound; what nobody takes any more is dropped."""
    try:
        async for chunk in sound:
            yield chunk
    finally:
        sound.discard()
