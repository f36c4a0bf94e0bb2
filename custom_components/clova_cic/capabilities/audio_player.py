"""AudioPlayer: music on the outputs of the house, its state in the context."""

from collections.abc import Callable, Iterable
from typing import override

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
