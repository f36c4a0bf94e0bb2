"""The pages and dialogs of Home Assistant that the integration is met on."""

from dataclasses import dataclass

from selenium.webdriver.remote.webelement import WebElement

from custom_components.clova_cic.const import DOMAIN

from .browser import Browser
from .words import Words

OPTION = "ha-dropdown-item, [slot=headline]"


@dataclass(frozen=True)
class Dialog:
    """A config, options or repair flow, as it lies open."""

    browser: Browser
    words: Words

    def shows(self, step: str, **placeholders: str) -> None:
        """Wait for a step, by its key: what it says of itself at the head can be read."""
        heads = [key for key in ("title", "description") if key in self.words.tree(step)]
        self.browser.reads(*(self.words(f"{step}.{key}", **placeholders) for key in heads))

    def choose(self, option: str) -> None:
        """Choose from a menu, by the option's key."""
        self.browser.click("ha-list-item > span", self.words(option))

    def field(self, label: str) -> WebElement:
        """Return a field, by the key of its label."""
        return self.browser.find("ha-selector", self.words(label))

    def fill(self, label: str, value: str) -> None:
        """Put a text into a field."""
        self.browser.type(self.browser.find("input, textarea", within=self.field(label)), value)

    def switch(self, label: str) -> None:
        """Press a switch."""
        self.browser.click_on(self.browser.find("ha-switch", within=self.field(label)))

    def select(self, label: str, option: str) -> None:
        """Choose from a field's list, by the key of the option."""
        self.pick(label, self.words(option))

    def pick(self, label: str, text: str) -> None:
        """Choose from a field's list what is shown with a text; a list that is just filling misses clicks."""
        browser = self.browser
        picker = browser.find("ha-picker-field", within=self.field(label))

        def is_picked() -> bool:
            return text in browser.look("textOf", picker)

        def picked() -> bool:
            if not browser.found(OPTION, text):
                browser.click_on(picker)
            browser.click(OPTION, text)
            return browser.soon(is_picked)

        browser.until(picked, f"{text} for {self.words(label)}")

    def unfold(self, section: str) -> None:
        """Open a section of a form, by its key."""
        self.browser.click("ha-expansion-panel >>> [slot=header]", self.words(f"{section}.name"))

    def submit(self) -> None:
        """Press the button that goes on."""
        self.browser.click("ha-dialog-footer >>> ha-button[slot=primaryAction]")

    def close(self) -> None:
        """Press what closes it, and wait until it is gone."""
        self.browser.click("dialog-data-entry-flow >>> ha-icon-button[slot=headerNavigationIcon]")
        self.browser.gone("dialog-data-entry-flow >>> ha-dialog")


@dataclass(frozen=True)
class Pages:
    """Ways to get somewhere."""

    browser: Browser
    words: Words
    url: str

    def open(self, path: str) -> None:
        """Go to a page of Home Assistant."""
        self.browser.open(self.url + path)

    def log_in(self, user: str, password: str) -> None:
        """Enter name and password as at the first visit."""
        self.open("/")
        self.browser.type(self.browser.find("input[name=username]"), user)
        self.browser.type(self.browser.find("input[name=password]"), password)
        self.browser.click("ha-auth-flow ha-button, ha-auth-flow mwc-button")
        self.browser.find("home-assistant-main")

    def speak(self, language: str) -> None:
        """Have the frontend speak a language, as a user's profile does; it is kept with the site."""
        self.open("/manifest.json")
        self.browser.driver.execute_script(
            "localStorage.selectedLanguage = JSON.stringify(arguments[0])", language
        )

    def add_integration(self) -> Dialog:
        """Look the integration up among all there are."""
        self.open("/config/integrations")
        self.browser.press("Add integration")
        search = self.browser.find("dialog-add-integration >>> input")
        self.browser.type(search, "CLOVA")
        self.browser.press("CLOVA CIC")
        return Dialog(self.browser, self.words)

    def integration(self) -> None:
        """Open the integration's own page."""
        self.open(f"/config/integrations/integration/{DOMAIN}")
        self.browser.find("ha-config-entry-row")

    def add_another(self) -> Dialog:
        """Press the button that adds an entry, on the integration's page."""
        self.browser.click("ha-config-integration-page >>> .actions > ha-button")
        return Dialog(self.browser, self.words)

    def device(self, device_id: str) -> None:
        """Open a device's page."""
        self.open(f"/config/devices/device/{device_id}")
        self.browser.find("ha-config-device-page")

    def options(self, *way: str) -> Dialog:
        """Press the cogwheel of the entry on the integration's page, and go a way through the menus."""
        self.browser.click("ha-row-item > ha-icon-button[slot=end]")
        dialog = Dialog(self.browser, self.words)
        for menu, option in zip(("init", *way), way, strict=False):
            dialog.choose(f"options.step.{menu}.menu_options.{option}")
        return dialog

    def reconfigure(self) -> Dialog:
        """Choose reconfiguration in the menu of the entry on the integration's page."""
        self.browser.click("ha-row-item ha-icon-button[slot=trigger]")
        self.browser.click("ha-dropdown-item[value=reconfigure]")
        return Dialog(self.browser, self.words)
