"""The steps for a CIC server that announces itself on this network (_cic._tcp.local.).

What it announces has the SHA-256 of its authority's certificate. Anybody on the network may
announce anything, so the user sees that fingerprint, and an entry that is there follows its
server to another address only where the authority is its own.
"""

import asyncio
from collections.abc import Mapping
import hashlib
from http import HTTPStatus
import re
import ssl
from typing import Any, Final, override

from aiohttp import ClientError
from homeassistant.config_entries import SOURCE_ZEROCONF, ConfigEntryState, ConfigFlowResult
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from yarl import URL

from .const import CONF_AUTH_ADDRESS, CONF_CA_CERTIFICATE
from .coordinator import CicConfigEntry
from .flow_base import CicFlow
from .kinds import async_cic_entries
from .settings import is_signed_in
from .tokens import async_access
from .trial import async_try_connection
from .updates import async_apply

# A server of this network answers at once; who does not has no certificate to show, in seconds.
FETCH_SECONDS: Final = 10.0
# A certificate has one or two kilobytes.
MOST_BYTES: Final = 65_536
# How much of a name is shown.
MOST_NAME: Final = 64

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class DiscoverySteps(CicFlow):
    """A server is found, its authority confirmed; from there on it is as with any other."""

    def __init__(self) -> None:
        """Begin with nothing found."""
        super().__init__()
        self._fingerprint = ""

    @override
    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Look at what announces itself: known, or with the certificate it says it has."""
        told = {key.lower(): value for key, value in discovery_info.properties.items()}
        fingerprint = str(told.get("ca_sha256") or "").lower()
        if not _SHA256.fullmatch(fingerprint) or not discovery_info.port:
            return self.async_abort(reason="invalid_discovery")
        name = str(told.get("name") or discovery_info.name.partition(".")[0])[:MOST_NAME].strip()
        url = URL.build(scheme="https", host=discovery_info.host, port=discovery_info.port)
        address = f"https://{url.host_port_subcomponent}"
        await self.async_set_unique_id(f"{fingerprint}/{name}")
        self._abort_if_unique_id_configured()  # one the user wants to hear nothing of
        if known := _entries_of(self.hass, fingerprint):
            for entry in known:
                await _follow(self.hass, entry, address)
            return self.async_abort(reason="already_configured")
        try:
            certificate = await _fetch_authority(self.hass, url)
        except ValueError, ClientError, TimeoutError:
            return self.async_abort(reason="cannot_fetch_ca")
        if fingerprint not in _fingerprints(certificate):
            return self.async_abort(reason="ca_mismatch")
        self._found = {CONF_ADDRESS: address, CONF_CA_CERTIFICATE: certificate}
        self._found_name, self._fingerprint = name, fingerprint
        self.context["title_placeholders"] = {"name": name}
        return await self.async_step_discovery_confirm()

    async def async_step_discovery_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the fingerprint, as the server shows it too."""
        if user_input is not None:
            return await self.async_step_user()
        return self.async_show_form(
            step_id="discovery_confirm",
            description_placeholders={
                "name": self._found_name or "",
                "address": self._found[CONF_ADDRESS],
                "fingerprint": _grouped(self._fingerprint),
            },
        )

    @override
    async def _create(
        self, data: dict[str, Any], user_input: Mapping[str, Any], title: str | None = None
    ) -> ConfigFlowResult:
        """Add the entry; its server is discovered no longer, however it was found."""
        known = _fingerprints(data.get(CONF_CA_CERTIFICATE, ""))
        for flow in self._async_in_progress():
            found = flow["context"].get("unique_id") or ""
            if flow["context"]["source"] == SOURCE_ZEROCONF and found.partition("/")[0] in known:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
        return await super()._create(data, user_input, title)


def _grouped(fingerprint: str) -> str:
    """Return a fingerprint as people compare it: in fours."""
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))


def _fingerprints(pem: str) -> set[str]:
    """Return the SHA-256 of each certificate (DER) in a text, in hexadecimal digits."""
    found = set()
    for one in _PEM.findall(pem):
        try:
            found.add(hashlib.sha256(ssl.PEM_cert_to_DER_cert(one)).hexdigest())
        except ValueError:
            continue
    return found


async def _fetch_authority(hass: HomeAssistant, url: URL) -> str:
    """Return the certificate a server shows as its authority's, from whoever answers there.

    Raises ValueError, ClientError or TimeoutError.
    """
    session = async_get_clientsession(hass, verify_ssl=False)
    async with (
        asyncio.timeout(FETCH_SECONDS),
        session.get(url / "ca.pem", allow_redirects=False) as answer,
    ):
        content = bytearray()
        async for chunk in answer.content.iter_chunked(4096):
            content += chunk
            if len(content) > MOST_BYTES:
                break
        if answer.status != HTTPStatus.OK or len(content) > MOST_BYTES:
            raise ValueError("no certificate")
        return content.decode("ascii").strip()


@callback
def _entries_of(hass: HomeAssistant, fingerprint: str) -> list[CicConfigEntry]:
    """Return the entries that trust an authority of their own, which has this fingerprint."""
    return [
        entry
        for entry in async_cic_entries(hass)
        if fingerprint in _fingerprints(entry.data.get(CONF_CA_CERTIFICATE, ""))
    ]


async def _follow(hass: HomeAssistant, entry: CicConfigEntry, address: str) -> None:
    """Let an entry that has lost its server find it where it is now, if it is its own."""
    connected = entry.state is ConfigEntryState.LOADED and entry.runtime_data.connected
    if connected or entry.data[CONF_ADDRESS] == address:
        return  # it may know its server by a name
    data = _moved(entry.data, address)
    # anybody can announce a fingerprint; only the server has a certificate of that authority
    if not await async_try_connection(hass, data, await async_access(hass, entry.data)):
        async_apply(hass, entry, data)


def _moved(data: Mapping[str, Any], address: str) -> dict[str, Any]:
    """Return an entry's data with its server elsewhere, and what it signs in to beside it."""
    moved = {**data, CONF_ADDRESS: address}
    if is_signed_in(data) and data[CONF_AUTH_ADDRESS] == data[CONF_ADDRESS]:
        moved[CONF_AUTH_ADDRESS] = address
    return moved
