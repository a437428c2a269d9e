"""`python -m bench [PART …]`: print each part's rows as they are measured."""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench import access, append, book, desk, envelope, growth, log, source, triage, viewing, witness
from bench.timing import Measured, Part, Row, measure

PARTS: dict[str, Callable[[], AbstractContextManager[Part]]] = {
    "envelope": envelope.part,
    "book": book.part,
    "source": source.part,
    "desk": desk.part,
    "triage": triage.part,
    "viewing": viewing.part,
    "witness": witness.part,
    "access": access.part,
    "append": append.part,
    "log": log.part,
    "growth": growth.part,
}


def main(wanted: list[str]) -> None:
    """Measure the parts that are named, or all."""
    if unknown := set(wanted) - PARTS.keys():
        sys.exit(f"there is no part {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}")
    console = Console()
    table = Table("What", "Median", "Beside", "Its median", "Ratio (range)", "Goal")
    notes: list[str] = []
    with Progress(console=console, transient=True) as progress:
        for part in wanted or PARTS:
            with PARTS[part]() as measured:
                for row in progress.track(measured.rows, description=part):
                    table.add_row(row.what, *_cells(row, measure(row)))
                notes.append(measured.note())
    console.print(table)
    for note in filter(None, notes):
        console.print(note)
    console.print(f"Medians of rounds in turn, on {len(os.sched_getaffinity(0))} cores. Only the ratios tell anything.")


def _cells(row: Row, measured: Measured) -> tuple[str, ...]:
    ratio = f"{measured.ratio:.2f} ({measured.lowest:.2f}-{measured.highest:.2f})"
    return row.shown(measured.ours), row.against, row.shown(measured.other), ratio, row.goal


if __name__ == "__main__":
    main(sys.argv[1:])
