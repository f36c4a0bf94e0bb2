"""PlaybackController: what voice and buttons do to the music.

A button changes nothing by itself: it is reported, CLOVA's directive acts, and an
event of AudioPlayer confirms (PlaybackController).
"""

from dataclasses import dataclass, field
from typing import ClassVar, Self

from ..messages import LONGEST_NAME, Payload
from .audio_player import RepeatMode
from .fields import echo, identifier, inner, optional_text, required_choice
from .plain import PlainDirective

NAMESPACE = "PlaybackController"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whose playback is meant: "AudioPlayer" or "MediaPlayer"."""

    namespace: str


def _target(payload: Payload) -> Target | None:
    namespace = optional_text(inner(payload, "target"), "namespace")
    # it is repeated in the event
    return Target(namespace=namespace) if namespace and len(namespace) <= LONGEST_NAME else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Targeted:
    """A directive that may say whose playback it means."""

    target: Target | None = None

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read the target, if there is one."""
        return cls(target=_target(payload))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(_Targeted):
    """Directive: pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(_Targeted):
    """Directive: go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(_Targeted):
    """Directive: stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next(PlainDirective):
    """Directive: play the next track of the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous(PlainDirective):
    """Directive: play the track before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay(PlainDirective):
    """Directive: play the track from its start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute(PlainDirective):
    """Directive: mute the player."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmute(PlainDirective):
    """Directive: unmute the player."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRepeatMode:
    """Directive: repeat the track, or not."""

    repeat_mode: RepeatMode

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is no mode that is known."""
        return cls(repeat_mode=required_choice(payload, "repeatMode", RepeatMode))


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOnRepeatMode(PlainDirective):
    """Directive, deprecated: SetRepeatMode REPEAT_ONE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOffRepeatMode(PlainDirective):
    """Directive, deprecated: SetRepeatMode NONE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeUp(PlainDirective):
    """Directive, deprecated: DeviceControl.Increase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeDown(PlainDirective):
    """Directive, deprecated: DeviceControl.Decrease."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectNextCommand(_Targeted):
    """Directive: behave as if "next" had been pressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectPauseCommand(_Targeted):
    """Directive: behave as if "pause" had been pressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectPreviousCommand(_Targeted):
    """Directive: behave as if "previous" had been pressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectResumeCommand(_Targeted):
    """Directive: behave as if "play" had been pressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectStopCommand(_Targeted):
    """Directive: behave as if "stop" had been pressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectPlayCommand:
    """Directive: behave as if a track had been chosen, or take over from another device.

    handover is repeated as it came.
    """

    token: str | None = field(default=None, repr=False)
    handover: Payload | None = field(default=None, repr=False, hash=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is more than can be repeated."""
        handover = inner(payload, "handover")
        return cls(
            token=identifier(payload, "token"), handover=echo(handover) if handover else None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """An event of buttons; device_id is another device of the account that is meant."""

    NAMESPACE: ClassVar[str] = "PlaybackController"

    device_id: str | None = None

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {} if self.device_id is None else {"deviceId": self.device_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pressed(_Event):
    """Event: a button was pressed; without source CLOVA chooses what it means."""

    source: Target | None = None

    def as_payload(self) -> Payload:
        """Return the payload."""
        source = {} if self.source is None else {"source": {"namespace": self.source.namespace}}
        return {**super().as_payload(), **source}


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCommandIssued(_Pressed):
    """Event: "next" was pressed."""

    NAME: ClassVar[str] = "NextCommandIssued"


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseCommandIssued(_Pressed):
    """Event: "pause" was pressed."""

    NAME: ClassVar[str] = "PauseCommandIssued"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousCommandIssued(_Pressed):
    """Event: "previous" was pressed."""

    NAME: ClassVar[str] = "PreviousCommandIssued"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeCommandIssued(_Pressed):
    """Event: "play" was pressed."""

    NAME: ClassVar[str] = "ResumeCommandIssued"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopCommandIssued(_Pressed):
    """Event: "stop" was pressed."""

    NAME: ClassVar[str] = "StopCommandIssued"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayCommandIssued(_Event):
    """Event: a track was chosen by its token, or is taken over from another device."""

    NAME: ClassVar[str] = "PlayCommandIssued"

    token: str | None = field(default=None, repr=False)
    handover: Payload | None = field(default=None, repr=False, hash=False)

    def as_payload(self) -> Payload:
        """Return the payload."""
        chosen = {"token": self.token, "handover": self.handover}
        return {
            **super().as_payload(),
            **{key: value for key, value in chosen.items() if value is not None},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRepeatModeCommandIssued(_Event):
    """Event: another device is to repeat its track, or not."""

    NAME: ClassVar[str] = "SetRepeatModeCommandIssued"

    repeat_mode: RepeatMode

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {**super().as_payload(), "repeatMode": self.repeat_mode.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomCommandIssued:
    """Event: a shortcut was pressed, for example "CUSTOM_BUTTON_2"."""

    NAMESPACE: ClassVar[str] = "PlaybackController"
    NAME: ClassVar[str] = "CustomCommandIssued"

    button: str

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"button": self.button}


DIRECTIVES = {
    kind.__name__: kind
    for kind in (
        *(Pause, Resume, Stop, Next, Previous, Replay, Mute, Unmute),
        *(SetRepeatMode, TurnOnRepeatMode, TurnOffRepeatMode, VolumeUp, VolumeDown),
        *(ExpectNextCommand, ExpectPauseCommand, ExpectPlayCommand, ExpectPreviousCommand),
        *(ExpectResumeCommand, ExpectStopCommand),
    )
}
