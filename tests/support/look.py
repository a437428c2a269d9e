"""Pages in a window as people see them: photographed, narrow and wide, and all of each can be read and reached."""

from collections.abc import Callable

from playwright.sync_api import Page

from axe import AXE
from beyond import BEYOND_THE_SIDES

WIDTHS = (320, 1024, 2560)


def faults_in(window: Page) -> list[str]:
    """What of the page that is shown is cut off, and what of it not everybody can use (WCAG 2.2 AA)."""
    return [*window.evaluate(BEYOND_THE_SIDES), *window.evaluate(AXE)]


class Look:
    """A look at the page that is shown, under a name of its own. `faults`: what was found wrong, by page and width."""

    def __init__(self, window: Page, photograph: Callable[[Page, str], None]) -> None:
        self._window, self._photograph = window, photograph
        self.faults: dict[str, list[str]] = {}

    def __call__(self, name: str) -> None:
        for width in WIDTHS:
            self._window.set_viewport_size({"width": width, "height": 900})
            self._photograph(self._window, f"triage-{name}-{width}")
            if found := faults_in(self._window):
                self.faults[f"{name} at {width}"] = found
