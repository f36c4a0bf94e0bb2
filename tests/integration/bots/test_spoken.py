"""Spoken: heard by CIC, answered by the bot, said by CIC's voice, through real pipelines of Assist."""

from homeassistant.core import HomeAssistant
import pytest

from tests.integration.conftest import SetUp
from tests.integration.house import engine, make_pipeline, sound_of, speak
from tests.integration.service import CicService
from tests.integration.speech import microphone

from .conftest import SetUpBot


@pytest.mark.parametrize("version", ["v1_1", "v3_0"])
async def test_a_spoken_choice(
    home: HomeAssistant, set_up_bot: SetUpBot, cic: CicService, set_up: SetUp, version: str
) -> None:
    bot = await set_up_bot(version=version)
    service = await set_up(cic)
    agent = engine(home, "conversation", bot.entry.entry_id)
    pipeline = await make_pipeline(home, service.config_entry.entry_id, conversation_engine=agent)
    asked = await speak(home, microphone("order a pizza"), pipeline, conversation_id="spoken")
    assert asked.recognised == "order a pizza"
    assert asked.answer.startswith("What would you like to drink?")
    for choice in ("1. Tea", "2. Coffee", "3. Water"):
        assert choice in asked.answer
    assert asked.continues
    assert len(await sound_of(home, asked)) > 2000
    taken = await speak(home, microphone("three"), pipeline, conversation_id="spoken")
    assert taken.answer == "Water is on its way."
    assert not taken.continues
    assert len(await sound_of(home, taken)) > 2000
    # CIC has said what the bot answered, and has answered nothing by itself
    said = [one["text"] for one in await cic.payloads("SpeechSynthesizer.Request")]
    assert any("drink" in text for text in said)
    assert any("Water" in text for text in said)
