"""The answers to events that are no request of speech or text, from every subject's table."""

from cic_server.alerts.replies import ALERT_REPLIES, Reply
from cic_server.clova.replies import CLOVA_REPLIES
from cic_server.device.replies import DEVICE_REPLIES
from cic_server.lang import Lang
from cic_server.messages import Event
from cic_server.music.replies import answer_event as answer_music
from cic_server.music.states import STATE_REPLIES
from cic_server.service import Service
from cic_server.skills.base import Answer

_REPLIES: dict[str, Reply] = ALERT_REPLIES | CLOVA_REPLIES | DEVICE_REPLIES | STATE_REPLIES


def answer_event(event: Event, client: str, service: Service, lang: Lang) -> Answer | None:
    """Return the answer to an event; None for one that none is due to (204)."""
    reply = _REPLIES.get(event.full_name)
    if reply is not None:
        return reply(event, client, service)
    return answer_music(event, service.player_of(client), service, lang)
