"""Two reviewers work on one report without the desk, then with it: the same state on both, nothing lost, all visible.

Each takes 200 steps at random: everything that can be written at all, with what its writer had seen; between that
locks, drafts typed while it was locked, fetches that break off midway, and what the source sends meanwhile.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from random import Random
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.wrappers import Response

from intake.languages.shown import shown
from intake.report.events import (
    NUMBERED,
    STATUSES,
    TEAM_EVENTS,
    Act,
    Approval,
    Event,
    HarmCheck,
    Note,
    Referral,
    SavedFilter,
    Subject,
)
from intake.report.payloads import Message, Payload
from intake.triage.outbox.sending import Whereabouts
from intake.triage.outbox.unsent import Unsent, new_form
from intake.triage.pages.asked import Asked, asked
from intake.triage.pages.forms import FORMS
from intake.triage.pages.phrases import content
from intake.triage.reading.opentip import OpenTip
from intake.triage.reading.standing import Standing
from open_desk import Desk
from opened import opened_tip, tips_of
from program import Program
from told import sync

pytestmark = pytest.mark.slow

STEPS = 200
TEXTS = (
    "They went to my mother.", "他们去了我母亲家。", "مادرم را بازجویی کردند.", "ئانام", "བདག", "Они были у матери.",
    "<b>bold</b> & <script>alert(1)</script>", "right\u202eleft", "null\x00byte", "line one\nline two",
    "word" * 600, "",
)  # fmt: skip
IDS = tuple(f"{number:032x}" for number in range(3))
"""Of acts, referrals, labels …: so few that two hit on the same one."""
DAYS = ("2026-11-30", "2026-12-01", "2027-01-15")
BY_NAME: Mapping[str, tuple[str, ...]] = {
    "status": tuple(STATUSES), "day": DAYS, "since": DAYS[:1], "until": DAYS[1:], "language": ("en",),
    "part": ("narrative/1", "narrative/2"), "colour": ("red", "blue"), "address": ("urgency=now", "status=closed"),
}  # fmt: skip
"""Of fields that take no text, or of which no form says what can be chosen, what they can hold."""


WRITTEN = [made for made in FORMS.values() if made is not Approval]
"""What a reviewer writes without a desk: an approval is a lead's, and logged before anything else happens."""

SAID = {"on", "done", "dropped", "retired", "member"}
"""What no two may differ in without a word."""


@dataclass
class Line:
    """The way to the desk: while it is down, nothing is stored, and of fetches so many requests are answered."""

    is_up: bool = True
    answers: int = 0

    def put_before(self, desk: Desk) -> None:
        honest = desk.wsgi

        def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            stores = environ["REQUEST_METHOD"] == "PUT" or environ["PATH_INFO"].endswith("/open")
            if not self.is_up and (stores or not self.answers):
                return Response("", 502)(environ, start)
            self.answers -= not self.is_up
            return honest(environ, start)

        desk.wsgi = answer


@dataclass
class Working:
    """A reviewer at work on one report. `wrote`: by id, what is to be there in the end."""

    program: Program
    tip: str
    draw: Random
    wrote: dict[str, Payload] = field(default_factory=dict)

    def step(self, line: Line) -> None:
        does = self.draw.choices(
            (self.write, self.take_back, self.look, self.lock, self.fetch), (180, 15, 6, 1, 4)
        )[0]  # fmt: skip
        line.answers = self.draw.randrange(6)
        does()
        line.answers = 0

    def write(self) -> None:
        payload = self.payload()
        form = new_form()
        if isinstance(payload, TEAM_EVENTS):
            self.program.workspace.write_for_team(form, payload)
            (written,) = [each for each in self.program.workspace.sending.under_way if each.form == form]
        else:
            written = Unsent.typed(form, self.tip, payload)
            self.program.workspace.write(written)
        self.wrote[written.item] = payload

    def payload(self) -> Payload:
        """Something of a kind that there is, written by somebody who had seen all that stands here."""
        made = self.draw.choice(WRITTEN)
        standing = self.team if issubclass(made, TEAM_EVENTS) else self.standing
        values = {name: self.value(made, name, hint) for name, hint in made.types().items()}
        if made is Note:
            values["answers"] = self.draw.choice(["", *(each.item for each in self.opened.written_as(Note))])
        if made is SavedFilter:
            # Of somebody's own, what others wrote doesn't count, and both need not have it.
            values["owner"] = ""
        if "of" in values:
            of = Referral if made is HarmCheck else Act
            about = standing.subjects.get(Subject(of.kind, str(values[of.names])))
            values["of"] = "" if about is None else about.outcome.item
        payload = made.from_values(values)
        return replace(payload, seen=standing.seen(made.kind)) if isinstance(payload, Event) else payload

    def value(self, made: type[Payload], name: str, hint: object) -> object:
        """Something that this field can hold."""
        if hint is not str:
            return self.draw.choice((True, False)) if hint is bool else 0 if hint is int else ()
        form = asked().get(made.kind, {}).get(name, Asked(""))
        if name == "member":
            can: Iterable[str] = (*self.program.workspace.people.reviewers(), "0" * 64)
        elif form.choices or name in BY_NAME:
            can = form.choices or BY_NAME[name]
        elif form.is_day:
            can = (*DAYS, "")
        else:
            can = IDS if issubclass(made, Event) and name == made.names else TEXTS
        return self.draw.choice(list(can))

    def take_back(self) -> None:
        """Something that has not left is not wanted any more; a desk that answers with an error may have it."""
        mine = [each for each in self.program.workspace.sending.under_way if each.item in self.wrote]
        if mine:
            item = self.draw.choice(mine).item
            assert self.program.workspace.discard(item) is not Whereabouts.THERE
            del self.wrote[item]

    def look(self) -> None:
        assert self.program.get(f"/tips/{self.tip}").status_code == 200

    def lock(self) -> None:
        """Lock it while a form is filled in, which is sent to the locked program, and go on after unlocking."""
        typed = Unsent.typed(new_form(), self.tip, Note(self.draw.choice(TEXTS)))
        self.program.guard.lock()
        self.program.guard.keep(typed)
        self.program.unlock()
        (draft,) = self.program.workspace.sending.drafts
        self.program.workspace.write(draft, draft.item)
        self.wrote[draft.item] = typed.payload or Note("")

    def fetch(self) -> None:
        self.program.workspace.fetch()

    @property
    def opened(self) -> OpenTip:
        return opened_tip(self.program.workspace.book, self.tip)

    @property
    def standing(self) -> Standing:
        return self.program.workspace.book.standing(self.opened)

    @property
    def team(self) -> Standing:
        return self.program.workspace.team.standing()

    def decide(self) -> None:
        """Set again whatever two have set, as it counts now."""
        for merged in self.standing.contradicted:
            event = merged.outcome.event
            decided = replace(event, seen=self.standing.seen(event.kind))
            self.program.workspace.write(Unsent.typed(new_form(), self.tip, decided))

    def has_left(self) -> bool:
        """Go online: everything leaves and comes back. False if something still waits for that."""
        sync(self.program)
        return not self.program.workspace.sending.under_way

    def found(self, author: str) -> Counter[tuple[str, bytes]]:
        """All that somebody wrote, as it is shown here by the log."""
        return Counter(
            (signed.item, as_written(signed.payload))
            for tip in (self.opened, *self.program.workspace.book.team())
            for signed in tip.written
            if signed.author.name == author and signed.payload.kind in FORMS
        )


def as_written(payload: Payload) -> bytes:
    """The document, without the number that a reply gets when it is sealed."""
    return replace(payload, number=0).to_json() if isinstance(payload, NUMBERED) else payload.to_json()


def told(standing: Standing) -> dict[Subject, tuple[tuple[str, ...], tuple[str, ...]]]:
    """By subject, the changes in their order, and which of them stand."""
    return {
        subject: (tuple(each.item for each in merged.history), tuple(each.item for each in merged.stand))
        for subject, merged in standing.subjects.items()
    }


def differ_in(one: Event, other: Event) -> set[str]:
    """The names of what two say differently."""
    said = other.says()
    return {name for name, value in one.says().items() if said[name] != value}


def last_of(worker: Working) -> dict[Subject, tuple[str, Event]]:
    """By subject, what a reviewer last made of it."""
    return {each.subject: (item, each) for item, each in worker.wrote.items() if isinstance(each, Event)}


@settings(
    max_examples=1,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(draw=st.randoms(use_true_random=True))
def test_two_who_worked_offline_see_the_same_afterwards_and_nothing_is_lost(
    draw: Random, desk: Desk, amina: Program, boris: Program
) -> None:
    line = Line()
    line.put_before(desk)
    stored = desk.store_tip("They went to my mother.\nThen to my brother.", {"urgency": "now"})
    workers = Working(amina, stored.id.hex(), draw), Working(boris, stored.id.hex(), draw)
    for worker in workers:
        sync(worker.program)
        worker.look()
    # Of the team's, what an example before this one left.
    before = {name: workers[0].found(name) for name in ("amina", "boris")}
    work_offline(workers, line, lambda: desk.send(stored, Message(draw.choice(TEXTS))))
    go_online(workers, line)
    assert_the_same(*workers)
    for author, wrote in zip(("amina", "boris"), workers, strict=True):
        expected = Counter((item, as_written(payload)) for item, payload in wrote.wrote.items())
        for worker in workers:
            assert worker.found(author) - before[author] == expected
    for worker in workers:
        assert_both_are_seen(worker, *map(last_of, workers))

    kept = tips_of(amina.workspace.book)
    amina.guard.lock()
    amina.unlock()
    assert tips_of(amina.workspace.book) == kept
    workers[0].decide()
    for worker in workers:
        sync(worker.program)
        assert worker.standing.contradicted == []


def work_offline(workers: tuple[Working, Working], line: Line, send: Callable[[], object]) -> None:
    """All the steps of both, in any order; now and then the source sends something, which a fetch may get or not."""
    line.is_up = False
    draw = workers[0].draw
    for worker in draw.sample([*workers] * STEPS, 2 * STEPS):
        worker.step(line)
        if draw.random() < 0.02:
            send()
    line.is_up = True


def go_online(workers: tuple[Working, Working], line: Line) -> None:
    """Both at once, until each has sent and fetched all."""
    for worker in workers:
        worker.program.workspace.sending.hurry()
    for _ in range(30):
        # Each has its turn.
        have_left = [worker.has_left() for worker in workers]
        if all(have_left):
            break
    for worker in workers:
        sync(worker.program)


def assert_the_same(one: Working, other: Working) -> None:
    """What was opened, and what was put together from it."""
    assert tips_of(one.program.workspace.book) == tips_of(other.program.workspace.book)
    assert told(one.standing) == told(other.standing)
    assert told(one.team) == told(other.team)


def assert_both_are_seen(worker: Working, *last: dict[Subject, tuple[str, Event]]) -> None:
    """Of what both changed, both changes stand, and the page says both where they are not the same."""
    ours, theirs = last
    tip, team = (unescape(worker.program.get(path).text) for path in (f"/tips/{worker.tip}", "/team"))
    for subject in ours.keys() & theirs.keys():
        of_team = subject.kind in {made.kind for made in TEAM_EVENTS}
        merged = (worker.team if of_team else worker.standing).subjects[subject]
        events = dict((ours[subject], theirs[subject]))
        assert {change.item for change in merged.stand} == events.keys()
        if merged.contradicting:
            words = [content(event, worker.program.workspace) for event in events.values()]
            assert all(shown(each) in (team if of_team else tip) for each in words), subject.kind
            assert len(set(words)) == 2 or not differ_in(*events.values()) <= SAID, subject.kind
