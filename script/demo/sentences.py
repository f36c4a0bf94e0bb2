"""What is said, and what must come of it."""

from dataclasses import dataclass
from pathlib import Path
import re

from .player import Expected

CLOVA = "CLOVA"
HOME_FIRST = "CLOVA, home first"
# CLOVA listens and speaks, the local bot answers.
BOT = "Local bot"
_LIGHT = re.compile(r"(?:please )?(?:turn|switch) (on|off) the kitchen light", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One thing to say, or to type."""

    said: str
    typed: bool = False
    # For the local bot.
    to_bot: bool = False
    # Read from here; made by flite where there is none.
    file: Path | None = None
    # Found in the answer.
    answer: str | None = None
    # What the player does then.
    player: Expected | None = None

    @property
    def light(self) -> bool | None:
        """How the kitchen light shall be afterwards, if the sentence is about it."""
        found = None if self.to_bot else _LIGHT.fullmatch(self.said.strip(" .!"))
        return found and found[1].lower() == "on"

    @property
    def pipeline(self) -> str:
        """The pipeline for it, unless another is asked for."""
        if self.to_bot:
            return BOT
        return CLOVA if self.light is None else HOME_FIRST


DEFAULT = (
    Sentence(said="what time is it", answer=r"It is \d+:\d\d [AP]M"),
    Sentence(said="what is two plus three", answer=r"\b5\b"),
    Sentence(said="repeat after me tiger banana", answer=r"tiger banana"),
    Sentence(said="order a pizza", answer=r"How many pizzas"),
    Sentence(said="two", answer=r"two pizzas"),
    Sentence(said="sing me a song about the sea", answer=r"did not understand"),
    Sentence(said="turn on the kitchen light"),
    Sentence(said="play music", answer=r"Playing Jazz", player=Expected(state="play")),
    # asked in between: the music goes on
    Sentence(
        said="what is playing",
        answer=r"Blue Wave",
        player=Expected(state="play", other=False),
    ),
    Sentence(said="pause", player=Expected(state="pause", other=False)),
    Sentence(said="resume", player=Expected(state="play", other=False)),
    Sentence(said="next", player=Expected(state="play", other=True)),
    Sentence(said="stop", player=Expected(state="stop")),
    Sentence(said="order a pizza", to_bot=True, answer=r"What would you like to drink\?\s+1\. Tea"),
    # the number of a choice; the server's recogniser expects numbers after its own questions only
    Sentence(said="two", typed=True, to_bot=True, answer=r"Black or white"),
    Sentence(said="white", typed=True, to_bot=True, answer=r"Coffee, white, is on its way"),
)
