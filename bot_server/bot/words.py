"""What the bot answers to which words: a table; everything else comes back as an echo."""

import asyncio
from collections.abc import Awaitable, Callable
import re
from typing import Final

from . import says
from .described import described
from .menu import ask_for_drink
from .turn import BotFailedError, Turn

GREETING: Final = "Hello. Say menu, card, slow, remind me, or anything else."
# Seconds of "slow": beyond the 15 s a channel waits for its bot. Of "remind me".
SLOW_SECONDS: Final = 20.0
REMIND_SECONDS: Final = 60.0
# Longest text the bot makes on demand, in characters: beyond what a client has to take.
MAX_LENGTH: Final = 20_000_000
type Skill = Callable[[Turn, re.Match[str]], Awaitable[None]]


async def answer(turn: Turn) -> None:
    """Answer one message; raises BotFailedError."""
    for pattern, skill, _ in SKILLS:
        if (found := pattern.fullmatch(turn.text.lower())) is not None:
            await skill(turn, found)
            return
    if turn.attachments:
        await turn.send(says.message(await described(turn)))
    else:
        data = turn.activity.get("channelData")
        echo = says.message(f"You said: {turn.text}")
        await turn.send(echo | {"channelData": data} if data else echo)


async def _card(turn: Turn, _: re.Match[str]) -> None:
    hero = says.hero("Front door", "Locked", "Closed since noon.", ("Open", "Leave it"))
    adaptive = says.adaptive("Back door", "Open since one.")
    sent = says.message("", speak="Here are two cards.", summary="Two doors")
    await turn.send(sent | {"attachments": [hero, adaptive], "attachmentLayout": "list"})


async def _slow(turn: Turn, found: re.Match[str]) -> None:
    seconds = float(found["seconds"] or SLOW_SECONDS)
    await turn.send(says.typing())
    await asyncio.sleep(seconds)
    await turn.send(says.message(f"That took {seconds:g} seconds."))


async def _remind(turn: Turn, found: re.Match[str]) -> None:
    seconds = float(found["seconds"] or REMIND_SECONDS)
    turn.later(seconds, says.message("This is your reminder."))
    await turn.send(says.message(f"I will remind you in {seconds:g} seconds."))


async def _fail(turn: Turn, found: re.Match[str]) -> None:
    if found["anyway"]:
        turn.later(0.0, says.message("An answer in spite of it."))
    raise BotFailedError(int(found["status"]) if found["status"] else None)


async def _say_nothing(turn: Turn, found: re.Match[str]) -> None:
    pass


async def _twice(turn: Turn, found: re.Match[str]) -> None:
    for _ in range(2):
        await turn.send(says.message("I say this twice."))


async def _wrong_order(turn: Turn, found: re.Match[str]) -> None:
    await turn.send(says.message("Second.", timestamp="2020-01-01T00:00:02.0000000Z"))
    await turn.send(says.message("First.", timestamp="2020-01-01T00:00:01.0000000Z"))


async def _grow(turn: Turn, found: re.Match[str]) -> None:
    text = "One word after the other."
    words = text.split()
    stream: str | None = None
    for count in range(1, len(words)):
        sent = await turn.send(says.growing(" ".join(words[:count]), count, stream))
        stream = stream or str(sent["id"])
    data = {"streamType": "final", "streamId": stream}
    await turn.send(says.message(text, channelData=data))


async def _event(turn: Turn, found: re.Match[str]) -> None:
    await turn.send(says.event("door.opened", {"door": "front"}))


async def _long(turn: Turn, found: re.Match[str]) -> None:
    await turn.send(says.message("a" * min(int(found["length"]), MAX_LENGTH)))


async def _bye(turn: Turn, found: re.Match[str]) -> None:
    await turn.send(says.message("Goodbye."))
    await turn.send(says.end())


async def _help(turn: Turn, found: re.Match[str]) -> None:
    await turn.send(says.message(GREETING))


_SECONDS: Final = r"(?:(?: in)? (?P<seconds>\d{1,3}(?:\.\d{1,3})?)(?: seconds?)?)?"
# What it takes, what it does, and an example.
SKILLS: Final[tuple[tuple[re.Pattern[str], Skill, str], ...]] = tuple(
    # a full stop or the like at the end is no other word
    (re.compile(rf"(?:{pattern})[.!?]?", re.DOTALL), skill, example)
    for pattern, skill, example in (
        (r".*\bmenu\b.*|(?:i would like to )?order an? \w+", ask_for_drink, "menu"),
        (r"(?:show )?(?:me )?(?:a |the )?cards?", _card, "card"),
        (r"slow" + _SECONDS, _slow, "slow 2"),
        (r"remind me" + _SECONDS, _remind, "remind me in 10 seconds"),
        (r"fail(?: (?P<status>[45]\d\d))?(?P<anyway> anyway)?", _fail, "fail 502"),
        (r"say nothing", _say_nothing, "say nothing"),
        (r"twice", _twice, "twice"),
        (r"wrong order", _wrong_order, "wrong order"),
        (r"stream", _grow, "stream"),
        (r"event", _event, "event"),
        (r"long (?P<length>\d{1,8})", _long, "long 1000"),
        (r"(?:good)?bye", _bye, "bye"),
        (r"(?:show )?(?:the )?help|what can you do", _help, "help"),
    )
)
