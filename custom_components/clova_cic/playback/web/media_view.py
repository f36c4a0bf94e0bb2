"""Music of the web, served to players who must not or cannot fetch it themselves.

What is served has an unguessable name and a signature; the service that has it is asked with
the User-Agent of CIC and nothing else of ours, and only where `addresses.py` allows.
"""

from datetime import timedelta
from http import HTTPStatus
import secrets
from typing import Final

from aiohttp import web
from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.http import HomeAssistantView
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util.hass_dict import HassKey

from ...cic import DEFAULT_USER_AGENT
from ...const import DOMAIN
from .addresses import BadAddressError, web_address
from .fetch import Fetcher
from .kinds import MP3, extension, type_of
from .links import ROOT, Links
from .relay import refusal
from .served import Served

# What plays and what comes next, on all outputs of a large house.
MOST_SERVED: Final = 32
# A radio station plays for days at one address; what is closed is not served, signed or not.
SIGNED: Final = timedelta(days=7)

_PATH: Final = f"/api/{DOMAIN}/media"


class MediaProxy:
    """The sounds that can be fetched now, of all entries."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with none."""
        self._hass = hass
        self._served: dict[str, Served] = {}

    @callback
    def open(
        self,
        url: str,
        content_type: str | None,
        *,
        begin: float = 0.0,
        convert: bool = False,
        user_agent: str = DEFAULT_USER_AGENT,
    ) -> Served:
        """Serve what lies at an address, until it is closed or nobody has asked for a day.

        With begin, in seconds, or convert it becomes one MP3 stream without length or ranges:
        for players that cannot seek, or play no HLS. Nothing is fetched before a player asks.
        Raises HomeAssistantError where Home Assistant has no address of its own, or for an
        address that is none of the web.
        """
        try:
            address = web_address(url)
            fetcher = Fetcher(self._hass, url, user_agent)
            base = get_url(self._hass)
        except BadAddressError as err:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="bad_url") from err
        except NoURLAvailableError as err:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_url") from err
        convert |= begin > 0
        end = MP3 if convert else extension(address, content_type) or MP3
        token = secrets.token_urlsafe(24)
        links = Links(str(address), lambda number, end: self._signed(token, number, end))
        served = Served(
            self._hass,
            fetcher,
            links,
            base + self._signed(token, ROOT, end),
            type_of(end),
            lambda: self._remove(token),
        )
        if convert:
            served.convert(begin)
        self._make_room()
        self._served[token] = served
        return served

    @callback
    def get(self, token: str) -> Served | None:
        """Return the sound of that token while it is served, as the last one used."""
        if (served := self._served.pop(token, None)) is not None:
            self._served[token] = served
        return served

    def _make_room(self) -> None:
        """Close what was used longest ago, rather what nobody fetches now."""
        while len(self._served) >= MOST_SERVED:
            idle = (one for one in self._served.values() if not one.busy)
            next(idle, next(iter(self._served.values()))).close()

    def _remove(self, token: str) -> None:
        self._served.pop(token, None)

    def _signed(self, token: str, number: int, end: str) -> str:
        """Return a path that can be fetched without a login, for the content user (`view.py`)."""
        path = f"{_PATH}/{token}/{number}.{end}"
        return async_sign_path(self._hass, path, SIGNED, use_content_user=True)


MEDIA_PROXY: HassKey[MediaProxy] = HassKey(f"{DOMAIN}.media_proxy")


@callback
def async_setup_media_view(hass: HomeAssistant) -> None:
    """Register the view, once."""
    hass.data[MEDIA_PROXY] = MediaProxy(hass)
    hass.http.register_view(MediaView(hass.data[MEDIA_PROXY]))


class MediaView(HomeAssistantView):
    """Serves sounds, and what their playlists name, to whoever has a signed path."""

    url = _PATH + r"/{token}/{number:\d{1,9}}.{end}"
    name = f"api:{DOMAIN}:media"
    # Players that are web pages (Chromecast) fetch playlists and their parts by script.
    cors_allowed = True

    def __init__(self, proxy: MediaProxy) -> None:
        """Serve these."""
        self._proxy = proxy

    async def get(
        self, request: web.Request, token: str, number: str, end: str
    ) -> web.StreamResponse:
        """Send a sound, a part of it, or what the playlist says."""
        if (served := self._proxy.get(token)) is None:
            return refusal(HTTPStatus.NOT_FOUND, "This sound is not served any more")
        return await served.answer(request, int(number))

    head = get
