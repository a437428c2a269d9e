"""Another summary than the one that was seen is accepted where the log leads to it, link by link, and nowhere else."""

from dataclasses import replace
from itertools import pairwise

import pytest

from intake.protocol.actions import Action
from intake.triage.mirror.added import Author
from intake.triage.mirror.exchanged import Link, Parts, chain, first_payload, history, restricted_by
from ledger import NOON

PAYLOAD = "p"


def parts(header: str, payload: str = PAYLOAD) -> Parts:
    return Parts(header, payload)


def link(place: int, old: str, new: str, whom: str = "") -> Link:
    author = Author("boris", NOON, place)
    return Link("t", author, "b", Action.REWRAP, whom, whom, Parts(old, ""), Parts(new, ""))


LINKS = [link(3, "A", "B"), link(5, "B", "C", "carla"), link(9, "C", "D")]


@pytest.mark.parametrize(
    ("seen", "now", "place", "steps"),
    [
        ("A", "A", 3, 0),
        ("A", "B", 4, 1),
        ("A", "C", 6, 2),
        ("A", "D", 10, 3),
        ("B", "C", 6, 1),
        ("D", "D", 10, 0),
        # What the log did after the index was asked for may show in it already, or not yet.
        ("A", "A", 0, 0),
        ("A", "C", 4, 2),
        # Where it was seen later than the log began with it, only what follows counts.
        ("C", "C", 6, 0),
    ],
)
def test_the_log_explains_what_it_leads_to(seen: str, now: str, place: int, steps: int) -> None:
    found = chain(LINKS, parts(seen), parts(now), place)
    assert found is not None
    assert [step.link for step in found] == [each for each in LINKS if each.old.header >= seen][:steps]
    assert (found[-1].after if found else parts(seen)) == parts(now)


@pytest.mark.parametrize(
    ("seen", "now", "place"),
    [
        ("A", "X", 10),
        ("X", "B", 10),
        # The header is put back to what it was, although the log had gone on.
        ("A", "A", 4),
        ("A", "B", 10),
        ("B", "A", 10),
        ("D", "A", 10),
    ],
)
def test_nothing_else_is_explained(seen: str, now: str, place: int) -> None:
    assert chain(LINKS, parts(seen), parts(now), place) is None


def test_another_payload_is_not_explained_by_headers() -> None:
    assert chain(LINKS, parts("A"), parts("B", "other"), 4) is None
    assert chain(LINKS[:1], parts("A"), parts("A", "other"), 0) is None


def test_a_missing_link_explains_nothing_beyond_it() -> None:
    assert chain([LINKS[0], LINKS[2]], parts("A"), parts("D"), 10) is None


def test_what_found_another_header_by_then_changes_nothing() -> None:
    """The log holds it all the same: what the desk was asked is in one entry, and it took the rest of that."""
    late = link(4, "A", "X")
    found = chain([LINKS[0], late, LINKS[1]], parts("A"), parts("C"), 6)
    assert found is not None
    assert [step.link for step in found] == [LINKS[0], LINKS[1]]
    assert chain([LINKS[0], late], parts("A"), parts("X"), 6) is None


def test_a_link_that_names_payloads_leads_to_both() -> None:
    renewed = replace(LINKS[0], old=parts("A"), new=parts("B", "q"))
    found = chain([renewed, LINKS[1]], parts("A"), parts("C", "q"), 6)
    assert found is not None
    assert [step.before for step in found] == [parts("A"), parts("B", "q")]
    assert chain([renewed], parts("A", "other"), parts("B", "q"), 4) is None


def test_it_is_told_how_a_summary_came_to_be() -> None:
    assert history(LINKS, parts("A")) == []
    assert history(LINKS, parts("C")) == LINKS[:2]
    assert history(LINKS, parts("X")) == []


def test_whoever_names_a_header_that_is_there_already_takes_nothing_from_who_made_it() -> None:
    claim = replace(link(7, "X", "C", "mallory"), key="m")
    assert history([*LINKS[:2], claim], parts("C")) == LINKS[:2]
    assert history([LINKS[0], link(4, "C", "B"), LINKS[1]], parts("C")) == LINKS[:2]


def renewal(place: int, who: str, old: Parts, new: Parts, *readers: str) -> Link:
    author = Author(who, NOON, place)
    return Link("t", author, who, Action.RENEW, "", "", old, new, readers, readers)


FIRST, SECOND, THIRD = parts("A"), parts("B", "q"), parts("C", "r")
RESTRICTED = [renewal(3, "amina", FIRST, SECOND, "amina", "boris"), renewal(7, "boris", SECOND, THIRD)]


def test_what_is_restricted_only_its_readers_renew() -> None:
    by_another = renewal(5, "carla", SECOND, parts("X", "x"))
    assert chain([RESTRICTED[0], by_another], FIRST, parts("X", "x"), 6) is None
    assert chain([RESTRICTED[0], by_another], SECOND, parts("X", "x"), 6) is None
    found = chain([RESTRICTED[0], by_another, RESTRICTED[1]], FIRST, THIRD, 9)
    assert found is not None
    assert [step.readers for step in found] == [("amina", "boris"), ()]


def test_once_none_of_its_readers_is_left_anybody_renews_it() -> None:
    lifted = renewal(5, "carla", SECOND, THIRD)
    for former, explained in ((("amina",), False), (("amina", "boris"), True)):
        links = [RESTRICTED[0], replace(lifted, former=former)]
        assert (chain(links, SECOND, THIRD, 6) is not None) is explained


def test_into_what_is_restricted_nobody_is_let() -> None:
    let_in = replace(link(5, "B", "D", "carla"), key="boris")
    assert chain([RESTRICTED[0], let_in], FIRST, parts("D", "q"), 6) is None
    own = replace(link(5, "B", "D"), key="boris")
    assert chain([RESTRICTED[0], own], FIRST, parts("D", "q"), 6) is not None


def test_it_is_told_to_whom_a_summary_is_restricted() -> None:
    assert restricted_by(RESTRICTED, FIRST) is None
    assert restricted_by(RESTRICTED, SECOND) == RESTRICTED[0]
    assert restricted_by(RESTRICTED, THIRD) is None
    assert restricted_by([RESTRICTED[0], replace(link(5, "B", "D"), key="boris")], parts("D", "q")) == RESTRICTED[0]


def test_it_is_told_what_a_tip_began_as() -> None:
    assert [first_payload(RESTRICTED, each) for each in (FIRST, SECOND, THIRD)] == [PAYLOAD] * 3


def renewals(count: int, first: int = 0, former: tuple[str, ...] = ()) -> list[Link]:
    """So many in a row, from the one that made a numbered summary on."""
    made = [parts(str(number), str(number)) for number in range(first, first + count + 1)]
    links = (renewal(first + place, "boris", old, new) for place, (old, new) in enumerate(pairwise(made)))
    return [replace(each, former=former) for each in links]


@pytest.mark.parametrize("seen", [0, 40], ids=["from the first on", "from a later one on"])
def test_nobody_renews_a_tip_so_often_that_there_is_no_room_when_somebody_is_revoked(seen: int) -> None:
    before = parts(str(seen), str(seen))
    assert chain(renewals(100), before, parts("100", "100"), 100) is not None
    assert chain(renewals(101), before, parts("101", "101"), 101) is None
    for count, explained in ((2, True), (3, False)):
        links = [*renewals(100), *renewals(count, 100, ("carla",))]
        last = str(100 + count)
        assert (chain(links, before, parts(last, last), 100 + count) is not None) is explained
