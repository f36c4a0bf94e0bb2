"""What one client is told of what others play (AudioPlayer.RequestPlaybackState, internal of CIC)."""

from collections.abc import Mapping
from typing import Any

from cic_server.messages import Directive, Event
from cic_server.service import Service
from cic_server.skills.base import Answer, nothing


def _state_of(device_id: str, state: Mapping[str, Any] | None) -> Directive:
    """Return SynchronizePlaybackState; without a state nothing is known of it."""
    payload: dict[str, Any] = {"deviceId": device_id}
    if state is not None:
        payload["playbackState"] = dict(state)
    return Directive(namespace="AudioPlayer", name="SynchronizePlaybackState", payload=payload)


def _ask(event: Event, client: str, service: Service) -> Answer:
    """Have the others, or one of them, report; their answers are passed on as they come."""
    asked = event.text_of("deviceId")
    others = [channel.client for channel in service.channels.all if channel.client != client]
    if asked is not None and asked not in others:
        service.push(client, _state_of(asked, None))
    for other in others:
        if asked in (None, other):
            service.remote_of(other).watchers.add(client)
            expect = Directive(namespace="AudioPlayer", name="ExpectReportPlaybackState")
            service.push(other, expect)
    return nothing()


def _pass_on(event: Event, client: str, service: Service) -> Answer:
    watchers = service.remote_of(client).watchers
    while watchers:
        service.push(watchers.pop(), _state_of(client, event.payload))
    return nothing()


STATE_REPLIES = {
    "AudioPlayer.RequestPlaybackState": _ask,
    "AudioPlayer.ReportPlaybackState": _pass_on,
}
