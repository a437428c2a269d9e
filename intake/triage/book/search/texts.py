"""What of a report is searched: every text in it with the part that it stands in, and every choice.

Whatever else is to be found is one more line in `_texts`, and its part one more in `PARTS`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from intake.report.definition import NARRATIVE, UNANSWERED, Choice, Field, forms
from intake.report.events import (
    Act,
    Approval,
    ApprovalRequest,
    ConsentCheck,
    ConsentRequest,
    DeletionReason,
    Due,
    Event,
    HarmCheck,
    Note,
    Purpose,
    Referral,
    SecondReading,
    Status,
    Translation,
    Verification,
)
from intake.triage.book.extracts import Extracts
from intake.triage.mirror.added import Author
from intake.triage.reading.opentip import OpenTip
from intake.triage.reading.standing import Standing

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "report": "Report",
        "translation": "Translation",
        "message": "Message of the source",
        "reply": "Reply",
        "note": "Note",
        "act": "Act, as coded",
        "referral": "Referral",
        "consent": "Question about consent",
        "reason": "Reason of a reviewer's",
        "file": "File",
        "event": "Event",
        "place": "Place",
        "actor": "Who did it",
        "person": "Who is affected",
        "phone": "Telephone number",
        "account": "Account",
        "email": "E-mail address",
        "plate": "Number plate",
        "document": "Number on a paper",
        "answer": "Answer",
    }
)
"""The parts of a report, with their names for people."""

_PART_OF: Mapping[str, str] = MappingProxyType(
    {
        "region": "place",
        "acts": "event",
        "acts.place": "place",
        "acts.phones": "phone",
        "acts.accounts": "account",
        "acts.emails": "email",
        "acts.plates": "plate",
        "acts.documents": "document",
        "places": "place",
        "actor_details": "actor",
        "people": "person",
        "file": "file",
    }
)
"""Where a question is no plain `answer`: by its own key, or by that of what is told several times over."""

_WRITTEN: Mapping[type[Event], tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        Translation: ("translation", ("text",)),
        Act: ("act", ("place", "written")),
        ApprovalRequest: ("reason", ("whom", "what")),
        Approval: ("reason", ("whom", "what")),
        Referral: ("referral", ("to_name", "handed", "reference", "outcome")),
        ConsentRequest: ("consent", ("words", "meaning", "check")),
        ConsentCheck: ("reason", ("why",)),
        Status: ("reason", ("reason",)),
        Due: ("reason", ("reason",)),
        Verification: ("reason", ("reasons", "rests_on")),
        SecondReading: ("reason", ("why",)),
        DeletionReason: ("reason", ("why",)),
        Purpose: ("reason", ("why",)),
        HarmCheck: ("reason", ("who", "noticed", "leak", "expects", "why")),
    }
)
"""By kind of event, the part that its words belong to, and its fields that hold such."""


@dataclass(frozen=True, slots=True, repr=False)
class Text:
    """A text of a report. `part`: one of `PARTS`; `of`: of what or of whom and when, if that is to be said."""

    part: str
    text: str
    of: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Content:
    """All that is searched of a report: its day, its texts in the order of its page, its choices as `choice_word`."""

    day: str
    texts: Sequence[Text]
    choices: frozenset[str]

    @classmethod
    def of(cls, tip: OpenTip, extracts: Extracts = MappingProxyType({})) -> "Content":
        """What there is in a tip, and in its files as far as it was read."""
        told = list(_told(tip))
        choices = frozenset(choice_word(each.path, key) for each in told for key in each.chosen)
        return cls(tip.day, [text for text in _texts(tip, told, extracts) if text.text], choices)

    def has_more_than(self, other: "Content") -> bool:
        """Whether something stands in it that stands nowhere in the other."""
        texts = {text.text for text in self.texts} - {text.text for text in other.texts}
        return bool(texts or self.choices - other.choices)


@lru_cache(4096)
def choice_word(path: str, key: str) -> str:
    """The one word that stands for a choice in the index. `path`: of its question, as in `_PART_OF`."""
    return re.sub(r"[\x00-\x7f]", lambda c: c[0] if c[0].isalnum() else "·", f"{path}→{key}".lower())


@dataclass(frozen=True, slots=True, repr=False)
class _Answer:
    """An answer, to a question that may be asked of each of several things."""

    path: str
    field: Field | None
    value: Choice
    number: int = 0

    @property
    def _parts(self) -> tuple[str, ...]:
        return (self.value,) if isinstance(self.value, str) else self.value

    @property
    def chosen(self) -> tuple[str, ...]:
        """The keys of the form in it."""
        if self.field is None or self.field.is_text:
            return ()
        return tuple(filter(self.field.choices.__contains__, self._parts))

    @property
    def text(self) -> str:
        """The words of the source in it; keys that no form has, too, so that nothing told is left out."""
        return "\n".join(part for part in self._parts if part not in self.chosen)

    @property
    def part(self) -> str:
        """Where it stands."""
        return _PART_OF.get(self.path) or _PART_OF.get(self.path.partition(".")[0], "answer")

    @property
    def of(self) -> str:
        """The question, and which of several things it is asked of."""
        question = self.path.rpartition(".")[2] if self.field is None else self.field.question
        return f"{self.number}: {question}" if self.number else question


def _texts(tip: OpenTip, told: Sequence[_Answer], extracts: Extracts) -> Iterator[Text]:
    yield Text("report", tip.narrative)
    for about in (file.about for file in tip.files.values()):
        yield from (Text("file", text, about.name) for text in (about.name, about.shows))
        read = ((page, text) for (file, page), text in extracts.items() if file == about.sha256)
        yield from (Text("file", text, f"page {page} of {about.name}") for page, text in read)
    for line in tip.conversation:
        yield Text("reply" if line.author else "message", line.text, ", ".join(filter(None, (line.author, line.day))))
    for answered in tip.consent_answers:
        yield from (Text("consent", text, answered.day) for text in (answered.answer.check, answered.answer.condition))
    for written in tip.written:
        if isinstance(written.payload, Note):
            yield Text("note", written.payload.text, _by(written.author))
    for merged in Standing(tip.changes).subjects.values():
        part, fields = _WRITTEN.get(type(merged.outcome.event), ("", ()))
        # Pages show every reason that was ever given, and of the rest what counts.
        for change in merged.history if part == "reason" else merged.stand:
            yield from (Text(part, getattr(change.event, field), _by(change.author)) for field in fields)
    yield from (Text(each.part, each.text, each.of) for each in told)


def _by(author: Author | None) -> str:
    return f"{author.name}, {author.at:%Y-%m-%d}" if author else ""


def _told(tip: OpenTip) -> Iterator[_Answer]:
    for key, told in tip.account.once.items():
        if key != NARRATIVE:
            yield _Answer(key, _fields(told.form, "").get(key), told.value)
    groups = [(kind, told.form, told.value) for kind, all_told in tip.account.entries.items() for told in all_told]
    groups += [("file", file.about.form, file.about.answers) for file in tip.files.values()]
    numbers: Counter[str] = Counter()
    for kind, form, values in groups:
        numbers[kind] += 1
        for key, value in values.items():
            if value != UNANSWERED:
                yield _Answer(f"{kind}.{key}", _fields(form, kind).get(key), value, numbers[kind])


@lru_cache(256)
def _fields(form: int, kind: str) -> Mapping[str, Field]:
    """The questions of a version of the form by key: those of one of several things, of a file, or asked once."""
    known = forms().get(form)
    if known is None:
        return {}
    if kind == "file":
        return {field.key: field for field in known.file_fields}
    entries = {each.key: {field.key: field for field in each.fields} for each in known.entries}
    return entries.get(kind, {}) if kind else known.by_key
