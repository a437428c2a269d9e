"""Terms that a team watches for: each as somebody would type it into the search, and found as that finds it."""

from collections.abc import Iterable

from intake.triage.book.search.hits import fits
from intake.triage.book.search.query import parse
from intake.triage.book.search.texts import Content


def watched(terms: Iterable[str], content: Content) -> list[str]:
    """Those of the terms that a report is found by."""
    queries = ((term, parse(term)) for term in terms)
    return [term for term, query in queries if not query.is_empty and fits(query, content)]
