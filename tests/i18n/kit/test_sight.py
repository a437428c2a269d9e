"""How a message is told on a page: by all of it, whatever is filled in, and never by a part of another one."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from i18n.kit.entries import Entry, Place
from i18n.kit.harm import knowledge
from i18n.kit.sight import Photographer, Seen

pytestmark = pytest.mark.slow

PAGE = """<!doctype html><html lang="en"><title>Goodbye</title><body>
<nav aria-label="Languages">…</nav>
<p>Police station of the state</p>
<p>Nothing was sent. Please try
again tomorrow.</p>
<details><summary>More</summary><p>Within</p></details>
<fieldset><legend>Event 2</legend></fieldset>
<select><option>I don't know</option></select>
<p>3 of 15</p>
<p>It can have 500 kB (at most).</p>
<textarea>Typed</textarea>
<p hidden>Concealed</p>"""


def message(*english: str) -> Entry:
    return Entry(english, None, (Place("form/consents", 0, "", ""),))


TEXTS = (
    "Goodbye", "Languages", "Police", "station", "%(number)s of %(count)s", "Please try again tomorrow.", "Nothing",
    "Within", "Event", "I don't know", "It can have %(size)s (at most).", "Typed", "Concealed",
)  # fmt: skip
ENTRIES = {text: message(text) for text in TEXTS}


@pytest.fixture(scope="module")
def seen(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> tuple[Seen, Path]:
    """What is seen on that page, and the folder with the pictures."""
    directory = tmp_path_factory.mktemp("pictures")
    photographer = Photographer(list(ENTRIES.values()), knowledge(), directory)
    with chromium.new_context() as context:
        page = context.new_page()
        page.set_content(PAGE)
        photographer.look(page)
    return photographer.seen, directory


@pytest.mark.parametrize("text", TEXTS)
def test_a_message_is_seen_where_it_stands_by_itself_or_is_a_whole_sentence(seen: tuple[Seen, Path], text: str) -> None:
    found, directory = seen
    is_there = text not in ("Police", "station", "Nothing", "Typed", "Concealed")
    assert (ENTRIES[text].name in found.sights) is is_there
    assert (directory / f"{ENTRIES[text].name}.png").exists() is is_there


def test_what_stands_around_it_and_on_which_page_is_remembered(seen: tuple[Seen, Path]) -> None:
    found, _ = seen
    sight = found.sights[ENTRIES["Please try again tomorrow."].name]
    assert (sight.before, sight.after, sight.hidden) == ("Nothing was sent.", "More", False)
    counted = found.sights[ENTRIES["%(number)s of %(count)s"].name]
    assert counted.before == "I don't know", "and not the station of the state"
    assert found.sights[ENTRIES["Goodbye"].name].hidden
    assert found.titles[ENTRIES["Within"].name] == ["Goodbye"]
