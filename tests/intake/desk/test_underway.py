"""Bulk reads of all members together have a bound; who finds it taken waits a little and comes again."""

from threading import Thread

import pytest

from intake.desk.underway import TakenError, UnderWay


def test_what_is_given_back_is_for_who_waits() -> None:
    under_way = UnderWay(100, patience=60)
    give_back = under_way.take(60)
    with pytest.raises(TakenError):
        under_way.take(41)
    attempts = []

    def attempt() -> str:
        attempts.append(1)
        if len(attempts) == 1:
            Thread(target=give_back).start()
        under_way.take(41)
        return "read"

    assert under_way.waited_for(attempt) == "read"


def test_nobody_waits_for_long_or_for_ever() -> None:
    under_way = UnderWay(100, patience=0)
    under_way.take(100)
    with pytest.raises(TakenError):
        under_way.waited_for(lambda: under_way.take(1))


def test_one_thing_that_is_larger_than_all_of_it_has_a_turn() -> None:
    under_way = UnderWay(100, patience=0)
    under_way.take(1_000)()
    under_way.take(100)()
