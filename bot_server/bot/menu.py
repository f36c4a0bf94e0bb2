"""A question with three choices; the answer decides what is asked next."""

from collections.abc import Sequence
from functools import partial
import re
from typing import Final

from .says import message, question
from .turn import Turn

# Each drink with the question that follows it: its text, and what can be answered.
DRINKS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "Tea": ("With milk or with lemon?", ("Milk", "Lemon")),
    "Coffee": ("Black or white?", ("Black", "White")),
    "Water": ("", ()),
}
_NUMBERS: Final = ("one", "two", "three")


async def ask_for_drink(turn: Turn, _: re.Match[str] | None = None) -> None:
    """Ask what to drink."""
    turn.ask(take_drink)
    await turn.send(question("What would you like to drink?", tuple(DRINKS)))


async def take_drink(turn: Turn) -> bool:
    """Take the drink; ask how it is to be, or say that it comes."""
    if (drink := chosen(turn.text, tuple(DRINKS))) is None:
        return False
    text, choices = DRINKS[drink]
    if not choices:
        await turn.send(message(f"{drink} is on its way."))
        return True
    turn.ask(partial(take_kind, drink=drink))
    await turn.send(question(text, choices))
    return True


async def take_kind(turn: Turn, *, drink: str) -> bool:
    """Take how the drink is to be, and say that it comes."""
    if (kind := chosen(turn.text, DRINKS[drink][1])) is None:
        return False
    await turn.send(message(f"{drink}, {kind.lower()}, is on its way."))
    return True


def chosen(text: str, choices: Sequence[str]) -> str | None:
    """Return the choice that is meant by its name, its number, or its number as a word."""
    words = re.findall(r"\w+", text.lower())
    for number, choice in enumerate(choices):
        if choice.lower() in words or str(number + 1) in words or _NUMBERS[number] in words:
            return choice
    return None
