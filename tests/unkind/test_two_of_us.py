"""Two homes with the same entry, a restored backup and its original, throw each other out."""

import asyncio
from dataclasses import dataclass, field
from random import Random

import pytest

from custom_components.clova_cic.cic.errors import (
    CicError,
    DownchannelClosedError,
    TooManyRequestsError,
)
from custom_components.clova_cic.cic.reconnect import Backoff, Reconnector
from custom_components.clova_cic.cic.surroundings import Surroundings

from .virtual import VirtualLoop, run_at_once
from .world import Session, World

pytestmark = pytest.mark.unkind

HOUR = 3600.0
# The service refuses a downchannel so soon after another, in seconds.
TOO_SOON = 1.0


@dataclass(slots=True)
class Service:
    """Gives one client one downchannel: whoever comes last has it."""

    world: World
    holder: Session | None = None
    attempts: list[float] = field(default_factory=list)

    async def connect(self) -> Session:
        await asyncio.sleep(self.world.random.uniform(0.02, 0.3))
        self.attempts.append(self.world.loop.time())
        before, now = self.holder, self.world.loop.time()
        if before is not None and before.usable:
            if now - before.opened_at < TOO_SOON:
                raise TooManyRequestsError(429)
            before.ends(DownchannelClosedError("another asked for it"))
        self.holder = Session(self.world)
        return self.holder


def test_two_of_us() -> None:
    """One of them notices, and has patience; so neither storms, and the one that is left forgets it."""

    async def live(loop: VirtualLoop) -> None:
        random = Random(1)
        service = Service(World(loop, random))
        homes = [
            Reconnector(
                service.connect,
                _say_nothing,
                backoff=Backoff(random.uniform),
                surroundings=Surroundings(
                    clock=loop.time, wall=loop.time, address=lambda _peer: None
                ),
                clock=loop.time,
            )
            for _ in range(2)
        ]
        running = [asyncio.create_task(home.run()) for home in homes]
        await asyncio.sleep(HOUR)
        noticed = next(index for index, home in enumerate(homes) if home.contest.is_on)
        begun = len(service.attempts)
        await asyncio.sleep(HOUR)
        assert len(service.attempts) - begun <= 180  # of both, in 60 minutes
        running[1 - noticed].cancel()
        await asyncio.sleep(HOUR)
        left = homes[noticed]
        assert left.session is service.holder
        service.holder.ends(DownchannelClosedError("for once"))
        await asyncio.sleep(1.0)
        assert not left.contest.is_on
        assert left.session is service.holder
        running[noticed].cancel()
        await asyncio.wait(running)

    run_at_once(live)


def _say_nothing(_state: object, _error: CicError | None) -> None:
    pass
