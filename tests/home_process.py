"""A Home Assistant of its own process, as `script/run` starts it: it can be stopped, killed and started again."""

from contextlib import AsyncExitStack
import re

from script.demo.furnish import wait_running
from script.demo.home import prepare, start_home, wait_for_web
from script.demo.home_api import HomeApi
from script.demo.processes import Child, Children
from script.demo.state import HOST, State

_COMPLAINT = re.compile(r" (ERROR|CRITICAL) |^Traceback|\[custom_components\.clova_cic")


class HomeProcess:
    """Home Assistant with a user who is logged in; each start is another process."""

    def __init__(self, state: State) -> None:
        """Prepare; start starts."""
        self.state = state
        self.api: HomeApi
        self.url = f"http://{HOST}:{state.port('home_assistant', None)}"
        self._child: Child | None = None
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Start it, and wait until everything has been set up."""
        prepare(self.state, int(self.url.rpartition(":")[2]))
        children = await self._stack.enter_async_context(Children())
        self._child = await start_home(self.state, self.url, children)
        await children.guard(wait_for_web(self.url))
        self.api = await self._stack.enter_async_context(HomeApi.connected(self.url))
        await children.guard(wait_running(self.api))

    async def stop(self) -> None:
        """Stop it, as a person does."""
        await self._end()
        assert self._child is not None
        assert self._child.process.returncode == 0

    async def kill(self) -> None:
        """Let it be gone from one moment to the next."""
        assert self._child is not None
        self._child.process.kill()
        await self._child.process.wait()
        await self._end()

    async def close(self) -> None:
        """Leave nothing running."""
        await self._stack.aclose()

    def complaints(self) -> list[str]:
        """Return what it has complained about, and what the integration has said, in its log."""
        lines = self.state.home_log.read_text(errors="replace").splitlines()
        return [line for line in lines if _COMPLAINT.search(line)]

    async def _end(self) -> None:
        await self._stack.aclose()
        complaints = self.complaints()
        assert not complaints, complaints
