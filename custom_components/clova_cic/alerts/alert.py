"""One alert, from being set to having rung: its states and moves (Handle_Alerts).

    state      what happens                         next
    NEW        it is on disk                        SET
    SET        its time comes; came too long ago    RINGING; STOPPED
    RINGING    a hand at Home Assistant             MUTED: CIC decides
    RINGING    StopAlert                            STOPPING
    MUTED      StopAlert; CIC says nothing          STOPPING
    any of the three: its sound has ended           STOPPED

A STOPPED alert stays until CIC deletes it or sets it anew, and never rings again. Across
a restart of Home Assistant an alert that rang goes on; one somebody was stopping has stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, StrEnum, auto
from hashlib import sha256
import json
from typing import Any, Final, Self

from ..cic.errors import MessageError
from ..cic.interfaces.alerts import SetAlert
from ..cic.messages import Payload


class Phase(StrEnum):
    """Where an alert stands; kept on disk by these words."""

    NEW = "new"
    SET = "set"
    RINGING = "ringing"
    MUTED = "muted"
    STOPPING = "stopping"
    STOPPED = "stopped"


class Happening(Enum):
    """What happens to an alert."""

    SAVED = auto()
    DUE = auto()
    MISSED = auto()
    PRESSED = auto()
    """Somebody in the house wants it to stop."""
    ORDERED = auto()
    """CIC has it stop."""
    UNANSWERED = auto()
    """CIC says nothing to the press."""
    ENDED = auto()
    """Nothing is to be heard of it any more."""
    RESTARTED = auto()
    """Home Assistant has started since."""


_MOVES: Final[Mapping[tuple[Phase, Happening], Phase]] = {
    (Phase.NEW, Happening.SAVED): Phase.SET,
    (Phase.NEW, Happening.RESTARTED): Phase.SET,
    (Phase.SET, Happening.DUE): Phase.RINGING,
    (Phase.SET, Happening.MISSED): Phase.STOPPED,
    (Phase.RINGING, Happening.PRESSED): Phase.MUTED,
    (Phase.RINGING, Happening.ORDERED): Phase.STOPPING,
    (Phase.RINGING, Happening.ENDED): Phase.STOPPED,
    (Phase.RINGING, Happening.RESTARTED): Phase.RINGING,
    (Phase.MUTED, Happening.ORDERED): Phase.STOPPING,
    (Phase.MUTED, Happening.UNANSWERED): Phase.STOPPING,
    (Phase.MUTED, Happening.ENDED): Phase.STOPPED,
    (Phase.MUTED, Happening.RESTARTED): Phase.STOPPED,
    (Phase.STOPPING, Happening.ENDED): Phase.STOPPED,
    (Phase.STOPPING, Happening.RESTARTED): Phase.STOPPED,
}
# In these CIC is told that it is active.
ACTIVE: Final = frozenset({Phase.RINGING, Phase.MUTED, Phase.STOPPING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert that can be set: it has a time.

    satellite_id is where it was asked for, and so where it rings. text is its directive's
    payload as JSON: what is kept, and counted.
    """

    order: SetAlert = field(repr=False)
    at: datetime
    satellite_id: str | None = None
    phase: Phase = Phase.NEW
    text: str = field(repr=False)

    @classmethod
    def of(cls, order: SetAlert, satellite_id: str | None = None) -> Self | None:
        """Return the alert an order means, None where it has no time that can be read."""
        if order.scheduled_at is None:
            return None
        text = json.dumps(_payload(order))
        return cls(order=order, at=order.scheduled_at, satellite_id=satellite_id, text=text)

    @property
    def token(self) -> str:
        """Its id."""
        return self.order.token

    @property
    def size(self) -> int:
        """How much is to be kept of it, in bytes."""
        return len(self.text)

    @property
    def is_active(self) -> bool:
        """Whether it rings, or somebody is stopping it."""
        return self.phase in ACTIVE

    def after(self, happening: Happening) -> Alert | None:
        """Return it as it is after something has happened, None where that changes nothing."""
        phase = _MOVES.get((self.phase, happening))
        return None if phase is None else replace(self, phase=phase)

    @property
    def has_rung(self) -> bool:
        """Whether its time has come: it rings at no other."""
        return self.phase not in (Phase.NEW, Phase.SET)

    @property
    def key(self) -> str:
        """A name for it that tells nothing, in letters and digits."""
        return sha256(self.token.encode()).hexdigest()[:16]

    def info(self) -> Payload:
        """Return it as the context tells of it (AlertsState)."""
        order = self.order
        return {
            "token": order.token,
            "type": order.type.value,
            "scheduledTime": order.scheduled_time,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {"set": self.text, "satellite_id": self.satellite_id, "phase": self.phase.value}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read it back. Raises MessageError, or any of UNREADABLE."""
        satellite_id = stored["satellite_id"]
        alert = cls.of(SetAlert.from_payload(json.loads(stored["set"])), satellite_id)
        if alert is None:
            raise MessageError("the alert has no time")
        return replace(alert, phase=Phase(stored["phase"]))


UNREADABLE: Final = (MessageError, KeyError, TypeError, ValueError, AttributeError)
"""What reading something stored may raise: somebody has edited the file."""


def _payload(order: SetAlert) -> Payload:
    """Return an order in the shape of its directive."""
    return {
        "token": order.token,
        "type": order.type.value,
        "scheduledTime": order.scheduled_time,
        "label": order.label,
        "assets": [
            {"assetId": asset_id, "url": url}
            for asset_id, url in {one.asset_id: one.url for one in order.assets}.items()
        ],
        "assetPlayOrder": [one.asset_id for one in order.assets],
    }
