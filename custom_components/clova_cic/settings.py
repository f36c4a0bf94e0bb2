"""An entry's settings: as a form has them, as they are stored, as the library takes them."""

from collections.abc import Mapping
import re
import ssl
from typing import Any, Final

from homeassistant.const import CONF_ACCESS_TOKEN, CONF_ADDRESS, CONF_LANGUAGE, CONF_MODEL_ID
from yarl import URL

from .cic import DEFAULT_USER_AGENT, Endpoint, Identity, is_valid_user_agent
from .const import CONF_CA_CERTIFICATE, CONF_DEVICE_UUID, CONF_SHARES_LOGIN, CONF_USER_AGENT

ADVANCED: Final = "advanced"
# What a header can carry; tokens hold no more than this (RFC 6750, 2.1).
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


def entry_data(user_input: Mapping[str, Any], token: str = "") -> dict[str, Any]:
    """Return a form's connection settings as they are stored; token is for a field left empty."""
    advanced = user_input.get(ADVANCED, {})
    data = {
        CONF_ADDRESS: user_input[CONF_ADDRESS].strip(),
        CONF_ACCESS_TOKEN: user_input.get(CONF_ACCESS_TOKEN, "").strip() or token,
        CONF_LANGUAGE: user_input[CONF_LANGUAGE],
        CONF_USER_AGENT: advanced.get(CONF_USER_AGENT, "").strip() or DEFAULT_USER_AGENT,
        CONF_CA_CERTIFICATE: user_input.get(CONF_CA_CERTIFICATE, "").strip(),
        CONF_MODEL_ID: advanced.get(CONF_MODEL_ID, "").strip(),
    }
    return {key: value for key, value in data.items() if value}


def form_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored settings as a form's values; the token stays where it is."""
    advanced = {key: data[key] for key in (CONF_USER_AGENT, CONF_MODEL_ID) if key in data}
    plain = (CONF_ADDRESS, CONF_LANGUAGE, CONF_CA_CERTIFICATE)
    return {key: data[key] for key in plain if key in data} | {ADVANCED: advanced}


def check_form(data: dict[str, Any]) -> dict[str, str]:
    """Return a form's errors that show without a connection; the address becomes normal."""
    errors = {}
    try:
        data[CONF_ADDRESS] = _normal_address(data.get(CONF_ADDRESS, ""))
    except ValueError:
        errors[CONF_ADDRESS] = "invalid_address"
    if not _TOKEN.fullmatch(data.get(CONF_ACCESS_TOKEN, "")):
        errors[CONF_ACCESS_TOKEN] = "invalid_token"
    if not is_valid_user_agent(data.get(CONF_USER_AGENT, DEFAULT_USER_AGENT)):
        errors["base"] = "invalid_user_agent"
    return errors


def _normal_address(address: str) -> str:
    """Return an address as https://host[:port]; ValueError when it is none of CIC."""
    url = URL(address if "://" in address else f"https://{address}")
    extra = url.user or url.password or url.query_string or url.fragment
    if url.scheme != "https" or not url.raw_host or extra or url.path not in ("", "/"):
        raise ValueError("not the address of a server")
    return f"https://{url.host_port_subcomponent}"


def unique_id(data: Mapping[str, Any]) -> str:
    """Return an entry's identity: the server and this device, whatever token it has."""
    url = URL(data[CONF_ADDRESS])
    return f"{url.host_subcomponent}:{url.port}/{data[CONF_DEVICE_UUID]}"


def endpoint(address: str, ssl_context: ssl.SSLContext) -> Endpoint:
    """Return where an address of an entry's data leads."""
    url = URL(address)
    return Endpoint(host=url.raw_host or "", port=url.port or 443, ssl_context=ssl_context)


def user_agent(data: Mapping[str, Any]) -> str:
    """Return what the client calls itself, to CIC and to those CIC names."""
    agent: str = data.get(CONF_USER_AGENT, DEFAULT_USER_AGENT)
    return agent


def identity(data: Mapping[str, Any], token: str) -> Identity:
    """Return who an entry's data says the client is, while it has that access token."""
    return Identity(
        access_token=token,
        user_agent=user_agent(data),
        device_tags=(data[CONF_DEVICE_UUID],) if data.get(CONF_SHARES_LOGIN) else (),
    )
