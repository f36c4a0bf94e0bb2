"""Which fields of directives are words: what was said, what was answered, the sound of it; and a PIN.

Home Assistant's recorder keeps what is on the bus. So of these directives there goes by default
only what stands in this table. It names what is kept, not what is taken out: a field that no
document has may be words as well. Documented directives that are not here carry orders, not words;
what others carry nobody knows. Titles of music are no secret either: the media player shows them,
but the lists of sixty tracks there are would be more than the recorder takes of one event.
"""

from typing import Any, Final

from .cic.messages import Payload

_KEPT: Final[dict[str, frozenset[str]]] = {
    # what was said
    "speechrecognizer.showrecognizedtext": frozenset(),
    "speechrecognizer.stopcapture": frozenset(),
    # what was answered: as text, as a card of it, and what is suggested to be said next
    "clova.launchuri": frozenset(),
    "clova.rendersuggestion": frozenset(),
    "clova.rendertemplate": frozenset({"type"}),
    "clova.rendertext": frozenset(),
    "devicecontrol.launchuri": frozenset(),
    # its sound is where its url leads, for whoever knows that
    "speechsynthesizer.speak": frozenset(
        {"contentType", "format", "token", "ttsLang", "x-clova-pause-before"}
    ),
    # what somebody wants to be reminded of, and the sound that says it
    "alerts.setalert": frozenset({"assetPlayOrder", "scheduledTime", "token", "type"}),
    "alerts.synchronizealert": frozenset(),
    "system.synchronizestate": frozenset(),
    # a secret between two devices
    "devicecontrol.btconnectbypincode": frozenset(),
    # long lists
    "templateruntime.renderplayerinfo": frozenset({"controls", "displayType", "provider"}),
    "templateruntime.renderplaylist": frozenset({"title"}),
    "notifier.notify": frozenset({"assetPlayOrder", "light"}),
    "notifier.setindicator": frozenset({"assetPlayOrder", "light", "new"}),
}


def without_words(full_name: str, payload: Payload) -> dict[str, Any]:
    """Return what may be kept of a directive's payload; its name may be written in any case."""
    kept = _KEPT.get(full_name.lower())
    if kept is None:
        return dict(payload)
    return {key: value for key, value in payload.items() if key in kept}
