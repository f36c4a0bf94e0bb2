"""Which hosts may be asked for sound."""

import pytest
from yarl import URL

from custom_components.clova_cic.playback.web.addresses import (
    BadAddressError,
    host_of,
    is_public,
    web_address,
)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.251",
        "255.255.255.255",
        "240.0.0.1",
        "192.0.2.1",
        "::",
        "::1",
        "::127.0.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "2002:c0a8:101::",
        "64:ff9b::127.0.0.1",
        "64:ff9b::c0a8:101",
        "64:ff9b:1::1",
        "2001:0:7f00:1::",
        "",
        "localhost",
    ],
)
def test_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "93.184.216.34",
        "8.8.8.8",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::",
    ],
)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://Sound.Example/a", "https://sound.example.:8443/b", True),
        ("http://127.0.0.1/a", "http://[::ffff:127.0.0.1]/a", True),
        ("http://[fd00::1]/", "http://[fd00:0::1]:80/", True),
        ("http://sound.example/", "http://user:secret@sound.example/", True),
        ("http://sound.example/", "http://sound.example@10.0.0.1/", False),
        ("http://sound.example/", "http://sub.sound.example/", False),
        ("http://127.0.0.1/", "http://localhost/", False),
        ("http://b\u00fccher.example/", "http://xn--bcher-kva.example/", True),
    ],
)
def test_same_host(one: str, other: str, same: bool) -> None:
    assert (host_of(URL(one)) == host_of(URL(other))) is same


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://sound.example/a",
        "rtsp://sound.example/a",
        "data:audio/mpeg;base64,AAAA",
        "a.mp3",
        "/a.mp3",
        "http://",
        "http:///a",
        "https://sound.example:99999/a",
        "http://[::1/a",
        "",
        "https://sound.example/" + "a" * 9000,
    ],
)
def test_no_address_of_the_web(address: str) -> None:
    with pytest.raises(BadAddressError) as raised:
        web_address(address)
    assert "sound" not in str(raised.value)
