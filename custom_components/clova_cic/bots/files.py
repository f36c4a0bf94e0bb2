"""Files for a bot: from disk, from media sources, from cameras. All are uploaded: a bot reaches nothing in the house."""

from collections.abc import Iterable
import mimetypes
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import aiohttp
from homeassistant.components import media_source
from homeassistant.components.media_player.browse_media import async_process_play_media_url
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.network import is_hass_url
from yarl import URL

from ..const import DOMAIN
from ..direct_line import Link, Upload
from ..direct_line.addresses import is_loopback, is_public
from ..direct_line.uploads import MOST_BYTES

_UNKNOWN: Final = "application/octet-stream"
# How long Home Assistant's own pages may take for one file, in seconds.
_PATIENCE: Final = aiohttp.ClientTimeout(total=30)
# Names only a house knows.
_OF_THE_HOUSE: Final = (".local", ".lan", ".internal", ".home", ".home.arpa", ".localdomain")


def link_to(url: str, *, bot: str) -> Link:
    """Return an attachment the bot at that address fetches by itself. Raises ServiceValidationError."""
    try:
        found, of_bot = URL(url), URL(bot)
    except ValueError:
        found = of_bot = URL()
    host = found.host or ""
    if found.scheme not in ("http", "https") or not host:
        raise _refused("bot_not_a_link", url)
    if _is_private(host) and not is_loopback(of_bot.host or ""):
        raise _refused("bot_private_link", url)
    return Link(url=url, content_type=mimetypes.guess_type(found.path)[0] or _UNKNOWN)


async def async_read_files(hass: HomeAssistant, paths: Iterable[str]) -> list[Upload]:
    """Read files the user allows to be read. Raises ServiceValidationError."""
    found = []
    for path in paths:
        if not hass.config.is_allowed_path(path):
            raise _refused("bot_file_not_allowed", path)
        found.append(await _async_read(hass, Path(path)))
    return found


async def async_read_media(
    hass: HomeAssistant, ids: Iterable[str]
) -> tuple[list[Upload], list[Link]]:
    """Return media: what Home Assistant has as files, what is elsewhere as links."""
    uploads: list[Upload] = []
    links: list[Link] = []
    for media_id in ids:
        try:
            media = await media_source.async_resolve_media(hass, media_id, None)
        except media_source.MediaSourceError as err:
            raise _refused("bot_no_such_media", media_id) from err
        if media.path is not None:
            uploads.append(await _async_read(hass, media.path, media.mime_type))
        elif media.url.startswith("/") or is_hass_url(hass, media.url):
            uploads.append(await _async_fetch(hass, media))
        else:
            links.append(Link(url=media.url, content_type=media.mime_type))
    return uploads, links


async def async_take_pictures(hass: HomeAssistant, cameras: Iterable[str]) -> list[Upload]:
    """Take a picture with each camera."""
    found = []
    for entity_id in cameras:
        if Platform.CAMERA not in hass.config.components:
            raise _refused("bot_no_picture", entity_id)
        # its libraries are there only where a camera is
        from homeassistant.components.camera import async_get_image  # noqa: PLC0415 - needs PyTurboJPEG, which only homes with a camera have

        try:
            image = await async_get_image(hass, entity_id)
        except HomeAssistantError as err:
            raise _refused("bot_no_picture", entity_id) from err
        suffix = mimetypes.guess_extension(image.content_type) or ""
        name = f"{entity_id.partition('.')[2]}{suffix}"
        found.append(Upload(name=name, content_type=image.content_type, data=image.content))
    return found


async def _async_read(hass: HomeAssistant, path: Path, content_type: str | None = None) -> Upload:
    data = await hass.async_add_executor_job(_read, path)
    kind = content_type or mimetypes.guess_type(path.name)[0] or _UNKNOWN
    return Upload(name=path.name, content_type=kind, data=data)


def _read(path: Path) -> bytes:
    """Read a file, and no more of it than a bot may get: it may be a device, or grow."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as err:
        raise _refused("bot_no_such_file", str(path)) from err
    return _bounded(data, str(path))


async def _async_fetch(hass: HomeAssistant, media: media_source.PlayMedia) -> Upload:
    """Fetch what Home Assistant itself serves, such as speech."""
    url = async_process_play_media_url(hass, media.url)
    data = b""
    try:
        async with async_get_clientsession(hass).get(url, timeout=_PATIENCE) as answer:
            answer.raise_for_status()
            async for piece in answer.content.iter_chunked(64 * 1024):
                data += piece
                _bounded(data, media.url)
    except (aiohttp.ClientError, TimeoutError) as err:
        raise _refused("bot_no_such_media", media.url.partition("?")[0]) from err
    name = unquote(URL(url).name) or "media"
    return Upload(name=name, content_type=media.mime_type, data=data)


def _bounded(data: bytes, name: str) -> bytes:
    if len(data) > MOST_BYTES:
        raise _refused("bot_file_too_large", name)
    return data


def _is_private(host: str) -> bool:
    if ":" in host or host.rpartition(".")[2].isdecimal():
        return not is_public(host)
    return "." not in host or host.endswith(_OF_THE_HOUSE)


def _refused(key: str, name: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders={"name": name}
    )
