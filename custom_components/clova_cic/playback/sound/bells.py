"""The sounds the client has itself: one for each kind of alert, and one for notifications."""

from enum import StrEnum
from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ...const import DOMAIN

_FOLDER: Final = Path(__file__).parents[2] / "sounds"
_SCHEME: Final = "clova://"


class Bell(StrEnum):
    """Which there are; script/sounds makes them. Each ends in silence, and can be repeated."""

    ALARM = "alarm"
    TIMER = "timer"
    REMINDER = "reminder"
    ACTIONTIMER = "actiontimer"
    NOTIFICATION = "notification"

    @classmethod
    def at(cls, address: str, usual: Bell) -> Bell:
        """Return what a clova: address names; the usual one, where nobody knows it.

        Known are clova://alert/bell/{type} and clova://notifier/sound/default.
        """
        match address.lower().removeprefix(_SCHEME).split("/"):
            case ["alert", "bell", name] if name in cls:
                return cls(name)
            case ["notifier", "sound", "default"]:
                return cls.NOTIFICATION
        return usual


type Bells = dict[Bell, bytes]

BELLS: Final[HassKey[Bells]] = HassKey(f"{DOMAIN}.bells")


async def async_setup_bells(hass: HomeAssistant) -> None:
    """Read the sounds, once, beside the event loop."""
    hass.data[BELLS] = await hass.async_add_executor_job(_read)


@callback
def async_bell(hass: HomeAssistant, bell: Bell) -> bytes:
    """Return a sound as MP3: 24 kHz, mono, frames and nothing else."""
    return hass.data[BELLS][bell]


def _read() -> Bells:
    return {bell: (_FOLDER / f"{bell}.mp3").read_bytes() for bell in Bell}
