"""What an unlocked program shows."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock

from intake.protocol.logstate import LogState
from intake.triage.book import Book


class Shown:
    """The book, and the log up to which all in it was opened. Fetches, writers and readers share it."""

    def __init__(self) -> None:
        self.book = Book()
        self.log: LogState | None = None
        self._changing = Lock()
        self.is_closed = False

    @contextmanager
    def changing(self) -> Iterator[Book | None]:
        """Within this, nobody else changes what is shown. The book, or None once all was closed."""
        with self._changing:
            yield None if self.is_closed else self.book

    def put(self, book: Book, looked: Callable[[], Mapping[str, bytes]]) -> None:
        """Show another book from now on, with what was looked at. Once all was closed, that one is closed as well."""
        with self._changing:
            book.show_looked(looked())
            self.book = book
            if self.is_closed:
                book.close()

    def close(self) -> None:
        """Forget everything."""
        with self._changing:
            self.is_closed = True
            self.book.close()
