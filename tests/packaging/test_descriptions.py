"""services.yaml, triggers.yaml, conditions.yaml: what the code takes, described."""

from typing import Any, Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import TargetSelector, validate_selector
import probatio as vol
import pytest

from custom_components.clova_cic.actions import async_setup_actions
from custom_components.clova_cic.alert_actions import async_setup_alert_actions
from custom_components.clova_cic.bots.actions import async_setup_bot_actions
from custom_components.clova_cic.cic.interfaces.alerts import AlertType
from custom_components.clova_cic.condition import async_get_conditions
from custom_components.clova_cic.const import DOMAIN, SPOKEN_LANGUAGES
from custom_components.clova_cic.services import async_setup_services
from custom_components.clova_cic.trigger import async_get_triggers

from .files import described, translations

KINDS: Final = ("services", "triggers", "conditions")
_SOMETHING: Final = vol.NotIn([None])
SCHEMA: Final = vol.Schema(
    {
        cv.slug: {
            vol.Optional("target"): TargetSelector.CONFIG_SCHEMA,
            vol.Optional("fields"): {
                cv.slug: {
                    vol.Required("selector"): validate_selector,
                    vol.Optional("default"): _SOMETHING,
                    vol.Optional("example"): _SOMETHING,
                    vol.Optional("required"): True,
                }
            },
        }
    }
)
# What an option of a selector stands for in the code.
OPTIONS: Final = {
    "alert_type": {kind.value.lower() for kind in AlertType},
    "voice_language": set(SPOKEN_LANGUAGES),
}


def fields_of(one: dict[str, Any]) -> dict[str, Any]:
    return one.get("fields", {})


def taken(schema: Any) -> dict[str, vol.Marker]:
    """Return the fields an action takes beside its target, as the code has them."""
    while not isinstance(schema, dict):
        schema = schema.validators[0] if isinstance(schema, vol.All) else schema.schema
    target = {str(key) for key in cv.ENTITY_SERVICE_FIELDS}
    return {
        str(key): key
        for key in schema
        if not isinstance(key, vol.Remove) and str(key) not in target
    }


@pytest.mark.parametrize("kind", KINDS)
def test_form(kind: str) -> None:
    SCHEMA(described(kind))


async def test_actions(hass: HomeAssistant) -> None:
    for register in (
        async_setup_services,
        async_setup_alert_actions,
        async_setup_actions,
        async_setup_bot_actions,
    ):
        register(hass)
    registered = hass.services.async_services_for_domain(DOMAIN)
    assert described("services").keys() == registered.keys()
    for name, service in registered.items():
        markers = taken(service.schema)
        shown = fields_of(described("services")[name])
        assert shown.keys() == markers.keys(), name
        for key, field in shown.items():
            must = isinstance(markers[key], vol.Required) and isinstance(
                markers[key].default, vol.Undefined
            )
            assert field.get("required", False) is must, (name, key)


async def test_triggers(hass: HomeAssistant) -> None:
    triggers = await async_get_triggers(hass)
    assert described("triggers").keys() == triggers.keys()
    for name, trigger in triggers.items():
        shown = fields_of(described("triggers")[name])
        assert shown.keys() == {ATTR_CONFIG_ENTRY_ID, *map(str, trigger._more)}, name
        # the code says the same of a field it does not take
        with pytest.raises(vol.Invalid):
            await trigger.async_validate_config(hass, {"options": {"other": "value"}})


async def test_conditions(hass: HomeAssistant) -> None:
    conditions = await async_get_conditions(hass)
    assert described("conditions").keys() == conditions.keys()
    for name, condition in conditions.items():
        shown = fields_of(described("conditions")[name])
        options = dict.fromkeys(shown, "value")
        assert await condition.async_validate_config(hass, {"options": options})
        with pytest.raises(vol.Invalid):
            await condition.async_validate_config(hass, {"options": {"other": "value"}})


@pytest.mark.parametrize("kind", KINDS)
def test_texts(kind: str) -> None:
    texts = translations("en")[kind]
    assert texts.keys() == described(kind).keys()
    for name, one in described(kind).items():
        assert fields_of(texts[name]).keys() == fields_of(one).keys(), name
        assert {"name", "description"} <= texts[name].keys()
        for key, field in fields_of(texts[name]).items():
            assert {"name", "description"} <= field.keys(), (name, key)


@pytest.mark.parametrize("kind", KINDS)
def test_options(kind: str) -> None:
    for name, one in described(kind).items():
        for key, field in fields_of(one).items():
            if (select := field["selector"].get("select")) is None:
                continue
            offered = set(select["options"])
            assert offered == OPTIONS[select["translation_key"]], (name, key)
            assert (
                offered
                == translations("en")["selector"][select["translation_key"]]["options"].keys()
            )
