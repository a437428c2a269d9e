"""What reviewers make of a tip: acts with what verifies them, and what was handed on with who checked that."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf

from intake.report.events import (
    CONSENTS_FOR,
    THE_LAST,
    Act,
    Approval,
    ApprovalRequest,
    HarmCheck,
    Referral,
    SecondReading,
    Subject,
    Verification,
)
from intake.triage.reading.consents import NO_GROUND, OTHER_USE, Ground
from intake.triage.reading.standing import Change, Merged, Standing


@dataclass(frozen=True, slots=True, repr=False)
class Judged:
    """An act as it is coded now, how far it is verified, and what each reader last said of it who had no hand in it.

    `passed`: what was said of it before somebody coded it otherwise. That counts no more, and isn't forgotten.
    """

    act: Act
    coded: Merged
    verification: Change | None
    readings: tuple[Change, ...]
    passed: tuple[Change, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Referred:
    """A referral as it stands now, what it rests on, and the last harm check of each who had no hand in it.

    A check of what the referral was before somebody changed to whom or what it hands over is none.
    """

    referral: Referral
    registered: Merged
    ground: Ground
    checks: tuple[Change, ...]

    @property
    def is_checked(self) -> bool:
        """Whether a second reviewer has agreed, and none refuses."""
        # What is on its way bears no name yet, and may be of somebody who had a hand in it: it can only refuse.
        decisions = {each.event.decision for each in self.checks if isinstance(each.event, HarmCheck)}
        return any(each.author for each in self.checks) and decisions == {"agrees"}


def acts(standing: Standing) -> list[Judged]:
    """The acts that were coded and not dropped, by their days; those without one last."""
    found = [_judged(standing, act) for act in standing.outcomes(Act) if not act.dropped]
    return sorted(found, key=lambda judged: (not judged.act.day, judged.act.day))


def _judged(standing: Standing, act: Act) -> Judged:
    coded = standing.subjects[act.subject]
    writers = {_who(change) for change in coded.history if change.author}
    verifications = _history(standing, Verification.kind, act.act)
    readings = [each for each in _history(standing, SecondReading.kind, act.act) if _who(each) not in writers]
    now = _Coding(coded)
    # Whoever wrote without the desk may have been overtaken: what came before that in the log can be of now.
    verified = next(filter(now.is_meant_by, reversed(verifications)), None)
    agreed = _last_of_each(filter(now.is_meant_by, readings))
    said = [*verifications[-1:], *_last_of_each(readings)]
    return Judged(
        act,
        coded,
        verified,
        tuple(agreed),
        tuple(each for each in said if each not in (verified, *agreed)),
    )


class _Coding:
    """How an act is coded now, and in which of its changes it was so: each is looked up, however many there are."""

    def __init__(self, coded: Merged) -> None:
        says = coded.outcome.event.says()
        self._is_now = [change.event.says() == says for change in coded.history]
        self._places = [_place(change) for change in coded.history]
        self._by_item = {change.item: number for number, change in enumerate(coded.history)}

    def is_meant_by(self, said: Change) -> bool:
        """Whether the act is coded now as it was when this was said of it: in the change that it names.

        Of what names none, in the one that stood last before it in the log.
        """
        if not isinstance(said.event, Verification | SecondReading):
            return False
        if said.event.of == THE_LAST:
            before = bisect_right(self._places, _place(said))
            return before > 0 and self._is_now[before - 1]
        number = self._by_item.get(said.event.of)
        return number is not None and self._is_now[number]


def _place(change: Change) -> float:
    """Where it stands in the log. All that is on its way from here comes after that, and was written knowing it."""
    return inf if change.author is None else change.author.place


def referrals(standing: Standing, grounds: Mapping[str, Ground]) -> list[Referred]:
    """Every referral, in the order in which they were registered. `grounds`: what there is that they can rest on."""
    return [
        _referred(standing, referral, grounds.get(referral.consent, NO_GROUND))
        for referral in standing.outcomes(Referral)
    ]


def hands_on(referral: Referral, changes: Iterable[Change]) -> bool:
    """Whether by this something is handed on that wasn't before. `changes`: those that are known.

    What comes later, a reference, an answer, an outcome, is told of what was handed on already.
    """
    known = (change.event for change in changes)
    return not any(
        isinstance(each, Referral) and (each.referral, each.what) == (referral.referral, referral.what)
        for each in known
    )


def approvals_asked(standing: Standing) -> list[ApprovalRequest]:
    """What a lead is asked to let leave, and none has answered."""
    answered = {approval.request for approval in standing.outcomes(Approval)}
    return [each for each in standing.outcomes(ApprovalRequest) if not each.done and each.request not in answered]


def _referred(standing: Standing, referral: Referral, ground: Ground) -> Referred:
    registered = standing.subjects[referral.subject]
    if not ground.is_asked and referral.consent not in CONSENTS_FOR.get(referral.to_kind, ()):
        ground = replace(ground, state=OTHER_USE, allows=False)
    writers = {_who(change) for change in registered.history}
    same = {
        change.item
        for change in registered.history
        if isinstance(change.event, Referral) and change.event.what == referral.what
    }
    last = _last_of_each(_history(standing, HarmCheck.kind, referral.referral))
    checks = (
        check
        for check in last
        if _who(check) not in writers and isinstance(check.event, HarmCheck) and check.event.of in same
    )
    return Referred(referral, registered, ground, tuple(checks))


def _history(standing: Standing, kind: str, which: str) -> tuple[Change, ...]:
    merged = standing.subjects.get(Subject(kind, which))
    return () if merged is None else merged.history


def _last_of_each(changes: Iterable[Change]) -> list[Change]:
    """What each writer said last."""
    return list({_who(change): change for change in changes}.values())


def _who(change: Change) -> str:
    """Who wrote it by the log; empty for whoever works here, as long as it is on its way."""
    return "" if change.author is None else change.author.name
