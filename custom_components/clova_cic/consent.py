"""Where a page of consent leads back to: a view of ours, which wakes the flow that waits for it.

The page is the authorization server's (451 of /authorize); it is told our address and a state,
and leads the user's browser to that address with the state and a code or an error.
"""

from html import escape
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from aiohttp import web
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.config_entry_oauth2_flow import HEADER_FRONTEND_BASE
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView, current_request
from homeassistant.helpers.network import get_url
from homeassistant.util.hass_dict import HassKey

from .cic.auth import MOST_CHARACTERS
from .const import DOMAIN
from .failures import Phrase, phrase

# Each is a person at a browser; of more, the oldest are forgotten.
MOST_WAITING: Final = 20

_WAITING: Final[HassKey[dict[str, str]]] = HassKey(f"{DOMAIN}.consent")


class ConsentView(HomeAssistantView):
    """Takes what the page has to say: no login, but a state that is known, and known once."""

    url = f"/api/{DOMAIN}/consent"
    name = f"api:{DOMAIN}:consent"
    requires_auth = False

    async def get(self, request: web.Request) -> web.Response:
        """Wake the flow a state belongs to; query: state, code, error."""
        hass = request.app[KEY_HASS]
        flow_id = hass.data[_WAITING].pop(request.query.get("state", ""), None)
        if flow_id is None:
            return await _page(hass, Phrase.CONSENT_UNKNOWN, HTTPStatus.BAD_REQUEST)
        told = {
            key: request.query[key][:MOST_CHARACTERS]
            for key in ("code", "error")
            if key in request.query
        }
        await hass.config_entries.flow.async_configure(flow_id, told)
        return await _page(hass, Phrase.CONSENT_HEARD, HTTPStatus.OK)


async def _page(hass: HomeAssistant, text: Phrase, status: HTTPStatus) -> web.Response:
    """Return a page with a sentence, which closes by itself where the browser lets it."""
    language = hass.config.language
    closing = "<script>window.close()</script>" if status is HTTPStatus.OK else ""
    return web.Response(
        text=f'<!doctype html><html lang="{escape(language)}"><meta charset="utf-8">'
        f"<title>Home Assistant</title><p>{escape(await phrase(hass, language, text))}</p>{closing}",
        content_type="text/html",
        status=status,
        # the address holds a code
        headers={"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"},
    )


@callback
def async_setup_consent(hass: HomeAssistant) -> None:
    """Register the view, once: a flow may need it before there is any entry."""
    if _WAITING not in hass.data:
        hass.data[_WAITING] = {}
        hass.http.register_view(ConsentView)


@callback
def async_expect(hass: HomeAssistant, flow_id: str) -> tuple[str, str]:
    """Return the address the page is to lead back to, and the state by which a flow is known there.

    The address is the one the user's browser has for Home Assistant. Raises NoURLAvailableError.
    """
    request = current_request.get()
    base = None if request is None else request.headers.get(HEADER_FRONTEND_BASE)
    address = f"{base or get_url(hass)}{ConsentView.url}"
    async_setup_consent(hass)
    async_forget(hass, flow_id)
    waiting = hass.data[_WAITING]
    while len(waiting) >= MOST_WAITING:
        del waiting[next(iter(waiting))]
    state = uuid4().hex
    waiting[state] = flow_id
    return address, state


@callback
def async_forget(hass: HomeAssistant, flow_id: str) -> None:
    """Expect nothing more for a flow."""
    waiting = hass.data.get(_WAITING, {})
    for state in [state for state, waits in waiting.items() if waits == flow_id]:
        del waiting[state]
