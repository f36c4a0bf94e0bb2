"""What is ordered when somebody wants music: by voice or by a button, it is the same."""

from collections.abc import Mapping
from typing import Any

from cic_server.messages import Directive

from .catalogue import DEFAULT, Track, playlist_of
from .orders import ENQUEUE, controller, play
from .player import Activity, RemotePlayer


def play_from(
    track: Track | None, player: RemotePlayer, begin: float | None = None
) -> list[Directive]:
    """Play a track and what follows it in its list; without one, what is usual."""
    track = track or DEFAULT.tracks[0]
    playlist = playlist_of(track)
    first = play(track, player, begin=begin)
    if playlist.endless:
        return [first]  # the answer to PlayFinished brings the next
    behind = playlist.tracks[playlist.tracks.index(track) + 1 :]
    return [first, *(play(each, player, ENQUEUE) for each in behind)]


def skip(player: RemotePlayer) -> list[Directive]:
    """Go on to the next track; behind the last one of a list its first one comes again."""
    if player.has_next or player.track is None:
        return [controller("Next")]
    return play_from(playlist_of(player.track).after(player.track), player)


def go_back(player: RemotePlayer) -> list[Directive]:
    """Go back to the track before; the first one of a list begins anew."""
    if player.place or player.track is None:
        return [controller("Previous")]
    playlist = playlist_of(player.track)
    if playlist.tracks[0] is player.track:
        return [controller("Replay")]
    return play_from(playlist.after(player.track, -1), player)


def control(name: str, source: Any = None) -> list[Directive]:
    """Order Pause, Resume or Stop, of the player a button's source names."""
    has_name = isinstance(source, Mapping) and isinstance(source.get("namespace"), str)
    return [controller(name, {"target": {"namespace": source["namespace"]}} if has_name else {})]


def resume(player: RemotePlayer, source: Any = None) -> list[Directive] | None:
    """Go on with what was paused or stopped; None when there is nothing."""
    if player.activity in (Activity.PAUSED, Activity.STOPPED) and player.token is not None:
        return control("Resume", source)
    return None


def after_the_end(player: RemotePlayer) -> list[Directive]:
    """Return what follows a track that was played to its end, where the client has nothing left."""
    track = player.track
    if track is None or player.has_next or player.awaited is not None:
        return []
    playlist = playlist_of(track)
    return play_from(playlist.after(track), player) if playlist.endless else []
