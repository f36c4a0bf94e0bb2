"""Debian's Chromium, and what is done with it: look, press, type. What does not come is waited for, with a bound."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
import re
import shutil
import time
from typing import Any

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from .waiting import until

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
# What a click changes in the page itself; where nothing has changed by then, it was missed.
SOON = 2.0
_EYES = (Path(__file__).parent / "eyes.js").read_text()
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # root has none
    "--disable-dev-shm-usage",  # containers have little of it
    "--disable-gpu",
    "--window-size=1280,1400",
    "--force-prefers-reduced-motion",
    "--hide-scrollbars",
    # nothing but this machine is asked for anything
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
# What a person can press.
_PRESSABLE = (
    "button, a, ha-button, ha-icon-button, ha-list-item, ha-list-item-button, ha-dropdown-item, "
    "ha-integration-list-item, [role=menuitem], [slot=headline]"
)


class Browser:
    """One window at a time; find and its like see only what is shown."""

    def __init__(self, driver: Chrome, pictures: Path) -> None:
        """Begin with what the driver shows."""
        self.driver = driver
        self._pictures = pictures
        self._count = 0
        self._subject = ""

    def begin(self, subject: str) -> None:
        """Name the pictures to come after what they are taken for."""
        self._count, self._subject = 0, subject

    def open(self, url: str) -> None:
        """Go to a page."""
        self.driver.get(url)

    # Looking

    def look(self, what: str, *arguments: Any) -> Any:
        """Call a function of eyes.js."""
        return self.driver.execute_script(_EYES, what, *arguments)

    @property
    def text(self) -> str:
        """All that can be read, a line a piece."""
        return str(self.look("seen"))

    def found(
        self, selector: str, text: str | None = None, within: WebElement | None = None
    ) -> list[WebElement]:
        """Return the elements that are shown now."""
        return list(self.look("find", selector, text, within))

    def find(
        self, selector: str, text: str | None = None, within: WebElement | None = None
    ) -> WebElement:
        """Wait for an element; return the last: what has opened on top of the rest."""
        found = self.until(lambda: self.found(selector, text, within), f"{selector} {text or ''}")
        return found[-1]

    def until[Found](self, look: Callable[[], Found | None], what: str) -> Found:
        """Wait until something is there or so, and return it; the page may be rebuilt meanwhile."""
        return until(look, what, (WebDriverException,), self._missing)

    def soon(self, condition: Callable[[], bool]) -> bool:
        """Whether something becomes so in the time a page takes to show what was clicked."""
        deadline = time.monotonic() + SOON
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _missing(self) -> str:
        """Keep what is to be seen where something is missing, and return what can be read."""
        self.picture("missing")
        return self.text

    def reads(self, *texts: str) -> None:
        """Wait until all of these can be read; where one has a placeholder, anything may stand."""
        patterns = {text: _pattern(text) for text in texts}

        def missing() -> list[str]:
            shown = tidy(self.text)
            return [text for text, pattern in patterns.items() if not pattern.search(shown)]

        self.until(lambda: not missing(), f"{texts}")

    def gone(self, selector: str) -> None:
        """Wait until nothing of the kind is shown any more."""
        self.until(lambda: not self.found(selector), f"the end of {selector}")

    def picture(self, name: str) -> None:
        """Keep what is to be seen."""
        self._count += 1
        file = self._pictures / f"{self._subject}-{self._count:02}-{name}.png"
        self.driver.save_screenshot(str(file))

    # Windows

    @contextmanager
    def other_window(self) -> Iterator[None]:
        """Look at the window that a page has opened; it is to close by itself once all is done there."""
        driver = self.driver
        first = driver.current_window_handle
        others = self.until(
            lambda: [one for one in driver.window_handles if one != first], "another window"
        )
        driver.switch_to.window(others[0])
        try:
            yield
        finally:
            driver.switch_to.window(first)
        self.until(lambda: driver.window_handles == [first], "the end of the other window")

    # Doing

    def click(self, selector: str, text: str | None = None) -> None:
        """Click on an element once it is there, and nothing lies above it."""

        def clicked() -> bool:
            self.click_on(self.find(selector, text))
            return True

        self.until(clicked, f"click on {selector} {text or ''}")

    def click_on(self, element: WebElement) -> None:
        """Click on an element, clear of what sticks to the edges of a dialog."""
        self.driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", element)
        element.click()

    def press(self, text: str) -> None:
        """Press what bears this text."""
        self.click(_PRESSABLE, text)

    def type(self, element: WebElement, value: str) -> None:
        """Put a text in place of the one in a field, as if it were pasted."""
        self.click_on(element)
        self.driver.execute_script("arguments[0].select()", element)
        if value:
            self.driver.execute_cdp_cmd("Input.insertText", {"text": value})
        else:
            element.send_keys(Keys.BACKSPACE)


def tidy(text: str) -> str:
    """Return a text as it can be compared: a page breaks it, and marks what stands out, as it likes."""
    return re.sub(r"\s+", " ", text).strip()


def _pattern(text: str) -> re.Pattern[str]:
    """Return what finds a text of the translations, whatever its placeholders have become."""
    return re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(tidy(text))))


@contextmanager
def chromium(folder: Path, pictures: Path) -> Iterator[Browser]:
    """Yield a browser that knows nothing of earlier ones."""
    assert CHROMIUM is not None and DRIVER is not None
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    options.accept_insecure_certs = True  # the CIC server's pages: it is its own authority
    for argument in (*_ARGUMENTS, f"--user-data-dir={folder}"):
        options.add_argument(argument)
    pictures.mkdir(parents=True, exist_ok=True)
    driver = Chrome(options, ChromeService(DRIVER))
    try:
        yield Browser(driver, pictures)
    finally:
        driver.quit()
