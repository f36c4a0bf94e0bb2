"""What is shown elsewhere: a map by its address, the device's own help (CIC Clova.LaunchURI, Help)."""

import re

from cic_server.clova.orders import clova
from cic_server.lang import Lang

from .base import Answer, Phrase, Skill, Utterance

_MAP = {
    Lang.EN: re.compile(r"(?:please )?(?:show|open)(?: me)? (?:the|a) map(?: please)?"),
    Lang.KO: re.compile(r".*지도.*(?:보여|열어).*"),
    Lang.JA: re.compile(r".*地図.*(?:見せ|開).*"),
}
_HELP = {
    Lang.EN: re.compile(r"(?:please )?(?:show|open)(?: me)? (?:the )?help(?: please)?"),
    Lang.KO: re.compile(r".*도움말.*(?:보여|열어).*"),
    Lang.JA: re.compile(r".*ヘルプ.*(?:見せ|開).*"),
}
_HERE = {
    Lang.EN: Phrase(text="Here is the map."),
    Lang.KO: Phrase(text="지도를 보여 드릴게요."),
    Lang.JA: Phrase(text="地図を表示します。", spoken="ちずを ひょうじ します。"),
}
# The first that works is opened: an app, else a page.
_TARGETS = (
    {"uri": "geo:0,0?z=2", "title": "Map"},
    {"uri": "https://www.openstreetmap.org/", "title": "OpenStreetMap"},
)


def show_map(asked: Utterance) -> Answer | None:
    """Have a map opened."""
    if not _MAP[asked.lang].fullmatch(asked.text):
        return None
    order = clova("LaunchURI", targets=[dict(target) for target in _TARGETS])
    return Answer(phrase=_HERE[asked.lang], lang=asked.lang, orders=(order,))


def show_help(asked: Utterance) -> Answer | None:
    """Have the device show the help it has itself."""
    if not _HELP[asked.lang].fullmatch(asked.text):
        return None
    return Answer(phrase=None, lang=asked.lang, orders=(clova("Help"),))


PAGE_SKILLS = (
    Skill(name="map", match=show_map, examples=("show me the map",)),
    Skill(name="the device's help", match=show_help, examples=("show the help",)),
)
