"""How far some work is, for whoever waits for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress as Bars

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Shows some work, by its words and number of steps, while the block runs, which tells how many of these are done."""


@contextmanager
def no_progress(_says: str, _of: int) -> Iterator[Callable[[int], None]]:
    """Show nothing."""
    yield lambda _done: None


def bar(console: Console) -> Progress:
    """A bar on a terminal; elsewhere nothing, whatever is said of colours: even a bar that is gone leaves lines."""
    if not console.file.isatty():
        return no_progress

    @contextmanager
    def shown(says: str, of: int) -> Iterator[Callable[[int], None]]:
        with Bars(console=console, transient=True) as bars:
            task = bars.add_task(says, total=of)
            yield lambda done: bars.update(task, completed=done)

    return shown


@dataclass(frozen=True, slots=True)
class Stage:
    """Where some work stands: what is being done, and how many of so many steps are."""

    says: str
    done: int
    of: int


class Watched:
    """Progress that can be looked at from elsewhere. `stage`: what is being done now, if anything."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.stage: Stage | None = None

    @contextmanager
    def __call__(self, says: str, of: int) -> Iterator[Callable[[int], None]]:
        """Show it elsewhere too; nothing where there is nothing to do."""
        if not of:
            yield lambda _done: None
            return
        with self._progress(says, of) as told:

            def tell(done: int) -> None:
                self.stage = Stage(says, done, of)
                told(done)

            tell(0)
            try:
                yield tell
            finally:
                self.stage = None
