"""Children end with us; what they say is shown, their secrets are not."""

import asyncio
import contextlib
import os
from pathlib import Path
import sys

import pytest

from script.demo.failure import Failure, Source
from script.demo.processes import Child, Children

SLEEP = "import time; time.sleep(600)"


async def start(folder: Path, code: str) -> Child:
    return await Child.start(
        Source.SERVER,
        [sys.executable, "-c", code],
        log=folder / "child.log",
        folder=folder,
        environment={"GREETING": "hello"},
    )


async def until_logged(child: Child, text: str) -> None:
    async with asyncio.timeout(30):
        while text not in child.tail():
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # dead, and waiting for whoever inherited it
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


async def until_dead(pid: int) -> None:
    async with asyncio.timeout(30):
        with contextlib.suppress(OSError):
            while is_alive(pid):
                await asyncio.sleep(0.01)


async def test_all_end_with_the_context(tmp_path: Path) -> None:
    async with Children() as children:
        child = children.add(await start(tmp_path, SLEEP))
        assert children
    assert child.process.returncode is not None
    assert not children


async def test_what_a_child_started_ends_too(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys, time\n"
        f"print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid, 'started', flush=True)\n"
        "time.sleep(600)"
    )
    async with Children() as children:
        child = children.add(await start(tmp_path, code))
        await until_logged(child, "started")
        grandchild = int(child.tail().split()[0])
        assert is_alive(grandchild)
    await until_dead(grandchild)


async def test_work_is_done_while_all_live(tmp_path: Path) -> None:
    async with Children() as children:
        children.add(await start(tmp_path, SLEEP))
        assert await children.guard(asyncio.sleep(0, "done")) == "done"


async def test_a_child_that_ends_ends_the_work(tmp_path: Path) -> None:
    async with Children() as children:
        children.add(await start(tmp_path, "import os; print(os.environ['GREETING']); exit(3)"))
        with pytest.raises(Failure, match="The CIC server ended by itself, with status 3") as ended:
            await children.guard(asyncio.sleep(600))
        assert ended.value.source is Source.SERVER
        assert children.tail_of(Source.SERVER).endswith("hello")
        assert children.tail_of(Source.HOME) == ""


async def test_its_end_explains_more_than_a_lost_connection(tmp_path: Path) -> None:
    async with Children() as children:
        child = children.add(await start(tmp_path, SLEEP))

        async def lose() -> None:
            child.process.kill()
            raise Failure("The connection was lost.")

        with pytest.raises(Failure, match="by signal 9"):
            await children.guard(lose())


async def test_a_failure_passes(tmp_path: Path) -> None:
    async def fail() -> None:
        raise Failure("No.")

    async with Children() as children:
        children.add(await start(tmp_path, SLEEP))
        with pytest.raises(Failure, match=r"No\."):
            await children.guard(fail())


async def test_the_tail_is_short_and_tells_no_secret(tmp_path: Path) -> None:
    code = "print('\\n'.join(f'line {n} hush' for n in range(100)), flush=True);" + SLEEP
    async with Children() as children:
        child = children.add(await start(tmp_path, code))
        child.secrets.append("hush")
        await until_logged(child, "line 99")
        lines = child.tail().splitlines()
    assert lines[0] == "line 80 …"
    assert len(lines) == 20
