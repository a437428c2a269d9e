"""Who is a member follows from the log alone, and no two of them can be taken for each other."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crypto.age import HybridIdentity
from crypto.note import SigningKey
from intake.protocol.actions import Action
from intake.protocol.card import Card, CardError, Role, issue_card, parse_card
from intake.protocol.entry import OPERATOR, Entry
from intake.protocol.roster import Roster, RosterError

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def card(name: str, role: Role = Role.AUDITOR) -> Card:
    return issue_card(role, SigningKey.generate(name), HybridIdentity.generate() if role.reads else None)


def enrolled(card: Card, at: datetime = NOON, version: int = 2) -> Entry:
    return Entry(at, OPERATOR, Action.ENROL, (f"member/{card.key_id}",), card=card.text, version=version)


def revoked(card: Card, at: datetime = NOON) -> Entry:
    return Entry(at, OPERATOR, Action.REVOKE, (f"member/{card.key_id}",))


def roster_of(*entries: Entry) -> Roster:
    roster = Roster()
    for entry in entries:
        roster.apply(entry)
    return roster


@pytest.mark.parametrize("name", ["Amina", "AMINA", "ＡＭＩＮＡ", "аmina", "arnina"])
def test_a_name_that_looks_like_one_that_was_ever_enrolled_is_refused(name: str) -> None:
    amina = card("amina")
    for before in ((enrolled(amina),), (enrolled(amina), revoked(amina))):
        with pytest.raises(RosterError, match="looks like that of amina"):
            roster_of(*before, enrolled(card(name)))


def test_a_name_in_another_normal_form_is_refused() -> None:
    with pytest.raises(RosterError, match="looks like that of"):
        roster_of(enrolled(card("Zoé")), enrolled(card("Zoe\u0301")))


def test_the_same_name_may_come_back_once_its_key_was_revoked_and_then_shows_the_key() -> None:
    amina, again, boris = card("amina"), card("amina"), card("boris")
    with pytest.raises(RosterError, match="of this name is enrolled already"):
        roster_of(enrolled(amina), enrolled(again))
    roster = roster_of(enrolled(amina), enrolled(boris), revoked(amina), enrolled(again))
    assert roster.label(boris.key_id) == "boris"
    for each in (amina, again):
        assert roster.label(each.key_id) == f"amina (key {each.fingerprint})"
    assert amina.fingerprint.replace(" ", "") == amina.key_id


def unruled(name: str) -> Card:
    """A card as the first version let it be made."""
    key = SigningKey.generate(name)
    text = f"intake card v1\nrole: auditor\nkey: {key.verifier}\n"
    return parse_card(f"{text}\n{key.sign(text)}\n")


def test_what_the_first_version_let_in_stays_and_shows_its_key() -> None:
    amina, other = unruled("amina"), unruled("am\u3164ina")
    roster = roster_of(enrolled(amina, version=1), enrolled(other, version=1))
    assert roster.label(amina.key_id) == f"amina (key {amina.fingerprint})"
    assert [member.card for member in roster.likes(roster.members[0])] == [other]
    with pytest.raises(RosterError, match="none that don't show"):
        roster_of(enrolled(other))


@pytest.mark.parametrize(
    "name", ["am\u3164ina", "amina\ufe0f", "\u2800amina", "opеrator", "OPERАTOR", "amina🙂"], ids=ascii
)
def test_no_card_is_made_for_a_name_that_nobody_could_tell(name: str) -> None:
    with pytest.raises(CardError, match=r"none that don't show|nobody may be called operator"):
        card(name)


def counts(roster: Roster, *days: int) -> list[Any]:
    return [sorted(roster.reviewer_counts((NOON + day * DAY).date())) for day in days]


def test_how_many_reviewers_there_were_on_a_day_bears_a_correction_of_the_clock() -> None:
    one, two, three = (card(name, Role.REVIEWER) for name in ("amina", "boris", "dmitri"))
    plain = roster_of(enrolled(one), enrolled(two, NOON + 2 * DAY), revoked(one, NOON + 2 * DAY))
    assert counts(plain, -1, 0, 1, 2, 3) == [[], [1], [1], [1, 2], [1]]
    clock = Entry(NOON + DAY, OPERATOR, Action.CLOCK)
    wrong = roster_of(enrolled(one), enrolled(two, NOON + 3 * DAY), clock, enrolled(three, NOON + 2 * DAY))
    assert counts(wrong, 0, 1, 2, 3, 4) == [[1], [1, 2], [1, 2, 3], [1, 2, 3], [2, 3]]
