"""What a source's page will say of what its team writes, made of the source site's own words and template."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial

from babel import Locale
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from intake.languages import written
from intake.languages.catalogues import SOURCE, tags, translations
from intake.languages.shown import shown
from intake.report.events import ConsentRequest


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """A reply as its source sees it."""

    day: date
    text: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A question as its source sees it."""

    day: date
    request: ConsentRequest


@dataclass(frozen=True, slots=True, repr=False)
class Answered:
    """What a team has answered, in its order, and the first day on which somebody opened the report.

    `taken_back`: the days on which it took a reply back; `questions`: what it asks.
    """

    replies: Sequence[Shown]
    opened: date | None
    taken_back: Sequence[date] = ()
    questions: Sequence[Asked] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Preview:
    """A part of a source's page, the language that it is in, and the direction of that."""

    language: str
    direction: str
    html: Markup


def preview(language: str, answered: Answered) -> Preview:
    """What the page says in a language; in English where there are no words of it, as the site itself then is."""
    tag = language if language in tags() else SOURCE
    html = Markup(_templates(tag).get_template("preview.html").render(answered=answered))  # noqa: S704 - it escapes
    return Preview(tag, written.direction(tag), html)


@cache
def _templates(tag: str) -> Environment:
    templates = Environment(loader=PackageLoader("intake.replies"), autoescape=True, undefined=StrictUndefined)
    templates.trim_blocks = templates.lstrip_blocks = True
    templates.globals["_"] = partial(_words, tag)
    templates.filters["shown"] = shown
    templates.filters["day"] = partial(written.day, locale=Locale.parse(tag, sep="-"))
    return templates


def _words(tag: str, message: str, **values: object) -> Markup:
    # As the site writes them: the words are ours, and what is put into them is escaped.
    return Markup(translations(tag).ugettext(message)) % values  # noqa: S704
