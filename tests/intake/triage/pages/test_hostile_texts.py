"""Texts that are made to do harm or to mislead, wherever one can be written: each is shown, harmlessly, and whole."""

import io
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Page

from beyond import BEYOND_THE_SIDES
from intake.report.definition import Answer, Entry, load_form
from intake.report.payloads import Addition, Message
from open_desk import Desk, Stored
from opened import opened_tip
from program import Program
from told import page, shown, sync
from window import show

pytestmark = pytest.mark.slow

TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
TEXTS = {
    "markup": "</p></textarea></select><script>x()</script><img src=x onerror=x()><b>bold</b> &amp; {{ 7 * 7 }} ]]>",
    "attribute": '" \' onfocus=x() autofocus style="position:fixed" x=\'',
    "overrides": f"before {TURNING} after \u202egpj.exe",
    "no space": "word" * 12_500,
    "no space, Chinese": "北" * 50_000,
    "zero width": "a\u200b\u200c\u200d\u2060\ufeff" * 5_000,
    "combining": "e" + "\u0301\u0323" * 10_000,
    "controls": "null \x00 bell \x07 escape \x1b[31m delete \x7f",
    "lines": "\n" * 5_000 + "\u2028\u2029\x0b\x0c\x1c\x85 end",
    "link": "javascript:x() https://example.org/" + "a" * 3_000,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈" * 500,
}
NOTHING_TO_RUN = {"script", "iframe", "object", "embed", "base", "meta refresh", "svg", "math", "img", "b"}


class Reading(HTMLParser):
    """A page as a browser reads it: what elements it has, and what of its text turns letters around.

    But for what is typed, and for a reply as its source will see it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.turning: set[str] = set()
        self._as_is = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.found |= {f"{tag} {name}" for name, _ in attributes if name.startswith("on") or name == "style"}
        if tag == "textarea" or ("class", "as-source") in attributes:
            self._as_is = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._as_is:
            self._as_is = ""

    def handle_data(self, data: str) -> None:
        if not self._as_is:
            self.turning |= {character for character in data if character in TURNING}


def read(text: str) -> Reading:
    reading = Reading()
    reading.feed(text)
    return reading


def fill(desk: Desk, amina: Program, text: str) -> tuple[Stored, str]:
    """A report with a text wherever a source, a reviewer or their team can write one; a reply's page before it leaves.

    Nothing leaves for a source with a brace in it.
    """
    line = " ".join(text.split())[:200]
    tip = desk.store_tip(text, {"urgency": "now"})
    for group in load_form().later_groups:
        told: dict[str, Answer] = {field.key: line for field in group.fields if field.is_text}
        if group.entries is not None:
            told[group.entries.key] = ({field.key: line for field in group.entries.fields if field.is_text},)
        desk.send(tip, Addition(load_form().version, group.key, told))
    desk.send(tip, Message(text))
    desk.store_file(tip, f"{line[:100]}.txt", text.encode())
    sync(amina)
    answer = text.replace("{", "(").replace("}", ")")
    words: dict[str, dict[str, str]] = {
        "note": {"text": text}, "reply": {"text": answer}, "status": {"status": "closed", "reason": line},
        "due": {"reason": line, "day": "2027-01-01"},
        "act": {"method": "threatened", "place": line, "written": line},
        "referral": {"to_kind": "lawyer", "to_name": line, "consent": "consent_lawyer", "handed": text},
        "translation": {"part": "narrative/1", "language": "en", "text": text},
    }  # fmt: skip
    for kind, values in words.items():
        assert amina.write(page(tip), kind, **values).status_code == 303
    amina.post("/team/label_name", "/team", name=line, colour="red")
    amina.post("/team/saved_filter", "/team", name=line, address=f"urgency={line}")
    sync(amina)
    draft = amina.post(f"{page(tip)}/reply", page(tip), text=f"{text[:40_000]} {{place}}")
    return tip, urlsplit(draft.location).path.removeprefix(amina.place.path)


def test_a_hostile_text_is_text_wherever_it_stands_and_hides_nothing_else(
    desk: Desk, amina: Program, window: Page, photograph: Callable[[Page, str], None]
) -> None:
    other = desk.store_tip("Another story.", {"urgency": "past"})
    faults: dict[str, object] = {}
    for name, text in TEXTS.items():
        tip, draft = fill(desk, amina, text)
        file = f"{page(tip)}/files/{next(iter(opened_tip(amina.workspace.book, tip.id.hex()).files))}"
        for path in ("/", "/reports", page(tip), f"{page(tip)}/translation", "/team", "/search?q=before", file, draft):
            answer = amina.get(path)
            reading = read(answer.text)
            wrong = (NOTHING_TO_RUN & reading.found) - {"img"} | reading.turning
            wrong |= {tag for tag in reading.found if " on" in tag or tag.endswith(" style")}
            if answer.status_code != 200 or wrong:
                faults[f"{name} at {path}"] = answer.status_code, wrong
        show(window, amina, page(tip))
        if beyond := window.evaluate(BEYOND_THE_SIDES):
            photograph(window, f"triage-hostile-{name}")
            faults[name] = beyond
    assert faults == {}
    assert "Another story." in shown(amina, other)
    listed = sync(amina)
    assert "Another story." in listed
    assert f"{len(TEXTS) + 1} reports</h1>" in listed


WITHOUT_ACCENTS = """() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace(/\\u0301/g, '');
}"""


def pixels(window: Page, place: str) -> Image.Image:
    return Image.open(io.BytesIO(window.locator(place).screenshot())).convert("RGB")


def test_accents_that_are_piled_up_cover_nothing_of_what_stands_above_them(
    desk: Desk, amina: Program, window: Page
) -> None:
    piled = "o" + "\u0301" * 30
    act: Entry = {"place": piled}
    desk.store_tip("They went to my brother.", {"urgency": "now"})
    tip = desk.store_tip(f"{piled} They went to my mother.", {"urgency": "past"})
    desk.send(tip, Addition(load_form().version, "acts", {"acts": (act,)}))
    desk.store_file(tip, f"{piled}.txt", b"data")
    sync(amina)
    for path, above in (
        ("/reports", "tbody tr:first-child"),
        (page(tip), "dt:text-is('Where was it?')"),
        (page(tip), "#files .hint >> nth=0"),
        ("/search?q=mother", ".found h2"),
    ):
        show(window, amina, path)
        seen = pixels(window, above)
        window.evaluate(WITHOUT_ACCENTS)
        extremes = ImageChops.difference(pixels(window, above), seen).convert("L").getextrema()
        assert extremes[1] <= 2, path  # type: ignore[operator]  # a shade, as round corners come out


def test_a_report_with_500_events_and_200_files_is_shown_whole(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They went to my mother.", {})
    entries = next(entries for entries in load_form().entries if entries.key == "acts")
    for part in range(500 // entries.most):
        told: tuple[Entry, ...] = tuple(
            {"place": f"Place {part * entries.most + number}."} for number in range(entries.most)
        )
        desk.send(tip, Addition(load_form().version, "acts", {"acts": told}))
    for number in range(200):
        desk.store_file(tip, f"photo-{number}.jpg", b"data")
    sync(amina)
    assert "Show all of this report" in shown(amina, tip)
    text = amina.get(f"{page(tip)}?all=yes").text
    for number in range(500):
        assert f">Place {number}.<" in text
    for number in range(200):
        assert f"photo-{number}" in text
    assert text.count("<code>SHA-256") == 200
    assert "<mark>Place 499</mark>" in amina.get('/search?q="Place 499"').text
