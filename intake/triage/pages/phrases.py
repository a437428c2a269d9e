"""What the pages say of numbers, names and many sentences. The words of the form are `intake/report/labels.py`."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from intake.report.payloads import STATUSES
from intake.report.sizes import in_units
from intake.triage.pages.shown import saved_name

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_ALIKE = 5


def counted(sentences: Iterable[str]) -> list[str]:
    """Each sentence once, and how often it would stand there: a server can make any number of them.

    Of those that differ only by their days a few, so that no number of them hides one of another kind.
    """
    alike: dict[str, Counter[str]] = defaultdict(Counter)
    for says in sentences:
        alike[_DAY.sub("", says)][says] += 1
    return [says for times in alike.values() for says in _few(times)]


def _few(times: Counter[str]) -> Iterator[str]:
    for says, count in list(times.items())[:_MOST_ALIKE]:
        yield says if count == 1 else f"{says} ({count} times)"
    if (more := times.total() - sum(list(times.values())[:_MOST_ALIKE])) > 0:
        yield f"The same is to be said of other days ({more} times)."


def status(key: str) -> str:
    """A status in words."""
    return STATUSES.get(key, key)


def size(count: int) -> str:
    """A number of bytes as people say it."""
    number, unit = in_units(count)
    return f"{number:,.1f}".removesuffix(".0") + (" byte" if count == 1 else f" {unit}")


def attachment(name: str) -> str:
    """A Content-Disposition for a file of any name (RFC 6266)."""
    saved = saved_name(name)
    ascii_name = "".join(c if c.isascii() and c not in "%;" else "_" for c in saved)
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(saved, safe='')}"
