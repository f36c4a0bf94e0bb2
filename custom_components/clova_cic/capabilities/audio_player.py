"""AudioPlayer: music on the outputs of the house, its state in the context."""

from collections.abc import Callable, Iterable
from typing import Final, override

from ..cic import Attachment, ContextObject, Directive
from ..cic.interfaces import audio_player, read
from ..cic.interfaces.audio_player import (
    ClearQueue,
    ExpectReportPlaybackState,
    Play,
    ReportPlaybackState,
    StreamDeliver,
)
from ..cic.interfaces.older import SynchronizePlaybackState
from ..cic.interfaces.playback_controller import Next, Stop
from ..origin import Origin
from .base import Capability
from .playback_controller import PlaybackController

# CIC's volume, from 0 (2018's VolumeState).
LOUDEST: Final = 10
# Of a player that does not tell its own; VolumeState may not be left out.
UNKNOWN_VOLUME: Final = 5


class AudioPlayer(Capability):
    """Hands the orders to the entry's player."""

    namespace = audio_player.NAMESPACE

    @override
    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        player = self._parts.player
        match read(directive):
            case Play() as play:
                output = player.place(origin)
                if output is None:
                    self._parts.outputs.ask_for_one()
                player.play(play, output)
            case StreamDeliver() as delivered:
                player.deliver(delivered)
            case ClearQueue() as clear:
                player.clear(clear.behavior)
            case ExpectReportPlaybackState():
                self._parts.reports.send(ReportPlaybackState(state=player.state()))
            case Next() | Stop() as order:
                PlaybackController(self._parts).carry_out(order, origin)
            case SynchronizePlaybackState(activity=activity):
                elsewhere = "unknown" if activity is None else activity.lower()
                self._parts.events[f"elsewhere_{elsewhere}"] += 1

    @override
    def context(self) -> Iterable[ContextObject]:
        yield ContextObject(
            namespace=self.namespace,
            name="PlaybackState",
            payload=self._parts.player.state().as_payload(),
        )
        yield ContextObject(namespace="Speaker", name="VolumeState", payload=self._volume())

    def _volume(self) -> dict[str, object]:
        """Tell the volume music has, or will have: not what it is lowered to for a while."""
        output = self._parts.player.output or self._parts.outputs.default()
        volume = None if output is None else output.content_volume
        if output is None or volume is None:
            return {"volume": UNKNOWN_VOLUME, "muted": False}
        return {"volume": round(volume * LOUDEST), "muted": output.muted is True}
