"""System: the list of alerts, by the name it once had."""

from collections.abc import Callable
from typing import override

from ..cic import Attachment, Directive
from ..cic.interfaces import read, system
from ..cic.interfaces.alerts import SynchronizeAlert
from ..origin import Origin
from .base import Capability


class System(Capability):
    """Hands the list to the entry's alarm clock. An Exception ends its dialog elsewhere."""

    namespace = system.NAMESPACE

    @override
    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        match read(directive):
            case SynchronizeAlert(alerts=orders):
                self._parts.alarm_clock.synchronize(orders, origin)
