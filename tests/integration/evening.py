"""An evening in a house that has signed in, and all that is written down meanwhile."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from homeassistant.components import conversation
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_LANGUAGE
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import issue_registry as ir

from custom_components.clova_cic.alerts.alert import Phase as AlertPhase
from custom_components.clova_cic.alerts.schedule import RECHECK
from custom_components.clova_cic.const import CONF_LOGIN, DOMAIN
from custom_components.clova_cic.coordinator import CicConfigEntry, CicCoordinator
from custom_components.clova_cic.playback.music.phases import Phase

from .conftest import PassTime
from .house import Satellite, engine
from .service import CicService, settled, until
from .sign_in import browser, go_on, sign_in_form
from .speech import microphone
from .test_config_flow import opened, submit
from .wall import Wall

# Ours, and those of the libraries we speak with.
LOGGERS = ("custom_components.clova_cic", "h2", "hpack", "hyperframe", "aiohttp", "zeroconf")
# Home Assistant's own web server writes down at DEBUG which of its pages a browser asks for: the one a
# consent leads back to has a code in its address, as the documents have it. It is good once, and only
# together with the client secret. And asyncio shows what a slow call was given, but only in tests.
NOT_READ = ("aiohttp.access", "asyncio")

type Visit = Callable[[str], Any]


@dataclass
class Evening:
    """One entry of a house, and what nobody else may learn of it."""

    hass: HomeAssistant
    cic: CicService
    account: str
    visit: Visit
    wall: Wall
    pass_time: PassTime
    secrets: dict[str, set[str]] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)
    entry: CicConfigEntry = field(init=False)

    @property
    def coordinator(self) -> CicCoordinator:
        return self.entry.runtime_data

    @property
    def tokens_file(self) -> Path:
        return Path(
            self.hass.config.path(".storage", f"{DOMAIN}.tokens.{self.entry.data[CONF_LOGIN]}")
        )

    def learn(self, name: str, *values: str) -> None:
        """Note a secret under a name."""
        self.secrets.setdefault(name, set()).update(values)

    def learn_tokens(self) -> tuple[str, str]:
        """Note the tokens there are now, and return them."""
        kept = json.loads(self.tokens_file.read_text())["data"]
        self.learn("access token", kept["access_token"])
        self.learn("refresh token", kept["refresh_token"])
        return kept["access_token"], kept["refresh_token"]

    # Who is there

    async def sign_in(self) -> None:
        """Add the entry, by way of the page of consent."""
        server = self.cic.server
        self.learn("account token", self.account, server.account_token)
        self.learn("client secret", server.client_secret)
        self.learn("control token", server.control_token)
        self.learn("static access token", server.access_token)
        form = sign_in_form(self.cic, credential=self.account, **{CONF_LANGUAGE: "en"})
        flow = await submit(self.hass, await opened(self.hass, "sign_in"), form)
        done = await self._agree(flow)
        assert done["type"] == "create_entry", done.get("errors")
        self.entry = done["result"]
        self.cic.client = self.entry.data[CONF_LOGIN]
        self.learn_tokens()

    async def _agree(self, flow: ConfigFlowResult) -> ConfigFlowResult:
        """Agree to the terms where they are shown, and go on."""
        assert flow["type"] == "external", flow
        self.learn("page of consent", flow["url"])
        self._learn_query(flow["url"])
        async with browser(self.cic, flow["url"]) as press:
            back = await press("agree")
        self._learn_query(back)
        status, _ = await self.visit(back)
        assert status == 200
        return await go_on(self.hass, flow)

    def _learn_query(self, address: str) -> None:
        query = parse_qs(urlsplit(address).query)
        self.learn("code", *query["code"])
        self.learn("state", *query.get("state", []))

    async def sign_in_again(self) -> None:
        """Have the server take none of the tokens any longer: the user is asked, and signs in."""
        ended = self.learn_tokens()
        await self.cic.control("POST", "tokens", {"client": self.cic.client, "revoke": "all"})
        await self.type("what day is it")
        progress = self.hass.config_entries.flow.async_progress_by_handler
        [flow] = await until(lambda: progress(DOMAIN))
        form = await self.hass.config_entries.flow.async_configure(flow["flow_id"])
        asked = {"grant": "account_token", "credential": self.account}
        done = await submit(self.hass, form, asked)
        assert (done["type"], done["reason"]) == ("abort", "reauth_successful")
        await until(lambda: self.coordinator.connected)
        assert not {*ended} & {*self.learn_tokens()}

    async def renew(self) -> None:
        """Have the access token run out in the middle of the evening."""
        ended = self.learn_tokens()
        await self.cic.control("POST", "tokens", {"client": self.cic.client, "expire": True})
        await self.type("what is seven times six")
        assert not {*ended} & {*self.learn_tokens()}

    async def reconnect(self) -> None:
        """Have CIC end the downchannel."""
        connected = self.coordinator.counters.events["connected"]
        await self.cic.control("POST", "downchannel", {"client": self.cic.client, "end": True})
        await until(lambda: self.coordinator.counters.events["connected"] > connected)

    # What is said

    async def say(self, satellite: Satellite, text: str) -> None:
        run = await satellite.listen(microphone(text))
        assert run.recognised == text
        self._learn_words(text, run.answer)

    async def type(self, text: str) -> None:
        agent = engine(self.hass, "conversation", self.entry.entry_id)
        result = await conversation.async_converse(self.hass, text, None, Context(), "en", agent)
        self._learn_words(text, result.response.speech.get("plain", {}).get("speech", ""))

    def _learn_words(self, *texts: str) -> None:
        self.words |= {text for text in texts if text.strip()}

    # What plays

    async def music_is(self, phase: Phase) -> None:
        await until(lambda: self.coordinator.player.phase is phase)

    async def a_timer_rings(self) -> None:
        """Let five minutes pass, until what was set rings; it is stopped by a word."""
        book = self.coordinator.alarm_clock.book
        await until(lambda: book.alerts)
        self.wall.set(301)
        self.pass_time(RECHECK)
        await until(lambda: any(one.phase is AlertPhase.RINGING for one in book.alerts))
        await settled(lambda: self.cic.payloads("Alerts.AlertStarted"), bool)
        await self.type("stop the timer")
        await until(lambda: not book.alerts)

    async def is_notified(self, text: str) -> None:
        self._learn_words(text)
        body = {"client": self.cic.client, "text": text}
        await self.cic.control("POST", "notify", body)
        await until(lambda: self.coordinator.counters.directives["Notifier.Notify"])


def logged(records: list[logging.LogRecord]) -> Iterator[str]:
    """Yield what our loggers and our libraries' wrote, and what the others complained of."""
    formatter = logging.Formatter()
    for record in records:
        if record.name in NOT_READ:
            continue
        if record.name.startswith(LOGGERS) or record.levelno >= logging.WARNING:
            yield f"{record.name} {formatter.format(record)}"


def told_in_repairs(hass: HomeAssistant) -> str:
    """Return every issue, with what its texts are filled with."""
    issues = ir.async_get(hass).issues.values()
    return "\n".join(f"{one.to_json()} {one.translation_placeholders} {one.data}" for one in issues)


def stored(folder: Path) -> dict[str, str]:
    """Return what lies below .storage, by file."""
    return {
        path.name: path.read_text(errors="replace")
        for path in (folder / ".storage").iterdir()
        if path.is_file()
    }
