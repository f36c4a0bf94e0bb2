"""Actions that mean an entry: a command, a sound or an event of one's own."""

from dataclasses import asdict
from typing import Any, Final

from homeassistant.const import ATTR_NAME
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
import probatio as vol

from .asking import LONGEST_TEXT, Sound, async_ask, async_send, async_speak
from .cic import Directive
from .cic.interfaces.any_event import any_event
from .cic.interfaces.event_faults import BadEventError
from .cic.interfaces.fields import LONGEST_IDENTIFIER
from .const import DOMAIN, SPOKEN_LANGUAGES
from .entries import OF_AN_ENTRY, async_entry_of
from .playback.speech.view import async_clip_path

ATTR_CONVERSATION_ID: Final = "conversation_id"
ATTR_LANGUAGE: Final = "language"
ATTR_MEDIA_PLAYER: Final = "media_player"
ATTR_NAMESPACE: Final = "namespace"
ATTR_PAYLOAD: Final = "payload"
ATTR_PLAY: Final = "play"
ATTR_TEXT: Final = "text"

_TEXT: Final = vol.All(cv.string, vol.Length(min=1, max=LONGEST_TEXT))
_IDENTIFIER: Final = vol.All(cv.string, vol.Length(min=1, max=LONGEST_IDENTIFIER))

_SEND_TEXT_COMMAND: Final = vol.Schema(
    {
        **OF_AN_ENTRY,
        vol.Required(ATTR_TEXT): _TEXT,
        vol.Optional(ATTR_CONVERSATION_ID): _IDENTIFIER,
        vol.Optional(ATTR_PLAY, default=False): cv.boolean,
    }
)
_SEND_EVENT: Final = vol.Schema(
    {
        **OF_AN_ENTRY,
        vol.Required(ATTR_NAMESPACE): cv.string,
        vol.Required(ATTR_NAME): cv.string,
        vol.Optional(ATTR_PAYLOAD, default=dict): dict,
    }
)
_SPEAK: Final = vol.Schema(
    {
        **OF_AN_ENTRY,
        vol.Required(ATTR_TEXT): _TEXT,
        vol.Optional(ATTR_LANGUAGE): vol.In(SPOKEN_LANGUAGES),
        vol.Optional(ATTR_MEDIA_PLAYER): cv.entity_domain("media_player"),
    }
)


@callback
def async_setup_actions(hass: HomeAssistant) -> None:
    """Register them, once."""
    optional = SupportsResponse.OPTIONAL
    register = hass.services.async_register
    register(DOMAIN, "send_text_command", _send_text_command, _SEND_TEXT_COMMAND, optional)
    register(DOMAIN, "send_event", _send_event, _SEND_EVENT, optional)
    register(DOMAIN, "speak", _speak, _SPEAK)


async def _send_text_command(call: ServiceCall) -> ServiceResponse:
    """Have a command carried out; return what was answered and ordered.

    sound is where the answer's speech can be fetched for five minutes after its last use, and
    sound_complete whether all of it is there; what is announced here is not served beside that.
    """
    coordinator = async_entry_of(call).runtime_data
    conversation_id = call.data.get(ATTR_CONVERSATION_ID) or coordinator.new_id()
    sound = Sound.DROPPED
    if call.data[ATTR_PLAY]:
        sound = Sound.ANNOUNCED
    elif call.return_response:
        sound = Sound.KEPT
    asked = await async_ask(coordinator, call.data[ATTR_TEXT], conversation_id, sound)
    return {
        "answer": asked.text,
        "card": None if asked.card is None else asdict(asked.card),
        "directives": _described(asked.directives),
        "sound": None if asked.clip is None else async_clip_path(call.hass, asked.clip),
        "sound_complete": asked.clip is not None and asked.clip.complete,
        "expects_reply": asked.expects_reply,
        ATTR_CONVERSATION_ID: conversation_id,
    }


async def _send_event(call: ServiceCall) -> ServiceResponse:
    """Send an event; return what was answered."""
    coordinator = async_entry_of(call).runtime_data
    try:
        event = any_event(call.data[ATTR_NAMESPACE], call.data[ATTR_NAME], call.data[ATTR_PAYLOAD])
    except BadEventError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=err.fault,
            translation_placeholders=err.details,
        ) from err
    return {"directives": _described(await async_send(coordinator, event))}


async def _speak(call: ServiceCall) -> None:
    """Have a text said."""
    coordinator = async_entry_of(call).runtime_data
    language = call.data.get(ATTR_LANGUAGE, coordinator.language)
    player = call.data.get(ATTR_MEDIA_PLAYER)
    await async_speak(coordinator, call.data[ATTR_TEXT], language, player)


def _described(directives: list[Directive]) -> list[Any]:
    return [
        {
            ATTR_NAMESPACE: directive.header.namespace,
            ATTR_NAME: directive.header.name,
            ATTR_PAYLOAD: dict(directive.payload),
        }
        for directive in directives
    ]
