"""What users choose players from."""

from homeassistant.components.media_player.const import DOMAIN as MEDIA_PLAYER_DOMAIN
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import EntitySelector, EntitySelectorConfig

from .const import DOMAIN
from .playback.output.seen import look_at


@callback
def player_selector(hass: HomeAssistant) -> EntitySelector:
    """Return the choice of a media player that plays what it is told; none of ours has a sound itself."""
    own = {
        entity.entity_id
        for entity in er.async_get(hass).entities.values()
        if entity.platform == DOMAIN and entity.domain == MEDIA_PLAYER_DOMAIN
    }
    mute = {
        state.entity_id
        for state in hass.states.async_all(MEDIA_PLAYER_DOMAIN)
        if not look_at(state).can_play
    }
    return EntitySelector(
        EntitySelectorConfig(domain=MEDIA_PLAYER_DOMAIN, exclude_entities=sorted(own | mute))
    )
