"""One client's directives and events, judged together."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cic_server.context import context_object
from cic_server.messages import Directive, Event

from .alerts import ALERT_EVENTS, AlertOrder
from .confirmations import CONFIRMED_BY, Confirmations
from .playback import PLAY_EVENTS, PlaybackOrder, Played
from .reasons import Finding
from .speech import SPEECH_EVENTS, SpeechOrder

# Names of the context object: the documents' own examples have the second (differences.md, trap 5).
_PLAYBACK_STATES = ("PlaybackState", "PlayerState")
EXPECT_REPORT_STATE = "DeviceControl.ExpectReportState"
OTHER_PLAYER = "MediaPlayer"


def playback_state(context: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the payload of AudioPlayer.PlaybackState, if the context has it."""
    for each in context:
        header, payload = each.get("header"), each.get("payload")
        if not isinstance(header, Mapping) or not isinstance(payload, Mapping):
            continue
        if header.get("namespace") == "AudioPlayer" and header.get("name") in _PLAYBACK_STATES:
            return payload
    return None


class Checker:
    """What one client was told to do, and whether it tells of nothing else."""

    def __init__(self, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        """Know nothing; `clock` counts seconds, `now` is the time of day."""
        self._alerts = AlertOrder(clock, now)
        self._has_device_state = False
        self._playback = PlaybackOrder()
        self._speech = SpeechOrder()
        self._confirmations = Confirmations(clock)
        self._has_spoken = False

    def ordered(self, directive: Directive) -> None:
        """Note a directive that goes out."""
        payload, name = directive.payload, directive.full_name
        self._playback.ordered(name, payload)
        self._alerts.ordered(name, payload)
        if name == "AudioPlayer.Play" and payload.get("playBehavior") == "REPLACE_ALL":
            self._confirmations.overtaken()
        token = payload.get("token")
        if name == "SpeechSynthesizer.Speak" and isinstance(token, str):
            self._speech.ordered(token, directive.dialog_id)
        if name in CONFIRMED_BY and self._is_due(name, payload):
            self._confirmations.ordered(name, payload, directive.dialog_id)

    def _is_due(self, name: str, payload: Mapping[str, Any]) -> bool:
        """Tell whether a directive changes anything, so that something follows."""
        if name == "Alerts.StopAlert":
            return self._alerts.rings(payload.get("token"))
        live = self._playback.live
        target = payload.get("target")
        if isinstance(target, Mapping) and target.get("namespace") == OTHER_PLAYER:
            return name not in _NEED
        return name not in _NEED or (live is not None and live.state in _NEED[name])

    def not_taken(self, dialog_id: str | None) -> None:
        """Note that an answer was cancelled: what it ordered may never have been read."""
        self._confirmations.forget(dialog_id)

    def gone(self) -> None:
        """Note that the client's channel has ended: it may not have read what was ordered last."""
        self._confirmations.gone()
        self._alerts.gone()

    def was_told(self, token: str, scheduled: object, *, rings: bool, stands: bool) -> None:
        """Note an alert the client was told of before the service was started."""
        self._alerts.was_told(token, scheduled, rings=rings, stands=stands)

    def sought(self) -> None:
        """Note that the user has sought: no event tells."""
        self._playback.seek()

    def happened(self, event: Event) -> list[Finding]:
        """Judge an event, once it is complete."""
        context = playback_state(event.context)
        payload = event.payload
        alerts = context_object(event.context, "Alerts", "AlertsState")
        found: list[Finding] = []
        match event.namespace, event.name:
            case "AudioPlayer", name if name in PLAY_EVENTS:
                found += self._playback.happened(name, payload, context)
            case "AudioPlayer", "StreamRequested":
                found += self._playback.requested(payload)
            case "AudioPlayer", "PlaybackQueueCleared":
                found += self._playback.cleared(payload.get("clearBehavior"))
            case "AudioPlayer", "ReportPlaybackState":
                found += self._playback.reported(payload)
            case "SpeechSynthesizer", name if name in SPEECH_EVENTS:
                found += self._speech.happened(name, str(payload.get("token")))
            case "Alerts", name if name in ALERT_EVENTS:
                found += self._alerts.happened(name, payload, alerts)
        if alerts is not None:
            found += self._alerts.judge(alerts)
        return found + self._confirmations.happened(event.full_name, payload)

    def take_context(self, context: Sequence[Mapping[str, Any]]) -> None:
        """Note what an event's context tells, as soon as it is here."""
        state = playback_state(context)
        alerts = context_object(context, "Alerts", "AlertsState")
        if state is not None and not self._has_spoken:
            self._playback.adopt(state)
        if alerts is not None and not self._has_spoken:
            self._alerts.adopt(alerts)
        device = context_object(context, "Device", "DeviceState")
        if device is not None:
            self._has_device_state = bool(device.keys() - {"localTime"})
        if state is not None and "repeatMode" in state:  # it may be changed at the device
            self._playback.repeat(one=state["repeatMode"] == "REPEAT_ONE")
        self._has_spoken = True

    def overdue(self) -> list[tuple[str, Finding]]:
        """Return, once, the directives nothing has followed."""
        late = self._confirmations.overdue()
        if self._has_device_state:
            return late
        # A device that has told no state has none to report.
        return [(name, finding) for name, finding in late if name != EXPECT_REPORT_STATE]


# What a stream must be doing for these to change anything.
_NEED = {
    "PlaybackController.Pause": (Played.PLAYING,),
    "PlaybackController.Resume": (Played.PAUSED,),
    "PlaybackController.Stop": (Played.PLAYING, Played.PAUSED),
}
