"""Terms that a team watches for: each as somebody would type it into the search, and found as that finds it."""

from collections.abc import Mapping

from intake.triage.book.search.query import Query, parse
from intake.triage.book.traits import YES


def watching(terms: Mapping[str, str]) -> Mapping[str, Query]:
    """What is looked for, by the id of its term: nothing of what can't be searched for."""
    queries = {name: parse(term) for name, term in terms.items()}
    # An id is whatever its writer chose, and one choice of the queue stands for all terms.
    return {name: query for name, query in queries.items() if not query.is_empty and name != YES}
