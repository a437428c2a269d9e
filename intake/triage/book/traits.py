"""What a tip is found by in the queue: its answers to every closed question, and where it stands."""

from collections.abc import Iterator
from functools import cache

from babel import Locale

from intake.report.definition import UNANSWERED, Choice, offered
from intake.report.events import Due
from intake.report.payloads import Opened
from intake.triage.book.facets import Facets
from intake.triage.reading.casework import Referred, acts, approvals_asked, referrals
from intake.triage.reading.consents import ENDED, LATER, NO, WAITING, grounds, uses
from intake.triage.reading.opentip import OpenTip
from intake.triage.reading.paragraphs import paragraphs
from intake.triage.reading.standing import Standing

NOBODY = "nobody"
"""For whom it is, where it is nobody's."""

YES = "yes"
OTHER = "other"
"""A choice that no version of the form has that is known here: a source can send any number of them."""

UNSAID = "-"
"""That a question which is asked once has no answer. No choice of the form is called so."""

UNSET = "unset"
"""That the source names a date that matters, and the team has set none by which something has to happen."""

UNREAD, NEW, CHANGED, READ = "unread", "new", "changed", "read"
"""Whether whoever reads has looked at a tip: never, not at all that it holds, or at all of it."""

NONE, SOME, ALL = "none", "some", "all"
"""How much of what the source wrote is translated."""

CHECKED, UNCHECKED, UNFOUNDED = "checked", "unchecked", "unfounded"
"""Whether a second reviewer has thought of whom a referral could harm, and whether its source has agreed to it."""

ASKED = "asked"
"""That a lead is asked whether something may leave, and none has answered."""

DOUBT = "doubt"
"""How a question whether something may be done was answered, where that counts as no answer."""

WATCHED = "watched"
"""Which of the terms that the team watches for are found in a tip: their ids, and `YES` if there is any."""

BY = "by"
"""Who has to do with a tip: the keys of those whose work it is, and the names of those who wrote for it."""

WORK = ("status", "assigned", "label", UNREAD, WATCHED, "unanswered", "deadline", "contested", "files", "language",
        "translation", "acts_coded", "asked", "referral", "approval", "warnings")  # fmt: skip
"""What tips are found by beside the form's questions."""


def traits(tip: OpenTip, standing: Standing, *, is_unanswered: bool) -> Facets:
    """By field, the choices that fit the tip."""
    found: dict[str, set[str]] = {}
    for path, answer in _answers(tip):
        if path in offered():
            choices = {answer} if isinstance(answer, str) else set(answer)
            known = offered()[path] & choices
            found.setdefault(path, set()).update(known, {OTHER} if choices - known - {UNANSWERED} else ())
    for path in offered().keys() - found.keys():
        if "." not in path:
            found[path] = {UNSAID}
    return found | {
        "status": {standing.status},
        "assigned": set(standing.assigned) or {NOBODY},
        "label": set(standing.labels),
        "language": {tip.language if tip.language in _languages() else OTHER},
        "translation": {_translated(tip, standing)},
        BY: {
            *standing.assigned,
            *(signed.author.name for signed in tip.written if not isinstance(signed.payload, Opened)),
        },
        "acts_coded": {YES} if acts(standing) else set(),
        "asked": {_asked(use.state) for use in uses(tip, standing) if use.state != ENDED},
        "referral": {
            trait for referred in referrals(standing, grounds(tip, standing)) for trait in _referral(referred)
        },
        "approval": {ASKED} if approvals_asked(standing) else set(),
        "files": {YES} if tip.files else set(),
        "unanswered": {YES} if is_unanswered else set(),
        "contested": {YES} if standing.contradicted else set(),
        "deadline": {UNSET} if _names_date(tip) and not standing.outcomes(Due) else set(),
        "warnings": {YES} if tip.warnings else set(),
    }


def _names_date(tip: OpenTip) -> bool:
    return not tip.account.once.keys().isdisjoint(("deadline_kind", "deadline_date"))


def _asked(state: str) -> str:
    return state if state in (WAITING, YES, NO, LATER) else DOUBT


def _referral(referred: Referred) -> set[str]:
    checked = CHECKED if referred.is_checked else UNCHECKED
    return {checked} if referred.ground.allows else {checked, UNFOUNDED}


def _answers(tip: OpenTip) -> Iterator[tuple[str, Choice]]:
    """Every answer, under the path of its question."""
    for key, told in tip.account.once.items():
        yield key, told.value
    for kind, entries in tip.account.entries.items():
        for entry in entries:
            yield from ((f"{kind}.{key}", answer) for key, answer in entry.value.items())
    for file in tip.files.values():
        yield from ((f"file.{key}", answer) for key, answer in file.about.answers.items())


def _translated(tip: OpenTip, standing: Standing) -> str:
    parts = [bool(paragraph.translation) for paragraph in paragraphs(tip, standing)]
    return NONE if not any(parts) else ALL if all(parts) else SOME


@cache
def _languages() -> frozenset[str]:
    return frozenset(str(tag).replace("_", "-") for tag in Locale("en").languages)
