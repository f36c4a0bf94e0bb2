"""An entry's settings: as a form has them, as they are stored, as the library takes them."""

from collections.abc import Mapping
import re
import ssl
from typing import Any, Final

from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_ADDRESS,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_LANGUAGE,
    CONF_MODEL_ID,
)
from yarl import URL

from .cic import DEFAULT_USER_AGENT, Endpoint, Identity, is_valid_user_agent
from .const import (
    CONF_AUTH_ADDRESS,
    CONF_CA_CERTIFICATE,
    CONF_DEVICE_UUID,
    CONF_LOGIN,
    CONF_SHARES_LOGIN,
    CONF_USER_AGENT,
    DEFAULT_ADDRESS,
    DEFAULT_AUTH_ADDRESS,
)

ADVANCED: Final = "advanced"
# What a header can carry; tokens hold no more than this (RFC 6750, 2.1).
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


def is_signed_in(data: Mapping[str, Any]) -> bool:
    """Whether an entry's token is one of a sign-in, and can be renewed; else it was pasted."""
    return CONF_LOGIN in data


def entry_data(user_input: Mapping[str, Any], token: str = "") -> dict[str, Any]:
    """Return a form's connection settings as they are stored; token is for a field left empty."""
    model_id = user_input.get(ADVANCED, {}).get(CONF_MODEL_ID, "").strip()
    token = user_input.get(CONF_ACCESS_TOKEN, "").strip() or token
    return _filled(_common(user_input) | {CONF_ACCESS_TOKEN: token, CONF_MODEL_ID: model_id})


def sign_in_data(user_input: Mapping[str, Any], login: str, secret: str = "") -> dict[str, Any]:
    """Return a sign-in form's settings as they are stored; secret is for a field left empty."""
    return _filled(
        _common(user_input)
        | {
            CONF_LOGIN: login,
            CONF_AUTH_ADDRESS: user_input.get(CONF_AUTH_ADDRESS, "").strip(),
            CONF_CLIENT_ID: user_input[CONF_CLIENT_ID].strip(),
            CONF_CLIENT_SECRET: user_input.get(CONF_CLIENT_SECRET, "").strip() or secret,
            CONF_MODEL_ID: user_input[CONF_MODEL_ID].strip(),
        }
    )


def _common(user_input: Mapping[str, Any]) -> dict[str, str]:
    user_agent = user_input.get(ADVANCED, {}).get(CONF_USER_AGENT, "").strip()
    return {
        CONF_ADDRESS: user_input[CONF_ADDRESS].strip(),
        CONF_LANGUAGE: user_input[CONF_LANGUAGE],
        CONF_USER_AGENT: user_agent or DEFAULT_USER_AGENT,
        CONF_CA_CERTIFICATE: user_input.get(CONF_CA_CERTIFICATE, "").strip(),
    }


def _filled(data: dict[str, str]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value}


def form_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored settings as a form's values; secrets stay where they are."""
    advanced = {key: data[key] for key in (CONF_USER_AGENT, CONF_MODEL_ID) if key in data}
    plain = [CONF_ADDRESS, CONF_LANGUAGE, CONF_CA_CERTIFICATE, CONF_CLIENT_ID, CONF_MODEL_ID]
    if is_signed_in(data) and data[CONF_AUTH_ADDRESS] != _auth_address(data[CONF_ADDRESS]):
        plain.append(CONF_AUTH_ADDRESS)
    return {key: data[key] for key in plain if key in data} | {ADVANCED: advanced}


def check_form(data: dict[str, Any]) -> dict[str, str]:
    """Return a form's errors that show without a connection; addresses become normal."""
    errors = {}
    try:
        data[CONF_ADDRESS] = _normal_address(data.get(CONF_ADDRESS, ""))
    except ValueError:
        errors[CONF_ADDRESS] = "invalid_address"
    if is_signed_in(data):
        errors |= _check_sign_in(data)
    elif not _TOKEN.fullmatch(data.get(CONF_ACCESS_TOKEN, "")):
        errors[CONF_ACCESS_TOKEN] = "invalid_token"
    if not is_valid_user_agent(data.get(CONF_USER_AGENT, DEFAULT_USER_AGENT)):
        errors["base"] = "invalid_user_agent"
    return errors


def _check_sign_in(data: dict[str, Any]) -> dict[str, str]:
    needed = (CONF_CLIENT_ID, CONF_CLIENT_SECRET, CONF_MODEL_ID)
    errors = {key: "missing" for key in needed if key not in data}
    given = data.get(CONF_AUTH_ADDRESS)
    try:
        data[CONF_AUTH_ADDRESS] = _normal_address(given or _auth_address(data[CONF_ADDRESS]))
    except KeyError, ValueError:
        if given:  # else the error is beside the other address
            errors[CONF_AUTH_ADDRESS] = "invalid_address"
    return errors


def _auth_address(address: str) -> str:
    """Return where a user signs in for a server that says nothing else about it."""
    return DEFAULT_AUTH_ADDRESS if address == DEFAULT_ADDRESS else address


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
