"""Any event of CIC, by its name: what a user sends who knows the documents.

EVENTS is the field tables of the documents. A sender is strict where a reader is
lenient: a documented field must be of its type, and one that is required must be
there. Fields that no document names are sent as they are given.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import json
from typing import Any, Final

from ..messages import DEEPEST, LONGEST_NAME, Payload, is_too_deep
from .event_faults import BadEventError, Fault

# In bytes of JSON: what is reported is a few fields. A report of settings is the longest, and agreed per product.
LARGEST_PAYLOAD: Final = 64 * 1024

# Raises BadEventError for a value that is wrong at this place.
type Check = Callable[[Any, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyEvent:
    """An event with a payload that was checked, and is sent as it was given."""

    NAMESPACE: str
    NAME: str
    payload: Payload = field(repr=False, hash=False)

    def as_payload(self) -> Payload:
        """Return the payload."""
        return self.payload


def any_event(namespace: str, name: str, payload: Any) -> AnyEvent:
    """Return an event that may be sent by itself; its name may be written in any case.

    BadEventError says which field is wrong and what it should be, in words for the
    sender. The two Recognize are refused, as they begin dialogs: SpeechRecognizer's
    goes up with its sound, TextRecognizer's by the action clova_cic.send_text_command.
    """
    full_name = _documented_name(f"{namespace}.{name}")
    if full_name in _REFUSED:
        raise BadEventError(_REFUSED[full_name], event=full_name)
    copy = _json_of(payload)
    EVENTS[full_name](copy, "")
    namespace, _, name = full_name.partition(".")
    return AnyEvent(NAMESPACE=namespace, NAME=name, payload=copy)


def _documented_name(full_name: str) -> str:
    if (known := _NAMES.get(full_name.lower())) is None:
        raise BadEventError(Fault.UNKNOWN, event=repr(full_name[:LONGEST_NAME]))
    return known


def _json_of(payload: Any) -> Any:
    """Return a copy that nobody changes any more, and that is JSON; BadEventError when it is not."""
    try:
        text = json.dumps(payload, allow_nan=False)
        copy = json.loads(text)
    except (TypeError, ValueError, RecursionError) as err:
        raise BadEventError(Fault.NOT_JSON) from err
    if len(text) > LARGEST_PAYLOAD:
        raise BadEventError(Fault.TOO_LARGE, most=str(LARGEST_PAYLOAD))
    if is_too_deep(copy):
        raise BadEventError(Fault.TOO_DEEP, most=str(DEEPEST))
    return copy


@dataclass(frozen=True, slots=True)
class _Value:
    """A value of one kind, as a test and what it is where it fails."""

    fault: Fault
    fits: Callable[[Any], bool]
    details: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, value: Any, where: str) -> None:
        if not self.fits(value):
            raise BadEventError(self.fault, field=where, **self.details)


@dataclass(frozen=True, slots=True)
class _Object:
    """An object with fields that must be there and fields that may be; others are not looked at."""

    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)

    def __call__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise BadEventError(Fault.NOT_AN_OBJECT, field=where or "payload")
        for key, check in self.required.items():
            check(value.get(key), _inside(where, key))
        for key, check in self.optional.items():
            if value.get(key) is not None:
                check(value[key], _inside(where, key))


def _inside(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _at_least(least: int) -> _Value:
    return _Value(
        Fault.NOT_A_NUMBER,
        lambda value: (
            isinstance(value, int | float) and not isinstance(value, bool) and value >= least
        ),
        {"least": str(least)},
    )


def _one_of(*words: str) -> _Value:
    return _Value(Fault.NOT_A_CHOICE, words.__contains__, {"choices": ", ".join(words)})


def _texts(value: Any, where: str) -> None:
    """Raise BadEventError for what is no object of texts."""
    _Object()(value, where)
    for key, text in value.items():
        _TEXT(text, _inside(where, key[:LONGEST_NAME]))


def _playback_state(value: Any, where: str) -> None:
    """Raise BadEventError for what is no playback state; only idle has it no stream."""
    _STATE(value, where)
    if value["playerActivity"] != "IDLE":
        _STREAMING(value, where)


_TEXT = _Value(Fault.NOT_A_TEXT, lambda value: isinstance(value, str))
_TRUTH = _Value(Fault.NOT_A_TRUTH, lambda value: isinstance(value, bool))
_NUMBER = _at_least(0)

_NOTHING = _Object()
_ALERT = _Object({"token": _TEXT, "type": _one_of("ALARM", "TIMER", "REMINDER", "ACTIONTIMER")})
_TOKEN = _Object({"token": _TEXT})
_OFFSET = _Object({"token": _TEXT, "offsetInMilliseconds": _NUMBER})
# A stream goes up as it came: the documents' own examples lack what their tables require.
_STREAM = _Object(
    optional={
        **dict.fromkeys(("token", "url", "format", "customData"), _TEXT),
        "urlPlayable": _TRUTH,
        "beginAtInMilliseconds": _NUMBER,
        "durationInMilliseconds": _NUMBER,
        "progressReport": _Object(
            optional={
                "progressReportDelayInMilliseconds": _NUMBER,
                "progressReportIntervalInMilliseconds": _NUMBER,
                "progressReportPositionInMilliseconds": _NUMBER,
            }
        ),
    }
)
_REPEAT_MODE = _one_of("NONE", "REPEAT_ONE")
_STATE = _Object(
    {
        "playerActivity": _one_of("IDLE", "PLAYING", "PAUSED", "STOPPED"),
        "repeatMode": _REPEAT_MODE,
    },
    {
        "offsetInMilliseconds": _NUMBER,
        "totalInMilliseconds": _NUMBER,
        "stream": _STREAM,
        "token": _TEXT,
    },
)
_STREAMING = _Object({"stream": _STREAM, "token": _TEXT})
_DEVICE = _Object(optional={"deviceId": _TEXT})
_BUTTON = _Object(
    optional={
        "deviceId": _TEXT,
        "source": _Object({"namespace": _one_of("AudioPlayer", "MediaPlayer")}),
    }
)
_HANDOVER = _Object({"customData": _TEXT, "deviceId": _TEXT})
# The documents list fewer of both than they demand an answer for: any is accepted.
_ACTION = _Object({"target": _TEXT, "command": _TEXT})
_REPLY = {"speechId": _TEXT, "explicit": _TRUTH}
_WAKE_WORD = _Object(
    {"indices": _Object({"startIndexInSamples": _NUMBER, "endIndexInSamples": _at_least(1)})},
    {"name": _TEXT, "confidence": _NUMBER},
)
_INITIATOR = _Object(
    {"type": _one_of("PRESS_AND_HOLD", "TAP", "WAKEWORD"), "inputSource": _TEXT},
    {"payload": _Object({"deviceUUID": _TEXT}, {"wakeWord": _WAKE_WORD})},
)
_RANGE = _Object(optional={"after": _at_least(1), "before": _at_least(1)})

EVENTS: Final[Mapping[str, Check]] = {
    "Alerts.AlertStarted": _ALERT,
    "Alerts.AlertStopped": _ALERT,
    "Alerts.DeleteAlertFailed": _ALERT,
    "Alerts.DeleteAlertSucceeded": _ALERT,
    "Alerts.RequestAlertStop": _ALERT,
    "Alerts.RequestDeleteAlert": _ALERT,
    "Alerts.RequestSynchronizeAlert": _NOTHING,
    "Alerts.SetAlertFailed": _ALERT,
    "Alerts.SetAlertSucceeded": _ALERT,
    "AudioPlayer.PlaybackQueueCleared": _Object(
        {"clearBehavior": _one_of("CLEAR_ALL", "CLEAR_ENQUEUED")}
    ),
    "AudioPlayer.PlayFinished": _OFFSET,
    "AudioPlayer.PlayPaused": _OFFSET,
    "AudioPlayer.PlayResumed": _OFFSET,
    "AudioPlayer.PlayStarted": _OFFSET,
    "AudioPlayer.PlayStopped": _OFFSET,
    "AudioPlayer.ProgressReportDelayPassed": _OFFSET,
    "AudioPlayer.ProgressReportIntervalPassed": _OFFSET,
    "AudioPlayer.ProgressReportPositionPassed": _OFFSET,
    "AudioPlayer.ReportPlaybackState": _playback_state,
    "AudioPlayer.RequestPlaybackState": _DEVICE,
    "AudioPlayer.StreamRequested": _Object({"audioItemId": _TEXT, "audioStream": _STREAM}),
    "Clova.ProcessDelegatedEvent": _Object({"delegationId": _TEXT}),
    "DeviceControl.ActionExecuted": _ACTION,
    "DeviceControl.ActionFailed": _ACTION,
    "DeviceControl.BtRequestForPINCode": _Object({"deviceName": _TEXT}),
    "DeviceControl.BtRequestToCancelPINCodeInput": _NOTHING,
    "DeviceControl.ReportState": _NOTHING,
    "DeviceControl.RequestDeviceList": _NOTHING,
    "DeviceControl.RequestStateSynchronization": _DEVICE,
    "PlaybackController.CustomCommandIssued": _Object({"button": _TEXT}),
    "PlaybackController.NextCommandIssued": _BUTTON,
    "PlaybackController.PauseCommandIssued": _BUTTON,
    "PlaybackController.PlayCommandIssued": _Object(
        optional={"token": _TEXT, "deviceId": _TEXT, "handover": _HANDOVER}
    ),
    "PlaybackController.PreviousCommandIssued": _BUTTON,
    "PlaybackController.ResumeCommandIssued": _BUTTON,
    "PlaybackController.SetRepeatModeCommandIssued": _Object(
        {"repeatMode": _REPEAT_MODE}, {"deviceId": _TEXT}
    ),
    "PlaybackController.StopCommandIssued": _BUTTON,
    "Settings.Report": _Object({"configuration": _texts}),
    "Settings.RequestVersionSpec": _NOTHING,
    "SpeechRecognizer.Recognize": _Object(
        {"lang": _one_of("en", "ja", "ko")},
        {
            "profile": _one_of("CLOSE_TALK"),
            "format": _one_of("AUDIO_L16_RATE_16000_CHANNELS_1"),
            "initiator": _INITIATOR,
            **_REPLY,
        },
    ),
    "SpeechSynthesizer.Request": _Object({"text": _TEXT, "lang": _one_of("en", "ja", "ko", "zh")}),
    "SpeechSynthesizer.SpeechFinished": _TOKEN,
    "SpeechSynthesizer.SpeechStarted": _TOKEN,
    "SpeechSynthesizer.SpeechStopped": _TOKEN,
    "System.RequestSynchronizeState": _NOTHING,
    "TemplateRuntime.LikeCommandIssued": _TOKEN,
    "TemplateRuntime.MoreCommandIssued": _TOKEN,
    "TemplateRuntime.RequestPlayerInfo": _Object({"token": _TEXT}, {"range": _RANGE}),
    "TemplateRuntime.SelectCommandIssued": _TOKEN,
    "TemplateRuntime.SubscribeCommandIssued": _TOKEN,
    "TemplateRuntime.UnlikeCommandIssued": _TOKEN,
    "TemplateRuntime.UnsubscribeCommandIssued": _TOKEN,
    "TextRecognizer.Recognize": _Object({"text": _TEXT}, _REPLY),
}
_NAMES: Final = {name.lower(): name for name in EVENTS}
_REFUSED: Final = {
    "SpeechRecognizer.Recognize": Fault.NEEDS_SPEECH,
    "TextRecognizer.Recognize": Fault.IS_A_COMMAND,
}
