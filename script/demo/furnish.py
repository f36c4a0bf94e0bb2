"""What a person would click together once: the light's room, the entries, the pipelines."""

import asyncio
from dataclasses import dataclass
from typing import Any

from .bot import ReadyBot
from .failure import Failure, Source
from .home_api import HomeApi
from .sentences import BOT, CLOVA, HOME_FIRST
from .server import Ready
from .state import HOST

DOMAIN = "clova_cic"
LIGHT = "light.kitchen_light"
SPEAKER = "media_player.demo_speaker"
_AREA = "Kitchen"
# What tells a bot's entry from one of CIC: its form, and its agent's translation key.
_BOT_FORM = "bot"
_BOT_AGENT = "bot_agent"
_ENGINES = ("stt", "conversation", "tts")
RUNNING_SECONDS = 120.0
CHOICE_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Furnished:
    """What is there now."""

    entry_id: str
    # By name.
    pipelines: dict[str, dict[str, Any]]
    # Of mpd: where music is heard.
    player: str
    player_port: int


async def wait_running(api: HomeApi) -> None:
    """Return when Home Assistant has started everything; raises Failure."""
    try:
        async with asyncio.timeout(RUNNING_SECONDS):
            while (config := await api.rest("GET", "/api/config"))["state"] != "RUNNING":
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise Failure("Home Assistant did not finish starting.", Source.HOME) from None
    if config.get("recovery_mode"):
        raise Failure("Home Assistant could only start in its recovery mode.", Source.HOME)


async def furnish_light(api: HomeApi) -> None:
    """Put the light into the kitchen, and show it to Assist; raises Failure."""
    areas = await api.command("config/area_registry/list")
    found = next((area for area in areas if area["name"] == _AREA), None)
    area = found or await api.command("config/area_registry/create", name=_AREA)
    await api.command(
        "config/entity_registry/update", entity_id=LIGHT, area_id=area["area_id"], name=None
    )
    await api.command(
        "homeassistant/expose_entity",
        assistants=["conversation"],
        entity_ids=[LIGHT],
        should_expose=True,
    )


async def furnish_entry(api: HomeApi, ready: Ready) -> str:
    """Return the id of an entry connected to this server, made if there is none; raises Failure."""
    answers = {
        "address": ready.address,
        **(ready.sign_in or {"access_token": ready.access_token}),
        "language": "en",
        "ca_certificate": await asyncio.to_thread(ready.ca_file.read_text),
        # they are made here, by name
        "create_pipeline": False,
        "prefer_local_intents": False,
        "advanced": {},
    }
    return await _furnish(api, "sign_in" if ready.sign_in else "account", answers)


async def furnish_bot(api: HomeApi, ready: ReadyBot) -> str:
    """Return the id of an entry that is this bot, made if there is none; raises Failure."""
    answers = {
        "name": BOT,
        "address": ready.address,
        "secret": ready.secret,
        "version": "automatic",
    }
    return await _furnish(api, _BOT_FORM, answers)


async def _furnish(api: HomeApi, form: str, answers: dict[str, Any]) -> str:
    """Return the id of the entry of the form's kind at the address that is answered."""
    for entry in await api.command("config_entries/get", domain=DOMAIN):
        entry_id: str = entry["entry_id"]
        is_bot = _BOT_AGENT in (await _entities(api, entry_id)).values()
        if is_bot != (form == _BOT_FORM):
            continue
        if entry["state"] == "loaded" and await _address(api, entry_id) == answers["address"]:
            return entry_id
        # of an earlier start, whose server had another port or other keys
        await api.rest("DELETE", f"/api/config/config_entries/entry/{entry_id}")
    return await _add_entry(api, form, answers)


async def _address(api: HomeApi, entry_id: str) -> str:
    return (await diagnostics(api, entry_id))["entry"]["data"]["address"]


async def diagnostics(api: HomeApi, entry_id: str) -> dict[str, Any]:
    """Return the integration's diagnostics of an entry."""
    return (await api.rest("GET", f"/api/diagnostics/config_entry/{entry_id}"))["data"]


async def _add_entry(api: HomeApi, form: str, answers: dict[str, Any]) -> str:
    flows = "/api/config/config_entries/flow"
    menu = await api.rest("POST", flows, {"handler": DOMAIN, "show_advanced_options": False})
    flow = f"{flows}/{menu['flow_id']}"
    await api.rest("POST", flow, {"next_step_id": form})
    step = await api.rest("POST", flow, answers)
    if step["type"] != "create_entry":
        raise Failure(f"The config flow ended with {_what_is_wrong(step)}.", Source.HOME)
    entry = step["result"]
    if entry["state"] != "loaded":
        raise Failure(f"The integration's entry is in the state {entry['state']}.", Source.HOME)
    return entry["entry_id"]


def _what_is_wrong(step: dict[str, Any]) -> str:
    errors = [f"{key}: {error}" for key, error in (step.get("errors") or {}).items()]
    return ", ".join(errors) or step.get("reason") or f"an unexpected {step['type']}"


async def furnish_player(api: HomeApi, port: int) -> str:
    """Return the entity id of Home Assistant's own client of mpd, made if there is none."""
    for entry in await api.command("config_entries/get", domain="mpd"):
        if entry["state"] == "loaded":
            break
        await api.rest("DELETE", f"/api/config/config_entries/entry/{entry['entry_id']}")
    else:
        entry = await _add_player(api, port)
    return (await entities_of(api, entry["entry_id"], ("media_player",)))["media_player"]


async def _add_player(api: HomeApi, port: int) -> dict[str, Any]:
    flows = "/api/config/config_entries/flow"
    form = await api.rest("POST", flows, {"handler": "mpd", "show_advanced_options": False})
    step = await api.rest("POST", f"{flows}/{form['flow_id']}", {"host": HOST, "port": port})
    if step["type"] != "create_entry":
        raise Failure(f"The config flow of mpd ended with {_what_is_wrong(step)}.", Source.HOME)
    entry: dict[str, Any] = step["result"]
    return entry


async def choose_output(api: HomeApi, entry_id: str, player: str) -> None:
    """Choose, as a person would in the web interface, where the entry's sound goes."""
    choice = await _entity(api, entry_id, "default_output")
    name = (await api.state(player))["attributes"]["friendly_name"]
    try:
        async with asyncio.timeout(CHOICE_SECONDS):
            while name not in (await api.state(choice))["attributes"].get("options", ()):
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise Failure(f"The player “{name}” cannot be chosen as the output.", Source.HOME) from None
    await api.act("select", "select_option", entity_id=choice, option=name)


async def furnish_pipelines(
    api: HomeApi, entry_id: str, bot_id: str | None = None
) -> dict[str, dict[str, Any]]:
    """Make, or put right, the pipelines; return all there are, by name.

    Where there is a bot's entry too, it answers in one of its own.
    """
    engines = await entities_of(api, entry_id)
    pipelines = [_pipeline(CLOVA, engines), _pipeline(HOME_FIRST, engines, home_first=True)]
    if bot_id is not None:
        agent = (await entities_of(api, bot_id, ("conversation",)))["conversation"]
        pipelines.append(_pipeline(BOT, engines | {"conversation": agent}))
    existing = await api.command("assist_pipeline/pipeline/list")
    by_name = {pipeline["name"]: pipeline for pipeline in existing["pipelines"]}
    for wanted in pipelines:
        name = wanted["name"]
        found = by_name.get(name)
        if found is None:
            by_name[name] = await api.command("assist_pipeline/pipeline/create", **wanted)
        elif any(found.get(key) != value for key, value in wanted.items()):
            by_name[name] = await api.command(
                "assist_pipeline/pipeline/update", pipeline_id=found["id"], **wanted
            )
    preferred = by_name[CLOVA]["id"]
    if existing["preferred_pipeline"] != preferred:
        await api.command("assist_pipeline/pipeline/set_preferred", pipeline_id=preferred)
    return by_name


def _pipeline(name: str, engines: dict[str, str], *, home_first: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "language": "en",
        "conversation_engine": engines["conversation"],
        "conversation_language": "en",
        "stt_engine": engines["stt"],
        "stt_language": "en",
        "tts_engine": engines["tts"],
        "tts_language": "en",
        "tts_voice": None,
        "wake_word_entity": None,
        "wake_word_id": None,
        "prefer_local_intents": home_first,
    }


async def _entities(api: HomeApi, entry_id: str) -> dict[str, str]:
    """Return the translation keys of the entry's entities by their ids."""
    entities = await api.command("config/entity_registry/list")
    return {
        each["entity_id"]: each["translation_key"]
        for each in entities
        if each["config_entry_id"] == entry_id
    }


async def _entity(api: HomeApi, entry_id: str, wanted: str) -> str:
    """Return the id of the entry's entity with a translation key; raises Failure."""
    for entity_id, key in (await _entities(api, entry_id)).items():
        if key == wanted:
            return entity_id
    raise Failure(f"The integration has no entity {wanted}.", Source.HOME)


async def entities_of(
    api: HomeApi, entry_id: str, wanted: tuple[str, ...] = _ENGINES
) -> dict[str, str]:
    """Return the ids of the entry's entities that are alone of their kind, by what they do."""
    engines = {name.partition(".")[0]: name for name in await _entities(api, entry_id)}
    if missing := [engine for engine in wanted if engine not in engines]:
        raise Failure(f"The integration has no entity for {', '.join(missing)}.", Source.HOME)
    return engines
