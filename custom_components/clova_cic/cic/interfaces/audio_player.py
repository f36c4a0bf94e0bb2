"""AudioPlayer: music that CIC orders, and what has become of it (AudioPlayer, PlaybackState)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Self

from ..errors import MessageError
from ..messages import Payload
from .audio_stream import AudioItem, AudioStream
from .fields import caption, choice, identifier, inner, required_choice, web_address
from .plain import PlainDirective

NAMESPACE = "AudioPlayer"


class PlayBehavior(StrEnum):
    """What a Play does with the queue."""

    REPLACE_ALL = "REPLACE_ALL"
    ENQUEUE = "ENQUEUE"


class ClearBehavior(StrEnum):
    """Whether what plays now ends with the queue."""

    CLEAR_ALL = "CLEAR_ALL"
    CLEAR_ENQUEUED = "CLEAR_ENQUEUED"


class PlayerActivity(StrEnum):
    """What the player does, as CIC is told."""

    IDLE = "IDLE"
    PLAYING = "PLAYING"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"


class RepeatMode(StrEnum):
    """Whether the track comes again when it has ended."""

    NONE = "NONE"
    REPEAT_ONE = "REPEAT_ONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Directive: play this, at once or after what is queued. source is who provides it."""

    behavior: PlayBehavior
    item: AudioItem
    source_name: str | None = None
    source_logo_url: str | None = field(default=None, repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when nothing identifies the track; without behaviour it plays at once."""
        source = inner(payload, "source")
        return cls(
            behavior=choice(payload, "playBehavior", PlayBehavior) or PlayBehavior.REPLACE_ALL,
            item=AudioItem.from_payload(inner(payload, "audioItem")),
            source_name=caption(source, "name"),
            source_logo_url=web_address(source, "logoUrl"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamDeliver:
    """Directive: the stream that was asked for, to be merged with that of its Play."""

    audio_item_id: str | None
    stream: Payload = field(repr=False, hash=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is no stream, or more of it than can be kept."""
        # 2018's examples have the other name
        delivered = inner(payload, "audioStream") or inner(payload, "stream")
        if not delivered:
            raise MessageError("the payload has no audioStream")
        return cls(
            audio_item_id=identifier(payload, "audioItemId"),
            stream=AudioStream.from_payload(delivered, "").raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearQueue:
    """Directive: empty the queue."""

    behavior: ClearBehavior

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is not said whether what plays is meant too."""
        return cls(behavior=required_choice(payload, "clearBehavior", ClearBehavior))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectReportPlaybackState(PlainDirective):
    """Directive: report the playback state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackState:
    """What the player does, as every event's context tells (PlaybackState).

    offset and total are milliseconds of the medium, total the end of the window.
    stream is the merged one; it and the token stay until the queue is cleared.
    """

    activity: PlayerActivity
    repeat_mode: RepeatMode
    offset: int | None = None
    total: int | None = None
    stream: Payload | None = field(default=None, repr=False, hash=False)
    token: str | None = field(default=None, repr=False)

    def as_payload(self) -> Payload:
        """Return the context object's payload, which knows no token outside its stream."""
        state = {
            "playerActivity": self.activity.value,
            "repeatMode": self.repeat_mode.value,
            "offsetInMilliseconds": self.offset,
            "totalInMilliseconds": self.total,
            "stream": self.stream,
        }
        return {key: value for key, value in state.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """An event of the player."""

    NAMESPACE: ClassVar[str] = "AudioPlayer"


@dataclass(frozen=True, slots=True, kw_only=True)
class _AtOffset(_Event):
    """Event: what has become of a track, and where in it (milliseconds of the medium)."""

    token: str = field(repr=False)
    offset: int

    def as_payload(self) -> Payload:
        """Return the payload; nothing is before the beginning."""
        return {"token": self.token, "offsetInMilliseconds": max(0, self.offset)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayStarted(_AtOffset):
    """Event: the track has begun to sound."""

    NAME: ClassVar[str] = "PlayStarted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayPaused(_AtOffset):
    """Event: the track is paused."""

    NAME: ClassVar[str] = "PlayPaused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayResumed(_AtOffset):
    """Event: the track goes on."""

    NAME: ClassVar[str] = "PlayResumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayStopped(_AtOffset):
    """Event: the track was stopped before its window's end."""

    NAME: ClassVar[str] = "PlayStopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayFinished(_AtOffset):
    """Event: the track was played to its window's end; the answer may bring the next."""

    NAME: ClassVar[str] = "PlayFinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressReportDelayPassed(_AtOffset):
    """Event: the delay after the start is over."""

    NAME: ClassVar[str] = "ProgressReportDelayPassed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressReportIntervalPassed(_AtOffset):
    """Event: one more interval is over."""

    NAME: ClassVar[str] = "ProgressReportIntervalPassed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressReportPositionPassed(_AtOffset):
    """Event: the position was passed, or leapt over; offset is the position asked for."""

    NAME: ClassVar[str] = "ProgressReportPositionPassed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRequested(_Event):
    """Event: the stream is needed now; stream is the Play's, as it came."""

    NAME: ClassVar[str] = "StreamRequested"

    audio_item_id: str
    stream: Payload = field(repr=False, hash=False)

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"audioItemId": self.audio_item_id, "audioStream": self.stream}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackQueueCleared(_Event):
    """Event: the queue was emptied as ordered."""

    NAME: ClassVar[str] = "PlaybackQueueCleared"

    behavior: ClearBehavior

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"clearBehavior": self.behavior.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPlaybackState(_Event):
    """Event: the state that was asked for."""

    NAME: ClassVar[str] = "ReportPlaybackState"

    state: PlaybackState

    def as_payload(self) -> Payload:
        """Return the payload: the context object's, with the token."""
        token = {} if self.state.token is None else {"token": self.state.token}
        return {**self.state.as_payload(), **token}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPlaybackState(_Event):
    """Event: what do other devices of the account play; without a device, all of them."""

    NAME: ClassVar[str] = "RequestPlaybackState"

    device_id: str | None = None

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {} if self.device_id is None else {"deviceId": self.device_id}


DIRECTIVES = {
    "Play": Play,
    "StreamDeliver": StreamDeliver,
    "ClearQueue": ClearQueue,
    "ExpectReportPlaybackState": ExpectReportPlaybackState,
}
