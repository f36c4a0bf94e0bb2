"""Speech that CIC pushes, announced on one media player."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
import logging
from typing import Final

from homeassistant.components.media_player.const import (
    ATTR_MEDIA_ANNOUNCE,
    ATTR_MEDIA_CONTENT_ID,
    ATTR_MEDIA_CONTENT_TYPE,
    DOMAIN as MEDIA_PLAYER_DOMAIN,
    SERVICE_PLAY_MEDIA,
    MediaType,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.network import NoURLAvailableError, get_url

from ..cic import Attachment, CicError
from ..cic.errors import LimitExceededError
from ..cic.interfaces.speech_synthesizer import Speak
from ..const import CONF_MEDIA_PLAYER, DOMAIN
from ..failures import as_home_assistant_error
from .speech import pause_before
from .view import CLIPS, LIFETIME, MOST_CLIPS, Clip, async_signed_path

_LOGGER = logging.getLogger(__name__)

# As many as a downchannel keeps unread sounds.
MOST_AT_ONCE: Final = 10


class Announcer:
    """Announces speech on the media player of an entry's options."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, events: Counter[str]) -> None:
        """Count in events what was announced and what was not."""
        self._hass = hass
        self._entry = entry
        self._events = events
        self._tasks: set[asyncio.Task[None]] = set()
        self._tokens: deque[str] = deque(maxlen=MOST_CLIPS)

    @callback
    def announce(self, speak: Speak, attachment: Callable[[str], Attachment]) -> None:
        """Announce one speech in the background; what goes wrong is one line in the log."""
        sound = None if speak.content_id is None else attachment(speak.content_id)
        player = self._entry.options.get(CONF_MEDIA_PLAYER)
        if player is None or len(self._tasks) >= MOST_AT_ONCE:
            self._events["speech_not_announced"] += 1
            _LOGGER.debug("Not announcing speech: no media player is chosen, or too much at once")
            if sound is not None:
                sound.discard()
            return
        task = self._entry.async_create_background_task(
            self._hass, self._announce(player, speak, sound), f"{DOMAIN} announcement"
        )
        if not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @callback
    def close(self) -> None:
        """Stop, and serve nothing any more."""
        for task in self._tasks:
            task.cancel()
        for token in self._tokens:
            self._hass.data[CLIPS].remove(token)

    async def _announce(self, player: str, speak: Speak, sound: Attachment | None) -> None:
        try:
            await asyncio.sleep(pause_before(speak))
            if sound is None:
                await self._play(player, speak.url, speak.content_type)
            else:
                await self._play_attachment(player, sound)
        except CicError as err:
            self._failed(as_home_assistant_error(err))
        except HomeAssistantError as err:
            self._failed(err)
        else:
            self._events["speech_announced"] += 1
        finally:
            if sound is not None:
                sound.discard()

    def _failed(self, reason: HomeAssistantError) -> None:
        self._events["speech_failed"] += 1
        _LOGGER.warning("Speech was not announced, or not to its end: %s", reason)

    async def _play_attachment(self, player: str, sound: Attachment) -> None:
        """Let a player fetch sound while it arrives, once its first bytes are here."""
        first = await anext(sound, b"")
        clips = self._hass.data[CLIPS]
        clip = clips.add()
        self._tokens.append(clip.token)
        try:
            await self._play(player, self._url(clip), None)
            clip.feed(first)
            async with asyncio.timeout(LIFETIME):
                async for chunk in sound:
                    if not clip.feed(chunk):
                        raise LimitExceededError("the speech is too long")
            clip.end()
        except TimeoutError as err:
            raise as_home_assistant_error(err) from err
        finally:
            clip.end(broken=True)

    def _url(self, clip: Clip) -> str:
        try:
            return get_url(self._hass) + async_signed_path(self._hass, clip)
        except NoURLAvailableError as err:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_url") from err

    async def _play(self, player: str, url: str, content_type: str | None) -> None:
        state = self._hass.states.get(player)
        if state is None or state.state == STATE_UNAVAILABLE:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="no_player",
                translation_placeholders={"player": player},
            )
        await self._hass.services.async_call(
            MEDIA_PLAYER_DOMAIN,
            SERVICE_PLAY_MEDIA,
            {
                ATTR_ENTITY_ID: player,
                ATTR_MEDIA_CONTENT_ID: url,
                ATTR_MEDIA_CONTENT_TYPE: content_type or MediaType.MUSIC,
                ATTR_MEDIA_ANNOUNCE: True,
            },
        )
