"""What a user is told under Repairs, of one entry; the texts are the translations'."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN


@callback
def async_raise_issue(
    hass: HomeAssistant,
    entry: ConfigEntry,
    key: str,
    *,
    fixable: bool = False,
    persistent: bool = False,
    severity: ir.IssueSeverity = ir.IssueSeverity.WARNING,
    placeholders: Mapping[str, str] | None = None,
) -> None:
    """Tell the user of something to put right, once however often it is found.

    The key is the translation's; {title} is always filled. A fixable one has its flow in
    repairs.py, whose data names the entry and the key.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, key),
        data={"entry_id": entry.entry_id, "key": key},
        is_fixable=fixable,
        is_persistent=persistent,
        severity=severity,
        translation_key=key,
        translation_placeholders={"title": entry.title, **(placeholders or {})},
    )


@callback
def async_clear_issue(hass: HomeAssistant, entry: ConfigEntry, key: str) -> None:
    """Take an issue back, where it was raised."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, key))


@callback
def async_clear_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take every issue of an entry back: it is gone."""
    ids = [
        issue_id
        for domain, issue_id in ir.async_get(hass).issues
        if domain == DOMAIN and issue_id.endswith(f"_{entry.entry_id}")
    ]
    for issue_id in ids:
        ir.async_delete_issue(hass, DOMAIN, issue_id)


def _issue_id(entry: ConfigEntry, key: str) -> str:
    return f"{key}_{entry.entry_id}"
