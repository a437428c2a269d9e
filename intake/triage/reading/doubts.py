"""What is said of a tip where the server, the log and what was seen before don't go together."""

from datetime import date

from intake.triage.mirror.added import Added
from intake.triage.mirror.exchanged import first_payload, is_renewed
from intake.triage.mirror.known import Known, parts_of
from intake.triage.reading.chain import TELL
from intake.triage.reading.given import Given
from intake.triage.reading.opentip import OpenTip
from intake.triage.reading.renewed import Verdict

_BEFORE_SIGNATURES = (
    "This report is from before signatures: nothing proves that what stands here as the source's came from the source. "
    "What they sent later is signed, but the report names no key to check that by."
)


_ENOUGH = 2
"""Readers, so that one can lose their key."""

_RENEWED = {
    Verdict.LEFT_OUT: (
        "By the log, {} gave this report another key on {}, for all reviewers, but it was not sealed to you: what came "
        "since then you can't read. They left you out, or their program did not know of you. Ask them, and tell your "
        "colleagues."
    ),
    Verdict.NEWER: (
        "{} gave this report another key on {}, with a newer version of this program than the one on this machine, "
        "which can't read that. What came since then is not shown."
    ),
    Verdict.OTHER: (
        "{} gave this report another key on {}, but what they put there is not the summary of this report: it may name "
        "another source, or hide what came before. What you see was opened with the one before, and what came since "
        f"then can't be read. Ask them, and tell your colleagues. {TELL}"
    ),
}
"""What is said of a summary that a member put in the place of another."""


def doubts(given: Given) -> list[str]:
    """What the server says of a tip now that does not go with what was seen before."""
    row, known = given.row, given.known
    found = []
    if given.chain is None:
        found.append(
            "The server has put another summary in the place of the one that was fetched first, and nothing in the log "
            f"explains that. What you see was opened with the first one. {TELL}"
        )
    elif is_renewed(given.chain) and (says := _RENEWED.get(given.renewed)):
        found.append(says.format(given.chain[-1].link.author.name, f"{given.chain[-1].link.author.at:%Y-%m-%d}"))
    if known.absent and date.fromisoformat(row.day) < given.clock.earliest(date.fromisoformat(known.absent)):
        found.append(
            f"This report is dated {row.day}, but the server did not have it yet when you fetched on {known.absent}. "
            f"{TELL}"
        )
    if known.withdrawn:
        found.append(
            f"The source withdrew this report on {known.withdrawn}, by its signature, but the server has it again."
            f" {TELL}"
        )
    return found


def not_sealed_to(given: Given) -> str:
    """Why its summary may not be sealed to whoever reads."""
    let_in = next((link for link in given.let_in if link.whom == given.me), None)
    if let_in is not None and given.known.parts == parts_of(given.row):
        return (
            f"By the log, {let_in.author.name} let you read this on {let_in.author.at:%Y-%m-%d}, but it was not sealed "
            "to the key that you have here. Ask them to do it again."
        )
    if given.made is not None:
        author = given.made.author
        return (
            f"By the log, {author.name} made this on {author.at:%Y-%m-%d}. It was not sealed to you. If you were a "
            "reviewer by then, tell them: their program did not know of you, or they left you out."
        )
    # A fetch on the same day proves nothing: what had come by then may have waited for the next gate.
    came = date.fromisoformat(max(given.row.day, given.known.absent))
    if given.clock.earliest(came) > given.clock.latest(given.since):
        return f"This report was not sealed to you, although it came after you were enrolled. {TELL}"
    if given.known.absent:
        return (
            "This report was not sealed to you. It came on the day on which you were enrolled, perhaps just before, "
            "and showed later. If your colleagues read it and you can't, ask those who run the server why."
        )
    return "This report was not sealed to you: it came before you were enrolled."


def wrong_number(given: Given) -> str:
    """That its summary is sealed to more or fewer people than it may be."""
    let_in = ", and were let in since by the log" if given.let_in else ""
    renewal = given.renewal
    if renewal is None:
        may = f"there were reviewers on that day{let_in}"
    else:
        whom = "it was restricted to" if renewal.readers else "there were reviewers"
        may = f"{whom} when {renewal.author.name} gave it another key on {renewal.author.at:%Y-%m-%d}{let_in}"
    return f"The summary is sealed to more or fewer people than {may}. {TELL}"


def say_made(tip: OpenTip, given: Given) -> None:
    """By the log: who made it, if what is shown is what they made."""
    if given.made is None:
        return
    if given.made.digest.hex() == first_payload(given.links, given.known.parts):
        tip.made = given.made.author
    else:
        author = given.made.author
        tip.warnings.append(
            f"By the log, {author.name} made this on {author.at:%Y-%m-%d}, but of something else than the server "
            f"shows. It is not taken as theirs. {TELL}"
        )


def say_let_in(tip: OpenTip, given: Given) -> None:
    """Who can open it that could not at first, by whom, and since when."""
    tip.remarks += [
        f"{link.author.name} let {link.whom_named} read this on {link.author.at:%Y-%m-%d}." for link in given.let_in
    ]


def say_restricted(tip: OpenTip, given: Given) -> None:
    """To whom it is restricted, for those who read it: that too few are left to lose none of their keys."""
    if given.restriction is not None and given.restriction.left < _ENOUGH:
        tip.warnings.append(
            "You are the only one left who can read this report: if your key is lost, nobody can. Let somebody else in."
        )


def say_unsigned(tip: OpenTip, known: Known) -> None:
    """Of a report that names no key of its source: whether that may be so."""
    if tip.made is not None:
        # Whose it is, the log says.
        return
    if known.signs:
        tip.warnings.append(
            "This report names no key of its source, although it came when this server already had such keys: it may "
            f"be forged. {TELL}"
        )
    else:
        tip.remarks.append(_BEFORE_SIGNATURES)


def say_missing(tip: OpenTip, added: Added, *, is_first: bool) -> None:
    """Of what the log has and the server lacks: whether its source deleted it. `is_first`: what the tip began with."""
    by = f"{added.author.name} sent on {added.author.at:%Y-%m-%d}"
    if is_first:
        tip.warnings.append(f"What this began with, and {by}, is no longer on the server. {TELL}")
    elif added.item in tip.deleted and tip.signer:
        tip.remarks.append(f"The source deleted a reply that {by}, as the source's signature proves.")
    elif added.item in tip.deleted:
        tip.remarks.append(f"A reply that {by} was deleted, it is said by the source; there is no key to check that.")
    elif added.to_source:
        tip.warnings.append(
            f"A message to the source that {by} is no longer on the server, and nothing that the source signed says "
            "that they deleted it. If they did, that comes with one of the next fetches."
        )
    else:
        tip.warnings.append(f"A note or status that {by} is no longer on the server.")
