"""Commands to the home's devices: recognised, so that Home Assistant can act on them; never acted on here."""

import re

from cic_server.lang import Lang

from .base import Answer, Phrase, Skill, Utterance

ROOMS = (
    *("kitchen", "bedroom", "living room", "bathroom", "hallway", "garage", "office"),
    *("dining room", "basement", "garden", "attic", "nursery"),
)
# What stands in a room or has a name without one.
THINGS = (
    *("light", "lights", "lamp", "fan", "switch", "heater", "ceiling light", "ceiling fan"),
    *("ceiling lights", "television", "radio", "outlet", "speaker"),
)
NAMED = (
    *("desk lamp", "bedside lamp", "floor lamp", "table lamp", "porch light", "coffee machine"),
    *("front door light", "christmas tree", "air conditioner", "night light"),
)
COVERS = ("garage door", "blinds", "curtains", "shutters", "front door", "back door", "window")

_HOME = {
    Lang.EN: re.compile(
        r"(?:please )?(?:turn|switch|dim|brighten|set|open|close|lock|unlock|start|stop|pause"
        r"|increase|decrease|raise|lower) (?:on |off |up |down )?.+"
    ),
    Lang.KO: re.compile(r".*(?:켜|꺼|끄|열어|닫아).*"),
    Lang.JA: re.compile(r".*(?:つけて|けして|消して|開けて|閉めて).*"),
}
_ELSEWHERE = {
    Lang.EN: Phrase(
        text="I cannot reach the devices of your home. Home Assistant takes care of them."
    ),
    Lang.KO: Phrase(text="집 안의 기기는 제가 조작할 수 없습니다. 홈 어시스턴트가 맡고 있습니다."),
    Lang.JA: Phrase(
        text="家の機器は操作できません。ホームアシスタントが担当しています。",
        spoken="いえの ききわ そうさ できません。ホームアシスタントが たんとう しています。",
    ),
}


def point_home(asked: Utterance) -> Answer | None:
    """Say who handles the home's devices."""
    if not _HOME[asked.lang].fullmatch(asked.text):
        return None
    return Answer(phrase=_ELSEWHERE[asked.lang], lang=asked.lang)


HOME = Skill(
    name="home commands",
    match=point_home,
    examples=(
        "turn on the kitchen light",
        "turn off the lights in the bedroom",
        "set the living room lights to fifty percent",
        "dim the office lamp",
    ),
    grammar=(
        "(turn | switch) (on | off) <device>",
        "turn <device> (on | off)",
        "(dim | brighten) <device>",
        "(set | dim) <device> to <number> percent",
        "set <device> brightness to <number> percent",
        "set the brightness of <device> to <number> percent",
        "(open | close) the [<room>] <cover>",
        "(lock | unlock) the (front | back) door",
    ),
)
