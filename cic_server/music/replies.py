"""The service's answers to events that are about music."""

from collections.abc import Callable, Mapping
from typing import Protocol

from cic_server.lang import Lang
from cic_server.messages import Directive, Event
from cic_server.skills.base import Answer
from cic_server.skills.music import NOTHING_PLAYS

from .catalogue import PLAYLISTS, playlist_of, track_of
from .jockey import after_the_end, control, go_back, play_from, resume, skip
from .orders import (
    controller,
    list_item,
    player_info,
    playlist_item,
    render_playlist,
    stream_deliver,
    track_item,
    update_like,
    update_subscribe,
)
from .player import RemotePlayer

# Lists of lists, for a client that shows them: three levels with the tracks.
MENU = {
    "music": ("Music", ("jazz", "piano", "bells", "ocean")),
    "more": ("Talk and Concerts", ("podcast", "concert", "radio")),
}


class Others(Protocol):
    """The other clients, for a player that takes over from one of them."""

    def player_of(self, client: str) -> RemotePlayer:
        """Return a client's player."""

    def push(self, client: str, *directives: Directive) -> bool:
        """Send directives down a client's channel; tell whether there is one."""


type Orders = list[Directive] | None
type Reply = Callable[[Event, RemotePlayer, Others], Orders]


def answer_event(event: Event, player: RemotePlayer, others: Others, lang: Lang) -> Answer | None:
    """Return the answer to an event about music; None for any other event."""
    reply = _REPLIES.get(event.full_name)
    if reply is None:
        return None
    remote = event.text_of("deviceId") if event.namespace == "PlaybackController" else None
    if remote is not None:  # an app presses a button of another device
        others.push(remote, *(reply(event, others.player_of(remote), others) or ()))
        return Answer(phrase=None, lang=lang)
    orders = reply(event, player, others)
    if orders is None:
        return Answer(phrase=NOTHING_PLAYS[lang], lang=lang)
    return Answer(phrase=None, lang=lang, orders=tuple(orders))


def _finished(_event: Event, player: RemotePlayer, _others: Others) -> Orders:
    return after_the_end(player)


def _stream_requested(event: Event, player: RemotePlayer, _others: Others) -> Orders:
    stream = event.payload.get("audioStream")
    token = stream.get("token") if isinstance(stream, Mapping) else None
    track = track_of(token)
    if track is None or not isinstance(token, str):
        return []
    return [stream_deliver(event.text_of("audioItemId") or token, token, track, player)]


def _button(name: str) -> Reply:
    def reply(event: Event, player: RemotePlayer, _others: Others) -> Orders:
        return control(name, event.payload.get("source")) if player.is_on else None

    return reply


def _next(_event: Event, player: RemotePlayer, _others: Others) -> Orders:
    return skip(player) if player.is_on else None


def _previous(_event: Event, player: RemotePlayer, _others: Others) -> Orders:
    return go_back(player) if player.is_on else None


def _resume(event: Event, player: RemotePlayer, _others: Others) -> Orders:
    """Go on; the play button of a player that has nothing starts what is usual."""
    source = event.payload.get("source")
    going_on = resume(player, source)
    if going_on is None and player.is_on:
        return control("Resume", source)
    return going_on or play_from(None, player)


def _play(event: Event, player: RemotePlayer, others: Others) -> Orders:
    track = track_of(event.payload.get("token"))
    handover = event.payload.get("handover")
    other = handover.get("deviceId") if isinstance(handover, Mapping) else None
    if track is None or not isinstance(other, str):
        return play_from(track, player)
    before = others.player_of(other)
    orders = play_from(track, player, begin=before.offset / 1_000)
    if before.is_on:
        others.push(other, controller("Stop"))
    return orders


def _select(event: Event, player: RemotePlayer, _others: Others) -> Orders:
    token = event.text_of("token") or ""
    kind, _, name = token.partition(":")
    match kind:
        case "group" if name in MENU:
            title, lists = MENU[name]
            return [render_playlist(title, [playlist_item(PLAYLISTS[each]) for each in lists])]
        case "list" if name in PLAYLISTS:
            chosen = PLAYLISTS[name]
            items = [track_item(track, player) for track in chosen.tracks]
            return [render_playlist(chosen.title, items)]
        case _ if (track := track_of(token)) is not None:
            return play_from(track, player)
        case _:
            return _menu()


def _menu() -> list[Directive]:
    items = [list_item(f"group:{name}", title, "playlist") for name, (title, _) in MENU.items()]
    return [render_playlist("Menu", items)]


def _more(_event: Event, _player: RemotePlayer, _others: Others) -> Orders:
    return _menu()


def _like(*, like: bool) -> Reply:
    def reply(event: Event, player: RemotePlayer, _others: Others) -> Orders:
        track = track_of(event.payload.get("token"))
        if track is None:
            return []
        player.mark(player.liked, track.id, on=like)
        return [update_like(event.payload["token"], like=like)]

    return reply


def _subscribe(*, subscribe: bool) -> Reply:
    def reply(event: Event, player: RemotePlayer, _others: Others) -> Orders:
        track = track_of(event.payload.get("token"))
        if track is None:
            return []
        player.mark(player.subscribed, playlist_of(track).name, on=subscribe)
        return [update_subscribe(event.payload["token"], subscribe=subscribe)]

    return reply


def _info(event: Event, player: RemotePlayer, _others: Others) -> Orders:
    asked = event.payload.get("range")
    token = event.text_of("token") or player.token
    return [player_info(player, token, asked if isinstance(asked, Mapping) else None)]


def _repeat(event: Event, _player: RemotePlayer, _others: Others) -> Orders:
    mode = event.text_of("repeatMode") or "NONE"
    return [controller("SetRepeatMode", {"repeatMode": mode})]


def _custom(_event: Event, player: RemotePlayer, _others: Others) -> Orders:
    """Every shortcut button plays what is usual."""
    return play_from(None, player)


_REPLIES: dict[str, Reply] = {
    "AudioPlayer.PlayFinished": _finished,
    "AudioPlayer.StreamRequested": _stream_requested,
    "PlaybackController.NextCommandIssued": _next,
    "PlaybackController.PreviousCommandIssued": _previous,
    "PlaybackController.PauseCommandIssued": _button("Pause"),
    "PlaybackController.StopCommandIssued": _button("Stop"),
    "PlaybackController.ResumeCommandIssued": _resume,
    "PlaybackController.PlayCommandIssued": _play,
    "PlaybackController.SetRepeatModeCommandIssued": _repeat,
    "PlaybackController.CustomCommandIssued": _custom,
    "TemplateRuntime.SelectCommandIssued": _select,
    "TemplateRuntime.MoreCommandIssued": _more,
    "TemplateRuntime.LikeCommandIssued": _like(like=True),
    "TemplateRuntime.UnlikeCommandIssued": _like(like=False),
    "TemplateRuntime.SubscribeCommandIssued": _subscribe(subscribe=True),
    "TemplateRuntime.UnsubscribeCommandIssued": _subscribe(subscribe=False),
    "TemplateRuntime.RequestPlayerInfo": _info,
}
