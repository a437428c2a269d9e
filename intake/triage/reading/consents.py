"""What may be done with a report: what its source agreed to on the form, and what it was asked for in particular.

A question counts in its exact words: as it was worded anew it is another one, and an answer is one to the words whose
hash it bears. Of several answers the last counts, and whatever leaves a doubt counts as none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from intake.report import labels
from intake.report.events import ConsentCheck, ConsentRequest, Subject
from intake.report.payloads import ConsentAnswer
from intake.triage.reading.opentip import DatedAnswer, OpenTip
from intake.triage.reading.standing import Change, Merged, Standing

YES, NO, LATER = "yes", "no", "later"
WAITING, UNCOMPARED, DIFFERS, MISMATCH, ENDED = "waiting", "uncompared", "differs", "mismatch", "ended"
UNSURE, OTHER_USE = "unsure", "other_use"
"""How a question stands, beside how it was answered: not at all; with yes, but nobody has compared the answer to the
check question yet, or it does not fit; to other words; or it is not asked any more, or in other words; with yes, but
what the source sent later may be missing. Or it is about something else than what rests on it."""


@dataclass(frozen=True, slots=True, repr=False)
class Use:
    """One particular thing that a source was asked about, in the exact words of this change.

    `stands`: it is still asked so; `answers`: to this, oldest first; `compared`: what reviewers said of the last answer
    to the check question, None if nobody has.
    """

    asked: Change
    request: ConsentRequest
    stands: bool
    answers: Sequence[DatedAnswer]
    compared: Merged | None

    @property
    def name(self) -> str:
        """How a referral names it."""
        return ConsentRequest.name(self.asked.item)

    @property
    def last(self) -> DatedAnswer | None:
        """The answer that counts."""
        return self.answers[-1] if self.answers else None

    @property
    def state(self) -> str:
        """How it stands."""
        if self.last is not None and self.last.answer.words != self.request.digest:
            return MISMATCH
        if not self.stands:
            return ENDED
        if self.last is None:
            return WAITING
        answer = self.last.answer.answer
        if answer == YES and not self.last.is_sure:
            return UNSURE
        if answer != YES or not self.request.check:
            return answer if answer in (YES, NO, LATER) else MISMATCH
        said = {event.fits for event in self._comparisons}
        return UNCOMPARED if not said else YES if said == {"fits"} else DIFFERS

    @property
    def allows(self) -> bool:
        """Whether it may be done, on the condition that the source named, if any."""
        return self.state == YES

    @property
    def since(self) -> str:
        """The day from which on it was answered so."""
        same = takewhile(lambda each: _says(each) == _says(self.answers[-1]), reversed(self.answers))
        return min((each.day for each in same), default="")

    @property
    def before(self) -> list[DatedAnswer]:
        """What was answered before that was something else, the newest first, each as it came first."""
        changed = [
            each
            for earlier, each in zip([None, *self.answers], self.answers, strict=False)
            if earlier is None or _says(earlier) != _says(each)
        ]
        return changed[-2::-1]

    @property
    def _comparisons(self) -> list[ConsentCheck]:
        stand = () if self.compared is None else self.compared.stand
        return [change.event for change in stand if isinstance(change.event, ConsentCheck)]


@dataclass(frozen=True, slots=True, repr=False)
class Ground:
    """What something that is handed on rests on: in the words that the source read, and whether that allows it.

    `state`: how it stands, or how a question of the form was answered; `condition`: the source's, if it named one.
    `is_asked`: it was asked in particular.
    """

    words: str
    state: str
    allows: bool
    condition: str = ""
    is_asked: bool = False


NO_GROUND = Ground("", MISMATCH, allows=False)
"""Of what names no question that is known here."""


def uses(tip: OpenTip, standing: Standing) -> list[Use]:
    """Everything in particular that a source was asked about, in the order in which it was; not what was taken back."""
    answers: dict[str, list[DatedAnswer]] = {}
    for each in tip.consent_answers:
        answers.setdefault(each.answer.question, []).append(each)
    return [
        use
        for subject, merged in standing.subjects.items()
        if subject.kind == ConsentRequest.kind
        for use in _of_request(standing, merged, answers)
    ]


def strays(tip: OpenTip, standing: Standing) -> list[DatedAnswer]:
    """Answers to questions that are not here: they allow nothing."""
    known = {use.asked.item for use in uses(tip, standing)}
    return [each for each in tip.consent_answers if each.answer.question not in known]


def grounds(tip: OpenTip, standing: Standing) -> dict[str, Ground]:
    """By the name that a referral gives it, everything that one can rest on."""
    asked = {use.name: _ground(use) for use in uses(tip, standing)}
    on_the_form = {
        consent.key: Ground(consent.question, consent.value, consent.value == YES)
        for consent in labels.consents(tip.account)
    }
    return on_the_form | asked


def _of_request(standing: Standing, merged: Merged, answers: Mapping[str, Sequence[DatedAnswer]]) -> Iterator[Use]:
    """`answers`: by the id of the question."""
    stand = {change.item for change in merged.stand}
    for change in merged.history:
        request = change.event
        if isinstance(request, ConsentRequest) and not request.taken_back:
            given = answers.get(change.item, ())
            of_last = Subject(ConsentCheck.kind, given[-1].item if given else "")
            yield Use(change, request, change.item in stand, given, standing.subjects.get(of_last))


def _ground(use: Use) -> Ground:
    return Ground(
        use.request.words, use.state, use.allows, use.last.answer.condition if use.last else "", is_asked=True
    )


def _says(each: DatedAnswer) -> ConsentAnswer:
    return each.answer
