"""What is counted in an entry's life, for diagnostics."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from homeassistant.util import dt as dt_util

from .cic import CicError
from .cic.errors import StatusError
from .const import OTHER_DIRECTIVE, documented_name

# Directives no document knows whose names are kept: those of one service's own making are few.
MOST_OTHERS: Final = 50


@dataclass(slots=True, kw_only=True)
class Counters:
    """Numbers and kinds, no contents."""

    directives: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    last_error: dict[str, Any] | None = None

    def count_directive(self, full_name: str) -> None:
        """Count a directive, one that is in no document also by its own name."""
        name = documented_name(full_name)
        self.directives[name] += 1
        if name == OTHER_DIRECTIVE and (full_name in self.others or len(self.others) < MOST_OTHERS):
            self.others[full_name] += 1

    def note_error(self, error: CicError) -> None:
        """Keep what was met last: its kind and when, not its words."""
        self.last_error = {
            "kind": type(error).__name__,
            "status": error.status if isinstance(error, StatusError) else None,
            "at": dt_util.utcnow().isoformat(),
        }
