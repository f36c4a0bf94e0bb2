"""The sounds at addresses that alerts of one entry ring with, kept on this machine.

They are fetched when an alert is set, so that it rings with them after a restart and
without the cloud. They are files in Home Assistant's storage folder, which is private, part
of backups and served to nobody; their names tell nothing of their addresses.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from hashlib import sha256
import logging
from pathlib import Path
import shutil
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util.file import write_utf8_file_atomic

from ...cic.interfaces.assets import Asset
from ...const import DOMAIN
from ..sound.ahead import SoundError, Spawn
from ..sound.mp3 import frames
from ..speech.remote import RemoteSounds

_LOGGER = logging.getLogger(__name__)

# Close to three minutes of what is kept, 48 kbit/s: nobody sets an alarm with more.
LARGEST_ASSET: Final = 1024 * 1024
# Of the alerts an account may have, so many with sounds of their own: 256 MiB at the very most.
MOST_KEPT: Final = 256
# A sound that arrives more slowly than it plays is not there when it is needed, in seconds.
LONGEST_FETCH: Final = 60.0
# At once: their server is asked for many when an account is synchronised.
MOST_FETCHED: Final = 2
# While an alert rings, what could not be had is asked for again, but not more often; in seconds.
RETRY: Final = 30.0


class AssetStore:
    """Keeps what alerts refer to, and nothing else."""

    def __init__(
        self, hass: HomeAssistant, entry_id: str, remote: RemoteSounds, spawn: Spawn
    ) -> None:
        """Touch nothing yet."""
        self._hass = hass
        self._folder = _folder(hass, entry_id)
        self._remote = remote
        self._spawn = spawn
        self._wanted: dict[str, str] = {}
        # when each was asked for last, by the loop's clock
        self._tried: dict[str, float] = {}
        self._fetching: set[str] = set()
        self._may_fetch = asyncio.Semaphore(MOST_FETCHED)
        # what tidies removes what is half written
        self._files = asyncio.Lock()
        self._changed = False
        self._tidying = False

    @callback
    def keep(self, assets: Iterable[Asset]) -> None:
        """Have these, all that alerts refer to: fetch what is not here, remove what is not wanted.

        Give those first that are needed first: beyond MOST_KEPT they are passed over. Raises nothing.
        """
        addresses = dict.fromkeys(one.url for one in assets if not one.is_built_in)
        self._wanted = {_name(address): address for address in list(addresses)[:MOST_KEPT]}
        self._tried = {name: at for name, at in self._tried.items() if name in self._wanted}
        self._changed = True
        if not self._tidying:
            self._tidying = True
            self._spawn(self._tidy(), "sounds of alerts")

    async def sound(self, address: str) -> bytes | None:
        """Return a sound as MP3; None, where it is not here: then it is asked for again. Raises nothing."""
        name = _name(address)
        sound = await self._hass.async_add_executor_job(_read, self._folder / name)
        if sound is None:
            self._ask_for(name)
        return sound

    async def _tidy(self) -> None:
        try:
            while self._changed:
                self._changed = False
                async with self._files:
                    job = self._hass.async_add_executor_job
                    here = await job(_tidy, self._folder, frozenset(self._wanted))
                for name in [one for one in self._wanted if one not in here]:
                    self._ask_for(name)
        except OSError as err:
            _LOGGER.warning("Sounds of alerts cannot be kept: %s", type(err).__name__)
        finally:
            self._tidying = False

    def _ask_for(self, name: str) -> None:
        """Fetch a sound, unless that is done, or was tried a moment ago."""
        now = self._hass.loop.time()
        if name not in self._wanted or name in self._fetching:
            return
        if name in self._tried and now - self._tried[name] < RETRY:
            return
        self._tried[name] = now
        self._fetching.add(name)
        self._spawn(self._fetch(name, self._wanted[name]), "sound of an alert")

    async def _fetch(self, name: str, address: str) -> None:
        """Fetch one and keep it; what cannot be had is a line in the log."""
        try:
            async with self._may_fetch, asyncio.timeout(LONGEST_FETCH):
                sound = await _whole(self._remote.fetch_alike(address))
            async with self._files:
                if name in self._wanted:
                    await self._hass.async_add_executor_job(_write, self._folder, name, sound)
        except SoundError as err:
            _LOGGER.warning("A sound of an alert cannot be had: %s", err)
        except TimeoutError:
            _LOGGER.warning("A sound of an alert cannot be had: it takes too long")
        except (HomeAssistantError, OSError) as err:
            _LOGGER.warning("A sound of an alert cannot be kept: %s", type(err).__name__)
        finally:
            self._fetching.discard(name)


async def async_forget_assets(hass: HomeAssistant, entry_id: str) -> None:
    """Keep nothing of an entry that is removed."""
    folder = _folder(hass, entry_id)
    await hass.async_add_executor_job(lambda: shutil.rmtree(folder, ignore_errors=True))


def _folder(hass: HomeAssistant, entry_id: str) -> Path:
    return Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.sounds.{entry_id}"))


def _name(address: str) -> str:
    return f"{sha256(address.encode(errors='surrogatepass')).hexdigest()}.mp3"


async def _whole(source: AsyncGenerator[bytes]) -> bytes:
    """Return all of a sound; raises SoundError where it is too large."""
    sound = bytearray()
    async with aclosing(source):
        async for chunk in source:
            sound += chunk
            if len(sound) > LARGEST_ASSET:
                raise SoundError("it is too large")
    return bytes(sound)


# Beside the event loop


def _read(path: Path) -> bytes | None:
    """Return what a file holds; None where there is none, or no sound in it."""
    try:
        sound = path.read_bytes()
    except OSError:
        return None
    return sound if any(True for _ in frames(sound)) else None


def _write(folder: Path, name: str, sound: bytes) -> None:
    """Write the frames of a sound; raises SoundError where there are none."""
    if not (kept := b"".join(data for data, _ in frames(sound))):
        raise SoundError("there is no sound in it")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_utf8_file_atomic(str(folder / name), kept, private=True, mode="wb")


def _tidy(folder: Path, wanted: frozenset[str]) -> set[str]:
    """Remove what is not wanted, and what a kill has left half written; return what is here."""
    if not folder.is_dir():
        return set()
    here = set()
    for path in folder.iterdir():
        if path.name in wanted:
            here.add(path.name)
        else:
            path.unlink(missing_ok=True)
    if not wanted:
        shutil.rmtree(folder, ignore_errors=True)
    return here
