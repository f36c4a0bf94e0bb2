"""After a whole evening, no secret and no word stands where it should not."""

import asyncio
from collections.abc import AsyncIterator
import json
import logging
from pathlib import Path
import ssl
import stat
from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE, MATCH_ALL
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.setup import async_setup_component
import httpx
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.const import CONF_MEDIA_PLAYER, CONF_RECORD_WORDS, DOMAIN
from custom_components.clova_cic.playback.music.phases import Phase
from tests.cic_server.server import RunningServer

from .conftest import PassTime
from .evening import LOGGERS, Evening, logged, stored, told_in_repairs
from .house import make_pipeline, make_satellite
from .music import TURNTABLE
from .service import CicService, directive, greeted, until
from .sign_in import account
from .test_words import PUSHED, SAID, everything_kept
from .turntable import Turntable, add_turntables
from .wall import Wall


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Leave storage as it is: real files."""
    return {}


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Have a folder of our own for them."""
    return hass_tmp_config_dir


@pytest.fixture
async def service(shared_server: RunningServer, tmp_path: Path) -> AsyncIterator[CicService]:
    """Yield the server; its levers are pulled over HTTP/1.1, so that only ours speaks h2 here."""
    context = await asyncio.to_thread(ssl.create_default_context, cafile=shared_server.ca_file)
    async with httpx.AsyncClient(verify=context) as http:
        yield CicService(tmp_path, shared_server, "", http)


@pytest.fixture
async def evening(
    recorder_mock: Recorder,
    home: HomeAssistant,
    service: CicService,
    wall: Wall,
    pass_time: PassTime,
    hass_client_no_auth: ClientSessionGenerator,
) -> AsyncIterator[Evening]:
    """Yield a house in which nobody has signed in yet."""
    await add_turntables(home, Turntable())
    # what has pages is there before the web server starts
    for name in (DOMAIN, "assist_satellite", "diagnostics", "system_health"):
        assert await async_setup_component(home, name, {})
    browser = await hass_client_no_auth()
    home.config.internal_url = f"http://127.0.0.1:{browser.port}"

    async def visit(address: str) -> tuple[int, str]:
        answer = await browser.get(address.removeprefix(home.config.internal_url or ""))
        return answer.status, await answer.text()

    evening = Evening(home, service, await account(service, consent=False), visit, wall, pass_time)
    yield evening
    assert await home.config_entries.async_unload(evening.entry.entry_id)
    await home.async_block_till_done()


async def set_options(evening: Evening, **options: Any) -> None:
    """Choose options, which hold from the next set-up on at the latest."""
    entries = evening.hass.config_entries
    entries.async_update_entry(evening.entry, options={CONF_MEDIA_PLAYER: TURNTABLE, **options})
    assert await entries.async_reload(evening.entry.entry_id)
    await greeted(evening.coordinator)


async def spend(evening: Evening) -> None:
    """Sign in, talk, listen, be rung for, be told, and be thrown out now and then."""
    hass, cic = evening.hass, evening.cic
    await evening.sign_in()
    await set_options(evening)
    pipeline = await make_pipeline(hass, evening.entry.entry_id)
    satellite = await make_satellite(hass, pipeline)

    await evening.say(satellite, SAID)
    await evening.type("repeat after me the crocodile is hungry")
    await evening.type("remind me in ten minutes to call mum")
    await evening.type("cancel the reminder")
    await evening.say(satellite, "play music")
    await evening.music_is(Phase.PLAYING)
    await evening.renew()
    await evening.reconnect()
    await evening.type("stop the music")
    await evening.music_is(Phase.STOPPED)
    await evening.type("set a timer for five minutes")
    await evening.a_timer_rings()
    await evening.is_notified("the washing machine has finished")
    await evening.sign_in_again()
    for one in (*PUSHED, directive("Clova.ExpectLogin")):
        await cic.push(one)
    await until(lambda: told_in_repairs(hass))
    await evening.type(SAID)
    await hass.async_block_till_done()


async def places(
    evening: Evening, caplog: pytest.LogCaptureFixture, client: ClientSessionGenerator
) -> dict[str, str]:
    """Return everything that is written down or shown, by where; files by their names."""
    hass = evening.hass
    recorded = await everything_kept(hass)  # which ends with the final write
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    shown = [state.as_dict_json.decode() for state in hass.states.async_all()]
    diagnostics = await get_diagnostics_for_config_entry(hass, client, evening.entry)
    pages = hass.data["system_health"].items()
    health = [await page.info_callback(hass) for domain, page in pages if domain == DOMAIN]
    return {
        "log": "\n".join(logged(caplog.records)),
        "diagnostics": json.dumps(diagnostics),
        "system health": str([await _value(one) for told in health for one in told.values()]),
        "states": "\n".join(shown),
        "recorder": recorded,
        "repairs": told_in_repairs(hass),
        **await hass.async_add_executor_job(stored, Path(hass.config.config_dir)),
    }


async def _value(one: Any) -> Any:
    return await one if asyncio.iscoroutine(one) else one


def found(evening: Evening, where: dict[str, str]) -> set[tuple[str, str]]:
    """Return which secrets were found, and where."""
    return {
        (name, place)
        for name, values in evening.secrets.items()
        for place, text in where.items()
        if any(value in text for value in values)
    }


async def test_nothing_is_left_lying_about(
    evening: Evening,
    caplog: pytest.LogCaptureFixture,
    hass_client: ClientSessionGenerator,
) -> None:
    for name in LOGGERS:
        caplog.set_level(logging.DEBUG, name)
    on_the_bus: list[str] = []

    @callback
    def came(event: Event[Any]) -> None:
        on_the_bus.append(str(event.as_dict()))

    evening.hass.bus.async_listen(MATCH_ALL, came)
    await spend(evening)
    where = await places(evening, caplog, hass_client)
    where["bus"] = "\n".join(on_the_bus)

    # what Home Assistant needs to renew a token it has to keep, and nothing else
    tokens = evening.tokens_file
    assert found(evening, where) == {
        ("client secret", "core.config_entries"),
        ("access token", tokens.name),
        ("refresh token", tokens.name),
    }
    newest = set(evening.learn_tokens())
    for name in ("access token", "refresh token"):
        assert {one for one in evening.secrets[name] if one in where[tokens.name]} <= newest
        assert len(evening.secrets[name]) == 3
    assert stat.S_IMODE(tokens.stat().st_mode) == 0o600

    # words: nowhere
    assert len(evening.words) > 12
    assert not {place for place, text in where.items() if any(one in text for one in evening.words)}
    # and it was not that nothing had been written, or would have been found
    assert "Clova.RenderText" in where["recorder"]
    assert all(where.values())
    for name in ("clova_cic.cic.connection", "clova_cic.tokens", "hpack"):
        assert name in where["log"]
    on_the_bus.clear()
    await set_options(evening, **{CONF_RECORD_WORDS: True})
    await evening.type(SAID)
    await evening.hass.async_block_till_done()
    assert any(one in "".join(on_the_bus) for one in evening.words)
