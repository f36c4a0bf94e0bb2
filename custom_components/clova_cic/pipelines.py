"""The Assist pipeline of an entry: its three engines, put together once for the user."""

from typing import Final

from homeassistant.components import assist_pipeline
from homeassistant.const import CONF_LANGUAGE, Platform
from homeassistant.core import HomeAssistant

from .assistants import async_engines
from .const import CONF_CREATE_PIPELINE, CONF_PREFER_LOCAL
from .coordinator import CicConfigEntry
from .issues import async_clear_issue, async_raise_issue

_ISSUE: Final = "pipeline_not_created"


async def async_create_pipeline(hass: HomeAssistant, entry: CicConfigEntry) -> None:
    """Create the pipeline the user asked for when adding the entry, once.

    The preferred pipeline stays as it is. Where Assist cannot make one by itself,
    a repair issue says how to do it by hand, until one is there.
    """
    engines = async_engines(hass, entry)
    exists = any(
        pipeline.conversation_engine == engines[Platform.CONVERSATION]
        for pipeline in assist_pipeline.async_get_pipelines(hass)
    )
    if exists:
        async_clear_issue(hass, entry, _ISSUE)
    if not entry.data.get(CONF_CREATE_PIPELINE):
        return
    data = {key: value for key, value in entry.data.items() if key != CONF_CREATE_PIPELINE}
    hass.config_entries.async_update_entry(entry, data=data)
    if not exists:  # it was made before where the note of it was lost in a crash
        await _create(hass, entry, engines)


async def _create(hass: HomeAssistant, entry: CicConfigEntry, engines: dict[str, str]) -> None:
    pipeline = await assist_pipeline.async_create_default_pipeline(
        hass, engines[Platform.STT], engines[Platform.TTS], entry.title
    )
    if pipeline is None:
        # Assist makes them only in Home Assistant's own language, where the engines have it
        async_raise_issue(hass, entry, _ISSUE, persistent=True)
        return
    language = entry.data[CONF_LANGUAGE]
    await assist_pipeline.async_update_pipeline(
        hass,
        pipeline,
        conversation_engine=engines[Platform.CONVERSATION],
        conversation_language=language,
        language=language,
        stt_language=language,
        tts_language=language,
        tts_voice=None,
        prefer_local_intents=entry.data.get(CONF_PREFER_LOCAL, False),
    )
