"""What a user may change of an entry that works."""

import pytest

from custom_components.clova_cic.const import CONF_RECORD_WORDS, CONF_SHARE_LOCATION

from .browser import Browser
from .house import House
from .pages import Pages
from .waiting import until

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(300)]


def test_each_option_can_be_reached(
    house: House, pasted: str, browser: Browser, pages: Pages
) -> None:
    pages.integration()
    menu = "options.step.init.menu_options"
    for step in pages.words.tree(menu):
        dialog = pages.options()
        dialog.choose(f"{menu}.{step}")
        dialog.shows(f"options.step.{step}")
        browser.picture(step)
        dialog.close()


def test_privacy(house: House, pasted: str, browser: Browser, pages: Pages) -> None:
    pages.integration()
    before = house.stored(pasted)["options"]
    dialog = pages.options()
    dialog.choose("options.step.init.menu_options.privacy")
    dialog.shows("options.step.privacy")
    for option in (CONF_RECORD_WORDS, CONF_SHARE_LOCATION):
        dialog.switch(f"options.step.privacy.data.{option}")
    browser.picture("changed")
    dialog.submit()
    browser.gone("step-flow-form")
    dialog.close()
    after = before | dict.fromkeys((CONF_RECORD_WORDS, CONF_SHARE_LOCATION), True)
    until(lambda: house.stored(pasted)["options"] == after, "the options on disk")
