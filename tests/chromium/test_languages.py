"""Every form, in every language: all texts where they are to be read, and no raw key in their place."""

import re

import pytest

from .browser import Browser, tidy
from .house import House
from .pages import Dialog, Pages
from .words import LANGUAGES, Words

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(300)]

# What a text that is missing is shown as: its key.
_KEY = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b|\bcomponent\.\S+")


def reads_whole(dialog: Dialog, step: str) -> None:
    """Wait until all that a step has to say can be read, and nothing is a raw key."""
    words, browser = dialog.words, dialog.browser
    for section in words.tree(step).get("sections", {}):
        dialog.unfold(f"{step}.sections.{section}")
    texts = list(words.all(step))
    browser.reads(*texts)
    if words.language == "en":  # a machine of tests may have no letters for the others
        browser.picture(step.rpartition(".")[2])
    assert raw_keys(browser.text, " ".join(texts)) == set()


def raw_keys(shown: str, meant: str) -> set[str]:
    """Return what looks like a key, and is not part of a text that is meant to be there."""
    return set(_KEY.findall(tidy(shown))) - set(_KEY.findall(tidy(meant)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_translated(house: House, pasted: str, browser: Browser, language: str) -> None:
    words = Words(language)
    pages = Pages(browser, words, house.home.url)
    pages.speak(language)
    try:
        pages.integration()
        for way in words.ways():
            dialog = pages.options(*way)
            reads_whole(dialog, f"options.step.{way[-1]}")
            dialog.close()
        dialog = pages.reconfigure()
        reads_whole(dialog, "config.step.reconfigure")
        dialog.close()
        for step in words.tree("config.step.user.menu_options"):
            dialog = pages.add_another()
            dialog.choose(f"config.step.user.menu_options.{step}")
            reads_whole(dialog, f"config.step.{step}")
            dialog.close()
        house.speak(language)
        pages.device(house.device_id(pasted))
        browser.reads(*words.names("entity"))
        browser.picture("device")
        assert raw_keys(browser.text, "") == set()
    finally:
        pages.speak("en")
        house.speak("en")
