"""The messages of the source site, each with every place where it stands."""

import hashlib
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from i18n.catalogues import PROJECT, extracted

_FORMS = PurePosixPath("intake/report/forms")
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_SPOKEN = ("title", "question", "add", "unsaid")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands: a file of the project, or `form/GROUP/QUESTION`, behind which `hint` or `choice` may
    stand; and what stands around it there. `line`: 0 in the form.
    """

    where: str
    line: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A message. `english`: its text, or those of one and of many."""

    english: tuple[str, ...]
    context: str | None
    places: tuple[Place, ...]

    @property
    def name(self) -> str:
        """What its page is called: the same as long as the English stays the same."""
        return hashlib.sha256(json.dumps([self.context, *self.english]).encode()).hexdigest()[:12]

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names of what is filled in."""
        return tuple(dict.fromkeys(PLACEHOLDER.findall(self.english[-1])))


def entries() -> list[Entry]:
    """Every message, in the order in which they first stand somewhere."""
    places: dict[tuple[tuple[str, ...], str | None], list[Place]] = defaultdict(list)
    found = list(extracted())
    asked = _asked()
    for number, message in enumerate(found):
        english = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        around = [
            _text(found[other].id) if 0 <= other < len(found) and found[other].file == message.file else ""
            for other in (number - 1, number + 1)
        ]
        in_form = PurePosixPath(message.file).parent == _FORMS
        for where in asked[english[0]] if in_form else [message.file]:
            places[english, message.context].append(Place(where, 0 if in_form else message.line, *around))
    return [Entry(english, context, tuple(held)) for (english, context), held in places.items()]


def _text(message: str | tuple[str, ...]) -> str:
    return message if isinstance(message, str) else message[0]


def _asked() -> dict[str, list[str]]:
    """By text, every group and question of the form in force that says it."""
    (newest,) = sorted((PROJECT / _FORMS).glob("*.toml"), key=lambda path: int(path.stem))[-1:]
    definition = tomllib.loads(newest.read_text("utf-8"))
    asked: dict[str, list[str]] = defaultdict(list)
    for text in definition["always"].values():
        asked[text].append("form/always")
    for group in definition["groups"]:
        for where, text in _said(group, "form"):
            if where not in asked[text]:
                asked[text].append(where)
    return asked


def _said(part: dict[str, Any], within: str) -> Iterator[tuple[str, str]]:
    where = f"{within}/{part['key']}"
    yield from ((where, part[name]) for name in _SPOKEN if name in part)
    if "hint" in part:
        yield f"{where}/hint", part["hint"]
    yield from ((f"{where}/choice", label) for _, label in part.get("choices", ()))
    if "apart" in part:
        yield f"{where}/choice", part["apart"]["title"]
    for inner in [*part.get("fields", []), *([part["entries"]] if "entries" in part else [])]:
        yield from _said(inner, where)
