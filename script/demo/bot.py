"""The local bot, a second agent: started, added to Home Assistant, given a pipeline."""

import asyncio
import contextlib
from dataclasses import dataclass
import json
from pathlib import Path
import sys

from .failure import Failure, Source
from .furnish import BOT, add_entry, address_of, entities_of, entries_of, furnish_pipeline, remove
from .home_api import HomeApi
from .processes import Child, Children
from .state import ROOT, State

READY_SECONDS = 30.0
# Asked once, to see that it answers.
QUESTION = "help"


@dataclass(frozen=True, slots=True, kw_only=True)
class BotReady:
    """What the bot's ready file says."""

    address: str
    secret: str


async def start_bot(state: State, children: Children) -> BotReady:
    """Start the bot; return how to reach it, once it listens. Raises Failure."""
    ready = state.folder / "bot_ready.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bot_server", "--port", str(state.port("bot", None))]
    command += ["--data", str(state.folder / "bot_server"), "--ready-file", str(ready)]
    child = children.add(
        await Child.start(
            Source.BOT,
            command,
            log=state.folder / "bot_server.log",
            folder=ROOT,
            environment={},
            quiet=True,  # it prints its keys
        )
    )
    return await children.guard(_wait_ready(ready, child))


async def _wait_ready(path: Path, child: Child) -> BotReady:
    try:
        async with asyncio.timeout(READY_SECONDS):
            while (told := _told(path)) is None:
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise Failure(f"The bot was not ready within {READY_SECONDS:.0f} s.", Source.BOT) from None
    child.secrets += [told["secret"], told["control_token"]]
    return BotReady(address=told["address"], secret=told["secret"])


def _told(path: Path) -> dict[str, str] | None:
    """Return the ready file's content once it is there."""
    with contextlib.suppress(OSError, ValueError):
        content: dict[str, str] = json.loads(path.read_text())
        return content
    return None


async def furnish_bot(api: HomeApi, ready: BotReady, cic_entry_id: str) -> str:
    """Have the bot be an agent beside CIC's ears and voice; return what it says. Raises Failure."""
    entry_id = await _entry(api, ready)
    agent = (await entities_of(api, entry_id, ("conversation",)))["conversation"]
    engines = await entities_of(api, cic_entry_id)
    await furnish_pipeline(api, BOT, engines | {"conversation": agent})
    asked = {"text": QUESTION, "agent_id": agent, "language": "en"}
    answer = await api.rest("POST", "/api/conversation/process", asked)
    if answer["response"]["response_type"] == "error":
        raise Failure("The bot did not answer through Home Assistant.", Source.BOT)
    said: str = answer["response"]["speech"]["plain"]["speech"]
    return said


async def _entry(api: HomeApi, ready: BotReady) -> str:
    """Return the id of the bot's entry, made if there is none."""
    for entry in await entries_of(api, bots=True):
        if await address_of(api, entry["entry_id"]) == ready.address:
            return entry["entry_id"]
        await remove(api, entry["entry_id"])  # of an earlier start
    answers = {"name": BOT, "address": ready.address, "secret": ready.secret}
    return await add_entry(api, "bot", answers | {"version": "automatic"})
