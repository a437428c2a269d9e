"""Documents of every kind that is sealed, as anybody could write them."""

from datetime import date

from hypothesis import strategies as st

from crypto.codename import Seed
from intake.report.documents import Document
from intake.report.events import (
    HIGHEST_NUMBER,
    Act,
    Approval,
    ApprovalRequest,
    Assignment,
    ConsentCheck,
    ConsentRequest,
    DeletionReason,
    Due,
    Duty,
    HarmCheck,
    Label,
    LabelName,
    Note,
    Purpose,
    Referral,
    SavedFilter,
    SecondReading,
    Status,
    Template,
    Translation,
    Verification,
    WatchTerm,
)
from intake.report.payloads import (
    LEAVES,
    About,
    Addition,
    Chain,
    ConsentAnswer,
    Deletion,
    Dossier,
    Entered,
    FromSource,
    Handed,
    Leaving,
    Message,
    Opened,
    Reply,
    Report,
    Saved,
    Summary,
)
from intake.report.signed import MOST_ITEMS, Link, SourceItem, source_key

KEY = source_key(Seed(bytes(32)))
"""What the items of these sources are signed with."""

TEXT = st.text(st.characters(codec="utf-8"))
CHOICES = TEXT | st.lists(TEXT).map(tuple)
ENTRIES = st.lists(st.dictionaries(TEXT, CHOICES, max_size=3), max_size=3).map(tuple)
ANSWERS = st.dictionaries(TEXT, CHOICES | ENTRIES, max_size=4)
IDS, DIGESTS = (st.text("0123456789abcdef", min_size=size, max_size=size) for size in (32, 64))

SENT: dict[str, st.SearchStrategy[FromSource]] = {
    "report": st.builds(Report, TEXT, st.integers(), ANSWERS),
    "addition": st.builds(Addition, st.integers(), TEXT, ANSWERS),
    "message": st.builds(Message, TEXT),
    "about": st.builds(
        About, IDS, TEXT, TEXT, st.integers(), DIGESTS, TEXT, st.integers(), st.dictionaries(TEXT, CHOICES, max_size=4)
    ),
    "deletion": st.builds(Deletion, IDS),
    "leaving": st.builds(Leaving, st.sampled_from(LEAVES)),
    "consent_answer": st.builds(ConsentAnswer, IDS, DIGESTS, TEXT, TEXT, TEXT),
}
"""What sources send, by kind."""

DAYS = st.dates().map(date.isoformat)
DAYS_OR_NONE = DAYS | st.just("")
PARTS_OF_DAYS = st.builds(lambda day, end: day[:end], DAYS, st.sampled_from([0, 4, 7, 10]))
SEEN = st.lists(IDS, max_size=3).map(tuple)

LINKS = st.one_of(
    st.builds(Link, IDS, IDS, st.just(1), st.just(""), st.lists(IDS, max_size=3).map(tuple)),
    st.builds(Link, IDS, IDS, st.integers(2, MOST_ITEMS), DIGESTS, st.lists(IDS, max_size=3).map(tuple)),
)


def signed(payloads: st.SearchStrategy[FromSource]) -> st.SearchStrategy[SourceItem]:
    """Items of these, signed by `KEY`."""
    return st.builds(SourceItem, payloads, LINKS).map(lambda item: item.signed_by(KEY))


DOCUMENTS: dict[str, st.SearchStrategy[Document]] = {
    **{kind: signed(payloads) for kind, payloads in SENT.items()},
    "summary": st.builds(Summary, st.lists(TEXT).map(tuple), TEXT, TEXT, TEXT, st.integers(), ANSWERS),
    "chain": st.builds(Chain, st.integers(), TEXT),
    "reply": st.builds(Reply, TEXT, st.integers(0, HIGHEST_NUMBER)),
    "opened": st.just(Opened()),
    "status": st.builds(Status, TEXT, TEXT, seen=SEEN),
    "assignment": st.builds(Assignment, IDS, st.booleans(), seen=SEEN),
    "label": st.builds(Label, IDS, st.booleans(), seen=SEEN),
    "due": st.builds(Due, IDS, DAYS, TEXT, st.booleans(), seen=SEEN),
    "translation": st.builds(Translation, IDS, TEXT, TEXT, seen=SEEN),
    "act": st.builds(Act, IDS, TEXT, TEXT, TEXT, TEXT, PARTS_OF_DAYS, TEXT, TEXT, TEXT, st.booleans(), TEXT, seen=SEEN),
    "verification": st.builds(Verification, IDS, IDS, TEXT, TEXT, TEXT, seen=SEEN),
    "second_reading": st.builds(SecondReading, IDS, IDS, TEXT, TEXT, seen=SEEN),
    "referral": st.builds(Referral, IDS, TEXT, TEXT, TEXT, TEXT, TEXT, DAYS_OR_NONE, TEXT, DAYS_OR_NONE, seen=SEEN),
    "harm_check": st.builds(HarmCheck, IDS, IDS, *[TEXT] * 6, seen=SEEN),
    "consent_request": st.builds(
        ConsentRequest, IDS, TEXT, TEXT, TEXT, TEXT, st.booleans(), number=st.integers(0, HIGHEST_NUMBER), seen=SEEN
    ),
    "approval_request": st.builds(ApprovalRequest, IDS, TEXT, TEXT, st.booleans(), seen=SEEN),
    "approval": st.builds(Approval, IDS, IDS, TEXT, TEXT, seen=SEEN),
    "deletion_reason": st.builds(DeletionReason, IDS, TEXT, seen=SEEN),
    "consent_check": st.builds(ConsentCheck, IDS, TEXT, TEXT, seen=SEEN),
    "purpose": st.builds(Purpose, IDS, TEXT, seen=SEEN),
    "label_name": st.builds(LabelName, IDS, TEXT, TEXT, st.booleans(), seen=SEEN),
    "saved_filter": st.builds(SavedFilter, IDS, TEXT, TEXT, TEXT, st.booleans(), seen=SEEN),
    "watch_term": st.builds(WatchTerm, IDS, TEXT, st.booleans(), seen=SEEN),
    "template": st.builds(Template, IDS, TEXT, TEXT, TEXT, st.booleans(), seen=SEEN),
    "duty": st.tuples(DAYS, DAYS)
    .map(sorted)
    .flatmap(lambda days: st.builds(Duty, *map(st.just, days), IDS, seen=SEEN)),
    "note": st.builds(Note, TEXT, IDS, st.booleans()),
    "dossier": st.builds(Dossier, st.lists(TEXT).map(tuple), TEXT),
    "entered": st.builds(Entered, TEXT, TEXT, TEXT, st.lists(TEXT).map(tuple)),
    "handed": st.just(Handed()),
    "saved": st.builds(Saved, IDS, TEXT, DIGESTS, DIGESTS),
}
"""What is sealed, by kind."""
