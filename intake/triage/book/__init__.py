"""Everything that was opened, in memory: one SQLite database that pages are queries on.

It never touches a disk in the clear. Its snapshot does, sealed, so that the next unlock need not open everything again.
"""

from intake.triage.book.database import Book
from intake.triage.book.queue import FILTERS, PAGE, Page, Row
from intake.triage.book.snapshot import Snapshot, SnapshotError

__all__ = ["FILTERS", "PAGE", "Book", "Page", "Row", "Snapshot", "SnapshotError"]
