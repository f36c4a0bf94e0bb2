"""Directives of Settings, Notifier and Clova."""

from collections.abc import Mapping
from typing import Any

from cic_server.engines.espeak import CHOICES
from cic_server.messages import Directive

# The sound every client has (Notifier, "assets").
DEFAULT_SOUND = "clova://notifier/sound/default"
# Of the items UpdateVersionSpec brings; changes with them.
SPEC_VERSION = "20261101000000"


def clova(name: str, **payload: Any) -> Directive:
    """Return a Clova directive."""
    return Directive(namespace="Clova", name=name, payload=payload)


def settings_order(name: str, **payload: Any) -> Directive:
    """Return a Settings directive."""
    return Directive(namespace="Settings", name=name, payload=payload)


def update(configuration: Mapping[str, str]) -> Directive:
    """Return Settings.Update."""
    return settings_order("Update", configuration=dict(configuration))


def version_spec() -> Directive:
    """Return UpdateVersionSpec: the voices there are."""
    voices = [{"key": key, "name": name} for key, (name, _) in CHOICES.items()]
    voice_type = {"name": "Voice", "list": voices, "default": voices[0]}
    return settings_order(
        "UpdateVersionSpec",
        clientName="cic_server",
        deviceVersion="0.0.0",
        os="",
        specVersion=SPEC_VERSION,
        spec={"voiceType": voice_type},
    )


def notify(light: str, address: str | None, *, new: bool | None = None) -> Directive:
    """Return Notify, or with `new` SetIndicator: the default sound, then what is said somewhere."""
    assets = [{"assetId": "sound", "url": DEFAULT_SOUND}]
    if address is not None:
        assets.append({"assetId": "speech", "url": address})
    payload: dict[str, Any] = {
        "light": light,
        "assets": assets,
        "assetPlayOrder": [asset["assetId"] for asset in assets],
    }
    name = "Notify"
    if new is not None:
        name = "SetIndicator"
        payload["new"] = new
    return Directive(namespace="Notifier", name=name, payload=payload)


def clear_indicator() -> Directive:
    """Return ClearIndicator."""
    return Directive(namespace="Notifier", name="ClearIndicator")


def suggestions(*queries: str) -> Directive:
    """Return RenderSuggestion: what else can be said."""
    chips = [
        {"label": query, "query": query, "meta": "", "type": "0", "index": str(index)}
        for index, query in enumerate(queries)
    ]
    return clova("RenderSuggestion", topic="", suggestions=chips)
