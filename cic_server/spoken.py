"""Texts that lie at an address as sound: what alerts and notifications say (http assets)."""

from collections import OrderedDict
from dataclasses import dataclass
import secrets

from .engines import Synthesizer

# Addresses good at once: some for each of a thousand alerts; the oldest is void beyond it.
MAX_TEXTS = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenText:
    """A text, its language, its voice, and the client it is for."""

    client: str
    text: str
    lang: str
    voice: str = ""


class SpokenTexts:
    """Every such text, spoken when it is fetched.

    In memory: addresses die with the service, but for those that come back with their alerts.
    """

    def __init__(self, synthesizer: Synthesizer) -> None:
        """Have none."""
        self._synthesizer = synthesizer
        self._texts: OrderedDict[str, SpokenText] = OrderedDict()

    def keep(self, spoken: SpokenText) -> str:
        """Return the key of a text's address."""
        key = secrets.token_urlsafe(16)
        self.restore(key, spoken)
        return key

    def restore(self, key: str, spoken: SpokenText) -> None:
        """Have a text at the key it had before the service was started."""
        self._texts[key] = spoken
        while len(self._texts) > MAX_TEXTS:
            self._texts.popitem(last=False)

    def at(self, key: str) -> SpokenText | None:
        """Return a text; None when its address is void."""
        return self._texts.get(key)

    async def find(self, key: str) -> tuple[SpokenText, bytes] | None:
        """Return a text and its MP3; None when the address is void."""
        found = self._texts.get(key)
        if found is None:
            return None
        synthesizer = self._synthesizer.in_voice(found.voice)
        chunks = [chunk async for chunk in synthesizer.synthesize(found.text, found.lang)]
        return found, b"".join(chunks)
