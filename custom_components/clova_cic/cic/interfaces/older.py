"""AudioPlayer's directives that the newest documents no longer describe: two of 2017, and an internal one."""

from dataclasses import dataclass
from typing import Self

from ..messages import Payload
from . import audio_player
from .audio_player import PlayerActivity
from .fields import choice, inner, required_identifier
from .playback_controller import Next, Stop

NAMESPACE = audio_player.NAMESPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizePlaybackState:
    """Directive: what another device of the account does; meant for apps, internal in 2018 and 2020."""

    device_id: str
    activity: PlayerActivity | None

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is not said which device."""
        state = inner(payload, "playbackState")
        return cls(
            device_id=required_identifier(payload, "deviceId"),
            activity=choice(state, "playerActivity", PlayerActivity),
        )


DIRECTIVES = {
    # what became PlaybackController's in July 2017
    "PlayNext": Next,
    "Stop": Stop,
    "SynchronizePlaybackState": SynchronizePlaybackState,
}
