"""What can be wrong with an event that somebody writes: words for the log, and keys for words of other languages."""

from enum import StrEnum
from typing import Final

from ..errors import MessageError


class Fault(StrEnum):
    """One thing that is wrong; its details are named in BadEventError.details."""

    UNKNOWN = "unknown_event"
    NEEDS_SPEECH = "event_needs_speech"
    IS_A_COMMAND = "event_is_a_command"
    NOT_JSON = "event_not_json"
    TOO_LARGE = "event_too_large"
    TOO_DEEP = "event_too_deep"
    NOT_AN_OBJECT = "field_not_an_object"
    NOT_A_TEXT = "field_not_a_text"
    NOT_A_TRUTH = "field_not_a_truth"
    NOT_A_NUMBER = "field_not_a_number"
    NOT_A_CHOICE = "field_not_a_choice"


WORDS: Final = {
    Fault.UNKNOWN: "CIC has no event {event}",
    Fault.NEEDS_SPEECH: (
        "{event} cannot be sent by itself: it goes up with the sound of speech, which Assist brings"
    ),
    Fault.IS_A_COMMAND: (
        "{event} cannot be sent by itself: use the action clova_cic.send_text_command"
    ),
    Fault.NOT_JSON: "the payload holds what JSON cannot say",
    Fault.TOO_LARGE: "the payload has more than {most} bytes",
    Fault.TOO_DEEP: "the payload has more than {most} levels",
    Fault.NOT_AN_OBJECT: "{field} must be an object",
    Fault.NOT_A_TEXT: "{field} must be a text",
    Fault.NOT_A_TRUTH: "{field} must be true or false",
    Fault.NOT_A_NUMBER: "{field} must be a number, {least} or more",
    Fault.NOT_A_CHOICE: "{field} must be one of: {choices}",
}


class BadEventError(MessageError):
    """An event that is not sent. str() of it is for developers; fault and details, for those who translate."""

    def __init__(self, fault: Fault, **details: str) -> None:
        """Say what is wrong, and with what."""
        super().__init__(WORDS[fault].format(**details))
        self.fault = fault
        self.details = details
