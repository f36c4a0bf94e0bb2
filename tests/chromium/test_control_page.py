"""The local server's control page: a directive is pushed, and the event that comes back is seen."""

import pytest

from .browser import Browser
from .house import House

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(300)]


def test_pushed_and_answered(house: House, pasted: str, browser: Browser) -> None:
    browser.open(f"{house.cic.address}/control/")
    browser.type(browser.find("#token"), house.cic.control_token)
    browser.picture("asks-for-the-token")
    browser.press("Open")
    browser.find("#search")
    browser.reads("1 client is connected")
    browser.press("Clear")
    browser.type(browser.find("#search"), "ExpectReportPlayback")
    browser.press("ExpectReportPlaybackState")
    browser.press("Push")
    browser.reads("Pushed to 1 client")
    browser.find("#log .event >>> strong", "AudioPlayer.ReportPlaybackState")
    browser.picture("answered")
    # what was answered can be looked into
    browser.click("#log .event >>> summary")
    browser.reads('"playerActivity"')
    browser.picture("looked-into")
    # who has pasted a token has none that could run out
    browser.press("Token runs out")
    browser.reads("This client has not signed in")
