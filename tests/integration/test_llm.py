"""The tool other agents ask CIC with, through Home Assistant's own interface for tools."""

from typing import Any

from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import llm
import probatio as vol
import pytest

from custom_components.clova_cic.const import CONF_ASK_TIMEOUT

from .conftest import SetUp
from .service import CicService, client_of, turns_of, until

NAME = "clova_cic__ask"


async def offered(hass: HomeAssistant, language: str = "en") -> llm.APIInstance:
    """Return what an agent is offered."""
    context = llm.LLMContext(
        platform="test",
        context=Context(),
        language=language,
        assistant="conversation",
        device_id=None,
    )
    return await llm.async_get_api(hass, llm.LLM_API_ASSIST, context)


async def ask(api: llm.APIInstance, **asked: Any) -> llm.ToolResult:
    return await api.async_call_tool(llm.ToolInput(tool_name=NAME, tool_args=asked))


async def test_ask(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator = await set_up(cic)
    api = await offered(hass)
    (tool,) = (tool for tool in api.tools if tool.name == NAME)
    assert tool.integration == "clova_cic"
    assert not tool.annotations.read_only
    assert tool.annotations.open_world
    result = await ask(api, question="what is two plus three")
    assert not result.error
    assert "5" in result.data["answer"] or "five" in result.data["answer"]
    assert result.data["directives"] == ["SpeechSynthesizer.Speak", "Clova.RenderText"]
    assert await cic.asked() == ["Recognize"]
    assert await turns_of(coordinator) == ["answered"]
    assert "clova_cic" not in "".join(
        one.getMessage() for one in caplog.records if "deprecated" in one.getMessage()
    )


async def test_one_tool_for_several_entries(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    await set_up(cic)
    async with client_of(cic.server, cic.folder, f"{cic.client}-2") as beside:
        second = (await set_up(beside)).config_entry
        hass.config_entries.async_update_entry(second, title="Bedroom")
        api = await offered(hass)
        assert [tool.name for tool in api.tools].count(NAME) == 1
        await ask(api, question="hello")
        assert (await cic.asked(), await beside.asked()) == (["Recognize"], [])
        await ask(api, question="hello", entry="Bedroom")
        assert (await cic.asked(), await beside.asked()) == (["Recognize"], ["Recognize"])
        with pytest.raises(vol.Invalid):
            await ask(api, question="hello", entry="Cellar")


@pytest.mark.parametrize("asked", [{}, {"question": ""}, {"question": "a", "entry": "Test cloud"}])
async def test_questions_that_are_none(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, asked: dict[str, Any]
) -> None:
    await set_up(cic)
    with pytest.raises(vol.Invalid):
        await ask(await offered(hass), **asked)


async def test_failures_are_told_in_the_users_language(
    hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp
) -> None:
    coordinator = await set_up(mortal_cic, options={CONF_ASK_TIMEOUT: 0.5})
    api = await offered(hass, "ko-KR")
    planned = {"event": "TextRecognizer.Recognize", "delay": 5}
    await mortal_cic.control("POST", "next-answer", planned)
    late = await ask(api, question="hello")
    assert late == llm.ToolResult(data={"error": "음성 서비스가 제때 답하지 않았어요."}, error=True)
    assert await turns_of(coordinator) == ["cancelled"]
    hass.config_entries.async_update_entry(coordinator.config_entry, options={})
    await mortal_cic.stop(kill=True)
    await until(lambda: not coordinator.connected)
    away = await ask(api, question="hello")
    assert away.error
    assert away.data != late.data
    await hass.config_entries.async_unload(coordinator.config_entry.entry_id)
    assert (await ask(api, question="hello")).error


async def test_no_entry_no_tool(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    await hass.config_entries.async_unload(coordinator.config_entry.entry_id)
    assert NAME not in [tool.name for tool in (await offered(hass)).tools]
