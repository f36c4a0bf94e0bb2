"""Music as CIC orders it, and what it hears of that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from homeassistant.core import HomeAssistant

from custom_components.clova_cic.const import CONF_MEDIA_PLAYER
from custom_components.clova_cic.coordinator import CicCoordinator
from custom_components.clova_cic.playback.music.phases import Phase
from custom_components.clova_cic.playback.music.player import AudioPlayer

from .conftest import SetUp
from .service import PATIENCE, CicService, directive, until
from .turntable import Turntable, add_turntables

TURNTABLE = "media_player.turntable"


def address(name: str) -> str:
    """Return where a track is, for a player that fetches nothing."""
    return f"https://music.invalid/{name}.mp3"


def play(name: str, behavior: str = "REPLACE_ALL", **stream: Any) -> dict[str, Any]:
    """Return an order to play a track of that name."""
    return directive(
        "AudioPlayer.Play",
        {
            "playBehavior": behavior,
            "audioItem": {
                "audioItemId": name,
                "titleText": f"Title of {name}",
                "titleSubText1": "Somebody",
                "stream": {
                    "token": f"token-{name}",
                    "url": address(name),
                    "urlPlayable": True,
                    "beginAtInMilliseconds": 0,
                    "durationInMilliseconds": 60_000,
                    **stream,
                },
            },
            "source": {"name": "Our radio"},
        },
    )


def answer(*directives: dict[str, Any]) -> list[dict[str, Any]]:
    """Return directives as the parts of a planned answer."""
    return [{"json": {"directive": one}} for one in directives]


@dataclass
class Music:
    """An entry whose music goes to a turntable."""

    hass: HomeAssistant
    cic: CicService
    coordinator: CicCoordinator
    turntable: Turntable

    @property
    def player(self) -> AudioPlayer:
        return self.coordinator.player

    async def order(self, name: str, **payload: Any) -> None:
        """Push a directive."""
        await self.cic.push(directive(name, payload))

    async def start(self, name: str = "a", **stream: Any) -> None:
        """Have a track play."""
        await self.cic.push(play(name, **stream))
        await self.phase(Phase.PLAYING, f"token-{name}")

    async def phase(self, phase: Phase, token: str | None = None) -> None:
        """Wait until the player is somewhere."""
        player = self.player
        await until(
            lambda: (
                player.phase is phase
                and (token is None or (player.track and player.track.stream.token == token))
            )
        )

    async def raw(self) -> list[dict[str, Any]]:
        """Return the events CIC has of music, in order."""
        return [
            one
            for one in await self.cic.log("event")
            if one["namespace"] in ("AudioPlayer", "PlaybackController")
        ]

    async def told(self) -> list[tuple[str, Any]]:
        """Return their names and tokens."""
        return [(one["name"], one["payload"].get("token")) for one in await self.raw()]

    async def hears(self, *expected: str) -> list[dict[str, Any]]:
        """Wait until CIC has heard exactly this ("Name" or "Name track"), and return the events."""
        wanted = [tuple(one.split(" ")) for one in expected]

        def short(event: dict[str, Any], parts: tuple[str, ...]) -> tuple[str, ...]:
            token = str(event["payload"].get("token", "")).removeprefix("token-")
            return (event["name"], token)[: len(parts)]

        events: list[dict[str, Any]] = []
        deadline = self.hass.loop.time() + PATIENCE
        while self.hass.loop.time() < deadline:
            await asyncio.sleep(0.02)
            events = await self.raw()
            if len(events) >= len(wanted):
                break
        got = [short(one, parts) for one, parts in zip(events, wanted, strict=False)]
        assert (got, len(events)) == (wanted, len(wanted)), [
            (one["name"], one["payload"].get("token")) for one in events
        ]
        return events

    async def is_clean(self) -> None:
        """Nothing CIC heard was out of order."""
        report = await self.cic.control("GET", f"illegal?client={self.cic.client}")
        assert report["illegal"] == [], report["illegal"]


@asynccontextmanager
async def music(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, turntable: Turntable | None = None
) -> AsyncIterator[Music]:
    """Yield an entry whose default output is a turntable, and see that its reports were in order."""
    turntable = turntable or Turntable()
    await add_turntables(hass, turntable)
    coordinator = await set_up(cic, options={CONF_MEDIA_PLAYER: TURNTABLE})
    house = Music(hass, cic, coordinator, turntable)
    yield house
    await house.is_clean()
