"""A window of Chromium or of Firefox ESR, without JavaScript on its pages, worked in with the keyboard alone."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as ChromiumError

from firefox import Keys, Marionette, MarionetteException, started
from waiting import waited_for

_REACHED = """
const isShown = element => element.checkVisibility({visibilityProperty: true}) && !element.matches(':disabled');
const says = element => (element.getAttribute('aria-label')
    || [...(element.labels ?? [])].map(label => label.textContent).join(' ')
    || element.textContent || element.value || '').replace(/\\s+/g, ' ').trim();
const reached = [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, audio[controls], video[controls]'
)].filter(element => element.tabIndex >= 0 && isShown(element));
"""
"""A script: what can be reached in a page in its order, and what each is called."""


_WHOLE = "document.readyState === 'complete' && location.protocol !== 'about:' && document.body"
"""A script: whether a page is here with all of it. Between two pages a browser can have an empty one of its own."""


_KEYS = {"Tab": Keys.TAB, "Enter": Keys.ENTER, "Space": " ", "ArrowDown": Keys.ARROW_DOWN, "ArrowUp": Keys.ARROW_UP}
"""Of Firefox's driver, by the names that Chromium's has."""


_MOST_TABS = 5
"""What a field for a day takes."""


class Window(Protocol):
    """What both browsers can do."""

    def go(self, address: str) -> None: ...
    def back(self) -> None: ...
    def press(self, key: str) -> None: ...
    def access(self, key: str) -> None: ...
    def write(self, text: str) -> None: ...
    def day(self, day: date) -> None: ...
    def asked(self, script: str) -> Any: ...
    def another_tab(self) -> AbstractContextManager[None]: ...
    def photograph(self, path: Path, width: int) -> None: ...
    @property
    def address(self) -> str: ...


class InChromium:
    """A page of Chromium. `asked_for`: every address that it asked for."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.set_default_timeout(60_000)
        self.asked_for: list[str] = []
        page.on("request", lambda request: self.asked_for.append(request.url))

    def go(self, address: str) -> None:
        self._page.goto(address)

    def back(self) -> None:
        self._page.go_back()

    def press(self, key: str) -> None:
        self._page.keyboard.press(key)

    def access(self, key: str) -> None:
        # Playwright's own keys bring no letter with Alt.
        pressed = {"modifiers": 1, "key": key, "code": f"Key{key.upper()}", "windowsVirtualKeyCode": ord(key.upper())}
        devtools = self._page.context.new_cdp_session(self._page)
        devtools.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": key, "unmodifiedText": key, **pressed})
        devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **pressed})
        devtools.detach()

    def write(self, text: str) -> None:
        self._page.keyboard.insert_text(text)

    def day(self, day: date) -> None:
        self._page.keyboard.type(f"{day:%m%d%Y}")

    def asked(self, script: str) -> Any:
        return self._page.evaluate(f"() => {{ {script} }}")

    @contextmanager
    def another_tab(self) -> Iterator[None]:
        first, self._page = self._page, self._page.context.new_page()
        yield
        self._page.close()
        self._page = first

    def photograph(self, path: Path, width: int) -> None:
        self._page.set_viewport_size({"width": width, "height": 1000})
        self._page.screenshot(path=path, full_page=True)

    @property
    def address(self) -> str:
        return self._page.url


class InFirefox:
    """The window of Firefox ESR."""

    def __init__(self, driver: Marionette) -> None:
        self._driver = driver
        driver.timeout.implicit = 0
        driver.set_window_rect(width=1280, height=1000)

    def go(self, address: str) -> None:
        self._driver.navigate(address)

    def back(self) -> None:
        self._driver.go_back()

    def press(self, key: str) -> None:
        self._driver.actions.sequence("key", "keyboard").send_keys(_KEYS[key]).perform()

    def access(self, key: str) -> None:
        keys = self._driver.actions.sequence("key", "keyboard")
        keys.key_down(Keys.ALT).key_down(Keys.SHIFT).key_down(key).key_up(key).key_up(Keys.SHIFT).key_up(Keys.ALT)
        keys.perform()

    def write(self, text: str) -> None:
        self._driver.get_active_element().send_keys(text)

    def day(self, day: date) -> None:
        self.write(day.isoformat())

    def asked(self, script: str) -> Any:
        return self._driver.execute_script(script, sandbox="system")

    @contextmanager
    def another_tab(self) -> Iterator[None]:
        first = self._driver.current_window_handle
        self._driver.switch_to_window(self._driver.open(type="tab", focus=True)["handle"])
        yield
        self._driver.close()
        self._driver.switch_to_window(first)

    def photograph(self, path: Path, width: int) -> None:
        self._driver.set_window_rect(width=width, height=1000)
        path.write_bytes(self._driver.screenshot(format="binary", full=True))

    @property
    def address(self) -> str:
        return str(self._driver.get_url())


@contextmanager
def in_chromium(browser: Browser) -> Iterator[InChromium]:
    """A window with cookies of its own."""
    with browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 1000}) as context:
        yield InChromium(context.new_page())


@contextmanager
def in_firefox(home: Path) -> Iterator[InFirefox]:
    """A browser with a profile of its own."""
    with started(home, {}) as driver:
        yield InFirefox(driver)


class Keyboard:
    """Somebody's hands on the keyboard before a window."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def to(self, name: str, within: str = "body", by_tab: bool = True) -> None:
        """With Tab, from what comes before it, to what is called so or begins so."""
        found = self.window.asked(
            f"""{_REACHED}
            const name = {json.dumps(name)}, within = document.querySelector({json.dumps(within)});
            const called = reached.filter(element => within && within.contains(element));
            const target = called.find(element => says(element) === name)
                ?? called.find(element => says(element).startsWith(name));
            const place = reached.indexOf(target);
            if (place < 0) return 'not there: ' + called.map(says).join(' | ').slice(0, 2000);
            document.querySelectorAll('[data-target]').forEach(element => delete element.dataset.target);
            target.dataset.target = '';
            document.activeElement.blur();
            {"reached[place - 1]?.focus();" if by_tab else "target.focus();"}
            return '';"""
        )
        assert found == "", f"{name}: {found}"
        before = self._focused() if by_tab else ""
        for _ in range(_MOST_TABS if by_tab else 0):
            self.window.press("Tab")
            # A field for a day has a place for each of its parts.
            if self._focused() != before:
                break
        assert "data-target" in self._focused(), f"Tab leads past {name} to {self._focused()}"

    def _focused(self) -> str:
        return str(self.window.asked("return document.activeElement.cloneNode().outerHTML;"))

    def press(self, name: str, within: str = "body") -> None:
        """Go there and press Enter, which opens or closes something on the page."""
        self.to(name, within)
        self.window.press("Enter")

    def follow(self, name: str, within: str = "body") -> None:
        """Go there and press Enter, which brings another page."""
        self.to(name, within)
        with self.turned():
            self.window.press("Enter")

    def write(self, name: str, text: str, within: str = "body") -> None:
        """Go to a field, and type in it; again where the page took the focus away before anything was typed."""
        waited_for(lambda: self._written(name, text, within))

    def _written(self, name: str, text: str, within: str) -> bool:
        value = "return document.querySelector('[data-target]').value;"
        self.to(name, within)
        before = self.window.asked(value)
        self.window.write(text)
        after = str(self.window.asked(value))
        assert text in after or after == before, f"{name}: {after}"
        return text in after

    def date(self, name: str, day: date, within: str = "body") -> None:
        """Go to a field for a day, and type its month, day and year as English has them."""
        self.to(name, within)
        self.window.day(day)
        assert self.window.asked("return document.activeElement.value;") == day.isoformat()

    def choose(self, name: str, choice: str, within: str = "body") -> None:
        """Go to a list of choices, and move to one."""
        self.to(name, within)
        steps = self.window.asked(
            f"""const list = document.activeElement;
            const places = [...list.options].map(option => option.textContent.trim());
            return places.indexOf({json.dumps(choice)}) - list.selectedIndex;"""
        )
        for _ in range(abs(steps)):
            self.window.press("ArrowDown" if steps > 0 else "ArrowUp")
        chosen = self.window.asked("return document.activeElement.selectedOptions[0].textContent.trim();")
        assert chosen == choice

    def tick(self, name: str, within: str = "body", by_tab: bool = True) -> None:
        """Go to a box, and tick it."""
        self.to(name, within, by_tab)
        self.window.press("Space")
        assert self.window.asked("return document.activeElement.checked;"), name

    @contextmanager
    def turned(self) -> Iterator[None]:
        """Within this, another page comes; afterwards it is there."""
        before = self.window.asked("return performance.timeOrigin;")
        yield
        waited_for(lambda: self._has_turned(before))

    def _has_turned(self, before: float) -> bool:
        try:
            return bool(self.window.asked(f"return {_WHOLE} && performance.timeOrigin !== {before};"))
        except (ChromiumError, MarionetteException):
            # Between two pages there is none to ask.
            return False

    def until(self, text: str, within: str = "body") -> None:
        """Wait while the page loads itself again, until this is read there."""
        waited_for(lambda: text in self.text(within))

    def text(self, within: str = "main") -> str:
        """What is read there once all of the page is here: it may be just loading itself again."""
        return waited_for(lambda: self._read(within))[0]

    def _read(self, within: str) -> list[str] | None:
        script = f"""return {_WHOLE}
            ? [document.querySelector({json.dumps(within)})?.innerText ?? ''] : null;"""
        try:
            read: list[str] | None = self.window.asked(script)
        except (ChromiumError, MarionetteException):
            # Between two pages there is none to ask.
            return None
        return read

    def passed(self) -> tuple[int, list[str]]:
        """Press Tab once round the page: how many things there are, and what of them was never reached."""
        count = int(
            self.window.asked(
                f"""{_REACHED}
                reached.forEach(element => delete element.dataset.passed);
                document.activeElement.blur();
                return reached.length;"""
            )
        )
        days = self.window.asked("return document.querySelectorAll('input[type=date]').length;")
        for _ in range(count + 5 + _MOST_TABS * days):
            self.window.press("Tab")
            self.window.asked("document.activeElement.dataset.passed = '';")
        left = self.window.asked(
            f"""{_REACHED}
            const isPassed = element => 'passed' in element.dataset || (element.type === 'radio'
                && document.querySelector(`input[name="${{element.name}}"][data-passed]`));
            return reached.filter(element => !isPassed(element)).map(says);"""
        )
        return count, left
