"""Clova: what concerns the user's account and conversation, where no answer has it.

What an answer shows is the answer's (answer.py). Unasked, it is told to automations, and
nothing else is done with it; an address is opened in neither case.
"""

from collections.abc import Callable
from typing import override

from homeassistant.helpers import issue_registry as ir

from ..cic import Attachment, Directive
from ..cic.interfaces import clova, read
from ..cic.interfaces.clova import (
    ExpectLogin,
    FinishExtension,
    HandleDelegatedEvent,
    ProcessDelegatedEvent,
    StartExtension,
)
from ..const import DOMAIN
from ..origin import Origin
from .base import Capability


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
                self._ask_to_sign_in()

    @override
    def close(self) -> None:
        # the entry is unloaded, as it is after signing in
        ir.async_delete_issue(self._parts.hass, DOMAIN, self._issue)

    @property
    def _issue(self) -> str:
        return f"sign_in_{self._parts.entry.entry_id}"

    def _ask_to_sign_in(self) -> None:
        entry = self._parts.entry
        ir.async_create_issue(
            self._parts.hass,
            DOMAIN,
            self._issue,
            data={"entry_id": entry.entry_id},
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key="sign_in",
            translation_placeholders={"title": entry.title},
        )
