"""The dialogs under way, whichever connection each of them is on."""

from collections import deque
from collections.abc import Callable

from .attachments import Attachment
from .dialog import Dialog, about_capture
from .messages import Directive

# Dialogs given up whose directives may still be on their way; they come within seconds.
MOST_DROPPED = 64
# What asks for a state or tells one is no part of an answer: CIC pushes it with whatever id
# there is, also that of a dialog that is over or held back (differences.md, trap 13).
_ABOUT_STATE = frozenset(
    {
        "alerts.synchronizealert",
        "audioplayer.expectreportplaybackstate",
        "audioplayer.synchronizeplaybackstate",
        "devicecontrol.expectreportstate",
        "devicecontrol.renderdevicelist",
        "devicecontrol.synchronizestate",
        "settings.expectreport",
        "settings.update",
        "settings.updateversionspec",
        "system.synchronizestate",
    }
)


class Dialogs:
    """Hands a directive of the downchannel to the dialog that it names.

    CIC talks to a client on its newest downchannel, also of a dialog that is still on
    the connection before. So the clients that follow each other share one of these.
    """

    def __init__(self) -> None:
        """Know of none."""
        self._live: dict[str, Dialog] = {}
        self._dropped: deque[str] = deque(maxlen=MOST_DROPPED)

    def add(self, dialog: Dialog) -> None:
        """Know of a dialog until it is over; the newest of two with one id counts."""
        self._live[dialog.dialog_request_id] = dialog
        dialog.add_done_callback(lambda: self._forget(dialog))

    def take(self, directive: Directive, attachment: Callable[[str], Attachment]) -> bool:
        """Deliver a directive to its dialog; tell whether it is nobody else's business.

        attachment returns a binary part that came, or will come, beside it.
        """
        dialog_request_id = directive.header.dialog_request_id
        if dialog_request_id is None or directive.header.full_name.lower() in _ABOUT_STATE:
            return False
        dialog = self._live.get(dialog_request_id)
        if dialog is not None:
            dialog.deliver(directive, attachment)
            return True
        return dialog_request_id in self._dropped or about_capture(directive) is not None

    def drop(self, dialog_request_id: str) -> None:
        """Deliver nothing more of a dialog, also when it is over (Manage_Dialogue_ID)."""
        self._dropped.append(dialog_request_id)

    def cancel_homeless(self) -> None:
        """Give up the dialogs that look for another client: there will be none."""
        for dialog in list(self._live.values()):
            if dialog.looks_for_client:
                dialog.cancel()

    def _forget(self, dialog: Dialog) -> None:
        dialog_request_id = dialog.dialog_request_id
        if self._live.get(dialog_request_id) is dialog:
            del self._live[dialog_request_id]
        if dialog.error is not None:
            self.drop(dialog_request_id)
