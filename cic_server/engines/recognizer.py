"""Recogniser processes as the service sees them: started, lent to one utterance, restarted when they die."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
import json
import logging
import os
from pathlib import Path
import sys

from . import Outcome, Partial, Recognised, Result, SpeechEnded
from .frames import HEAD, Kind, pack, unpack_head

_LOGGER = logging.getLogger(__name__)

# Two utterances at once; a third waits. Each process holds its own models (some 150 MB).
MAX_WORKERS = 2
# Seconds a process may take to load its models.
START_SECONDS = 60.0
# Seconds it may take to end: it may be in the middle of an utterance.
STOP_SECONDS = 1.0
_MODULE = "cic_server.engines.pocketsphinx_worker"


class _Worker:
    """One process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._session = 0

    @staticmethod
    async def start() -> _Worker:
        """Start a process and wait for its models."""
        root = str(Path(__file__).parents[2])
        environment = os.environ | {"PYTHONPATH": root}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _MODULE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            start_new_session=True,  # the terminal's Ctrl-C is for the service
        )
        worker = _Worker(process)
        async with asyncio.timeout(START_SECONDS):
            await worker.read()
        return worker

    @property
    def is_alive(self) -> bool:
        """Ask the system: asyncio hears of a death only a while later."""
        if self._process.returncode is not None:
            return False
        ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self._process.pid, ended) is None
        except ChildProcessError:
            return False

    def begin(self) -> int:
        """Return the number of a new session."""
        self._session += 1
        return self._session

    async def send(self, kind: Kind, session: int, content: bytes = b"") -> None:
        stdin = self._process.stdin
        assert stdin is not None
        with contextlib.suppress(ConnectionError):  # its death shows when reading
            stdin.write(pack(kind, session, content))
            await stdin.drain()

    async def read(self) -> tuple[Kind, int, bytes]:
        """Return the next frame; raises IncompleteReadError when the process is dead."""
        stdout = self._process.stdout
        assert stdout is not None
        kind, session, length = unpack_head(await stdout.readexactly(HEAD.size))
        return kind, session, await stdout.readexactly(length)

    async def stop(self) -> None:
        """Let the process end, which it does when nobody writes any more."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


class _Session:
    """One utterance on a lent process."""

    def __init__(self, owner: PocketsphinxRecognizer, lang: str, *, expects_reply: bool) -> None:
        self._owner = owner
        self._worker: _Worker | None = None
        self._number = 0
        self._options = json.dumps({"lang": lang, "expects_reply": expects_reply}).encode()
        self._over = False

    async def begin(self) -> None:
        self._worker = await self._owner.lend()
        self._number = self._worker.begin()
        await self._worker.send(Kind.START, self._number, self._options)

    async def feed(self, pcm: bytes) -> None:
        if self._worker is not None and not self._over:
            await self._worker.send(Kind.AUDIO, self._number, pcm)

    async def finish(self) -> None:
        if self._worker is not None and not self._over:
            await self._worker.send(Kind.FINISH, self._number)

    async def results(self) -> AsyncIterator[Result]:
        while self._worker is not None and not self._over:
            try:
                kind, session, content = await self._worker.read()
            except asyncio.IncompleteReadError, ValueError:
                if not self._owner.is_closed:
                    _LOGGER.error("A recogniser process died")
                self._over = True
                yield Recognised(text=None, outcome=Outcome.FAILED)
                return
            if session != self._number:
                continue  # of an utterance that was taken back
            match kind:
                case Kind.PARTIAL:
                    yield Partial(text=content.decode())
                case Kind.ENDED:
                    yield SpeechEnded()
                case Kind.DONE:
                    self._over = True
                    done = json.loads(content)
                    yield Recognised(text=done["text"], outcome=Outcome(done["outcome"]))

    async def close(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        if not self._over:
            self._over = True
            await worker.send(Kind.CANCEL, self._number)
        self._owner.take_back(worker)


class PocketsphinxRecognizer:
    """English from pocketsphinx; for other languages it only hears when speech ends."""

    def __init__(self, max_workers: int = MAX_WORKERS) -> None:
        """Have no process yet."""
        self._places = asyncio.Semaphore(max_workers)
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self.is_closed = False

    async def open(self) -> None:
        """Start the first process, so that the first utterance need not wait."""
        self.take_back(await self.lend())

    async def start(self, lang: str, *, expects_reply: bool) -> _Session:
        """Begin an utterance as soon as a process is free."""
        session = _Session(self, lang, expects_reply=expects_reply)
        await session.begin()
        return session

    async def close(self) -> None:
        """Stop every process."""
        self.is_closed = True
        for worker in tuple(self._all):
            self._all.discard(worker)
            await worker.stop()

    async def lend(self) -> _Worker:
        """Return a live process of one's own."""
        await self._places.acquire()
        try:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive:
                    return worker
                self._all.discard(worker)
            worker = await _Worker.start()
        except BaseException:
            self._places.release()
            raise
        self._all.add(worker)
        return worker

    def take_back(self, worker: _Worker) -> None:
        """Accept a process after its utterance."""
        if worker.is_alive:
            self._idle.append(worker)
        else:
            self._all.discard(worker)
        self._places.release()
