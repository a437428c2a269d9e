"""Everything that was opened, in memory: one SQLite database that pages are queries on.

It never touches a disk in the clear. Its snapshot does, sealed, so that the next unlock need not open everything again.
"""

from intake.triage.book.database import Book
from intake.triage.book.queue import COLUMNS, ORDERS, PAGE, Neighbours, Page, Row, Wanted
from intake.triage.book.snapshot import Snapshot, SnapshotError

__all__ = [
    "COLUMNS", "ORDERS", "PAGE", "Book", "Neighbours", "Page", "Row", "Snapshot", "SnapshotError", "Wanted"
]  # fmt: skip
