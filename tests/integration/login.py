"""A device that has signed in at the repository's CIC server: its client is known there by the login."""

from typing import Any

from homeassistant.core import HomeAssistant

from custom_components.clova_cic.authorization import async_authenticator
from custom_components.clova_cic.cic.auth import Tokens
from custom_components.clova_cic.tokens import TokenKeeper, async_keeper

from .service import CicService


def login_data(cic: CicService) -> dict[str, Any]:
    """Return what a signed-in entry's data has in place of a pasted token."""
    return {
        "access_token": None,
        "auth_address": cic.server.auth_address,
        "client_id": cic.server.client_id,
        "client_secret": cic.server.client_secret,
        "model_id": "model",
        "login": cic.client,
    }


async def issue(hass: HomeAssistant, cic: CicService) -> Tokens:
    """Sign in, and return the tokens."""
    data = login_data(cic) | {"ca_certificate": cic.ca_certificate}
    authenticator = await async_authenticator(hass, data)
    given = await authenticator.authorize(cic.server.account_token)
    return await authenticator.exchange(given.code)


async def sign_in(hass: HomeAssistant, cic: CicService) -> dict[str, Any]:
    """Sign in and have the tokens kept; return what an entry's data then has."""
    await keeper_of(hass, cic).async_store(await issue(hass, cic))
    return login_data(cic)


def keeper_of(hass: HomeAssistant, cic: CicService) -> TokenKeeper:
    """Return who keeps the tokens of this client."""
    return async_keeper(hass, login_data(cic) | {"ca_certificate": cic.ca_certificate})


async def refreshes(cic: CicService) -> list[int]:
    """Return the statuses with which this client's refreshes were answered."""
    return [one["status"] for one in await cic.log("token") if one["grant_type"] == "refresh_token"]


async def revoke(cic: CicService, kind: str = "access") -> None:
    """Have the server take its access, its refresh or all tokens of this client for ended."""
    told = await cic.control("POST", "tokens", {"client": cic.client, "revoke": kind})
    assert told["logins"] == 1
