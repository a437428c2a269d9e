"""The index of all words: a part of the book's database, and what was typed as a question to it.

It holds no text, only where each word is: a row has the number of its tip's place in the queue. What is removed is
written over a text that is read once more, so it must be read by the same program; until the index was settled, its
words are still there.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

from intake.triage.book.facets import FacetIndex, Places
from intake.triage.book.search.letters import EXACT, FOLDED
from intake.triage.book.search.patterns import Pattern
from intake.triage.book.search.query import Query, Term
from intake.triage.book.search.texts import PARTS, Content
from intake.triage.book.search.words import Writing, words

_BREAK = "¶"
"""Between texts: no row of words goes from one to the next."""

_CHOICES = "choice"
_COLUMNS = (*PARTS, _CHOICES)
_MARKED = Writing.EXACT.value
"""Stands alone in a tip in which anything is written otherwise than folded: others have no exact words beside those."""

_STEP = 64
"""Pages of the index that are merged at once, while others wait."""

# What a word is, is decided before it comes here: the tokenizer finds spaces, and nothing else of ours to cut at.
_SCHEMA = """
CREATE VIRTUAL TABLE word USING fts5({columns}, content='', columnsize=0, tokenize='ascii');
INSERT INTO word (word, rank) VALUES ('automerge', 8);
CREATE TABLE dated (row INTEGER PRIMARY KEY, day TEXT NOT NULL);
"""
_INSERT = "INSERT INTO word (rowid, {columns}) VALUES (?, {values})"
_DELETE = "INSERT INTO word (word, rowid, {columns}) VALUES ('delete', ?, {values})"
_BY_DAY = "SELECT row, day FROM dated WHERE day > :after AND day < :before"
_BY_WORDS = """
    SELECT dated.row, day FROM word CROSS JOIN dated ON dated.row = word.rowid
    WHERE word MATCH :words AND day > :after AND day < :before
"""
_AND_SETTLED = "SELECT row, day FROM ({found}) WHERE is_settled(row)"
_PAGE = """
WITH
    -- Once for both: how many there are, and the newest of them.
    found AS MATERIALIZED ({found}),
    counted AS MATERIALIZED (SELECT count(*) AS tips FROM found),
    page AS (
        SELECT row, day FROM found ORDER BY day DESC, row DESC
        LIMIT :size OFFSET (SELECT min(:skipped, max(tips - 1, 0) / :size * :size) FROM counted)
    )
SELECT tips, tip FROM page CROSS JOIN counted CROSS JOIN queue ON place = row
ORDER BY page.day DESC, row DESC
"""
_LAST, _FARTHEST = "~", 1 << 32
"""After every day, and a page after all that there are."""

_NAMES = {"columns": ", ".join(_COLUMNS), "values": ", ".join("?" * len(_COLUMNS))}

SCHEMA = _SCHEMA.format(**_NAMES)


@dataclass(frozen=True, slots=True, repr=False)
class Results:
    """A page of the tips that were found, counted from 1; how many `pages` there are, and `tips` on all of them."""

    found: Sequence[str]
    number: int
    pages: int
    tips: int


@dataclass(frozen=True, slots=True, repr=False)
class Cells:
    """What stands in the index of a tip: read from its content, which takes a while, before others have to wait."""

    day: str
    words: Sequence[str]

    @classmethod
    def of(cls, content: Content) -> "Cells":
        """What stands there of this."""
        return cls(content.day, tuple(_cells(content)))


def write(database: sqlite3.Connection, row: int, cells: Cells) -> None:
    """Put what is searched of a tip in its place, which must be empty."""
    database.execute(_INSERT.format(**_NAMES), (row, *cells.words))
    database.execute("INSERT INTO dated VALUES (?, ?)", (row, cells.day))


def erase(database: sqlite3.Connection, row: int, cells: Cells) -> None:
    """Take out what was written there."""
    database.execute(_DELETE.format(**_NAMES), (row, *cells.words))
    database.execute("DELETE FROM dated WHERE row = ?", (row,))


def settle(database: sqlite3.Connection) -> bool:
    """A step towards an index in which nothing is left of what was taken out; whether there was nothing to do any more.

    FTS5 writes what is taken out beside what was there, until both are merged. SQLite 3.40 can't do otherwise.
    """
    before = database.total_changes
    # A negative number: everything into one, in the end.
    database.execute("INSERT INTO word (word, rank) VALUES ('merge', ?)", (-_STEP,))
    # This is how FTS5 says so.
    return database.total_changes - before < 2


def find(database: sqlite3.Connection, facets: FacetIndex, query: Query, number: int, size: int) -> Results:
    """The tips that fit, the newest first, a page of so many; after the last page comes none."""
    found, values = _found(query)
    if (settled := _settled(facets, query)) is not None:
        database.create_function("is_settled", 1, frozenset(settled).__contains__, deterministic=True)
        found = _AND_SETTLED.format(found=found)
    number = min(max(number, 1), _FARTHEST)
    page = {**values, "size": size, "skipped": (number - 1) * size}
    rows = database.execute(_PAGE.format(found=found), page).fetchall()
    tips = rows[0][0] if rows else 0
    pages = max(-(-tips // size), 1)
    return Results([tip for _, tip in rows], min(number, pages), pages, tips)


def places(database: sqlite3.Connection, facets: FacetIndex, query: Query) -> Places:
    """All the tips that fit, by their rows."""
    settled = _settled(facets, query)
    if settled is not None and not (query.terms or query.after or query.before):
        return settled
    found, values = _found(query)
    rows = Places.of(row for row, _ in database.execute(found, values))
    return rows if settled is None else rows & settled


def _settled(facets: FacetIndex, query: Query) -> Places | None:
    """The tips of which is settled what is asked for; None if nothing of the kind is."""
    fitting = [facets.fitting({field: choices}) for field, choices in query.settled]
    return reduce(and_, fitting) if fitting else None


def _found(query: Query) -> tuple[str, dict[str, str]]:
    """What selects the rows that fit, each with its day, and the values for that."""
    values = {"after": query.after, "before": query.before or _LAST, "words": _asked(query)}
    return (_BY_WORDS if query.terms else _BY_DAY), values


def _cells(content: Content) -> Iterator[str]:
    """What stands in each column."""
    by_part: dict[str, list[str]] = {part: [] for part in PARTS}
    for text in content.texts:
        by_part[text.part].append(text.text)
    is_marked = any(map(_is_marked, (text.text for text in content.texts)))
    writings = [writing for writing in Writing if is_marked or writing is not Writing.EXACT]
    for texts in by_part.values():
        yield f" {_BREAK} ".join(" ".join(words(text, writing)) for text in texts for writing in writings)
    yield " ".join((*sorted(content.choices), *((_MARKED,) if is_marked else ())))


def _is_marked(text: str) -> bool:
    return not text.isascii() and text.translate(EXACT) != text.translate(FOLDED)


def _asked(query: Query) -> str:
    """The query in FTS5's language, made of nothing but words of ours, in quotation marks."""
    return " AND ".join(f"({_any_of(term)})" for term in query.terms)


def _any_of(term: Term) -> str:
    within = f"{{{' '.join(term.parts)}}} : " if term.parts else ""
    found = [within + _phrase(pattern.words, begins=pattern.begins) for pattern in term.patterns]
    found += [f"({within}{plain} NOT {_CHOICES} : {_quoted(_MARKED)})" for plain in map(_plain, term.patterns) if plain]
    found += [f"{_CHOICES} : {_quoted(choice)}" for choice in term.choices]
    return " OR ".join(found)


def _phrase(row: Sequence[str], *, begins: bool) -> str:
    return _quoted(" ".join(row)) + (" *" if begins else "")


def _plain(pattern: Pattern) -> str:
    """Where all that is written is as folded, what is exact is found as that."""
    plain = [word.removeprefix(_MARKED) for word in pattern.words]
    is_exact = pattern.writing is Writing.EXACT and not any(map(_is_marked, plain))
    return _phrase(plain, begins=pattern.begins) if is_exact else ""


def _quoted(text: str) -> str:
    return f'"{text}"'
