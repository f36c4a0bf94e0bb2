"""What a capability is: one CIC namespace, seen from Home Assistant."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from ..cic import Attachment, ContextObject, Directive
from ..origin import Origin
from .parts import Parts


class Capability:
    """What Home Assistant does on the directives of one namespace. Touches no socket."""

    namespace: ClassVar[str]

    def __init__(self, parts: Parts) -> None:
        """Serve one entry."""
        self._parts = parts

    async def async_load(self) -> None:
        """Remember what was kept across a restart, before CIC can say anything."""

    @property
    def works_alone(self) -> bool:
        """Whether there is something to do even where CIC is not there when Home Assistant starts."""
        return False

    def connected(self) -> None:
        """Learn that CIC is there, on a connection that has just been made."""

    def lost(self) -> None:
        """Learn that CIC is away, and that no connection is about to replace the last."""

    def observe(self, directive: Directive) -> None:
        """Learn of a directive, whoever acts on it. Raises nothing."""

    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        """Act on a directive; attachment returns a binary part of the same response.

        Raises MessageError when the payload cannot be used, LimitExceededError for too much at once.
        """

    def context(self) -> Iterable[ContextObject]:
        """Return the namespace's part of the context."""
        return ()

    def close(self) -> None:
        """Let go of everything: the entry is unloaded."""
