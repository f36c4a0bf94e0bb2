"""Settings: what the account's app sets on this client, kept and reported back."""

from collections.abc import Callable
from typing import override

from ..cic import Attachment, Directive
from ..cic.interfaces import read, settings
from ..cic.interfaces.settings import ExpectReport, RequestVersionSpec, Update, UpdateVersionSpec
from ..origin import Origin
from .base import Capability


class Settings(Capability):
    """Keeps the settings; those with a shape are entities."""

    namespace = settings.NAMESPACE

    @override
    def connected(self) -> None:
        self._parts.reports.send(RequestVersionSpec())

    @override
    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        state = self._parts.cloud_state
        match read(directive):
            case Update(configuration=changes):
                state.set(changes)
            case ExpectReport():
                state.report()
            case UpdateVersionSpec() as spec:
                state.offer(spec)
