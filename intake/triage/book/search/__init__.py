"""Search over everything that was opened, in every script."""

from intake.triage.book.search.hits import Hit, Piece, first_hits, fitting, hits
from intake.triage.book.search.index import Results
from intake.triage.book.search.letters import READ_BY
from intake.triage.book.search.patterns import How
from intake.triage.book.search.query import Names, Query, parse
from intake.triage.book.search.texts import PARTS, Content, Text
from intake.triage.book.search.watch import watching

__all__ = [
    "PARTS",
    "READ_BY",
    "Content",
    "Hit",
    "How",
    "Names",
    "Piece",
    "Query",
    "Results",
    "Text",
    "first_hits",
    "fitting",
    "hits",
    "parse",
    "watching",
]
