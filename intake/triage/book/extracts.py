"""What was read of files while somebody looked at their pages, so that it can be searched: in memory, never elsewhere.

No more of it is kept than can be searched quickly with the rest of a report.
"""

import sqlite3
from collections.abc import Collection, Mapping
from typing import NamedTuple

MOST_OF_FILE, MOST_OF_TIP = 50_000, 100_000
"""Characters."""

SCHEMA = """
CREATE TABLE extract (
    tip TEXT, file TEXT, page INTEGER, text TEXT NOT NULL, PRIMARY KEY (tip, file, page)
) WITHOUT ROWID;
"""


class FilePage(NamedTuple):
    """A page of a file. `file`: the SHA-256 of what is in it."""

    file: str
    number: int


Extracts = Mapping[FilePage, str]


def read(database: sqlite3.Connection, tip: str) -> Extracts:
    """What was read of the files of a tip, file by file and page by page."""
    found = database.execute("SELECT file, page, text FROM extract WHERE tip = ? ORDER BY file, page", (tip,))
    return {FilePage(file, page): text for file, page, text in found}


def fitting(known: Extracts, page: FilePage, text: str) -> str:
    """As much of what is on another page as is searched beside what is known."""
    of_file = sum(len(each) for (file, _), each in known.items() if file == page.file)
    return text[: max(0, min(MOST_OF_FILE - of_file, MOST_OF_TIP - sum(map(len, known.values()))))]


def add(database: sqlite3.Connection, tip: str, page: FilePage, text: str) -> None:
    """Keep what was read of one more page."""
    database.execute("INSERT INTO extract VALUES (?, ?, ?, ?)", (tip, *page, text))


def drop(database: sqlite3.Connection, tip: str, but: Collection[str] = ()) -> None:
    """Forget what was read of a tip's files, but of these."""
    for file in {page.file for page in read(database, tip)}.difference(but):
        database.execute("DELETE FROM extract WHERE tip = ? AND file = ?", (tip, file))
