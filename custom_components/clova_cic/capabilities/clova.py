"""Clova: what concerns the user's account and conversation, where no answer has it.

What an answer shows is the answer's (answer.py). Unasked, it is told to automations, and
nothing else is done with it; an address is opened in neither case.
"""

from collections.abc import Callable
from typing import Final, override

from ..cic import Attachment, Directive
from ..cic.interfaces import clova, read
from ..cic.interfaces.clova import (
    ExpectLogin,
    FinishExtension,
    HandleDelegatedEvent,
    ProcessDelegatedEvent,
    StartExtension,
)
from ..issues import async_clear_issue, async_raise_issue
from ..origin import Origin
from .base import Capability

_SIGN_IN: Final = "sign_in"


class Clova(Capability):
    """Does what another device was asked for, and asks the user to sign in."""

    namespace = clova.NAMESPACE

    @override
    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        state = self._parts.cloud_state
        match read(directive):
            case HandleDelegatedEvent(delegation_id=delegation_id):
                # what the answer orders is done as if it had been pushed
                self._parts.reports.send(ProcessDelegatedEvent(delegation_id=delegation_id))
            case StartExtension(extension=extension):
                state.enter(extension)
            case FinishExtension(extension=extension) if extension == state.extension:
                state.enter(None)
            case ExpectLogin():
                async_raise_issue(self._parts.hass, self._parts.entry, _SIGN_IN, fixable=True)

    @override
    def close(self) -> None:
        # the entry is unloaded, as it is after signing in
        async_clear_issue(self._parts.hass, self._parts.entry, _SIGN_IN)
