"""What Home Assistant is told to notify of is said by CIC's voice."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.clova_cic.const import CONF_MEDIA_PLAYER

from .conftest import SetUp
from .player import PLAYER, Speaker
from .service import CicService, until

ENTITY = "notify.test_cloud_announcement"


async def notify(hass: HomeAssistant, **data: Any) -> None:
    data = {"entity_id": ENTITY, **data}
    await hass.services.async_call("notify", "send_message", data, blocking=True)


@pytest.mark.event("SpeechSynthesizer.Request")
async def test_messages_are_said(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Speaker
) -> None:
    await set_up(cic, options={CONF_MEDIA_PLAYER: PLAYER}, language="ko")
    await notify(hass, message="저녁이 준비되었습니다")
    await notify(hass, message="It rings", title="Door")
    heard, longer = await until(lambda: speaker.played[1:] and speaker.played)
    assert heard.announce and longer.announce
    assert len(heard.sound) > 1000
    requests = [one["payload"] for one in await cic.log("event") if one["name"] == "Request"]
    assert requests == [
        {"text": "저녁이 준비되었습니다", "lang": "ko"},
        {"text": "Door\nIt rings", "lang": "ko"},
    ]
    state = hass.states.get(ENTITY)
    assert state is not None
    assert state.state != "unknown"


async def test_nobody_would_hear_it(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    await set_up(cic)
    with pytest.raises(HomeAssistantError) as raised:
        await notify(hass, message="hello")
    assert raised.value.translation_key == "no_output"
