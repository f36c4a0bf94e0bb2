"""Why an event is illegal."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """The rules (messages of AudioPlayer, PlaybackController, SpeechSynthesizer, Alerts, Device)."""

    # A token (or audioItemId) that no directive has brought.
    UNKNOWN_TOKEN = "unknown token"
    BAD_OFFSET = "offset is not a number of milliseconds from 0"
    # PlayStarted where no Play, Replay, Next, Previous or repeat mode allows one more.
    NOT_ORDERED = "started without having been ordered"
    OTHER_PLAYS = "another stream has not ended"
    NOT_STARTED = "has not been started"
    NOT_PAUSED = "is not paused or stopped"
    NOT_PLAYING = "does not play"
    ENDED = "has ended already"
    OUTSIDE_WINDOW = "offset outside the part that may be played"
    BACKWARDS = "offset goes back without seek or replay"
    STREAM_NOT_REQUESTED = "started without StreamRequested"
    STREAM_PLAYABLE = "StreamRequested for a playable stream"
    STREAM_EARLY = "StreamRequested while another stream plays"
    STREAM_CHANGED = "StreamRequested with another stream than Play's"
    REPORT_NOT_WANTED = "progress report that was not asked for"
    REPORT_TIME = "progress report at the wrong time"
    REPORT_AGAIN = "progress report twice"
    REPORT_MISSING = "progress report missing"
    STILL_PLAYS = "the queue is cleared, but its stream has not been stopped"
    CONTEXT = "the context says otherwise"
    NOT_ASKED = "was not asked for"
    SOURCE = "source is not the target that was given"
    SPEECH_AGAIN = "speech has been started before"
    SPEECH_NOT_STARTED = "speech has not been started"
    SPEECH_ENDED = "speech has ended already"
    SPEECH_OVERLAPS = "the answer's earlier speech has not ended"
    SPEECH_ORDER = "a later speech of this answer has been started before"
    UNKNOWN_ALERT = "an alert that was never ordered"
    RINGS_ALREADY = "the alert rings already"
    RINGS_NOT = "the alert does not ring"
    ALERT_OVER = "the alert is over, or was not set"
    NOT_CONFIRMED = "was not confirmed in time"
    # Of media requests.
    MEDIA_AGENT = "media request without a User-Agent of CIC's form"
    MEDIA_TOKEN = "media request with an Authorization header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One breach of a rule."""

    reason: Reason
    # What shows it, for a person; no words of the user.
    detail: str = ""
