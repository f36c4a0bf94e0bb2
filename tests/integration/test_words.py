"""What was said and answered: where it is kept, and where it is not."""

from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.util import session_scope
from homeassistant.const import MATCH_ALL
from homeassistant.core import Event, HomeAssistant, callback
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from sqlalchemy import text

from custom_components.clova_cic.const import CONF_RECORD_WORDS, DIRECTIVES
from custom_components.clova_cic.occurrences import Kind, Occurrence
from custom_components.clova_cic.words import without_words

from .conftest import SetUp
from .house import make_pipeline, make_satellite
from .service import CicService, directive, until
from .speech import microphone

SAID = "what is two plus three"
TEMPLATE = {"type": "CardList", "cardList": [{"title": {"type": "string", "value": SAID}}]}
PUSHED = [
    directive("SpeechRecognizer.stopCapture", {"recognizedText": SAID}),
    directive("speechrecognizer.ShowRecognizedText", {"text": SAID, "final": SAID}),
    directive("Clova.RenderText", {"text": SAID, "more": [SAID]}),
    directive("Clova.RenderTemplate", TEMPLATE),
    directive("Clova.LaunchURI", {"targets": [{"uri": f"https://find.invalid/{SAID}"}]}),
    directive("DeviceControl.launchUri", {"targets": [{"uri": "x://y", "title": SAID}]}),
    directive("Clova.RenderSuggestion", {"topic": SAID, "suggestions": [{"label": SAID}]}),
    directive("SpeechSynthesizer.Speak", {"token": "", "url": "", "ttsText": SAID}),
    directive("Alerts.SynchronizeAlert", {"allAlerts": [{"label": SAID}]}),
]


async def everything_kept(hass: HomeAssistant) -> str:
    """Return what the recorder has of states and events, as one text."""
    await async_wait_recording_done(hass)

    def read() -> str:
        rows: list[Any] = []
        with session_scope(hass=hass, read_only=True) as session:
            for table, column in (
                ("state_attributes", "shared_attrs"),
                ("event_data", "shared_data"),
                ("states", "state"),
            ):
                rows += session.execute(text(f"SELECT {column} FROM {table}")).all()
        return "\n".join(str(row[0]) for row in rows)

    return await hass.async_add_executor_job(read)


@pytest.mark.parametrize("recorded", [False, True])
async def test_a_spoken_command(
    recorder_mock: Recorder, hass: HomeAssistant, cic: CicService, set_up: SetUp, recorded: bool
) -> None:
    """Nothing but Assist itself has the words by default; the option has them kept."""
    on_the_bus: list[Event[Any]] = []

    @callback
    def came(event: Event[Any]) -> None:
        on_the_bus.append(event)

    hass.bus.async_listen(MATCH_ALL, came)
    coordinator = await set_up(cic, options={CONF_RECORD_WORDS: True} if recorded else {})
    happened: list[Occurrence] = []
    coordinator.occurrences.async_listen(happened.append)
    satellite = await make_satellite(hass, await make_pipeline(hass))
    run = await satellite.listen(microphone(SAID))
    assert run.recognised == SAID
    for one in PUSHED:
        await cic.push(one)
    await until(lambda: coordinator.counters.directives["Alerts.SynchronizeAlert"])
    await hass.async_block_till_done()

    kinds = {one.kind: one for one in happened}
    assert kinds[Kind.SPEECH].words == {"text": SAID}
    assert kinds[Kind.SPEECH].data["satellite_id"] == satellite.entity_id
    assert kinds[Kind.ANSWER].words == {"text": run.answer}
    assert kinds[Kind.ANSWER].data["success"]
    ours = [state for state in hass.states.async_all("event") if "test_cloud" in state.entity_id]
    for place in (
        await everything_kept(hass),
        "".join(str(event.data) for event in on_the_bus),
        "".join(str(state.attributes) for state in ours),
    ):
        assert "Clova.RenderText" in place
        assert (SAID in place) is recorded
        assert (run.answer in place) is recorded


def test_only_words_are_taken_out() -> None:
    payload = {"text": SAID, "light": "DEFAULT", "token": "t", "target": "volume"}
    kept = {name: without_words(name.upper(), payload) for name in DIRECTIVES}
    assert kept["Notifier.Notify"] == {"light": "DEFAULT"}
    assert kept["Alerts.SetAlert"] == {"token": "t"}
    assert not without_words("DeviceControl.BtConnectByPINCode", {"pinCode": "0000"})
    assert kept["DeviceControl.SetValue"] == payload
    assert without_words("Somebody.Invented", payload) == payload
    assert kept["Clova.RenderText"] == kept["SpeechRecognizer.StopCapture"] == {}
