"""The kit as a folder of pages: an index, a page a language, a page a message."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from babel import Locale
from babel.messages import catalog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from i18n.catalogues import messages, read
from i18n.kit.entries import PLACEHOLDER, Entry, Place
from i18n.kit.harm import Knowledge, Rule
from i18n.kit.sight import Seen, Sight
from i18n.reviews import REVIEWED, changed_since, header_of, told
from intake.languages.header import Header
from intake.languages.written import direction

PICTURES = "pictures"
_MESSAGES = "messages"
_Key = tuple[str | None, tuple[str, ...]]
"""A message of a catalogue: its context and its English."""

_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Words:
    """A message in one language. `changed`: since somebody has reviewed the language."""

    texts: tuple[str, ...]
    changed: bool


_NONE = Words((), changed=False)


@dataclass(frozen=True, slots=True)
class Language:
    """A catalogue: its language in English and in itself, its state, and who has reviewed it."""

    locale: str
    tag: str
    english: str
    name: str
    direction: str
    state: str
    review: str
    words: Mapping[_Key, Words]


@dataclass(frozen=True, slots=True)
class Message:
    """All that a page says of a message; see `Entry`, `Knowledge` and `Sight`."""

    name: str
    english: tuple[str, ...]
    context: str | None
    places: tuple[Place, ...]
    rule: Rule
    notes: list[str]
    examples: dict[str, str]
    titles: list[str]
    sight: Sight | None
    unseen: str
    before: str
    after: str
    words: Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class Catalogues:
    """The catalogues that a kit shows, and where the digests of their reviewed words are."""

    paths: tuple[Path, ...]
    reviewed: Path = REVIEWED


def write_kit(directory: Path, entries: list[Entry], known: Knowledge, seen: Seen, shown: Catalogues) -> None:
    """Write every page; the pictures are there already."""
    languages = [_language(path, shown.reviewed) for path in shown.paths]
    # As a source comes upon them; what was not seen comes last.
    order = {name: place for place, name in enumerate(seen.sights)}
    in_order = sorted(entries, key=lambda entry: order.get(entry.name, len(order)))
    held = [_message(entry, known, seen, languages) for entry in in_order]
    pages = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    pages.filters["gaps"] = _gaps
    shared = {"languages": languages, "messages": held, "harms": known.names}
    (directory / _MESSAGES).mkdir()
    shutil.copyfile(_TEMPLATES / "kit.css", directory / "kit.css")

    def write(template: str, path: str, **values: object) -> None:
        up = "../" * path.count("/")
        (directory / path).write_text(pages.get_template(template).render(up=up, **shared, **values), "utf-8")

    write("index.html", "index.html", seen=len(seen.sights))
    for language in languages:
        write("language.html", f"{language.locale}.html", language=language)
    for number, message in enumerate(held):
        near = {"before": held[number - 1] if number else None, "after": dict(enumerate(held)).get(number + 1)}
        write("message.html", f"{_MESSAGES}/{message.name}.html", message=message, **near)


def _language(path: Path, reviewed: Path) -> Language:
    locale, catalogue = path.parts[-3], read(path)
    tag, header = locale.replace("_", "-"), header_of(path)
    changed = {_key(message) for message in changed_since(path, catalogue, reviewed)} if header.review else set()
    return Language(
        locale=locale,
        tag=tag,
        english=str(Locale.parse(locale).get_display_name("en")),
        name=str(Locale.parse(locale).get_display_name(locale)),
        direction=direction(tag),
        state=_state(header),
        review=told(path, catalogue, reviewed),
        words={
            _key(message): Words(_texts(message.string or ""), _key(message) in changed)
            for message in messages(catalogue)
        },
    )


def _state(header: Header) -> str:
    if header.lacks:
        return f"held back; it lacks: {header.lacks}"
    return "draft" if header.is_draft else "complete"


def _message(entry: Entry, known: Knowledge, seen: Seen, languages: list[Language]) -> Message:
    sight = seen.sights.get(entry.name)
    around = sight or entry.places[0]
    return Message(
        name=entry.name,
        english=entry.english,
        context=entry.context,
        places=entry.places,
        rule=known.rule(entry),
        notes=known.notes(entry),
        examples=known.examples(entry),
        titles=list(dict.fromkeys(seen.titles.get(entry.name, ()))),
        sight=sight,
        unseen=known.why_unseen(entry),
        before=around.before,
        after=around.after,
        words={language.locale: language.words.get((entry.context, entry.english), _NONE) for language in languages},
    )


def _gaps(text: str) -> Markup:
    """A text in which each placeholder stands together, whichever way the text around it runs."""
    parts = PLACEHOLDER.split(text)
    # Every second part is the name of a placeholder.
    said = (
        Markup("<bdi class='gap' dir='ltr'>%({})s</bdi>") if number % 2 else Markup("{}")
        for number, _ in enumerate(parts)
    )
    return Markup("").join(form.format(part) for form, part in zip(said, parts, strict=True))


def _key(message: catalog.Message) -> _Key:
    return message.context, _texts(message.id)


def _texts(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)
