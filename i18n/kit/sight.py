"""Where messages stand on a page that a browser shows, and a picture of each."""

import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Page

from i18n.kit.entries import Entry
from i18n.kit.harm import Knowledge

SCALE = 1.5
"""Pixels of a picture for one of the page's."""

_ROUND_ABOUT = 130
"""Pixels of the page that a picture shows above and below what is outlined."""

_SENTENCE = re.compile(r".{12,}[.?!:]")
"""A message that is also known where it is only a part of what stands in one place."""

_OUTLINE = "#b3004b"

# Finds each wanted message: by itself in one place, perhaps with a number behind it, or as a sentence among others.
# Answers where it is, with what is read before it and after it, in the order of reading.
_FIND = """wanted => {
    document.querySelectorAll('details').forEach(part => part.open = true);
    const squeezed = text => text.replace(/\\s+/g, ' ').trim();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const spoken = [];
    while (walker.nextNode()) {
        const node = walker.currentNode, parent = node.parentElement;
        if (!squeezed(node.data) || parent.localName === 'textarea') continue;
        if (parent.localName !== 'option' && !parent.checkVisibility()) continue;
        spoken.push({text: node.data, node, of: parent.localName === 'option' ? parent.closest('select') : null});
    }
    document.querySelectorAll('[aria-label]').forEach(element =>
        spoken.push({text: element.getAttribute('aria-label'), of: element, hidden: true}));
    spoken.push({text: document.title, hidden: true});
    const boxOf = (place, from, to) => {
        if (!place.node && !place.of) return null;
        const range = document.createRange();
        if (!place.of) { range.setStart(place.node, from); range.setEnd(place.node, to); }
        const box = (place.of || range).getBoundingClientRect();
        return [box.left + scrollX, box.top + scrollY, box.right + scrollX, box.bottom + scrollY];
    };
    const found = [];
    for (const {name, pattern, sentence} of wanted) {
        const tries = [new RegExp(`^\\\\s*(?:${pattern})(?: [0-9]+)?\\\\s*$`)];
        if (sentence) tries.push(new RegExp(pattern));
        for (const attempt of tries) {
            const index = spoken.findIndex(place => attempt.test(place.text));
            if (index < 0) continue;
            const place = spoken[index], match = attempt.exec(place.text);
            const from = match.index + match[0].search(/\\S/), to = match.index + match[0].trimEnd().length;
            const near = step => place.hidden ? '' : squeezed((spoken[index + step] || {hidden: true}).hidden
                ? '' : spoken[index + step].text);
            found.push({
                index, name, box: boxOf(place, from, to), hidden: !!place.hidden,
                before: squeezed(place.text.slice(0, from)) || near(-1),
                after: squeezed(place.text.slice(to)) || near(1),
            });
            break;
        }
    }
    return found.sort((one, other) => one.index - other.index);
}"""


@dataclass(frozen=True, slots=True)
class Sight:
    """A message as it was first seen. `hidden`: it is read out, or names the window, and isn't part of the page."""

    before: str
    after: str
    hidden: bool


@dataclass
class Seen:
    """What was seen so far, by the names of messages, as a reader comes upon them; `titles`: of the pages of each."""

    sights: dict[str, Sight] = field(default_factory=dict)
    titles: dict[str, list[str]] = field(default_factory=dict)


class Photographer:
    """Looks at pages for messages, and takes a picture of each when it is first seen."""

    def __init__(self, entries: list[Entry], known: Knowledge, directory: Path) -> None:
        self._wanted = [_wanted(entry, known) for entry in entries]
        self._directory = directory
        self.seen = Seen()

    def look(self, page: Page) -> None:
        """Find out what the page says."""
        found: list[dict[str, Any]] = page.evaluate(_FIND, self._wanted)
        title = page.title()
        fresh = [each for each in found if each["name"] not in self.seen.sights]
        # What is part of the page makes a better picture than what only names its window.
        whole = Image.open(io.BytesIO(page.screenshot(full_page=True))) if fresh else None
        for each in found:
            self.seen.titles.setdefault(each["name"], []).append(title)
        for each in fresh:
            self.seen.sights[each["name"]] = Sight(each["before"], each["after"], bool(each["hidden"]))
            if whole is not None:
                _cut(whole, each["box"]).save(self._directory / f"{each['name']}.png", compress_level=1)


def _cut(whole: Image.Image, box: list[float] | None) -> Image.Image:
    """The part of a page's picture round about a place, which is outlined; its top where there is no place."""
    if box is None:
        return whole.crop((0, 0, whole.width, min(whole.height, round(3 * _ROUND_ABOUT * SCALE))))
    left, top, right, bottom = (round(side * SCALE) for side in box)
    beyond = round(_ROUND_ABOUT * SCALE)
    first, last = max(0, top - beyond), min(whole.height, bottom + beyond)
    part = whole.crop((0, first, whole.width, last)).convert("RGB")
    outline = (max(0, left - 8), top - first - 8, min(whole.width - 1, right + 8), bottom - first + 8)
    ImageDraw.Draw(part).rounded_rectangle(outline, radius=8, outline=_OUTLINE, width=5)
    return part


def _wanted(entry: Entry, known: Knowledge) -> dict[str, Any]:
    examples = known.examples(entry)
    pattern = "|".join(_pattern(text, examples) for text in entry.english)
    return {"name": entry.name, "pattern": pattern, "sentence": all(map(_SENTENCE.fullmatch, entry.english))}


def _pattern(text: str, examples: dict[str, str]) -> str:
    """What finds a message whatever is filled in; a number only where the example has one."""

    def piece(part: str) -> str:
        if part.startswith("%("):
            return ".*?[0-9].*?" if any(map(str.isdigit, examples[part[2:-2]])) else ".+?"
        return r"\s+".join(_literal(word) for word in re.split(r"\s+", part.replace("%%", "%")))

    return "".join(piece(part) for part in re.split(r"(%\(\w+\)s)", text))


def _literal(text: str) -> str:
    # As a script's regular expressions take it, too: they refuse a backslash before a letter or a dash.
    return re.sub(r"[.*+?^${}()|\[\]\\/]", r"\\\g<0>", text)
