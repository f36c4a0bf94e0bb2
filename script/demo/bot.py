"""The local bot: started, and how it is reached."""

import contextlib
from dataclasses import dataclass
import json
from pathlib import Path
import sys
from typing import Self

from .failure import Source
from .processes import Child, Children, wait_ready
from .state import ROOT, State

# It has nothing to make but its keys; a slow machine has to read its modules.
READY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyBot:
    """What the bot's ready file says."""

    address: str
    secret: str
    control_token: str

    @property
    def secrets(self) -> list[str]:
        """What no output may show."""
        return [self.secret, self.control_token]

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return the file's content once it is there, or None."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            content = json.loads(path.read_text())
            return cls(
                address=content["address"],
                secret=content["secret"],
                control_token=content["control_token"],
            )
        return None


async def start_bot(state: State, children: Children) -> Child:
    """Start the process; wait_bot_ready tells when it listens."""
    state.bot_ready_file.unlink(missing_ok=True)
    command: list[str | Path] = [sys.executable, "-m", "bot_server"]
    command += ["--port", str(state.port("bot", None)), "--data", state.bot_data]
    command += ["--ready-file", state.bot_ready_file]
    child = await Child.start(
        Source.BOT,
        command,
        log=state.bot_log,
        folder=ROOT,
        environment={},
        quiet=True,  # it prints its keys
    )
    return children.add(child)


async def wait_bot_ready(state: State) -> ReadyBot:
    """Return how to reach the bot, once it listens; raises Failure."""
    return await wait_ready(
        lambda: ReadyBot.read(state.bot_ready_file), "The local bot", Source.BOT, READY_SECONDS
    )
