"""TemplateRuntime: what a screen would show of the music is kept for the CLOVA player."""

from collections.abc import Callable
from typing import Final, override

from ..cic import Attachment, Directive
from ..cic.interfaces import read, template_runtime
from ..cic.interfaces.template_runtime import (
    ExpectRequestPlayerInfo,
    RenderPlayerInfo,
    RenderPlaylist,
    RequestPlayerInfo,
    UpdateLike,
    UpdateSubscribe,
)
from ..origin import Origin
from ..playback.music.player_info import Button
from .base import Capability

# What is asked for around the current track: a long playlist's rest, and some way back.
TRACKS_AFTER: Final = 50
TRACKS_BEFORE: Final = 10


class TemplateRuntime(Capability):
    """Keeps what is shown, and asks for it where CIC wants to be asked."""

    namespace = template_runtime.NAMESPACE

    @override
    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        info = self._parts.player_info
        match read(directive):
            case RenderPlayerInfo() as shown:
                info.show(shown)
            case RenderPlaylist() as playlist:
                info.show_list(playlist)
            case UpdateLike(token=token, like=value):
                info.update(Button.LIKE, token, value)
            case UpdateSubscribe(token=token, subscribe=value):
                info.update(Button.SUBSCRIBE, token, value)
            case ExpectRequestPlayerInfo():
                self._request()

    def _request(self) -> None:
        track = self._parts.player.track
        if track is None:
            # the event cannot do without a token, and there is none
            self._parts.events["player_info_of_nothing"] += 1
            return
        self._parts.reports.send(
            RequestPlayerInfo(token=track.stream.token, after=TRACKS_AFTER, before=TRACKS_BEFORE)
        )
