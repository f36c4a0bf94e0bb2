"""What the state of a media player entity tells of what sounds there."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
import math
from typing import Any, Final

from homeassistant.components.media_player.const import (
    ATTR_APP_ID,
    ATTR_MEDIA_CONTENT_ID,
    ATTR_MEDIA_DURATION,
    ATTR_MEDIA_POSITION,
    ATTR_MEDIA_POSITION_UPDATED_AT,
    ATTR_MEDIA_VOLUME_LEVEL,
    ATTR_MEDIA_VOLUME_MUTED,
    MediaPlayerEntityFeature,
    MediaPlayerState,
)
from homeassistant.const import ATTR_SUPPORTED_FEATURES, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import State


class Sound(Enum):
    """What a player does."""

    SOUNDING = auto()
    BUFFERING = auto()
    PAUSED = auto()
    SILENT = auto()
    AWAY = auto()
    """Unavailable; it may come back."""
    GONE = auto()
    """There is no such entity."""


# A player that tells no more than that it is on may well sound.
_SOUNDS: Final = {
    MediaPlayerState.PLAYING: Sound.SOUNDING,
    MediaPlayerState.ON: Sound.SOUNDING,
    MediaPlayerState.BUFFERING: Sound.BUFFERING,
    MediaPlayerState.PAUSED: Sound.PAUSED,
    STATE_UNAVAILABLE: Sound.AWAY,
    STATE_UNKNOWN: Sound.AWAY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A player at one moment. Integrations give strings for numbers, and worse."""

    sound: Sound = Sound.GONE
    content_id: str | None = None
    app_id: str | None = None
    position: float | None = None
    position_at: datetime | None = None
    """When it was there."""
    duration: float | None = None
    volume: float | None = None
    muted: bool | None = None
    features: MediaPlayerEntityFeature = MediaPlayerEntityFeature(0)
    reported_at: datetime | None = None
    """When the player last told anything."""

    def has(self, feature: MediaPlayerEntityFeature) -> bool:
        """Tell whether the player can do something."""
        return feature in self.features

    @property
    def can_play(self) -> bool:
        """Whether the player takes what it is told to play; of one that is away nobody knows."""
        if self.sound in (Sound.AWAY, Sound.GONE):
            return True
        return self.has(MediaPlayerEntityFeature.PLAY_MEDIA)


def look_at(state: State | None) -> Seen:
    """Return what a state tells."""
    if state is None:
        return Seen()
    told = state.attributes
    muted = told.get(ATTR_MEDIA_VOLUME_MUTED)
    volume = number(told.get(ATTR_MEDIA_VOLUME_LEVEL))
    return Seen(
        sound=_SOUNDS.get(state.state, Sound.SILENT),
        content_id=_text(told.get(ATTR_MEDIA_CONTENT_ID)),
        app_id=_text(told.get(ATTR_APP_ID)),
        position=number(told.get(ATTR_MEDIA_POSITION)),
        position_at=_moment(told.get(ATTR_MEDIA_POSITION_UPDATED_AT)) or state.last_updated,
        # 0 is what some say of a stream without an end
        duration=number(told.get(ATTR_MEDIA_DURATION)) or None,
        volume=None if volume is None else min(max(volume, 0.0), 1.0),
        muted=muted if isinstance(muted, bool) else None,
        features=_features(told.get(ATTR_SUPPORTED_FEATURES)),
        reported_at=state.last_reported,
    )


def number(value: Any) -> float | None:
    """Return a finite number that is not negative, else None."""
    try:
        found = float(value)
    except TypeError, ValueError, OverflowError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


def _features(value: Any) -> MediaPlayerEntityFeature:
    return MediaPlayerEntityFeature(value if isinstance(value, int) and value >= 0 else 0)
