"""Debian's Firefox ESR, on which Tor Browser is built, driven without JavaScript on its pages."""

import json
import os
import socket
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from intake.demo.processes import wait_for_port
from ports import free_port
from waiting import waited_for

with warnings.catch_warnings():
    # What it imports for telephones and to name the Linux distribution is deprecated, and not used here.
    warnings.simplefilter("ignore", DeprecationWarning)
    from marionette_driver import By
    from marionette_driver.errors import MarionetteException, NoSuchElementException, StaleElementException
    from marionette_driver.geckoinstance import DesktopInstance, GeckoInstance
    from marionette_driver.keys import Keys
    from marionette_driver.marionette import Marionette, WebElement

__all__ = ["By", "Keys", "Marionette", "MarionetteException", "choose", "click", "started", "write"]

FIREFOX = "/usr/bin/firefox-esr"

_IS_DRAWN = "return document.readyState === 'complete' && performance.getEntriesByType('paint').length > 0;"


@contextmanager
def started(home: Path, chosen: dict[str, Any]) -> Iterator[Marionette]:
    """Start the browser, with these preferences beside those of `preferences`."""
    assert Path(FIREFOX).exists(), "these tests need Debian's package firefox-esr: apt-get install firefox-esr"
    # Whatever isn't on this machine is asked of a proxy that isn't there: the port is taken, and nobody listens.
    with socket.socket() as nobody, (home / "output").open("wb") as output:
        nobody.bind(("127.0.0.1", 0))
        port = free_port()
        (home / "user.js").write_text(preferences(port, nobody.getsockname()[1], chosen), "utf-8")
        process = subprocess.Popen(
            [FIREFOX, "--headless", "--no-remote", "--marionette", "--profile", str(home)],
            env={**os.environ, "HOME": str(home), "TMPDIR": str(home)},
            stdout=output,
            stderr=output,
        )
        try:
            wait_for_port(process, port)
            yield connected(port)
        finally:
            process.terminate()
            process.wait(60)


def preferences(port: int, nowhere: int, more: dict[str, Any]) -> str:
    """What `user.js` holds: the driver's own preferences for tests, no script, and no way out of this machine."""
    chosen = GeckoInstance.required_prefs | DesktopInstance.desktop_prefs | more
    chosen |= {"javascript.enabled": False, "marionette.port": port, "network.proxy.type": 1}
    chosen |= {"network.dns.disablePrefetch": True, "network.prefetch-next": False, "dom.push.serverURL": ""}
    for scheme in ("http", "ssl"):
        chosen |= {f"network.proxy.{scheme}": "127.0.0.1", f"network.proxy.{scheme}_port": nowhere}
    placed = {
        name: value.replace("%(server)s", f"127.0.0.1:{nowhere}") if isinstance(value, str) else value
        for name, value in chosen.items()
    }
    return "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in placed.items())


def connected(port: int) -> Marionette:
    """A driver for the browser, with a window as small as it gets."""
    driver = Marionette(host="127.0.0.1", port=port)
    driver.start_session()
    driver.timeout.implicit = 20
    driver.set_window_rect(width=450, height=900)
    return driver


def click(firefox: Marionette, selector: str, by: str = By.CSS_SELECTOR) -> None:
    """Press something, and wait for the page that it brings.

    The driver itself goes on where the browser hasn't begun to load after a fifth of a second.
    """
    pressed = _shown(firefox, selector, by)
    before = firefox.find_element(By.CSS_SELECTOR, "html")
    pressed.click()
    assert waited_for(lambda: _is_gone(before))


def choose(firefox: Marionette, selector: str, by: str = By.CSS_SELECTOR) -> None:
    """Press something that brings no page."""
    _shown(firefox, selector, by).click()


def _shown(firefox: Marionette, selector: str, by: str) -> WebElement:
    """Something on a page that has been drawn: before that, the browser drops what the mouse does."""
    # It may come only with a page that follows on this one by itself: the driver waits for no such page.
    found = firefox.find_element(by, selector)
    assert waited_for(lambda: firefox.execute_script(_IS_DRAWN, sandbox="system"))
    return found


def _is_gone(element: WebElement) -> bool:
    try:
        element.is_displayed()
    except (NoSuchElementException, StaleElementException):
        return True
    return False


def write(firefox: Marionette, selector: str, text: str) -> None:
    """Type a text into a field."""
    firefox.find_element(By.CSS_SELECTOR, selector).send_keys(text)
