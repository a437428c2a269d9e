"""Every message as it is seen on the real pages: the walk, and what is seen on it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from playwright.sync_api import Browser, sync_playwright

from i18n.kit.entries import Entry
from i18n.kit.harm import Knowledge
from i18n.kit.sight import SCALE, Photographer, Seen
from i18n.kit.site import site
from i18n.kit.walk import CHAPTERS, Chapter, Source

CHROMIUM = Path("/usr/bin/chromium")

_WIDTH = 420


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, until the block ends."""
    if not CHROMIUM.exists():
        raise click.ClickException("the kit needs Debian's package chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        try:
            yield browser
        finally:
            browser.close()


def take_pictures(
    entries: list[Entry], known: Knowledge, directory: Path, chapters: Sequence[Chapter] = CHAPTERS
) -> Seen:
    """Go through the pages of a site of our own, and put a picture of each message that is seen into a directory."""
    photographer = Photographer(entries, known, directory)
    with TemporaryDirectory() as temporary, chromium() as browser, site(Path(temporary), known.team) as shown:
        context = browser.new_context(viewport={"width": _WIDTH, "height": 800}, device_scale_factor=SCALE)
        source = Source(shown, context.new_page())
        with click.progressbar(chapters, label="Taking pictures") as walked:
            for chapter in walked:
                for page in chapter(source):
                    photographer.look(page)
        context.close()
    return photographer.seen
