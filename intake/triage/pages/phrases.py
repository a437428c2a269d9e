"""What the pages say of numbers, names and many sentences. The words of the form are `intake/report/labels.py`."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from intake.protocol.deletions import Voice
from intake.report import labels
from intake.report.events import (
    STATUSES,
    Act,
    Assignment,
    Due,
    Duty,
    Event,
    HarmCheck,
    Label,
    LabelName,
    Note,
    SavedFilter,
    Status,
    Translation,
)
from intake.report.labels import Consent
from intake.report.payloads import WAYS, Payload, Reply, Saved
from intake.report.sizes import in_units
from intake.triage.book.traits import UNSAID, UNSET
from intake.triage.caution import Caution
from intake.triage.caution.draft import LINK, MEMBER, OTHER, RELATIVE, SOURCE
from intake.triage.mirror.added import Author
from intake.triage.outbox.unsent import TypedForm
from intake.triage.pages.asked import asked, words
from intake.triage.pages.filenames import saved_name
from intake.triage.pages.languages import language_name
from intake.triage.reading.consents import Use, uses
from intake.triage.reading.opentip import OpenTip
from intake.triage.reading.timeline import known_day, span
from intake.triage.times import moment
from intake.triage.workspace import Workspace

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_ALIKE = 5


def counted(sentences: Iterable[str]) -> list[str]:
    """Each sentence once, and how often it would stand there: a server can make any number of them.

    Of those that differ only by their days a few, so that no number of them hides one of another kind.
    """
    alike: dict[str, Counter[str]] = defaultdict(Counter)
    for says in sentences:
        alike[_DAY.sub("", says)][says] += 1
    return [says for times in alike.values() for says in _few(times)]


def _few(times: Counter[str]) -> Iterator[str]:
    for says, count in list(times.items())[:_MOST_ALIKE]:
        yield says if count == 1 else f"{says} ({count} times)"
    if (more := times.total() - sum(list(times.values())[:_MOST_ALIKE])) > 0:
        yield f"The same is to be said of other days ({more} times)."


_CAUTIONS = {
    MEMBER: "the name of one of your team. Sources do not need to know who answers.",
    OTHER: "it stands in another report: {more}. This source must not learn of that one.",
    SOURCE: "the source wrote this itself: {more}. Whoever else sees this page would learn whose it is.",
    LINK: "a link. Whoever follows it leaves traces, and it may lead elsewhere tomorrow.",
    RELATIVE: "this may read as an invitation to get in touch with a relative. Who watches them would notice.",
}


def caution(said: Caution) -> str:
    """Why something in a draft should be looked at twice."""
    return _CAUTIONS[said.kind].format(more=said.more) if said.found else f"{said.more}."


def status(key: str) -> str:
    """A status in words."""
    return STATUSES.get(key, key)


_USES = {
    "waiting": "Asked, not answered",
    "yes": "Yes",
    "no": "No",
    "later": "To be asked again later",
    "uncompared": "Yes, but nobody has compared the answer to the check question: it counts as none",
    "differs": "Yes, but the answer to the check question does not fit: it counts as none",
    "unsure": "Yes, but something that the source sent is missing or in doubt, which may be a no: it counts as none",
    "mismatch": "Answered to other words than these: it counts as none",
    "ended": "Not asked any more, or in other words: it counts as none",
    "ask_me_first": "Ask me first",
    "other_use": "That consent is about something else: it counts as none",
}
_LONGEST_OFFER = 80


def use(state: str) -> str:
    """How something stands that a source was asked about in particular, in words."""
    return _USES.get(state, "No")


def asked_of(tip: OpenTip, workspace: Workspace) -> list[Use]:
    """What its source is asked in particular, as it stands."""
    return [use for use in uses(tip, workspace.book.standing(tip)) if use.stands]


def offered(asked: Use) -> str:
    """It as a choice of what a referral can rest on."""
    words = " ".join((asked.request.meaning or asked.request.words).split())
    short = words if len(words) <= _LONGEST_OFFER else f"{words[:_LONGEST_OFFER]}…"
    is_bound = asked.allows and asked.last is not None and asked.last.answer.condition
    return f"Asked: “{short}” ({use(asked.state)}{', on a condition' if is_bound else ''})"


def way(key: str) -> str:
    """How a report came, in words."""
    return WAYS.get(key, key)


ORDERS = {
    "urgency": "urgency, then the newest",
    "day": "arrival, the newest first",
    "due": "due date",
    "active": "last activity",
    "unanswered": "who has waited longest for an answer",
}
DUE = {"late": "late", "today": "today or late", "3days": "within three days", "week": "within a week", "ever": "ever"}
"""What the queue can be sorted by, and what of it is due, in words."""

_FILTERS = {
    "status": "Status",
    "assigned": "Whose work it is",
    "label": "Labels",
    "unread": "New to you",
    "watched": "Watched for",
    "unanswered": "Unanswered",
    "deadline": "A date that the source names",
    "contested": "Set by two at once",
    "files": "Files",
    "language": "Language of the report",
    "translation": "Translated",
    "acts_coded": "Acts coded",
    "asked": "Asked about one use",
    "referral": "Referrals",
    "approval": "A lead's approval",
    "warnings": "Warnings",
    "acts": "What happened",
    "places": "Places",
    "actors": "Who did it",
    "actor_details": "Who did it, in detail",
    "people": "People affected",
    "file": "Files",
}
_NOBODY = {"nobody": "Nobody"}
_YES = {"yes": "Yes"}
_UNSAID = {UNSAID: "Not answered"}
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "status": STATUSES,
    "unread": {"new": "Never opened", "changed": "Something new since", "read": "Read"},
    "unanswered": _YES,
    "contested": _YES,
    "deadline": {UNSET: "Nobody has set when it is due"},
    "files": _YES,
    "translation": {"none": "Nothing yet", "some": "In part", "all": "All of it"},
    "acts_coded": _YES,
    "asked": {
        "waiting": "Not answered yet",
        "yes": "Yes",
        "no": "No",
        "later": "To be asked again later",
        "doubt": "Answered, and counts as no answer",
    },
    "referral": {
        "unchecked": "Without a second reviewer's harm check",
        "unfounded": "Without the source's consent",
        "checked": "Checked by a second reviewer",
    },
    "approval": {"asked": "Asked for, and not answered"},
    "warnings": _YES,
}
"""What tips can be narrowed down by beside the form's questions, each choice in words."""


def filter_name(field: str) -> str:
    """What tips can be narrowed down by, in words."""
    of, _, key = field.rpartition(".")
    if of:
        return f"{_FILTERS.get(of, of)}: {labels.question(field)}"
    return _FILTERS.get(key) or labels.question(key)


def choices(field: str, occurring: Collection[str], workspace: Workspace) -> Mapping[str, str]:
    """The choices of a filter that occur, or were chosen, in words."""
    if field == "assigned":
        return {key: _NOBODY.get(key) or workspace.people.name(key) for key in occurring}
    if field == "label":
        return {key: label.name for key, label in labels_by_id(workspace).items() if key in occurring}
    if field == "language":
        return {key: language_name(key) or key for key in sorted(occurring)}
    if field == "watched":
        terms = {"yes": "Anything on the watch list", **workspace.team.watch_terms()}
        return {key: term for key, term in terms.items() if key in occurring}
    if field in _CHOICES:
        return {key: says for key, says in _CHOICES[field].items() if key in occurring}
    return {key: _UNSAID.get(key, says) for key, says in labels.choices(field, occurring).items()}


def labels_by_id(workspace: Workspace) -> Mapping[str, LabelName]:
    """Every label of the team's list, by its id."""
    return {event.label: event for event in workspace.team.standing().outcomes(LabelName)}


def ago(at: datetime) -> str:
    """How long ago, in minutes; a clock that is ahead makes it none."""
    minutes = max(int((datetime.now(UTC) - at).total_seconds() // 60), 0)
    return f"{minutes} {'minute' if minutes == 1 else 'minutes'} ago"


def is_late(day: str) -> bool:
    """Whether a day is over."""
    return day < f"{datetime.now(UTC):%Y-%m-%d}"


_WRITTEN = {
    "status": "A status",
    "note": "A note",
    "reply": "A reply",
    "assignment": "An assignment",
    "due": "A due date",
    "label": "A label",
    "translation": "A translation",
    "label_name": "A label of the team's",
    "saved_filter": "A saved filter",
    "duty": "A duty",
    "watch_term": "A term to watch for",
    "template": "A template for replies",
    "entered": "How it came",
    "handed": "The eight words were shown",
    "saved": "A file was saved outside",
    "purpose": "Why it was read",
    "opened": "Opened for the first time",
    "act": "An act",
    "verification": "A verification",
    "second_reading": "A second reading",
    "referral": "A referral",
    "harm_check": "A harm check",
    "approval_request": "A request that something may leave",
    "approval": "An approval that something leaves",
    "deletion_reason": "A proposal to delete it",
    "consent_request": "A question about consent",
    "consent_check": "A comparison of a check answer",
    "several": "A change of several reports",
}


_PLACES = {
    "verification": "act",
    "second_reading": "act",
    "harm_check": "referral",
    "approval_request": "approval",
    "consent_check": "consent_request",
}


def place_of(kind: str) -> str:
    """The id of the section of a tip's page in which something of a kind is written and shown."""
    return _PLACES.get(kind, kind)


def written(payload: Payload) -> str:
    """What somebody wrote, in a word."""
    return _WRITTEN.get(payload.of, "A form") if isinstance(payload, TypedForm) else _WRITTEN[payload.kind]


@dataclass(frozen=True, slots=True, repr=False)
class Done:
    """What somebody did to a report, and when. `payload`: what they wrote, if that is still there."""

    author: Author
    says: str
    payload: Payload | None = None


def history(tip: OpenTip, workspace: Workspace) -> list[Done]:
    """All that was done to a report, by the log, in its order."""
    done = [Done(signed.author, written(signed.payload), signed.payload) for signed in tip.written]
    for each in tip.taken_back:
        who = f"{each.author.name}, {moment(each.author.at)}"
        done.append(Done(each.author, "A reply, which was taken back later"))
        done.append(Done(each.by, f"A reply was taken back: that of {who}"))
    done.sort(key=lambda each: each.author.place)
    for voice, says in _decided(tip, workspace):
        # Nothing was written with it, so it has no place among what was: it comes behind what is not later.
        at = next((at for at, each in enumerate(done) if each.author.at > voice.at), len(done))
        place = done[at - 1].author.place if at else 0
        done.insert(at, Done(Author(workspace.people.name(voice.key), voice.at, place), says))
    return done


def _decided(tip: OpenTip, workspace: Workspace) -> Iterator[tuple[Voice, str]]:
    """Who wanted a deletion too that somebody had proposed, and who stopped it."""
    for proposal in () if workspace.log is None else workspace.log.deletions.of(tip.id):
        for voice in proposal.voices[1:]:
            yield voice, "Wanted it deleted, too"
        if proposal.stopped is not None:
            yield proposal.stopped, "Stopped the deletion"


_UNDONE = {
    "done": " (not needed any more)",
    "dropped": " (dropped: it is none)",
    "retired": " (no more)",
    "taken_back": " (not asked any more)",
}
"""By the field that says so, that something counts no more."""


def content(payload: Payload, workspace: Workspace) -> str:
    """What it says, in a line."""
    says = ""
    match payload:
        case Reply(text=text) | Note(text=text) | Translation(text=text):
            says = text
        case Status(reason=reason) as event:
            says = status(event.stands) + (f": {reason}" if reason else "")
        case Assignment(member=member, on=on):
            says = f"for {workspace.people.name(member)}" if on else f"no more for {workspace.people.name(member)}"
        case Saved(what="copy", sha256=sha256, left=left):
            which = f", SHA-256 {left}," if left else ""
            says = f"a cleaned copy of a page{which} of the original with SHA-256 {sha256}"
        case Saved(sha256=sha256):
            says = f"the original, SHA-256 {sha256}"
        case Due(day=day, reason=reason, done=done):
            says = f"{reason}, by {day}" + (" (done)" if done else "")
        case Duty(member=member, since=since, until=until):
            says = f"{workspace.people.name(member) if member else 'nobody'}, {since} to {until}"
        case Label(label=label, on=on):
            known = labels_by_id(workspace).get(label)
            says = f"{'with' if on else 'without'} {'a label that is not here' if known is None else known.name}"
        case Event() if payload.kind in asked():
            says = _told(payload) + _undone(payload)
    return says


def _told(payload: Payload) -> str:
    told = ((name, getattr(payload, name)) for name in asked()[payload.kind])
    said = [_answered(payload.kind, name, value) for name, value in told if value]
    # Nobody types it: it is the list that was saved.
    return "; ".join([*said, payload.address] if isinstance(payload, SavedFilter) else said)


def _answered(kind: str, name: str, value: str) -> str:
    """A choice in words. Of a harm check, whose answers are texts that say nothing alone, with what was asked."""
    said = words(kind, name, value)
    return said if kind != HarmCheck.kind or name == "decision" else f"{asked()[kind][name].says}: {said}"


def _undone(payload: Payload) -> str:
    return next((says for name, says in _UNDONE.items() if getattr(payload, name, False)), "")


READ_NEXT = ("people", "places", "actors", "demands")
"""Groups of the form that are read next after what happened, by key."""

_OF_CONSENTS = {
    "consent_statistics": "Statistics",
    "consent_lawyer": "Lawyer",
    "consent_police_host": "Police where they live",
    "consent_police_other": "Other police",
    "consent_un": "UN",
    "consent_un_name": "Name at the UN",
    "consent_publish_name": "Published by name",
    "consent_publish_initials": "Published by initials",
    "consent_publish_anonymous": "Published nameless",
}


def use_of(consent: Consent) -> str:
    """What a consent is for, in a word or two; its exact words stand elsewhere."""
    return _OF_CONSENTS.get(consent.key, consent.question)


def when(act: Act) -> str:
    """When an act was, as far as that is known."""
    about = span(act)
    if about is None:
        return ""
    still = " (still to come)" if about.first > datetime.now(UTC).date() else ""
    return ("about " if about.about else "") + known_day(act) + still


def method(act: Act) -> str:
    """What was done, in words."""
    return words(act.kind, "method", act.method)


def coded(act: Act) -> str:
    """An act as it is coded, but for when it was."""
    told = ((name, getattr(act, name)) for name in asked()[act.kind] if name not in ("day", "precision"))
    return "; ".join(words(act.kind, name, value) for name, value in told if value)


def size(count: int) -> str:
    """A number of bytes as people say it."""
    number, unit = in_units(count)
    return f"{number:,.1f}".removesuffix(".0") + (" byte" if count == 1 else f" {unit}")


def attachment(name: str) -> str:
    """A Content-Disposition for a file of any name (RFC 6266)."""
    saved = saved_name(name)
    ascii_name = "".join(c if c.isascii() and c not in "%;" else "_" for c in saved)
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(saved, safe='')}"
