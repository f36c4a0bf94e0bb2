"""Notifier: an indicator for what nobody has heard yet, and what is to be heard of it."""

from collections.abc import Callable
from typing import override

from ..cic import Attachment, Directive
from ..cic.interfaces import notifier, read
from ..cic.interfaces.notifier import ClearIndicator, Light, Notify, SetIndicator
from ..occurrences import Kind, Occurrence
from ..origin import Origin
from .base import Capability


class Notifier(Capability):
    """Sets the indicator, lets notifications be heard, and tells automations."""

    namespace = notifier.NAMESPACE

    @override
    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        state = self._parts.cloud_state
        match read(directive):
            case SetIndicator() as notice:
                state.indicate(on=notice.light is not Light.NONE, new=notice.new)
                self._present("indicator_set", notice, origin, new=notice.new)
            case Notify() as notice:
                self._present("notified", notice, origin, new=True)
            case ClearIndicator():
                state.indicate(on=False)
                self._parts.occurrences.tell(
                    Occurrence(kind=Kind.NOTIFICATION, type="indicator_cleared")
                )

    def _present(self, kind: str, notice: Notify, origin: Origin, *, new: bool) -> None:
        data = {"light": notice.light.value, "new": new, "sounds": len(notice.assets)}
        self._parts.occurrences.tell(Occurrence(kind=Kind.NOTIFICATION, type=kind, data=data))
        self._parts.announcer.notify(notice.assets, origin)
