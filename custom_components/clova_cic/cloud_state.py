"""What CIC sets here and holds to until it says otherwise: the indicator, settings, an extension."""

from collections.abc import Mapping
import logging
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from .cic.errors import MessageError
from .cic.interfaces.fields import LARGEST_ECHO, truth
from .cic.interfaces.settings import MOST_SETTINGS, Report, Update, UpdateVersionSpec, VoiceType
from .cic.messages import Payload
from .const import DOMAIN
from .reports import Reports

_LOGGER = logging.getLogger(__name__)

VERSION: Final = 1
# Changes come in bursts; a kill within that time loses the last, in seconds.
SAVE_DELAY: Final = 1.0
# The key of the one setting whose values are offered (UpdateVersionSpec, voiceType).
VOICE: Final = "VoiceTypeChange"


class CloudState:
    """The state of one entry, kept across a restart but for the extension: that is a conversation's."""

    def __init__(self, hass: HomeAssistant, entry_id: str, reports: Reports) -> None:
        """Know of nothing."""
        self._store = _store(hass, entry_id)
        self._reports = reports
        self._listeners: list[CALLBACK_TYPE] = []
        self._closing = False
        self._spec: Payload = {}
        self.indicated = False
        """Whether there are notifications nobody has heard."""
        self.new = False
        """Whether the last of them was another one."""
        self.extension: str | None = None
        """The extension the user is with."""
        self.configuration: dict[str, str] = {}
        """The settings there are, the ones changed last behind."""
        self.voice_type: VoiceType | None = None
        """The voices to choose from."""

    @property
    def voice(self) -> str | None:
        """The key of the voice that is set."""
        default = None if self.voice_type is None else self.voice_type.default
        return self.configuration.get(VOICE, default)

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call back when anything changes; return how to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def indicate(self, *, on: bool, new: bool = False) -> None:
        """Show that there is something new, or that there is nothing."""
        self.indicated, self.new = on, on and new
        self._changed()

    @callback
    def enter(self, extension: str | None) -> None:
        """Be with an extension, or with none; the next one takes the place of the last."""
        self.extension = extension
        self._changed()

    @callback
    def offer(self, spec: UpdateVersionSpec) -> None:
        """Take what can be set."""
        self._spec, self.voice_type = spec.spec, spec.voice_type
        self._changed()

    @callback
    def set(self, changes: Mapping[str, str]) -> None:
        """Set these, known here or not, and report all there are (Settings.Report)."""
        self.configuration = _merged(self.configuration, changes)
        self._changed()
        self.report()

    @callback
    def report(self) -> None:
        """Tell CIC of the settings there are."""
        self._reports.send(Report(configuration=self.configuration))

    async def async_load(self) -> None:
        """Remember what was kept; what cannot be read is forgotten."""
        try:
            stored = await self._store.async_load()
        except HomeAssistantError:
            stored = None  # core has told of a file it cannot read
        if not isinstance(stored, dict):
            return
        self.indicated, self.new = truth(stored, "indicated"), truth(stored, "new")
        try:
            self.configuration = dict(Update.from_payload(stored).configuration)
            spec = UpdateVersionSpec.from_payload(stored)
        except MessageError as err:
            _LOGGER.warning("Settings are forgotten: %s", err)
        else:
            self._spec, self.voice_type = spec.spec, spec.voice_type

    async def async_close(self) -> None:
        """Store the last of it: what comes later is stored when this is called again, or not at all."""
        self._closing = True
        await self._store.async_save(self._stored())

    def _changed(self) -> None:
        if not self._closing:  # the entry may be removed before it is time
            self._store.async_delay_save(self._stored, SAVE_DELAY)
        for listener in list(self._listeners):
            listener()

    def _stored(self) -> dict[str, Any]:
        """Return it in the shape of the messages it came in."""
        return {
            "indicated": self.indicated,
            "new": self.new,
            "configuration": self.configuration,
            "spec": self._spec,
        }


async def async_forget_state(hass: HomeAssistant, entry_id: str) -> None:
    """Remember nothing of an entry that is removed."""
    await _store(hass, entry_id).async_remove()


def _store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    # settings are the account's
    return Store(hass, VERSION, f"{DOMAIN}.cloud.{entry_id}", private=True)


def _merged(settings: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Return settings with changes; the oldest are forgotten where there are too many to report."""
    merged = {key: value for key, value in settings.items() if key not in changes} | dict(changes)
    size = sum(len(key) + len(value) for key, value in merged.items())
    for key in list(merged):
        if len(merged) <= MOST_SETTINGS and size <= LARGEST_ECHO:
            break
        size -= len(key) + len(merged.pop(key))
    return merged
