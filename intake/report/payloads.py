"""The documents that get sealed: what a source sends and what reviewers add.

Each is one JSON object with a `kind` and the version `v` of its shape, padded with trailing spaces before it is sealed,
so that what `age -d` prints is still plain JSON. The days and authors of items are not repeated here: the server's row
gives the day, the access log proves a reviewer, and a signature (`intake/report/signed.py`) the source.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from hashlib import sha256
from types import MappingProxyType
from typing import Any, ClassVar, Self, get_type_hints

from crypto.padding import pad_padme, pad_to
from intake.report.definition import Answer, Choice

SUMMARY_SIZES = (4096, 8192, 16384, 32768)
SMALLEST_ITEM = 2048

_ID, _DIGEST = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{64}")

TEAM = "team"
"""The subject of dossiers with what the whole team uses: saved filters, templates, the watch list."""


class PayloadFormatError(ValueError):
    """An opened document is not what its kind says. Repeats nothing of it."""


class NewerVersionError(PayloadFormatError):
    """A newer version of this program wrote a document: its kind, or the version of that, is not known here."""


@dataclass(frozen=True, slots=True, repr=False)
class Payload:
    """The shared mechanism: a frozen record of JSON values. Its `repr` shows nothing, its fields are plaintext."""

    kind: ClassVar[str]
    version: ClassVar[int] = 1
    earlier: ClassVar[Mapping[int, Mapping[str, Any]]] = MappingProxyType({})
    """By earlier version, the fields that it did not have yet, and what stands for them."""

    def values(self) -> dict[str, Any]:
        """The fields, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def document(self) -> dict[str, Any]:
        """What is sealed: the fields, after the kind and its version."""
        return {"kind": self.kind, "v": self.version, **self.values()}

    def to_json(self) -> bytes:
        """This document, not padded."""
        return to_document(self.document())

    def padded(self) -> bytes:
        """This document, padded to a size that says little about its length."""
        return pad_padme(self.to_json(), SMALLEST_ITEM)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """The record of these fields; `PayloadFormatError` unless they are exactly those of this kind."""
        types = cls.types()
        if values.keys() != types.keys() or not all(_fits(values[name], kind) for name, kind in types.items()):
            raise PayloadFormatError(f"not a {cls.kind}")
        return cls(**values)

    @classmethod
    @cache
    def types(cls) -> Mapping[str, Any]:
        """The fields, and the type of each."""
        hints = get_type_hints(cls)
        return {field.name: hints[field.name] for field in fields(cls)}


def to_document(values: Mapping[str, Any]) -> bytes:
    """The JSON of a document, not padded."""
    return json.dumps(values, ensure_ascii=False).encode()


def parse_document(document: bytes) -> dict[str, Any]:
    """The values of a document, lists as tuples; `PayloadFormatError` if it is none."""
    try:
        values: Any = frozen(json.loads(document))
        # JSON can spell half of a surrogate pair, which no page could show and no document hold again.
        to_document(values)
    except (ValueError, RecursionError):
        raise PayloadFormatError("not a document") from None
    if not isinstance(values, dict):
        raise PayloadFormatError("not a document")
    return values


@dataclass(frozen=True, slots=True, repr=False)
class Cover(Payload):
    """What a tip is opened with, sealed to every active reviewer. `identities`: of the tip, newest first."""

    identities: tuple[str, ...]

    def padded(self) -> bytes:
        """One of the sizes that every summary has: the first or second one, until it has had many identities."""
        document = self.to_json()
        return pad_to(document, next((size for size in SUMMARY_SIZES if len(document) <= size), SUMMARY_SIZES[-1]))


@dataclass(frozen=True, slots=True, repr=False)
class Dossier(Cover):
    """The cover of what the team keeps for itself, which has no source. `subject`: what it is about, as `TEAM`."""

    kind = "dossier"
    subject: str


@dataclass(frozen=True, slots=True, repr=False)
class Summary(Cover):
    """The cover of a report. `source`: the source's recipient.

    `signer`: the public key that what the source sends is signed with, in hex; empty in summaries from before
    signatures.
    """

    kind = "summary"
    version = 2
    earlier = MappingProxyType({1: {"signer": ""}})
    source: str
    signer: str
    language: str
    form: int
    answers: dict[str, Answer]


@dataclass(frozen=True, slots=True, repr=False)
class FromSource(Payload):
    """What a source sends. Stored only as a part of a signed document; see `intake/report/signed.py`.

    `goes_as`: what the server takes it for, where it shall not know its kind.
    """

    version = 2
    goes_as: ClassVar[str] = ""

    @property
    def stored_as(self) -> str:
        """The kind of its item."""
        return self.goes_as or self.kind


@dataclass(frozen=True, slots=True, repr=False)
class Report(FromSource):
    """What the first page asked: the narrative and its answers, by the keys of form version `form`."""

    kind = "report"
    language: str
    form: int
    answers: dict[str, Answer]


@dataclass(frozen=True, slots=True, repr=False)
class Addition(FromSource):
    """One later group of the form, as the source saved it.

    Of two answers to the same question the later one counts; entries are added to those before.
    """

    kind = "addition"
    form: int
    group: str
    answers: dict[str, Answer]


@dataclass(frozen=True, slots=True, repr=False)
class Message(FromSource):
    """What the source writes after the report."""

    kind = "message"
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class About(FromSource):
    """What an attachment is: `content` is the id of its sealed bytes, `size` its true size, `sha256` in hex.

    `shows` is what the source says it shows; `answers` are those to the other questions about a file, of form version
    `form`.
    """

    kind = "about"
    content: str
    name: str
    media_type: str
    size: int
    sha256: str
    shows: str
    form: int = 0
    answers: dict[str, Choice] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class Deletion(FromSource):
    """The source has deleted a reply. `reply`: its id in hex."""

    kind = "deletion"
    reply: str


@dataclass(frozen=True, slots=True, repr=False)
class ConsentAnswer(FromSource):
    """What the source answers to one question whether something may be done with the report.

    `question`: the id of the item that it read; `words`: the `words_digest` of the exact words of that. `answer`: a key
    of `CONSENT_ANSWERS`; `condition`: on which, in the source's words. `check`: what it answered to the check question.
    """

    kind = "consent_answer"
    # A change of a consent on the form's own page is one too.
    goes_as = "addition"
    question: str
    words: str
    answer: str
    condition: str
    check: str

    def __post_init__(self) -> None:
        """What names no question, or no words, answers nothing."""
        if not (_ID.fullmatch(self.question) and _DIGEST.fullmatch(self.words)):
            raise PayloadFormatError("not an answer to a question")


@dataclass(frozen=True, slots=True, repr=False)
class Leaving(FromSource):
    """What the source decides about leaving: `says` is one of `LEAVES`."""

    kind = "leaving"
    goes_as = "addition"
    says: str

    def __post_init__(self) -> None:
        """Nothing else can be decided."""
        if self.says not in LEAVES:
            raise PayloadFormatError("not what a source decides about leaving")


SLOWLY, WITHOUT, ASKED, STAYS, ENDED = LEAVES = ("slowly", "without", "asked", "stays", "ended")
"""That withdrawing shall take seven days, or that no code leads to the report, either chosen when it is sent and never
changed, since a code can be extorted; that the source asks to withdraw it; that it takes that back; and that the report
stays and the code ends."""

WAIT_DAYS = 7
"""For how many days a withdrawal waits where the source has chosen that."""

CONSENT_ANSWERS = MappingProxyType({"yes": "Yes", "no": "No", "later": "Ask me again later"})
"""What can be answered to whether something may be done with a report, in words."""


def words_digest(words: str) -> str:
    """What an answer names the words by that it is to: the SHA-256 of their UTF-8, in hex."""
    return sha256(words.encode()).hexdigest()


FROM_SOURCE: tuple[type[FromSource], ...] = (Report, Addition, Message, About, Deletion, ConsentAnswer, Leaving)
"""Every kind of what sources send."""


@dataclass(frozen=True, slots=True, repr=False)
class Newer:
    """What a newer version of this program wrote: of a kind, or of a version of it, that is not known here."""

    kind: str
    version: int
    given: Mapping[str, Any]

    @property
    def stored_as(self) -> str:
        """The kind of its item."""
        return next((known.goes_as for known in FROM_SOURCE if known.goes_as and known.kind == self.kind), self.kind)

    def document(self) -> dict[str, Any]:
        """What was sealed."""
        return {"kind": self.kind, "v": self.version, **self.given}


@dataclass(frozen=True, slots=True, repr=False)
class Chain(Payload):
    """Where the next item of a source goes on: number of the newest one, SHA-256 of its sealed bytes in hex.

    Sealed to the source alone, so that the server knows it only while the source is there.
    """

    kind = "chain"
    number: int
    previous: str


@dataclass(frozen=True, slots=True, repr=False)
class Reply(Payload):
    """What a reviewer answers; sealed to the tip and to the source.

    `number`: its place among the replies to the tip, by what the log held when it was written; 0 in replies from
    before signatures.
    """

    kind = "reply"
    version = 2
    earlier = MappingProxyType({1: {"number": 0}})
    text: str
    number: int


@dataclass(frozen=True, slots=True, repr=False)
class Opened(Payload):
    """A reviewer has looked at the tip. Sealed and stored as a reply is: the server can't tell them apart."""

    kind = "opened"


@dataclass(frozen=True, slots=True, repr=False)
class Entered(Payload):
    """The word of the member who made a report that it did not come by the source site.

    `how`: one of `WAYS`; `remark`: more about that. `words`: the eight words by which the person whose report it is can
    come back, in this `language`.
    """

    kind = "entered"
    how: str
    remark: str
    language: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Handed(Payload):
    """The eight words of a report that a member entered were shown to whoever wrote this, to be handed over."""

    kind = "handed"


@dataclass(frozen=True, slots=True, repr=False)
class Saved(Payload):
    """A reviewer has taken a file out of the sealed store.

    `file`: the id of its description; `what`: `original`, or `copy` for what was made of one of its pages; `sha256`: of
    the original; `left`: of what was given out, empty where an earlier version doesn't say.
    """

    kind = "saved"
    version = 2
    earlier = MappingProxyType({1: {"left": ""}})
    file: str
    what: str
    sha256: str
    left: str


RECORDED: tuple[type[Payload], ...] = (Entered, Handed, Saved)
"""What a program writes itself of what its reviewer did."""


WAYS = {
    "phone": "By phone",
    "in_person": "In person",
    "letter": "By letter",
    "lawyer": "Through a lawyer",
    "other": "Some other way",
}
"""How a report can have come otherwise than by the source site."""


def frozen(value: Any) -> Any:
    """What JSON says, lists as tuples."""
    if isinstance(value, list):
        return tuple(frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    return value


def _fits(value: object, hint: object) -> bool:
    if hint in (str, int, bool):
        return type(value) is hint
    if hint == tuple[str, ...]:
        return _is_texts(value)
    if hint == dict[str, Choice]:
        return isinstance(value, dict) and all(map(_is_choice, value.values()))
    return isinstance(value, dict) and all(_is_choice(answer) or _is_entries(answer) for answer in value.values())


def _is_entries(value: object) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(entry, dict) and all(map(_is_choice, entry.values())) for entry in value
    )


def _is_choice(value: object) -> bool:
    return isinstance(value, str) or _is_texts(value)


def _is_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
