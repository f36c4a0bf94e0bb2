"""The messages of CIC, one module per namespace, typed."""

from collections.abc import Callable
from typing import Any

from ..messages import Directive
from . import (
    alerts,
    audio_player,
    clova,
    device_control,
    notifier,
    older,
    playback_controller,
    settings,
    speech_recognizer,
    speech_synthesizer,
    system,
    template_runtime,
)

_MODULES = (
    alerts,
    audio_player,
    clova,
    device_control,
    notifier,
    older,
    playback_controller,
    settings,
    speech_recognizer,
    speech_synthesizer,
    system,
    template_runtime,
)

# Receivers do not insist on case (differences.md, trap 8).
_READERS: dict[tuple[str, str], Callable[[Any], object]] = {
    (module.NAMESPACE.lower(), name.lower()): kind.from_payload
    for module in _MODULES
    for name, kind in module.DIRECTIVES.items()
}


def read(directive: Directive) -> object | None:
    """Return the typed content of a directive, or None where the name is unknown.

    Raises MessageError when a payload lacks what its directive cannot do without.
    """
    header = directive.header
    reader = _READERS.get((header.namespace.lower(), header.name.lower()))
    return None if reader is None else reader(directive.payload)
