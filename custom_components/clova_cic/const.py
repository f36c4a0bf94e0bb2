"""Names, keys and the vocabulary of CIC."""

from typing import Final

DOMAIN: Final = "clova_cic"

DEFAULT_ADDRESS: Final = "https://prod-ni-cic.clova.ai"
DEFAULT_AUTH_ADDRESS: Final = "https://auth.clova.ai"
LANGUAGES: Final = ("en", "ko", "ja")
# CIC's voices have one more (SpeechSynthesizer.Request, lang).
SPOKEN_LANGUAGES: Final = ("en", "ja", "ko", "zh")
FALLBACK_LANGUAGE: Final = "en"

CONF_AUTH_ADDRESS: Final = "auth_address"
CONF_CA_CERTIFICATE: Final = "ca_certificate"
CONF_DEVICE_UUID: Final = "device_uuid"
# The device for which somebody signed in; what it was given serves all that share the login.
CONF_LOGIN: Final = "login"
CONF_SHARES_LOGIN: Final = "shares_login"
CONF_USER_AGENT: Final = "user_agent"
CONF_MEDIA_PLAYER: Final = "media_player"
CONF_OUTPUT_RULES: Final = "output_rules"
CONF_RECOGNISE_FOR_OTHERS: Final = "recognise_for_others"
CONF_RECORD_WORDS: Final = "record_words"
CONF_DEVICES: Final = "devices"
CONF_SHARE_LOCATION: Final = "share_location"
CONF_WORK_ZONE: Final = "work_zone"
CONF_ANSWER_TIMEOUT: Final = "answer_timeout"
CONF_ASK_TIMEOUT: Final = "ask_timeout"
CONF_HELD_TIMEOUT: Final = "held_timeout"
CONF_REMOVE_ALERTS_WHEN_LOST: Final = "remove_alerts_when_lost"
CONF_CREATE_PIPELINE: Final = "create_pipeline"
CONF_PREFER_LOCAL: Final = "prefer_local_intents"

EVENT_DIRECTIVE: Final = "clova_cic_directive"

# Every directive of the newest documents (2021): their index, and RenderSuggestion, which that forgets.
DIRECTIVES: Final = tuple(
    f"{namespace}.{name}"
    for namespace, names in {
        "Alerts": "DeleteAlert SetAlert StopAlert SynchronizeAlert",
        "AudioPlayer": "ClearQueue ExpectReportPlaybackState Play StreamDeliver",
        "Clova": (
            "ExpectLogin FinishExtension HandleDelegatedEvent Hello Help LaunchURI RenderSuggestion"
            " RenderTemplate RenderText StartExtension"
        ),
        "DeviceControl": (
            "BtConnect BtConnectByPINCode BtDelete BtDisconnect BtPlay BtRescan BtStartPairing"
            " BtStopPairing Decrease ExpectReportState Increase LaunchApp Open OpenScreen"
            " RenderDeviceList SetValue SynchronizeState TurnOff TurnOn"
        ),
        "Notifier": "ClearIndicator Notify SetIndicator",
        "PlaybackController": (
            "ExpectNextCommand ExpectPauseCommand ExpectPlayCommand ExpectPreviousCommand"
            " ExpectResumeCommand ExpectStopCommand Mute Next Pause Previous Replay Resume"
            " SetRepeatMode Stop TurnOffRepeatMode TurnOnRepeatMode Unmute VolumeDown VolumeUp"
        ),
        "Settings": "ExpectReport Update UpdateVersionSpec",
        "SpeechRecognizer": "ExpectSpeech KeepRecording ShowRecognizedText StopCapture",
        "SpeechSynthesizer": "Speak",
        "System": "SynchronizeState",
        "TemplateRuntime": (
            "ExpectRequestPlayerInfo RenderPlayerInfo RenderPlaylist UpdateLike UpdateSubscribe"
        ),
    }.items()
    for name in names.split()
)
OTHER_DIRECTIVE: Final = "other"
# Receivers do not insist on case (differences.md, trap 8).
_BY_LOWER_CASE: Final = {name.lower(): name for name in DIRECTIVES}


def documented_name(full_name: str) -> str:
    """Return a directive's name as the documents write it, or OTHER_DIRECTIVE."""
    return _BY_LOWER_CASE.get(full_name.lower(), OTHER_DIRECTIVE)
