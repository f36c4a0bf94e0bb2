"""Where a directive comes from, as far as that says where its sound belongs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The satellite and the dialog a directive belongs to; neither, where CIC speaks unasked."""

    satellite_id: str | None = None
    dialog_request_id: str | None = None


UNASKED = Origin()
