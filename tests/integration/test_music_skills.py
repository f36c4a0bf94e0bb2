"""Music as the local server's own skills order it, asked for in words: the whole way round."""

import asyncio

from homeassistant.components import conversation
from homeassistant.core import Context, HomeAssistant

from custom_components.clova_cic.playback.music.phases import Phase

from .conftest import PassTime, SetUp
from .house import engine
from .music import music
from .service import PATIENCE, CicService, until


async def test_asked_for_in_words(
    home: HomeAssistant, cic: CicService, set_up: SetUp, pass_time: PassTime
) -> None:
    async with music(home, cic, set_up) as house:
        agent = engine(home, "conversation")

        async def say(text: str) -> None:
            result = await conversation.async_converse(home, text, None, Context(), "en", agent)
            assert result.response.error_code is None

        await say("play music")
        await house.phase(Phase.PLAYING)
        first = house.player.track
        assert first is not None
        await until(lambda: house.player.queue)
        await say("next")
        await until(lambda: house.player.phase is Phase.PLAYING and house.player.track is not first)
        second = house.player.track
        assert second is not None
        await say("pause")
        await house.phase(Phase.PAUSED)
        await say("resume")
        await house.phase(Phase.PLAYING)
        assert second.duration is not None
        pass_time(second.duration)
        await until(
            lambda: house.player.phase is Phase.PLAYING and house.player.track is not second
        )
        await say("stop the music")
        await house.phase(Phase.STOPPED)
        expected = [
            "PlayStarted",
            "PlayStopped",
            "PlayStarted",
            "PlayPaused",
            "PlayResumed",
            "PlayFinished",
            "PlayStarted",
            "PlayStopped",
        ]

        async def told() -> list[str]:
            names = [name for name, _ in await house.told()]
            return [one for one in names if not one.startswith(("Progress", "StreamRequested"))]

        async with asyncio.timeout(PATIENCE):
            while len(await told()) < len(expected):
                await asyncio.sleep(0.02)
        assert await told() == expected
