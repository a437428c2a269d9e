"""What tips are narrowed down by is counted as if each were looked at."""

import sqlite3
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from intake.triage.book.facets import SCHEMA, FacetIndex, Places

FIELDS = ("urgency", "status", "label")
CHOICES = ("a", "b", "c")
SOME = st.sets(st.sampled_from(CHOICES))
TRAITS = st.dictionaries(st.sampled_from(FIELDS), SOME)
STEPS = st.lists(st.tuples(st.integers(1, 40), st.none() | TRAITS), max_size=60)

Traits = Mapping[str, set[str]]


def filled(steps: Sequence[tuple[int, Traits | None]]) -> tuple[FacetIndex, dict[int, Traits]]:
    """An index after these steps, each of which puts a place in or takes it out, and what it must hold then."""
    index, holds = FacetIndex(), dict[int, Traits]()
    for place, traits in steps:
        if traits is None:
            index.remove(place)
            holds.pop(place, None)
        else:
            index.put(place, traits)
            holds[place] = traits
    return index, holds


def fit(holds: dict[int, Traits], chosen: Traits, but: str = "") -> set[int]:
    """The places that fit, one by one."""
    fields = [field for field in chosen if chosen[field] and field != but]
    return {place for place, has in holds.items() if all(has.get(field, set()) & chosen[field] for field in fields)}


@given(STEPS, TRAITS, st.none() | st.sets(st.integers(1, 40)))
def test_what_fits_and_what_is_counted_is_what_looking_at_each_would_give(
    steps: list[tuple[int, Traits | None]], chosen: Traits, among: set[int] | None
) -> None:
    index, holds = filled(steps)
    given_places = None if among is None else Places.of(among)
    within = set(range(50)) if among is None else among
    fitting = index.fitting(chosen, among=given_places)
    assert {place for place in range(50) if place in fitting} == fit(holds, chosen) & within
    assert len(fitting) == len(fit(holds, chosen) & within)
    counts = index.counts(chosen, among=given_places)
    for field in FIELDS:
        fits_others = fit(holds, chosen, but=field) & within
        occurring = {choice for has in holds.values() for choice in has.get(field, ())}
        expected = {choice: sum(choice in holds[place].get(field, ()) for place in fits_others) for choice in occurring}
        assert counts.get(field, {}) == expected


@given(STEPS)
def test_an_index_comes_back_from_the_database_as_it_was(steps: list[tuple[int, Traits | None]]) -> None:
    index, holds = filled(steps)
    database = sqlite3.connect(":memory:")
    database.executescript(SCHEMA)
    index.keep(database)
    index.keep(database)
    again = FacetIndex.recall(database)
    assert again.counts({}) == {field: choices for field, choices in index.counts({}).items() if choices}
    assert {place for place in range(50) if place in again.fitting({})} == holds.keys()


@given(st.sets(st.integers(0, 3000)))
def test_a_set_of_places_reads_back_from_its_bytes(places: set[int]) -> None:
    again = Places.any_of([bytearray(Places.of(places).data())])
    assert (len(again), list(again)) == (len(places), sorted(places))
