"""The whole kit, made from the real pages in a real browser: what a reviewer of a translation finds in it."""

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from PIL import Image
from playwright.sync_api import Browser

from axe import AXE, axe_window
from beyond import BEYOND_THE_SIDES
from i18n.catalogues import messages, paths, read
from i18n.kit.__main__ import make_kit
from i18n.kit.entries import Entry, entries
from i18n.kit.harm import knowledge
from intake.languages.catalogues import header

pytestmark = pytest.mark.slow

ENTRIES = entries()
OUTLINE = b"\xb3\x00\x4b" * 10
"""A part of a line in the colour of outlines."""


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kit."""
    directory = tmp_path_factory.mktemp("kit") / "translators"
    make_kit(directory)
    return directory


def page(kit: Path, text: str) -> str:
    entry = next(entry for entry in ENTRIES if entry.english[0] == text)
    return page_of(kit, entry)


def page_of(kit: Path, entry: Entry) -> str:
    return (kit / "messages" / f"{entry.name}.html").read_text("utf-8")


def words(html: str) -> str:
    """What is to be read on a page."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", re.sub(r"</?bdi[^>]*>", "", html))))


def texts(message: Message) -> list[str]:
    """A translation, in all its forms, as `words` gives them."""
    held = message.string or ""
    return [" ".join(text.split()) for text in ([held] if isinstance(held, str) else held)]


def test_nearly_every_message_was_seen_on_the_pages_and_has_a_picture(kit: Path) -> None:
    pictures = {path.stem for path in (kit / "pictures").glob("*.png")}
    assert pictures <= {entry.name for entry in ENTRIES}
    assert len(pictures) > 0.9 * len(ENTRIES)
    for entry in ENTRIES:
        assert (f'src="../pictures/{entry.name}.png"' in page_of(kit, entry)) is (entry.name in pictures)
        if entry.name not in pictures:
            assert knowledge().why_unseen(entry) in words(page_of(kit, entry)), "the page says why there is none"


def test_on_its_picture_the_message_is_outlined(kit: Path) -> None:
    outlined = 0
    for path in (kit / "pictures").glob("*.png"):
        with Image.open(path) as picture:
            has_outline = OUTLINE in picture.convert("RGB").tobytes()
        # What only names a window, or is only read out, has no place to be outlined.
        said = (kit / "messages" / f"{path.stem}.html").read_text("utf-8")
        outlined += has_outline
        assert has_outline or "is not written on the page itself" in said, path.stem
    assert outlined > 0.9 * len(ENTRIES)


def test_each_message_has_a_page_with_all_that_a_reviewer_has_to_know(kit: Path) -> None:
    catalogues = {path.parts[-3]: read(path) for path in paths()}
    known = knowledge()
    for entry in ENTRIES:
        said = words(page_of(kit, entry))
        rule = known.rule(entry)
        assert f"When it is wrong: {known.names[rule.harm]}" in said
        assert rule.why in said
        assert rule.readers in said
        assert all(text in said for text in entry.english)
        assert all(place.where in said for place in entry.places)
        for name, example in known.examples(entry).items():
            assert f"%({name})s for example: {example}" in said
        for catalogue in catalogues.values():
            found = catalogue.get(entry.english[0], entry.context)
            assert found is not None
            assert all(text in said for text in texts(found))


def test_a_page_says_where_the_message_is_seen_and_what_stands_around_it(kit: Path) -> None:
    said = words(page(kit, "We keep it for %(num)s month."))
    assert "On: “Tell us what is happening”" in said
    assert "Before We can't send anybody to help you" in said
    assert "After As long as you have your eight words" in said
    assert "“Where else to turn”" in words(page(kit, "Choose a country"))
    assert "names the window" in words(page(kit, "Goodbye"))


def test_a_page_a_language_has_every_message_the_serious_ones_first_and_the_index_its_state(kit: Path) -> None:
    index = words((kit / "index.html").read_text("utf-8"))
    ranks = {entry.name: knowledge().rule(entry).harm.rank for entry in ENTRIES}
    for path in paths():
        locale, catalogue = path.parts[-3], read(path)
        text = (kit / f"{locale}.html").read_text("utf-8")
        links = re.findall(r'href="messages/(\w+)\.html"', text)
        assert sorted(links) == sorted(entry.name for entry in ENTRIES)
        harms = [ranks[name] for name in links]
        assert harms == sorted(harms)
        said = words(text)
        assert [text for message in messages(catalogue) for text in texts(message) if text not in said] == []
        assert f" {locale}" in index
        if header(locale.replace("_", "-")).lacks:
            assert header(locale.replace("_", "-")).lacks in index
    assert "nobody fluent has reviewed it" in index


class Addresses(HTMLParser):
    """What a page leads to or loads."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]


def test_it_is_a_folder_by_itself_that_can_be_handed_on(kit: Path) -> None:
    for path in kit.glob("**/*.html"):
        reader = Addresses()
        reader.feed(path.read_text("utf-8"))
        assert "script" not in reader.tags
        for address in reader.addresses:
            target = (path.parent / address).resolve()
            assert target.is_relative_to(kit.resolve()), address
            assert target.is_file(), address


def test_everybody_can_use_it(kit: Path, chromium: Browser) -> None:
    shown = ["index.html", *(f"{locale}.html" for locale in ("ug", "zh_Hant"))]
    of_a_fault = "Something went wrong on our side. Nothing was sent. Please try again in a few minutes."
    for text in ("Leave", "We keep it for %(num)s month.", "There is no such page.", of_a_fault):
        entry = next(entry for entry in ENTRIES if entry.english[0] == text)
        shown.append(f"messages/{entry.name}.html")
    with axe_window(chromium) as window:
        for path in shown:
            window.goto((kit / path).as_uri())
            window.set_viewport_size({"width": 320, "height": 800})
            assert [*window.evaluate(BEYOND_THE_SIDES), *window.evaluate(AXE)] == [], path
