"""An entry of a pasted token: added, repaired, changed."""

from pathlib import Path

from homeassistant.const import CONF_ACCESS_TOKEN, CONF_ADDRESS, CONF_LANGUAGE
import pytest

from custom_components.clova_cic.const import CONF_CA_CERTIFICATE

from .browser import Browser
from .house import House
from .pages import Dialog, Pages
from .waiting import until

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(300)]

ACCOUNT, DATA = "config.step.account", "config.step.account.data"


def test_added(house: House, browser: Browser, pages: Pages) -> None:
    house.remove_entries()
    words = pages.words
    dialog = pages.add_integration()
    dialog.choose("config.step.user.menu_options.account")
    dialog.shows(ACCOUNT)
    browser.picture("empty")
    dialog.fill(f"{DATA}.{CONF_ADDRESS}", house.cic.address)
    dialog.fill(f"{DATA}.{CONF_ACCESS_TOKEN}", "wrong")
    dialog.fill(f"{DATA}.{CONF_CA_CERTIFICATE}", Path(house.cic.ca_file).read_text())
    dialog.submit()
    browser.reads(words("config.error.token_refused"))
    browser.picture("refused")
    assert not house.entries()
    dialog.fill(f"{DATA}.{CONF_ACCESS_TOKEN}", house.cic.access_token)
    dialog.submit()
    browser.find("step-flow-create-entry >>> ha-area-picker")
    browser.picture("added")
    dialog.submit()
    browser.find("ha-config-device-page")
    [entry] = house.entries()
    assert entry["state"] == "loaded"
    for name in words.names("entity"):
        browser.reads(name)
    browser.picture("device")


def test_asked_to_sign_in(house: House, pasted: str, browser: Browser, pages: Pages) -> None:
    """CIC wants its user to sign in: a repair says so, and leads to the form for a new token."""
    [entry] = house.entries()
    words, title = pages.words, entry["title"]
    house.push("Clova.ExpectLogin")
    pages.open("/config/repairs")
    browser.press(words("issues.sign_in.title", title=title))
    dialog = Dialog(browser, words)
    dialog.shows("issues.sign_in.fix_flow.step.confirm", title=title)
    browser.picture("repair")
    dialog.submit()
    browser.find("step-flow-create-entry")
    dialog.close()
    # Home Assistant's own repair: authentication has expired
    browser.click("ha-config-repairs >>> ha-list-item-button")
    dialog.shows("config.step.reauth_confirm", name=title)
    browser.picture("form")
    token = f"config.step.reauth_confirm.data.{CONF_ACCESS_TOKEN}"
    dialog.fill(token, "wrong")
    dialog.submit()
    browser.reads(words("config.error.token_refused"))
    browser.picture("refused")
    dialog.fill(token, house.cic.access_token)
    dialog.submit()
    browser.find("step-flow-abort")
    browser.picture("accepted")
    dialog.close()
    assert not house.ask("repairs/list_issues")["issues"]
    assert [one["entry_id"] for one in house.entries()] == [pasted]


def test_reconfigured(house: House, pasted: str, browser: Browser, pages: Pages) -> None:
    pages.integration()
    dialog = pages.reconfigure()
    step = "config.step.reconfigure"
    dialog.shows(step)
    dialog.select(f"{step}.data.{CONF_LANGUAGE}", "selector.language.options.ko")
    dialog.unfold(f"{step}.sections.advanced")
    browser.picture("form")
    dialog.submit()
    browser.find("step-flow-abort")
    browser.picture("stored")
    dialog.close()
    until(lambda: house.stored(pasted)["data"][CONF_LANGUAGE] == "ko", "the language on disk")
