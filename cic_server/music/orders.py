"""Directives about music (AudioPlayer, PlaybackController, TemplateRuntime), as the documents write them."""

from collections.abc import Mapping, Sequence
from typing import Any

from cic_server.messages import Directive

from .catalogue import PROVIDER, Kind, Playlist, Track, new_token, playlist_of, track_of
from .hls import PLAYLIST_TYPE
from .player import RemotePlayer

REPLACE, ENQUEUE = "REPLACE_ALL", "ENQUEUE"
# Items of a RenderPlayerInfo where no range is asked for, before and after.
USUAL_RANGE = 20
# An adult icon is never due here.
NOT_ADULT = False


def controller(name: str, payload: dict[str, Any] | None = None) -> Directive:
    """Return a PlaybackController directive."""
    return Directive(namespace="PlaybackController", name=name, payload=payload or {})


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1_000)


def stream_of(track: Track, player: RemotePlayer, begin: float | None = None) -> dict[str, Any]:
    """Return an AudioStreamInfoObject with a token of its own; `begin` in seconds."""
    is_hls = track.kind in (Kind.HLS, Kind.LIVE)
    start = track.begin if begin is None else begin
    stream: dict[str, Any] = {
        "token": new_token(track),
        "url": player.addresses.of(track),
        "urlPlayable": track.kind is not Kind.PROTECTED,
        "beginAtInMilliseconds": _milliseconds(start),
        "format": PLAYLIST_TYPE if is_hls else "audio/mpeg",
        "customData": f"track={track.id}",
    }
    if track.kind is not Kind.LIVE:
        end = track.seconds if track.window is None else track.begin + track.window
        stream["durationInMilliseconds"] = _milliseconds(max(end - start, 0.0))
    if track.progress is not None:
        stream["progressReport"] = dict(track.progress)
    return stream


def play(
    track: Track, player: RemotePlayer, behavior: str = REPLACE, begin: float | None = None
) -> Directive:
    """Return a Play."""
    stream = stream_of(track, player, begin)
    item = {
        "audioItemId": stream["token"],
        "headerText": playlist_of(track).title,
        "titleText": track.title,
        "titleSubText1": track.artist,
        "titleSubText2": playlist_of(track).title,
        "artImageUrl": player.addresses.art(track),
        "type": "local",
        "stream": stream,
    }
    payload = {"audioItem": item, "playBehavior": behavior, "source": {"name": PROVIDER}}
    return Directive(namespace="AudioPlayer", name="Play", payload=payload)


def stream_deliver(item_id: str, token: str, track: Track, player: RemotePlayer) -> Directive:
    """Return a StreamDeliver: only what Play did not have."""
    stream: dict[str, Any] = {"token": token, "url": player.addresses.delivered(track)}
    if track.delivered_progress is not None:
        stream["progressReport"] = dict(track.delivered_progress)
    payload = {"audioItemId": item_id, "audioStream": stream}
    return Directive(namespace="AudioPlayer", name="StreamDeliver", payload=payload)


def _button(name: str, *, enabled: bool = True, selected: bool = False) -> dict[str, Any]:
    return {"name": name, "enabled": enabled, "selected": selected, "type": "BUTTON"}


def _playable_item(token: str, track: Track, player: RemotePlayer) -> dict[str, Any]:
    playlist = playlist_of(track)
    return {
        "token": token,
        "titleText": track.title,
        "titleSubText1": track.artist,
        "titleSubText2": playlist.title,
        "headerText": playlist.title,
        "artImageUrl": player.addresses.art(track),
        "showAdultIcon": NOT_ADULT,
        "isLive": track.kind is Kind.LIVE,
        "controls": [
            _button("PLAY_PAUSE"),
            _button("NEXT"),
            _button("PREVIOUS"),
            _button("PROGRESS_BAR", enabled=track.kind is not Kind.LIVE),
            _button("LIKE_DISLIKE", selected=track.id in player.liked),
            _button("SUBSCRIBE_UNSUBSCRIBE", selected=playlist.name in player.subscribed),
            _button("MORE"),
        ],
        "lyrics": [],
    }


def player_info(
    player: RemotePlayer, token: str | None = None, asked: Mapping[str, Any] | None = None
) -> Directive:
    """Return what plays and what stands around it in the queue."""
    before, after = (_count(asked, side) for side in ("before", "after"))
    queue = [each for each in player.queue if track_of(each) is not None]
    if token in queue:
        at = queue.index(token)
        shown = queue[max(0, at - before) : at + after + 1]
    else:
        shown = [token] if token is not None and track_of(token) is not None else []
    items = [
        _playable_item(each, track, player)
        for each in shown
        if (track := track_of(each)) is not None
    ]
    payload = {
        "displayType": "list" if len(items) > 1 else "single",
        "controls": [_button("PLAY_PAUSE"), _button("NEXT"), _button("PREVIOUS")],
        "playableItems": items,
        "provider": {"name": PROVIDER},
    }
    return Directive(namespace="TemplateRuntime", name="RenderPlayerInfo", payload=payload)


def _count(asked: Mapping[str, Any] | None, side: str) -> int:
    """Return how many items to one side: none of the side a range leaves out."""
    if not asked:
        return USUAL_RANGE
    value = asked.get(side)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def render_playlist(title: str, items: Sequence[dict[str, Any]]) -> Directive:
    """Return a list to choose from."""
    payload = {"title": title, "items": list(items)}
    return Directive(namespace="TemplateRuntime", name="RenderPlaylist", payload=payload)


def list_item(token: str, title: str, kind: str, **more: str) -> dict[str, Any]:
    """Return an entry of such a list; kind is playlist, track or live."""
    return {
        "titleText": title,
        "token": token,
        "type": kind,
        "showAdultIcon": NOT_ADULT,
    } | more


def track_item(track: Track, player: RemotePlayer) -> dict[str, Any]:
    """Return a track as such an entry."""
    kind = "live" if track.kind is Kind.LIVE else "track"
    art = player.addresses.art(track)
    return list_item(track.id, track.title, kind, titleSubText1=track.artist, imageUri=art)


def playlist_item(playlist: Playlist) -> dict[str, Any]:
    """Return a list as such an entry."""
    return list_item(f"list:{playlist.name}", playlist.title, "playlist")


def update_like(token: str, *, like: bool) -> Directive:
    """Return UpdateLike."""
    payload = {"like": like, "token": token}
    return Directive(namespace="TemplateRuntime", name="UpdateLike", payload=payload)


def update_subscribe(token: str, *, subscribe: bool) -> Directive:
    """Return UpdateSubscribe."""
    payload = {"subscribe": subscribe, "token": token}
    return Directive(namespace="TemplateRuntime", name="UpdateSubscribe", payload=payload)
