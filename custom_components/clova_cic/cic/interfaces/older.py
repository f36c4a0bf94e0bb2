"""AudioPlayer's directives that the newest documents no longer describe: two of 2017, and an internal one."""

from dataclasses import dataclass
from typing import Self

from ..messages import Payload
from . import audio_player
from .audio_player import PlayerActivity
from .fields import choice
from .playback_controller import Next, Stop

NAMESPACE = audio_player.NAMESPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizePlaybackState:
    """Directive: what another device of the account plays; meant for apps."""

    activity: PlayerActivity | None

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read what is there."""
        return cls(activity=choice(payload, "playerActivity", PlayerActivity))


DIRECTIVES = {
    # what became PlaybackController's in July 2017
    "PlayNext": Next,
    "Stop": Stop,
    "SynchronizePlaybackState": SynchronizePlaybackState,
}
