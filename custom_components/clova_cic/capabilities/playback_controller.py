"""PlaybackController: what voice, buttons and other devices of the account do to the music."""

from collections.abc import Callable
import logging
from typing import Final, override

from homeassistant.exceptions import HomeAssistantError

from ..cic import Attachment, Directive
from ..cic.interfaces import playback_controller, read
from ..cic.interfaces.audio_player import RepeatMode
from ..cic.interfaces.outgoing import OutgoingEvent
from ..cic.interfaces.playback_controller import (
    ExpectNextCommand,
    ExpectPauseCommand,
    ExpectPlayCommand,
    ExpectPreviousCommand,
    ExpectResumeCommand,
    ExpectStopCommand,
    Mute,
    Next,
    NextCommandIssued,
    Pause,
    PauseCommandIssued,
    PlayCommandIssued,
    Previous,
    PreviousCommandIssued,
    Replay,
    Resume,
    ResumeCommandIssued,
    SetRepeatMode,
    Stop,
    StopCommandIssued,
    Target,
    TurnOffRepeatMode,
    TurnOnRepeatMode,
    Unmute,
    VolumeDown,
    VolumeUp,
)
from ..origin import Origin
from ..playback.music.player import AudioPlayer
from ..playback.output.output import Output
from .base import Capability

_LOGGER = logging.getLogger(__name__)

# One of the ten steps CIC's volume has.
VOLUME_STEP: Final = 0.1

_ORDERS: Final[dict[type, Callable[[AudioPlayer], None]]] = {
    Next: AudioPlayer.next,
    Pause: AudioPlayer.pause,
    Previous: AudioPlayer.previous,
    Replay: AudioPlayer.replay,
    Resume: AudioPlayer.resume,
    Stop: AudioPlayer.stop,
    TurnOffRepeatMode: lambda player: player.set_repeat(RepeatMode.NONE),
    TurnOnRepeatMode: lambda player: player.set_repeat(RepeatMode.REPEAT_ONE),
}
_PRESSED: Final[dict[type, Callable[..., OutgoingEvent]]] = {
    ExpectNextCommand: NextCommandIssued,
    ExpectPauseCommand: PauseCommandIssued,
    ExpectPreviousCommand: PreviousCommandIssued,
    ExpectResumeCommand: ResumeCommandIssued,
    ExpectStopCommand: StopCommandIssued,
}


class PlaybackController(Capability):
    """Hands the orders to the entry's player, and its output."""

    namespace = playback_controller.NAMESPACE

    @override
    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        self.carry_out(read(directive), origin)

    def carry_out(self, content: object, origin: Origin) -> None:
        """Act on an order, whatever it was called."""
        if (pressed := _PRESSED.get(type(content))) is not None:
            self._parts.reports.send(pressed(source=getattr(content, "target", None)))
            return
        match content:
            case ExpectPlayCommand(token=token, handover=handover):
                self._parts.reports.send(PlayCommandIssued(token=token, handover=handover))
            case SetRepeatMode(repeat_mode=mode):
                self._parts.player.set_repeat(mode)
            case Mute() | Unmute() | VolumeUp() | VolumeDown():
                self._adjust(content, origin)
            case Pause(target=target) | Resume(target=target) | Stop(target=target) if _is_foreign(
                target
            ):
                self._parts.events["other_target"] += 1
            case Stop() if self._parts.announcer.busy and not self._parts.player.wants_to_sound:
                self._parts.announcer.stop()
            case _ if (order := _ORDERS.get(type(content))) is not None:
                order(self._parts.player)

    def _adjust(self, order: Mute | Unmute | VolumeUp | VolumeDown, origin: Origin) -> None:
        """Set the volume of where the music is, else of where music asked for from there would be."""
        output = self._parts.device.output_of(origin)
        if output is None:
            self._parts.events["no_output"] += 1
            return
        self._parts.entry.async_create_background_task(
            self._parts.hass, self._set_volume(output, order), "volume of music"
        )

    async def _set_volume(
        self, output: Output, order: Mute | Unmute | VolumeUp | VolumeDown
    ) -> None:
        try:
            match order, output.content_volume:
                case Mute(), _:
                    await output.set_muted(True)
                case Unmute(), _:
                    await output.set_muted(False)
                case VolumeUp(), float() as volume:
                    await output.set_content_volume(min(1.0, volume + VOLUME_STEP))
                case VolumeDown(), float() as volume:
                    await output.set_content_volume(max(0.0, volume - VOLUME_STEP))
                case _:
                    self._parts.events["volume_unknown"] += 1
        except HomeAssistantError as err:
            self._parts.events["player_failed"] += 1
            _LOGGER.warning(
                "The volume of %s was not changed: %s", output.entity_id, type(err).__name__
            )


def _is_foreign(target: Target | None) -> bool:
    """Tell whether another kind of player is meant: this device has no video."""
    return target is not None and target.namespace.lower() != "audioplayer"
