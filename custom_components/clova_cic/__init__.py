"""CLOVA CIC: a voice cloud that speaks CIC, as a citizen of Assist."""

from functools import partial
from typing import Final

from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .actions import async_setup_actions
from .alert_actions import async_setup_alert_actions
from .alerts.kept import async_forget_alerts
from .bots.actions import async_setup_bot_actions
from .bots.entry import is_bot_entry
from .bots.set_up import BOT_PLATFORMS, async_set_up_bot
from .cloud_state import async_forget_state
from .connection_issues import async_clear_connection_issues
from .consent import async_setup_consent
from .const import CONF_CA_CERTIFICATE, DOMAIN
from .coordinator import CicConfigEntry, CicCoordinator
from .issues import async_clear_issues
from .logins import async_ask_again, async_forget_login
from .pipelines import async_create_pipeline
from .playback.alerts.assets import async_forget_assets
from .playback.alerts.stream import async_setup_ring_view
from .playback.attention import ATTENTION, Attention
from .playback.ducking import async_ducking
from .playback.music.kept import async_forget_player
from .playback.output.gone import async_watch_outputs
from .playback.output.output import async_output
from .playback.sound.bells import async_setup_bells
from .playback.speech.view import async_setup_view
from .playback.web.media_view import async_setup_media_view
from .services import async_setup_services
from .tls import InvalidCaError, async_client_context
from .tokens import async_access
from .turns import Turns
from .updates import async_follow

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS: Final = (
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.CONVERSATION,
    Platform.EVENT,
    Platform.MEDIA_PLAYER,
    Platform.NOTIFY,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.STT,
    Platform.TTS,
)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register what all entries share."""
    async_setup_media_view(hass)
    async_setup_view(hass)
    async_setup_ring_view(hass)
    async_setup_consent(hass)
    await async_setup_bells(hass)
    async_setup_services(hass)
    async_setup_alert_actions(hass)
    async_setup_actions(hass)
    async_setup_bot_actions(hass)
    ducking = async_ducking(hass)
    await ducking.async_load(partial(async_output, hass))
    hass.data[ATTENTION] = Attention(hass, lambda: ducking.outputs)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: CicConfigEntry) -> bool:
    """Set up an entry by its kind: connect it, then add its entities.

    Raises ConfigEntryAuthFailed, ConfigEntryNotReady, or ConfigEntryError for a
    certificate that cannot be read.
    """
    if is_bot_entry(entry):
        await async_set_up_bot(hass, entry)
        await hass.config_entries.async_forward_entry_setups(entry, BOT_PLATFORMS)
        return True
    try:
        context = await async_client_context(hass, entry.data.get(CONF_CA_CERTIFICATE))
    except InvalidCaError:
        context = None
    access = await async_access(hass, entry.data)
    coordinator = CicCoordinator(hass, entry, context, access)
    await coordinator.async_start()
    entry.async_on_unload(hass.data[ATTENTION].async_add(coordinator.outputs))
    coordinator.turns = Turns(hass, entry, coordinator)
    entry.async_on_unload(coordinator.turns.async_shutdown)
    entry.runtime_data = coordinator
    await coordinator.keeper.async_start()

    async def stop(_: Event) -> None:
        await coordinator.async_shutdown()

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop))
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    await async_create_pipeline(hass, entry)
    async_watch_outputs(hass, entry, coordinator.outputs)
    async_follow(hass, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: CicConfigEntry) -> bool:
    """Unload the entities; the connection follows them."""
    if is_bot_entry(entry):
        unloaded = await hass.config_entries.async_unload_platforms(entry, BOT_PLATFORMS)
        if unloaded:
            await entry.runtime_data.async_stop()
        return unloaded
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        await entry.runtime_data.async_let_go()
        async_clear_connection_issues(hass, entry)
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: CicConfigEntry) -> None:
    """Ask for nothing on behalf of an entry that is gone."""
    async_clear_issues(hass, entry)
    if is_bot_entry(entry):
        return
    await async_forget_player(hass, entry.entry_id)
    await async_forget_alerts(hass, entry.entry_id)
    await async_forget_state(hass, entry.entry_id)
    await async_forget_assets(hass, entry.entry_id)
    await async_forget_login(hass, entry)
    async_ask_again(hass, entry)
