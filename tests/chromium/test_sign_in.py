"""An entry that is signed in: with the page of consent in a window of its own, signed in again, changed."""

from pathlib import Path

from homeassistant.const import (
    CONF_ADDRESS,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_LANGUAGE,
    CONF_MODEL_ID,
)
import pytest

from custom_components.clova_cic.const import CONF_CA_CERTIFICATE
from custom_components.clova_cic.forms import CREDENTIAL

from .browser import Browser
from .house import MODEL, House
from .pages import Dialog, Pages
from .waiting import until

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(300)]

SIGN_IN, DATA = "config.step.sign_in", "config.step.sign_in.data"
AGREE, DECLINE = "button[value=agree]", "button[value=decline]"


def answer_consent(browser: Browser, button: str, picture: str) -> None:
    """Press a button of the page of consent; the window leads back to Home Assistant."""
    browser.find("step-flow-external")
    with browser.other_window():
        browser.find(button)
        browser.picture(picture)
        browser.click(button)


def test_consent(house: House, browser: Browser, pages: Pages) -> None:
    house.remove_entries()
    words = pages.words
    dialog = pages.add_integration()
    browser.reads(words("config.step.user.menu_options.account"))
    browser.picture("menu")
    dialog.choose("config.step.user.menu_options.sign_in")
    dialog.shows(SIGN_IN)
    dialog.fill(f"{DATA}.{CONF_ADDRESS}", house.cic.address)
    dialog.fill(f"{DATA}.{CONF_CLIENT_ID}", house.cic.client_id)
    dialog.fill(f"{DATA}.{CONF_CLIENT_SECRET}", house.cic.client_secret)
    dialog.fill(f"{DATA}.{CONF_MODEL_ID}", MODEL)
    dialog.fill(f"{DATA}.{CONF_CA_CERTIFICATE}", Path(house.cic.ca_file).read_text())
    dialog.submit()
    browser.reads(words("config.error.missing"))
    browser.picture("missing")
    dialog.fill(f"{DATA}.{CREDENTIAL}", house.account(consent=False))
    dialog.submit()
    answer_consent(browser, DECLINE, "consent")
    browser.reads(words("config.error.consent_declined"))
    browser.picture("declined")
    assert not house.entries()
    dialog.submit()
    answer_consent(browser, AGREE, "consent-again")
    browser.find("step-flow-create-entry >>> ha-area-picker")
    browser.picture("added")
    dialog.submit()
    browser.find("ha-config-device-page")
    assert house.settled()["title"] == "127.0.0.1"


def test_signed_in_again(house: House, signed_in: str, browser: Browser, pages: Pages) -> None:
    """The service takes none of its tokens any longer: Home Assistant asks, and the entry is the same."""
    words, [entry] = pages.words, house.entries()
    device = house.client()
    house.control("POST", "tokens", {"client": device, "revoke": "all"})
    house.push("AudioPlayer.ExpectReportPlaybackState")  # it is told with a token
    pages.open("/config/integrations")
    # of the card above all others
    browser.click("ha-config-flow-card >>> ha-button[variant=danger]")
    dialog = Dialog(browser, words)
    step = "config.step.sign_in_again"
    dialog.shows(step, name=entry["title"])
    dialog.fill(f"{step}.data.{CREDENTIAL}", house.account(refused=True))
    dialog.submit()
    browser.reads(words("config.error.account_refused"))
    browser.picture("refused")
    dialog.fill(f"{step}.data.{CREDENTIAL}", house.account(consent=False))
    dialog.submit()
    answer_consent(browser, AGREE, "consent")
    browser.find("step-flow-abort")
    browser.picture("accepted")
    dialog.close()
    assert house.settled()["entry_id"] == signed_in
    assert house.client() == device
    browser.gone("ha-config-flow-card")


def test_changed(house: House, signed_in: str, browser: Browser, pages: Pages) -> None:
    words = pages.words
    pages.integration()
    dialog = pages.reconfigure()
    step = "config.step.change_sign_in"
    dialog.shows(step)
    browser.picture("form")
    dialog.fill(f"{step}.data.{CONF_MODEL_ID}", "box-2")
    dialog.submit()
    browser.reads(words("config.error.sign_in_again"))
    browser.picture("has-to-sign-in")
    dialog.select(f"{step}.data.grant", "selector.grant.options.account_token")
    dialog.fill(f"{step}.data.{CREDENTIAL}", house.cic.account_token)
    dialog.select(f"{step}.data.{CONF_LANGUAGE}", "selector.language.options.ja")
    dialog.submit()
    browser.find("step-flow-abort")
    dialog.close()
    house.settled()
    changed = {CONF_MODEL_ID: "box-2", CONF_LANGUAGE: "ja"}
    until(lambda: changed.items() <= house.stored(signed_in)["data"].items(), "the change on disk")
