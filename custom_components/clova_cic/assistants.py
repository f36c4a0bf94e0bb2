"""The Assist pipelines an entry takes part in; and one kind that cannot do what its user wants."""

from typing import Final

from homeassistant.components.assist_pipeline import (
    Pipeline,
    async_get_pipelines,
    async_update_pipeline,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .cic import Dialog, Mark
from .issues import async_clear_issue, async_raise_issue

PIPELINE_MIXED: Final = "pipeline_mixed"
# Who says nothing has no text either. A service that keeps its texts has none for anything, again and again.
ENOUGH: Final = 3


@callback
def async_engines(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, str]:
    """Return the entry's entity ids by platform."""
    return {
        entity.domain: entity.entity_id
        for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    }


@callback
def async_pipelines_of(hass: HomeAssistant, entry: ConfigEntry) -> list[Pipeline]:
    """Return the pipelines in which one of the entry's engines is."""
    ours = set(async_engines(hass, entry).values())
    return [
        pipeline
        for pipeline in async_get_pipelines(hass)
        if ours & {pipeline.stt_engine, pipeline.conversation_engine, pipeline.tts_engine}
    ]


@callback
def async_mixed(hass: HomeAssistant, entry: ConfigEntry) -> list[Pipeline]:
    """Return the pipelines that hear and answer by the entry, but have Home Assistant try first."""
    engines = async_engines(hass, entry)
    return [
        pipeline
        for pipeline in async_pipelines_of(hass, entry)
        if pipeline.prefer_local_intents
        and pipeline.stt_engine == engines.get(Platform.STT)
        and pipeline.conversation_engine == engines.get(Platform.CONVERSATION)
    ]


async def async_separate(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Have the service answer alone in such pipelines."""
    for pipeline in async_mixed(hass, entry):
        await async_update_pipeline(hass, pipeline, prefer_local_intents=False)


class Transcripts:
    """Watches whether the service tells what it has heard before it acts on it.

    Where it does not, Home Assistant has nothing to try first: the user is told, if a
    pipeline is set to that.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Know of nothing heard yet."""
        self._hass = hass
        self._entry = entry
        self._without = 0

    @callback
    def heard(self, dialog: Dialog) -> None:
        """Learn what came with the end of a command's capture; one the service has not ended tells nothing."""
        if Mark.STOP_CAPTURE not in dialog.marks:
            return
        self._without = self._without + 1 if dialog.recognized_text is None else 0
        mixed = async_mixed(self._hass, self._entry) if self._without >= ENOUGH else []
        if mixed:
            names = {"pipelines": ", ".join(pipeline.name for pipeline in mixed)}
            async_raise_issue(
                self._hass, self._entry, PIPELINE_MIXED, fixable=True, placeholders=names
            )
        elif self._without == 0 or self._without >= ENOUGH:
            async_clear_issue(self._hass, self._entry, PIPELINE_MIXED)
