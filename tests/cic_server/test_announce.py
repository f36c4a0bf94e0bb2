"""What a service tells the network: where it is, and which authority to trust."""

import hashlib
from pathlib import Path
import ssl
import subprocess
import sys
import urllib.request

import pytest
from zeroconf.asyncio import AsyncZeroconf

from cic_server.announce import SERVICE_TYPE, announced, reachable_addresses, service_info
from tests.child import ROOT
from tests.cic_server.server import RunningServer

FINGERPRINT = "ab" * 32


def test_the_authority_is_to_be_had_and_compared(
    cic_server: RunningServer, socket_enabled: None
) -> None:
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    with urllib.request.urlopen(f"{cic_server.address}/ca.pem", context=unverified) as answer:
        pem = answer.read().decode()
    assert pem == Path(cic_server.ca_file).read_text()
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    assert digest == cic_server.ca_sha256


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "a.name", "fe80::1"])
def test_what_only_this_machine_reaches(host: str) -> None:
    assert reachable_addresses(host) == []


def test_what_others_reach() -> None:
    assert reachable_addresses("192.0.2.7") == ["192.0.2.7"]
    everywhere = reachable_addresses("0.0.0.0")
    assert not [address for address in everywhere if ":" in address or address.startswith("127.")]
    assert set(everywhere) <= set(reachable_addresses("::"))


def test_what_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "한" * 30 + ".example")
    info = service_info(["192.0.2.7", "fd00::7"], 8443, FINGERPRINT)
    assert info.type == SERVICE_TYPE
    assert (info.port, info.parsed_addresses()) == (8443, ["192.0.2.7", "fd00::7"])
    told = info.decoded_properties
    assert told == {"ca_sha256": FINGERPRINT, "name": told["name"], "auth": "1"}
    assert told["name"] == "CIC server on " + "한" * 13
    assert info.name == f"{told['name']}.{SERVICE_TYPE}"


async def test_on_loopback_it_says_that_nobody_is_told() -> None:
    async with announced([], 1, FINGERPRINT) as said:
        assert said.startswith("no: ")


async def test_an_address_that_is_not_ours_is_no_reason_to_end(
    socket_enabled: None, caplog: pytest.LogCaptureFixture
) -> None:
    async with announced(["203.0.113.9"], 1, FINGERPRINT) as said:
        assert said.startswith("no: ")
    assert "not announced" in caplog.text


async def test_it_is_found_on_the_network(socket_enabled: None) -> None:
    # a process of its own: Home Assistant's fixtures make up addresses in this one
    code = "from cic_server.announce import *; print(*reachable_addresses('0.0.0.0'))"
    told = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    addresses = told.split()[:1]
    if not addresses:
        pytest.skip("this machine has no network")
    async with announced(addresses, 8443, FINGERPRINT) as said:
        assert said.endswith(f"({addresses[0]})")
        browser = AsyncZeroconf(interfaces=addresses)
        name = f"{said.rpartition(' (')[0]}.{SERVICE_TYPE}"
        found = await browser.async_get_service_info(SERVICE_TYPE, name, 3000)
        await browser.async_close()
    assert found is not None
    assert (found.port, found.parsed_addresses()) == (8443, addresses)
    assert found.decoded_properties["ca_sha256"] == FINGERPRINT
