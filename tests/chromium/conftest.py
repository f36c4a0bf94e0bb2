"""One house and one browser for all tests; without Debian's Chromium there are none."""

from collections.abc import Iterator
import os
from pathlib import Path
import re

import pytest
import pytest_socket

from custom_components.clova_cic.const import DOMAIN
from script.demo.home_api import PASSWORD, USER

from .browser import CHROMIUM, DRIVER, Browser, chromium
from .house import House, running_house
from .pages import Pages
from .words import Words


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """Look for nothing that Home Assistant may have left behind: it is another process."""


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run Home Assistant and the CIC server."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("Debian's chromium and chromium-driver are not installed")
    # what lives longer than a test is made before the test may use sockets
    pytest_socket.enable_socket()
    pytest_socket.socket_allow_hosts(["127.0.0.1", "localhost"], allow_unix_socket=True)
    with running_house(tmp_path_factory.mktemp("house")) as running:
        yield running
        # a browser that goes to another page breaks off what it was fetching: Home Assistant tells of that
        assert not [line for line in running.home.complaints() if DOMAIN in line]


@pytest.fixture(scope="package")
def visited(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Open a browser, and log in."""
    folder = tmp_path_factory.mktemp("chromium")
    pictures = Path(os.environ.get("CHROMIUM_SCREENSHOTS") or folder / "screenshots")
    with chromium(folder / "profile", pictures) as browser:
        Pages(browser, Words("en"), house.home.url).log_in(USER, PASSWORD)
        yield browser


@pytest.fixture
def browser(visited: Browser, request: pytest.FixtureRequest) -> Browser:
    """Return the browser; its pictures bear the test's name, and the last shows where a test failed."""
    visited.begin(re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-"))
    return visited


@pytest.fixture
def pages(house: House, browser: Browser) -> Pages:
    """Yield the ways to Home Assistant's pages, in English."""
    return Pages(browser, Words("en"), house.home.url)


@pytest.fixture
def pasted(house: House) -> str:
    """Return the id of an entry of a pasted token."""
    return house.pasted()


@pytest.fixture
def signed_in(house: House) -> str:
    """Return the id of an entry that is signed in."""
    return house.signed_in()
