"""Holds what flows show, and the issues that are raised, against the texts there are.

Home Assistant shows a key as it stands where its text is missing, and raises nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from homeassistant.components.repairs import RepairsFlow
from homeassistant.config_entries import OptionsFlow
from homeassistant.data_entry_flow import FlowHandler, FlowManager, FlowResult, FlowResultType
from homeassistant.helpers import issue_registry as ir

from custom_components.clova_cic.const import DOMAIN
from tests.packaging.files import placeholders, translations


@contextmanager
def shown_texts_are_there() -> Iterator[None]:
    """Fail where something is shown that has no text, also to nobody who waits for it."""
    missing: list[Exception] = []
    handle_step = FlowManager._async_handle_step
    create_issue = ir.IssueRegistry.async_get_or_create

    @contextmanager
    def noted() -> Iterator[None]:
        try:
            yield
        except (AssertionError, KeyError) as err:
            missing.append(err)
            raise

    async def checked(
        manager: FlowManager, flow: FlowHandler, step_id: str, user_input: Any
    ) -> FlowResult:
        result = await handle_step(manager, flow, step_id, user_input)
        if type(flow).__module__.startswith(f"custom_components.{DOMAIN}"):
            with noted():
                _check(result, _texts_of(flow))
        return result

    def created(registry: ir.IssueRegistry, domain: str, issue_id: str, **told: Any) -> Any:
        if domain == DOMAIN:
            with noted():
                given = told["translation_placeholders"] or {}
                issue = translations("en")["issues"][told["translation_key"]]
                assert ("fix_flow" in issue) == told["is_fixable"]
                _check_texts(given, issue["title"], issue.get("description"))
        return create_issue(registry, domain, issue_id, **told)

    with (
        patch.object(FlowManager, "_async_handle_step", checked),
        patch.object(ir.IssueRegistry, "async_get_or_create", created),
    ):
        yield
    assert not missing


def _texts_of(flow: FlowHandler) -> dict[str, Any]:
    """Return the texts of a flow; of one that repairs, those of its issue."""
    texts = translations("en")
    match flow:
        case RepairsFlow():
            # its id is its key and the entry's id (issues.py)
            return texts["issues"][flow.issue_id.rpartition("_")[0]]["fix_flow"]
        case OptionsFlow():
            return texts["options"]
    return texts["config"]


def _check(result: Mapping[str, Any], texts: dict[str, Any]) -> None:
    given = result.get("description_placeholders") or {}
    match result["type"]:
        case FlowResultType.FORM:
            step = texts["step"][result["step_id"]]
            _check_texts(given, step.get("title"), step.get("description"))
            if result["data_schema"] is not None:
                _check_fields(result["data_schema"], step)
            for error in (result["errors"] or {}).values():
                _check_texts(given, texts["error"][error])
        case FlowResultType.MENU:
            step = texts["step"][result["step_id"]]
            _check_texts(given, step.get("title"), step.get("description"))
            for option in result["menu_options"]:
                _check_texts(given, step["menu_options"][option])
        case FlowResultType.EXTERNAL_STEP:
            step = texts["step"][result["step_id"]]
            _check_texts(given, step["title"], step["description"])
        case FlowResultType.ABORT if result.get("translation_domain") is None:
            _check_texts(given, texts["abort"][result["reason"]])


def _check_fields(schema: Any, step: dict[str, Any]) -> None:
    for marker, value in schema.schema.items():
        if hasattr(value, "options"):  # a section
            _check_fields(value.schema, step["sections"][str(marker)])
        else:
            assert str(marker) in step["data"], f"{marker} has no name"


def _check_texts(given: Mapping[str, Any], *texts: str | None) -> None:
    for text in texts:
        assert placeholders(text or "") <= given.keys(), text
