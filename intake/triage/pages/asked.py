"""What the forms for casework ask: data, from which fields are drawn and checked alike."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from intake.languages.catalogues import tags
from intake.report import events, labels
from intake.report.definition import load_form, offered
from intake.triage.pages.languages import language_name, languages

_NONE = MappingProxyType({"": "–"})
_ALSO = "what was asked in particular"


@dataclass(frozen=True, slots=True)
class Asked:
    """A field: `says` what it asks; `choices` by key in words, or any text; `is_long`, `is_day`: which text.

    `also`: the form of further choices, which depend on the report.
    """

    says: str
    choices: Mapping[str, str] = field(default_factory=dict)
    is_needed: bool = False
    is_long: bool = False
    is_day: bool = False
    also: str = ""

    def offers(self, key: str) -> bool:
        """Whether this can be chosen."""
        return key in self.choices or (bool(self.also) and re.fullmatch(self.also, key) is not None)


@cache
def asked() -> Mapping[str, Mapping[str, Asked]]:
    """By kind of event, what is asked, by name of the field."""
    consents = {field.key: field.question for field in load_form().consents}
    return {
        events.LabelName.kind: {
            "name": Asked("Name", is_needed=True),
            "colour": Asked("Colour", events.COLOURS, is_needed=True),
        },
        events.SavedFilter.kind: {"name": Asked("Save this list as", is_needed=True)},
        events.WatchTerm.kind: {"term": Asked("Words, a “phrase” or whatever else the search takes", is_needed=True)},
        events.Template.kind: {
            "name": Asked("Name", is_needed=True),
            "language": Asked("Language", {tag: language_name(tag) for tag in tags()}, is_needed=True),
            "text": Asked("Text; a {place} in braces is filled in each reply", is_needed=True, is_long=True),
        },
        events.Duty.kind: {
            "since": Asked("From", is_needed=True, is_day=True),
            "until": Asked("Until", is_needed=True, is_day=True),
        },
        events.Act.kind: {
            "method": Asked("What was done", _words("family_methods", "target_methods"), is_needed=True),
            "against": Asked("Against whom", _or_none(events.AGAINST)),
            "actor": Asked("By whom", _or_none(_words("actor_kind", "actor_details.kind"))),
            "place": Asked("Where"),
            "day": Asked("When: 2026, 2026-05 or 2026-05-17"),
            "precision": Asked("How exact that is", _or_none(events.PRECISIONS)),
            "written": Asked("The date as it was written, in any calendar"),
            "calendar": Asked("In which calendar, if not the Gregorian", _or_none(events.CALENDARS)),
            "basis": Asked("On what basis", _or_none(events.BASES)),
        },
        events.Verification.kind: {
            "verified": Asked("How far it is verified", events.VERIFIED, is_needed=True),
            "reasons": Asked("Why", is_needed=True, is_long=True),
            "rests_on": Asked("What that rests on: files, messages, other reports"),
        },
        events.SecondReading.kind: {
            "reading": Asked("As a second reader", events.READINGS, is_needed=True),
            "why": Asked("Why", is_long=True),
        },
        events.Purpose.kind: {"why": Asked("Why I read this report", is_long=True, is_needed=True)},
        events.Referral.kind: {
            "to_kind": Asked("To whom", events.REFERRED_TO, is_needed=True),
            "to_name": Asked("Name", is_needed=True),
            "consent": Asked(
                "Which consent allows it", consents, is_needed=True, also=events.ConsentRequest.name("[0-9a-f]{32}")
            ),
            "handed": Asked("What is handed over, and the SHA-256 of a file", is_long=True, is_needed=True),
            "reference": Asked("Reference"),
            "answer_due": Asked("Answer due", is_day=True),
            "outcome": Asked("Outcome", is_long=True),
            "told": Asked("Source told on", is_day=True),
        },
        events.ApprovalRequest.kind: {
            "whom": Asked("To whom it should go", is_needed=True),
            "what": Asked("What should leave, and what for", is_long=True, is_needed=True),
        },
        events.Approval.kind: {
            "whom": Asked("To whom it may go", is_needed=True),
            "what": Asked("What may leave, and what for", is_long=True, is_needed=True),
        },
        events.ConsentRequest.kind: {
            "words": Asked(
                "The question, in exactly the words that the source will read", is_long=True, is_needed=True
            ),
            "language": Asked("In which language", languages(), is_needed=True),
            "meaning": Asked("What it says, for your colleagues", is_long=True),
            "check": Asked("First, if you like: something that only the source can answer", is_long=True),
        },
        events.ConsentCheck.kind: {
            "fits": Asked("Compared with what is known", _or_none(events.FITS), is_needed=True),
            "why": Asked("Why, if it does not"),
        },
        events.DeletionReason.kind: {"why": Asked("Why it should be deleted", is_needed=True, is_long=True)},
        events.HarmCheck.kind: {
            "who": Asked("Who could be hurt", is_needed=True, is_long=True),
            "noticed": Asked("Who would notice, and by what", is_needed=True, is_long=True),
            "leak": Asked("What if the file leaks", is_needed=True, is_long=True),
            "expects": Asked("What the source expects", is_needed=True, is_long=True),
            "decision": Asked("Your decision", events.DECISIONS, is_needed=True),
            "why": Asked("Why, if you refuse"),
        },
    }


def words(kind: str, name: str, key: str) -> str:
    """A choice in words; of a text, itself."""
    field = asked()[kind][name]
    return field.choices.get(key, _ALSO if field.choices and field.offers(key) else key)


def _words(*paths: str) -> Mapping[str, str]:
    """The choices of questions of the form, those that say nothing left out."""
    found: dict[str, str] = {}
    for path in paths:
        keys = offered().get(path, frozenset()) - {"unknown", "withheld"}
        found |= {key: says for key, says in labels.choices(path, keys).items() if key not in found}
    return found


def _or_none(choices: Mapping[str, str]) -> Mapping[str, str]:
    return {**_NONE, **choices}
