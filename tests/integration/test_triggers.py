"""Triggers of ours, in automations as users write them."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.trigger import async_validate_trigger_config
import probatio as vol
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.clova_cic.const import DOMAIN
from custom_components.clova_cic.occurrences import Kind, async_house
from custom_components.clova_cic.run import current_turn

from .automations import automate, on
from .conftest import Entries, SetUp
from .house import make_pipeline, make_satellite
from .service import CicService, client_of, directive, until
from .speech import microphone

SAID = "what is two plus three"
PAYLOAD = {
    "target": "channel",
    "value": "7",
    "loud": True,
    "deep": {"list": [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}], "empty": None},
}


@pytest.mark.parametrize(
    ("options", "fires"),
    [
        ({"namespace": "DeviceControl"}, True),
        ({"namespace": "devicecontrol", "name": "SETVALUE"}, True),
        ({"namespace": "Device"}, False),
        ({"name": "TurnOn"}, False),
        ({"namespace": "", "name": "SetValue"}, True),
        ({"name": "SetValue", "payload": {}}, True),
        ({"payload": {"value": "7"}}, True),
        ({"payload": {"value": 7}}, False),
        ({"payload": {"value": "7", "target": "volume"}}, False),
        ({"payload": {"loud": True}}, True),
        ({"payload": {"loud": 1}}, False),
        ({"payload": {"absent": None}}, False),
        ({"payload": {"deep": {}}}, True),
        ({"payload": {"deep": {"empty": None}}}, True),
        ({"payload": {"deep": {"list": [{"name": "two"}]}}}, True),
        ({"payload": {"deep": {"list": [{"name": "two"}, {"id": 1}]}}}, True),
        ({"payload": {"deep": {"list": [{"name": "two", "id": 1}]}}}, False),
        ({"payload": {"deep": {"list": {"name": "two"}}}}, False),
        ({"payload": {"deep": "list"}}, False),
        ({"config_entry_id": "another"}, False),
    ],
)
async def test_which_directive(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, options: dict[str, Any], fires: bool
) -> None:
    await set_up(cic)
    record = "{{ trigger.namespace }}.{{ trigger.name }} of {{ trigger.payload.target }}"
    runs = await automate(
        hass,
        wanted=on("directive_received", record, **options),
        every=on("directive_received", "{{ trigger.name }}"),
    )
    await cic.push(directive("DeviceControl.SetValue", PAYLOAD))
    await cic.push(directive("Clova.Help"))
    await until(lambda: "Help" in runs.of("every"))
    # there are others: what the cloud says on each connection
    assert [one for one in runs.of("every") if one in ("SetValue", "Help")] == ["SetValue", "Help"]
    wanted = [one for one in runs.of("wanted") if "SetValue" in one]
    assert wanted == (["DeviceControl.SetValue of channel"] if fires else [])


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("directive_received", {"payload": "value"}),
        ("directive_received", {"payload": ["value"]}),
        ("directive_received", {"namespace": {"a": 1}}),
        ("directive_received", {"nonsense": 1}),
        ("alert_started", {"type": "alrm"}),
        ("alert_stopped", {"type": ["alarm"]}),
        ("notification_received", {"type": "alarm"}),
    ],
)
async def test_options_that_mean_nothing(
    hass: HomeAssistant, key: str, options: dict[str, Any]
) -> None:
    config = {"platform": f"clova_cic.{key}", "options": options}
    with pytest.raises(vol.Invalid):
        await async_validate_trigger_config(hass, [config])


async def test_what_is_said_and_answered(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    await set_up(cic)
    told = "{{ trigger.text }} at {{ trigger.satellite_id }}"
    runs = await automate(
        hass,
        said=on("speech_recognized", told),
        answered=on("answer_given", told + ": {{ trigger.success }}"),
    )
    satellite = await make_satellite(hass, await make_pipeline(hass))
    run = await satellite.listen(microphone(SAID))
    await until(lambda: len(runs) == 2)
    assert runs.of("said") == [f"{SAID} at {satellite.entity_id}"]
    assert runs.of("answered") == [f"{run.answer} at {satellite.entity_id}: True"]


async def test_what_was_not_transcribed_has_no_text(
    hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp
) -> None:
    """A stand-in is nothing that anybody has said."""
    await set_up(mortal_cic)
    await mortal_cic.control("PUT", "settings", {"transcript": False, "partials": False})
    runs = await automate(hass, said=on("speech_recognized", "{{ trigger.text is none }}"))
    satellite = await make_satellite(hass, await make_pipeline(hass))
    await satellite.listen(microphone(SAID))
    await until(lambda: runs)
    assert runs.of("said") == [True]


async def test_what_is_typed_was_not_recognised_and_a_failure_is_told(
    hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp
) -> None:
    coordinator = await set_up(mortal_cic)
    runs = await automate(
        hass,
        said=on("speech_recognized"),
        answered=on("answer_given", "{{ trigger.success }}: {{ trigger.text }}"),
    )
    asked = {"text": "hello", "agent_id": "conversation.test_cloud_agent"}
    await hass.services.async_call("conversation", "process", asked, blocking=True)
    await until(lambda: runs)
    await mortal_cic.stop(kill=True)
    await until(lambda: not coordinator.connected)
    await hass.services.async_call("conversation", "process", asked, blocking=True)
    await until(lambda: len(runs) == 2)
    answered, failed = runs.of("answered")
    assert answered.startswith("True: ")
    assert len(answered) > len("True: ")
    assert failed == "False:"


async def test_what_an_automation_says_is_not_the_answers_sound(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    """An automation that is begun by speech belongs to no run of Assist's."""
    coordinator = await set_up(cic)
    seen: list[Any] = []
    coordinator.occurrences.async_listen(lambda one: seen.append((one.kind, current_turn())))
    satellite = await make_satellite(hass, await make_pipeline(hass))
    await satellite.listen(microphone(SAID))
    assert {kind for kind, _ in seen} >= {Kind.SPEECH, Kind.DIRECTIVE, Kind.ANSWER}
    assert {turn for _, turn in seen} == {None}


async def test_notifications(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    told = "{{ trigger.light }} {{ trigger.config_entry_id }}"
    runs = await automate(hass, notified=on("notification_received", told))
    notice = {"light": "DEFAULT", "assets": [], "assetPlayOrder": []}
    await cic.push(directive("Notifier.SetIndicator", {**notice, "new": True}))
    await cic.push(directive("Notifier.Notify", notice))
    await cic.push(directive("Notifier.ClearIndicator"))
    await until(lambda: coordinator.counters.directives["Notifier.ClearIndicator"])
    await hass.async_block_till_done()
    assert runs.of("notified") == [f"DEFAULT {coordinator.config_entry.entry_id}"]


async def test_alerts(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    await set_up(cic)
    runs = await automate(
        hass,
        rings=on("alert_started", "{{ trigger.type }} {{ trigger.label }}"),
        alarm=on("alert_started", type="Alarm"),
        timer=on("alert_started", type="timer"),
        over=on("alert_stopped"),
    )
    alert = {"client": cic.client, "token": "t", "type": "ALARM", "label": "pills", "seconds": 0}
    await cic.control("POST", "alerts", alert)
    await until(lambda: len(runs) == 2)
    await cic.push(directive("Alerts.StopAlert", {"token": "t", "type": "ALARM"}))
    await until(lambda: len(runs) == 3)
    assert sorted(one["alias"] for one in runs) == ["alarm", "over", "rings"]
    assert runs.of("rings") == ["alarm pills"]


async def test_automations_survive_the_entry(
    hass: HomeAssistant, cic: CicService, make_entry: Entries
) -> None:
    """They are there before it is loaded, hear it after each load, once, and leave nothing behind."""
    entry = make_entry(cic)
    runs = await automate(
        hass,
        any=on("directive_received", name="Notify"),
        this=on("directive_received", name="Notify", config_entry_id=entry.entry_id),
    )
    assert DOMAIN not in hass.config.components
    assert await hass.config_entries.async_setup(entry.entry_id)
    for times in (1, 2, 3):
        await cic.push(directive("Notifier.Notify"))
        await until(lambda: len(runs) >= 2 * times)  # noqa: B023  # waited for at once
        assert await hass.config_entries.async_reload(entry.entry_id)
    assert len(runs.of("any")) == len(runs.of("this")) == 3
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert len(async_house(hass)._listeners) == 2
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)
    assert not async_house(hass)._listeners


async def test_one_of_two_entries(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    await set_up(cic)
    async with client_of(cic.server, cic.folder, f"{cic.client}-2") as beside:
        second = (await set_up(beside)).config_entry
        runs = await automate(
            hass,
            all=on("directive_received", name="Help"),
            second=on("directive_received", name="Help", config_entry_id=second.entry_id),
        )
        await cic.push(directive("Clova.Help"))
        await until(lambda: len(runs.of("all")) == 1)
        assert not runs.of("second")
        await beside.push(directive("Clova.Help"))
        await until(lambda: len(runs.of("all")) == 2)
        assert len(runs.of("second")) == 1


async def test_described_for_the_editor(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, hass_ws_client: WebSocketGenerator
) -> None:
    await set_up(cic)
    client = await hass_ws_client(hass)
    for kind, keys in (
        ("trigger", {"directive_received", "alert_started", "alert_stopped", "answer_given"}),
        ("condition", {"is_connected", "alert_is_ringing"}),
    ):
        await client.send_json_auto_id({"type": f"{kind}_platforms/subscribe"})
        assert (await client.receive_json())["success"]
        described = (await client.receive_json())["event"]
        assert {f"{DOMAIN}.{key}" for key in keys} <= described.keys()
