"""Home Assistant is killed as a token is renewed: nobody has to sign in again for that."""

import asyncio
from collections.abc import AsyncIterator
import json
from pathlib import Path
import time
from typing import Any

import pytest

from tests.cic_server.auth import asking
from tests.integration.login import login_data, refreshes
from tests.integration.service import CicService, until

from .home import START_TIMEOUT, MinimalHome, write_store

pytestmark = [pytest.mark.kill, pytest.mark.timeout(180)]

ASKED_TO_SIGN_IN = "could not authenticate"


class SignedIn(MinimalHome):
    """A home whose stored access token has expired."""

    def __init__(self, folder: Path, cic: CicService, compiled: Path) -> None:
        login = {key: value for key, value in login_data(cic).items() if value is not None}
        super().__init__(folder, cic, compiled, login)
        self._kept = self.storage / f"clova_cic.tokens.{cic.client}"

    def keep(self, issued: dict[str, Any]) -> None:
        """Have tokens on disk, by the clock no longer good."""
        life = float(issued["expires_in"])
        kept = {
            "access_token": issued["access_token"],
            "refresh_token": issued["refresh_token"],
            "issued_at": time.time() - life - 1,
            "lifetime": life,
        }
        write_store(self.storage, self._kept.name, 1, 1, kept)

    @property
    def kept(self) -> str:
        """The access token on disk."""
        token: str = json.loads(self._kept.read_text())["data"]["access_token"]
        return token

    async def is_killed(self, cic: CicService, hangs: str) -> None:
        """Be killed before or after the new token is on disk, and before it is used."""
        before, renewed = self.kept, len(await refreshes(cic)) + 1
        await self.begin(hangs=hangs)
        async with asyncio.timeout(START_TIMEOUT):
            while len(await refreshes(cic)) < renewed:
                await asyncio.sleep(0.02)
        if hangs == "after":
            await until(lambda: self.kept != before)
        assert not await cic.channels()
        await self.kill()
        assert (self.kept == before) is (hangs == "before")


@pytest.fixture
async def home(tmp_path: Path, cic: CicService, compiled: Path) -> AsyncIterator[SignedIn]:
    """Yield a Home Assistant that has not been started, and has signed in before."""
    home = SignedIn(tmp_path / "home", cic, compiled)
    async with asking(cic.server) as asker:
        asker.device = cic.client
        home.keep(await asker.sign_in())
    yield home
    await home.kill()
    assert " ERROR " not in home.log, home.log


async def test_killed_before_and_after_a_token_is_on_disk(cic: CicService, home: SignedIn) -> None:
    """The server keeps the refresh token before until the access token after is used."""
    await home.is_killed(cic, "before")
    await home.is_killed(cic, "after")
    await home.start()
    assert await refreshes(cic) == [200, 200]
    assert ASKED_TO_SIGN_IN not in home.log


async def test_killed_where_a_server_rotates_at_once(cic: CicService, home: SignedIn) -> None:
    """It has ended what is on disk: the user is asked, once."""
    await cic.control("PUT", "settings", {"rotates_at_once": True})
    await home.is_killed(cic, "before")
    await home.begin()
    async with asyncio.timeout(START_TIMEOUT):
        while ASKED_TO_SIGN_IN not in home.log:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)  # time enough for a second one
    assert home.log.count(ASKED_TO_SIGN_IN) == 1
    assert await refreshes(cic) == [200, 400]
