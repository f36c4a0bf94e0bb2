"""What a user may change of an entry that works."""

import pytest

from custom_components.clova_cic.const import CONF_MEDIA_PLAYER, CONF_RECORD_WORDS

from .browser import Browser
from .house import House
from .pages import Pages
from .waiting import until

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(300)]


def test_privacy(house: House, pasted: str, browser: Browser, pages: Pages) -> None:
    pages.integration()
    dialog = pages.options("privacy")
    dialog.switch(f"options.step.privacy.data.{CONF_RECORD_WORDS}")
    browser.picture("changed")
    dialog.submit()
    browser.find("step-flow-create-entry")
    dialog.close()
    until(lambda: house.stored(pasted)["options"].get(CONF_RECORD_WORDS), "the option on disk")


def test_default_output(house: House, pasted: str, browser: Browser, pages: Pages) -> None:
    pages.integration()
    dialog = pages.options("outputs", "default_output")
    dialog.pick(f"options.step.default_output.data.{CONF_MEDIA_PLAYER}", "Demo speaker")
    browser.picture("chosen")
    dialog.submit()
    browser.find("step-flow-create-entry")
    dialog.close()
    pages.options("outputs")
    browser.reads(pages.words("options.step.outputs.description", default="Demo speaker"))
    browser.picture("told")
