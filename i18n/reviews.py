"""`python -m i18n.reviews LOCALE NAME`: write down that somebody fluent has read every word of a catalogue.

Who it was stands in the catalogue's header. A review is of certain words, whose digests stand in `reviewed/`: so what
was changed since is known, and said, and no review covers it in silence.
"""

import hashlib
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import click
from babel.messages.catalog import Catalog, Message

from i18n.catalogues import TRANSLATIONS, lacking, messages, paths, read, wanted
from intake.languages.header import Header, Review, parse_header

REVIEWED = Path(__file__).with_name("reviewed")

_OF_DRAFTS = re.compile(r'^"X-Draft:.*"\n', re.MULTILINE | re.IGNORECASE)
_OF_REVIEWS = re.compile(r'^"X-Reviewed-By:.*"\n', re.MULTILINE | re.IGNORECASE)


class ReviewError(click.ClickException):
    """A review that can't be written down; says why."""


def header_of(path: Path) -> Header:
    """What the header of a catalogue says today."""
    return parse_header(path.read_text("utf-8"), _today())


def changed_since(path: Path, catalogue: Catalog, reviewed: Path = REVIEWED) -> list[Message]:
    """What of a catalogue nobody has read in these words, though somebody has reviewed it; in its order."""
    digests = reviewed / f"{path.parts[-3]}.txt"
    read = set(digests.read_text("ascii").split()) if digests.exists() else set()
    return [message for message in messages(catalogue) if _digest(message) not in read]


def told(path: Path, catalogue: Catalog, reviewed: Path = REVIEWED) -> str:
    """Who has reviewed a catalogue, and of how much of it that is no longer true."""
    said = header_of(path)
    if said.review is None:
        return "nobody fluent has reviewed it"
    changed = len(changed_since(path, catalogue, reviewed))
    return f"reviewed by {said.review}" + (f"; messages changed since: {changed}" if changed else "")


def record(path: Path, review: Review, reviewed: Path = REVIEWED) -> None:
    """Write a review of all words as they are now; `ReviewError` where there is nothing to review yet."""
    catalogue, text = read(path), path.read_text("utf-8")
    if missing := lacking(catalogue, wanted()):
        raise ReviewError(f"{len(missing)} messages lack a translation; run: make messages")
    if lacks := header_of(path).lacks:
        raise ReviewError(f"its header says what it lacks: {lacks}. Mend that, and take X-Lacks out.")
    name = str(review).replace("\\", "\\\\").replace('"', '\\"')
    line = f'"X-Reviewed-By: {name}\\n"\n'
    signed = _OF_REVIEWS.sub(lambda _: line, _OF_DRAFTS.sub("", text))
    if parse_header(signed, _today()) != Header(review):
        raise ReviewError("a review needs the name of somebody, or of an organisation, and a day that has been")
    path.write_text(signed, "utf-8")
    reviewed.mkdir(exist_ok=True)
    digests = sorted(map(_digest, messages(catalogue)))
    (reviewed / f"{path.parts[-3]}.txt").write_text("".join(f"{digest}\n" for digest in digests), "ascii")


def _digest(message: Message) -> str:
    said = [message.context, message.id, message.string]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def _today() -> date:
    return datetime.now(UTC).date()


@click.command()
@click.argument("locale", type=click.Choice([path.parts[-3] for path in paths()]))
@click.argument("name")
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help="When it was read, such as 2026-11-27; by default today."
)
def main(locale: str, name: str, day: datetime | None) -> None:
    """Write down that NAME, who is fluent, has read every word of the catalogue LOCALE as it is now."""
    path = TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"
    record(path, Review(name, day.date() if day else _today()))
    click.echo(f"{locale}: {told(path, read(path))}. Change the table in docs/translations.md, too.")


if __name__ == "__main__":
    main()
