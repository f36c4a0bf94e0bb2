"""Where tunes lie, and who may fetch what for how long."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
import secrets
from urllib.parse import quote

from cic_server.spoken import SpokenText, SpokenTexts

from .catalogue import Kind, Track

# Addresses out at once; the oldest is void beyond it.
MAX_GRANTS = 256


@dataclass(slots=True, kw_only=True)
class Grant:
    """A protected track's address: who has it, and until when (seconds of the clock)."""

    client: str
    track: Track
    until: float
    opened: bool = False


class Grants:
    """Addresses that were given out."""

    def __init__(self, clock: Callable[[], float], seconds: Callable[[], float]) -> None:
        """Have none; `seconds` is how long an address waits for its first fetch."""
        self._clock = clock
        self._seconds = seconds
        self._grants: OrderedDict[str, Grant] = OrderedDict()

    def issue(self, client: str, track: Track) -> str:
        """Return the key of a new address."""
        key = secrets.token_urlsafe(16)
        until = self._clock() + self._seconds()
        self._grants[key] = Grant(client=client, track=track, until=until)
        while len(self._grants) > MAX_GRANTS:
            self._grants.popitem(last=False)
        return key

    def open(self, key: str) -> Grant | None:
        """Return what a key opens; None when it is void.

        Once opened it stays good for twice the track's length: players ask again, for the rest.
        """
        grant, now = self._grants.get(key), self._clock()
        if grant is None or now > grant.until:
            return None
        if not grant.opened:
            grant.opened = True
            grant.until = now + max(self._seconds(), 2 * grant.track.seconds)
        return grant


def said_key(address: str) -> str:
    """Return the key in the address of a spoken text, whatever it begins with."""
    return address.rpartition("/")[2].removesuffix(".mp3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """One client's addresses: its name stands in them, so that a fetch tells whose it is."""

    base: str
    client: str
    grants: Grants
    texts: SpokenTexts | None = None

    def of(self, track: Track) -> str:
        """Return the address in a Play."""
        match track.kind:
            case Kind.DIRECT:
                return f"{self.base}/tunes/{quote(self.client, safe='')}/{track.id}.mp3"
            case Kind.HLS | Kind.LIVE:
                return f"{self.base}/hls/{quote(self.client, safe='')}/{track.id}.m3u8"
            case Kind.PROTECTED:
                return f"clova:{track.id}"  # opaque: it cannot be fetched

    def delivered(self, track: Track) -> str:
        """Return an address for StreamDeliver, good for a while."""
        if track.kind is not Kind.PROTECTED:
            return self.of(track)
        return f"{self.base}/protected/{self.grants.issue(self.client, track)}.mp3"

    def said(self, text: str, lang: str, voice: str = "") -> str:
        """Return the address of a spoken text."""
        if self.texts is None:
            return f"{self.base}/said/none.mp3"
        spoken = SpokenText(client=self.client, text=text, lang=lang, voice=voice)
        return self.said_at(self.texts.keep(spoken))

    def said_at(self, key: str) -> str:
        """Return the address of the text with this key."""
        return f"{self.base}/said/{key}.mp3"

    def texts_at(self, addresses: Iterable[str]) -> dict[str, SpokenText]:
        """Return which of these are spoken texts, by key."""
        found = {}
        for key in map(said_key, addresses):
            spoken = None if self.texts is None else self.texts.at(key)
            if spoken is not None:
                found[key] = spoken
        return found

    def art(self, track: Track) -> str:
        """Return the address of a cover."""
        return f"{self.base}/art/{track.id}.png"
