"""What the log says of how members come and go, in lines for whoever runs the server or checks it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from intake.protocol.actions import Action
from intake.protocol.card import parse_card
from intake.protocol.logstate import Ruling
from intake.protocol.roster import Roster
from intake.protocol.rules import VOUCHES, parse_rule


def in_words(roster: Roster, at: datetime) -> Iterator[str]:
    """The rule that is in force, and what was said at a time (UTC) that is not enough yet."""
    if not roster.rule:
        yield "The operator enrols alone: nobody has to vouch."
        return
    yield f"Who is enrolled as a reviewer needs the word of {roster.rule}, or of all others, if they are fewer."
    for candidate in roster.candidates(at):
        card = candidate.card
        yield (
            f"{card.name} (key {card.fingerprint}) would be {card.role.noun}: "
            f"{named(roster, candidate.by)} vouched, {len(candidate.by)} of {candidate.needed}"
        )
    for accused in roster.accused(at):
        label = roster.label(accused.member.card.key_id)
        yield f"{label} would be shut out: so {named(roster, accused.by)} said, {len(accused.by)} of {accused.needed}"


def let_in_alone(rulings: Iterable[Ruling]) -> Iterator[Ruling]:
    """Where the operator enrolled somebody who reads although reviewers had to vouch: nobody was there to."""
    ruled = False
    for ruling in rulings:
        entry = ruling.entry
        if entry.action is Action.RULE:
            ruled |= parse_rule(entry.objects).name == VOUCHES
        elif ruled and entry.action is Action.ENROL and parse_card(entry.card or "").role.reads:
            yield ruling


def named(roster: Roster, keys: Sequence[str]) -> str:
    """What these members are called, by their key ids."""
    return " and ".join(roster.label(key) for key in keys)
