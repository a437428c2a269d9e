"""All that is to be said of a draft."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from intake.triage.book import Book
from intake.triage.book.details import ADDRESS, NAME, NUMBER, PART, Candidates, Naming, Words, details, of_source, told
from intake.triage.caution.links import links
from intake.triage.caution.names import names
from intake.triage.caution.relatives import invitations
from intake.triage.reading.opentip import OpenTip

MEMBER, OTHER, SOURCE, LINK, RELATIVE = "member", "other", "source", "link", "relative"

_MOST = 20
"""Of one kind. Who sees that many looks at all of the draft again."""

_MOST_COMPARED = 200
"""Keys of which each is compared with all others."""

_WHAT = {NUMBER: "a number", ADDRESS: "an address or account", NAME: "a name or place", PART: "a part of a name"}


@dataclass(frozen=True, slots=True, repr=False)
class Caution:
    """Something in a draft. `found`: as it stands there; `more`: what is known of it."""

    kind: str
    found: str
    more: str = ""

    @property
    def id(self) -> str:
        """What tells it from the others: it is acknowledged by this."""
        # Of those that aren't said each, how many they are: as soon as there are more, it is another one.
        known = (self.kind, self.found or self.more)
        return hashlib.sha256("\0".join(known).encode()).hexdigest()[:16]


def cautions(text: str, tip: OpenTip, book: Book, members: Iterable[str]) -> list[Caution]:
    """What is to be looked at before this is sent to the source of a report. `members`: their names."""
    found: dict[str, list[Caution]] = {}
    for caution in _all(text, tip, book, members):
        found.setdefault(caution.kind, []).append(caution)
    return [caution for alike in found.values() for caution in _few(alike)]


def _all(text: str, tip: OpenTip, book: Book, members: Iterable[str]) -> Iterator[Caution]:
    yield from (Caution(MEMBER, found) for found in names(text, members))
    yield from _details(text, tip, book)
    yield from (Caution(LINK, found) for found in links(text))
    yield from (Caution(RELATIVE, found) for found in invitations(text))


def _details(text: str, tip: OpenTip, book: Book) -> Iterator[Caution]:
    draft, own, words = Candidates(text), details(tip), _told(tip)
    shared = book.shared(draft.keys, tip.id)
    others = {key: naming for key, naming in shared.items() if key not in own and f" {key[1:]} " not in words}
    for key in _by_turns(others, draft):
        reports = "one other report" if others[key].reports == 1 else f"{others[key].reports} other reports"
        yield Caution(OTHER, draft.written(key), f"{_WHAT[key[0]]} in {reports}")
    for key in _largest((key for key in of_source(tip) if key in draft.keys), draft):
        yield Caution(SOURCE, draft.written(key), _WHAT[key[0]])


def _told(tip: OpenTip) -> str:
    """All words of this report's source: what is among them tells it of no other."""
    return f" {' ¶ '.join(' '.join(Words(text).words) for text in told(tip))} "


def _by_turns(others: Mapping[str, Naming], draft: Candidates) -> list[str]:
    """The keys, one of each report before a second of any, what few reports name first.

    Whoever plants a report full of phrases that every reply holds neither hides by it what another report names, nor
    pushes that out of what is said.
    """
    alike: dict[Naming, list[str]] = {}
    for key, naming in others.items():
        alike.setdefault(naming, []).append(key)
    turns = [(turn, naming, key) for naming, keys in alike.items() for turn, key in enumerate(_largest(keys, draft))]
    return [key for *_, key in sorted(turns)]


def _largest(keys: Iterable[str], draft: Candidates) -> list[str]:
    """Each key of the same reports but those that stand within another one: what is named is said once, as a whole.

    Numbers and addresses come first.
    """
    found = sorted(keys, key=lambda key: (-len(draft.written(key)), key[0] == PART, key))[:_MOST_COMPARED]
    kept: list[str] = []
    for key in found:
        if not any(draft.written(key) in draft.written(other) for other in kept):
            kept.append(key)
    return sorted(kept, key=lambda key: key[0] not in (NUMBER, ADDRESS))


def _few(alike: list[Caution]) -> Iterator[Caution]:
    yield from alike[:_MOST]
    if len(alike) > _MOST:
        yield Caution(alike[0].kind, "", f"and {len(alike) - _MOST} more of the kind")
