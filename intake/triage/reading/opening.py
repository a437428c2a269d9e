"""From sealed bytes to a tip that can be read: opened in memory, each author proven by the log, doubts said aloud."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from crypto.age import AgeError, HybridIdentity, NoMatch, parse_identity, stanza_count, unseal
from crypto.padding import PaddingError
from intake.protocol.index import ItemRow, sha256_hex
from intake.protocol.kinds import KINDS, Kind
from intake.report import payloads
from intake.report.definition import NARRATIVE, Answers, forms
from intake.report.documents import Document, read, read_one
from intake.report.events import EVENTS, TO_SOURCE, Note
from intake.report.payloads import (
    TEAM,
    About,
    Addition,
    ConsentAnswer,
    Deletion,
    Dossier,
    Entered,
    Handed,
    Leaving,
    Newer,
    NewerVersionError,
    PayloadFormatError,
    Reply,
    Report,
    Saved,
    Summary,
)
from intake.report.signed import SOURCE_KINDS, SourceItem, Unsigned, parse_signer
from intake.triage.mirror.added import Author
from intake.triage.reading.chain import TELL, Checked, Sent, check, named
from intake.triage.reading.conversation import Line, Replied, in_order
from intake.triage.reading.doubts import (
    doubts,
    not_sealed_to,
    say_let_in,
    say_made,
    say_missing,
    say_restricted,
    say_unsigned,
    wrong_number,
)
from intake.triage.reading.given import Given
from intake.triage.reading.opentip import WRITTEN, Attachment, DatedAnswer, OpenTip, Signed, TakenBack

_COVERS: tuple[type[Summary | Dossier], ...] = (Summary, Dossier)
_BY_REVIEWERS: Mapping[str, tuple[type[WRITTEN], ...]] = {
    Kind.REPLY: TO_SOURCE,
    Kind.WORK: (Note, Entered, Handed, Saved, *EVENTS),
}
"""What an item is that a reviewer added, by what the server knows of it."""

_NEWER = (
    "was written by a newer version of this program than the one on this machine, which can't read it. It is not shown."
)
_UNKNOWN = "of a kind that this version of the program does not know: kept, and not shown. A newer version may know it."
_NEWER_FORM = (
    "Some of the answers are to a version of the form that the program on this machine doesn't know: they are shown by "
    "their keys. A newer version of this program has the words."
)


def open_tip(given: Given, sealed: Mapping[str, bytes], identities: Sequence[HybridIdentity]) -> OpenTip:
    """Open all of a tip that can be opened, also what its source sent once and the server no longer has.

    `sealed`: the bytes that are kept, by the ids of `given.kept`.
    """
    tip = OpenTip(given.row.id, given.row.day)
    tip.warnings += doubts(given)
    tip.restriction = given.restriction
    if not given.is_shut_out:
        _open_into(tip, given, sealed, identities)
    _take_back(tip, given)
    gone = {each.item for each in tip.taken_back}
    for each in given.added:
        if each.item in given.missing and each.item not in gone:
            say_missing(tip, each, is_first=each.item == given.first)
    return tip


def _take_back(tip: OpenTip, given: Given) -> None:
    """Note the replies that members took back, by the log; what the server has all the same is said."""
    replies = {each.item: each for each in given.replies}
    for taken in given.taken:
        added = replies.get(taken.item)
        if added is None:
            # Of a reply that never came, or of what can't be taken back: that it is gone is said as ever.
            continue
        if added.item in given.missing:
            tip.taken_back.append(TakenBack(added.item, added.author, taken.author))
        else:
            tip.warnings.append(
                f"A reply that {added.author.name} sent on {added.author.at:%Y-%m-%d} is on the server although "
                f"{taken.author.name} took it back on {taken.author.at:%Y-%m-%d}: the source may read it. {TELL}"
            )


def _open_into(tip: OpenTip, given: Given, sealed: Mapping[str, bytes], own: Sequence[HybridIdentity]) -> None:
    row, known = given.row, given.known
    summary = sealed[tip.id]
    try:
        opened = read_one(unseal(summary, own), *_COVERS)
        signer = parse_signer(opened.signer) if isinstance(opened, Summary) and opened.signer else None
        identities = _identities(opened)
    except NoMatch:
        tip.warnings.append(not_sealed_to(given))
        return
    except NewerVersionError:
        tip.warnings.append(f"The summary of this report {_NEWER}")
        return
    except (AgeError, PayloadFormatError):
        tip.warnings.append("The summary of this report is damaged.")
        return
    if stanza_count(summary) not in given.readers:
        tip.warnings.append(wrong_number(given))
    say_let_in(tip, given)
    say_restricted(tip, given)
    say_made(tip, given)
    if isinstance(opened, Dossier) and tip.made is None:
        tip.warnings.append(
            "The server shows this as a dossier of your team's own, but by the log no member made it so. Nothing in it "
            f"is shown. {TELL}"
        )
        return
    tip.identities = identities
    tip.recipient = row.recipient if row.payload == known.payload else ""
    if tip.recipient and row.recipient != sha256_hex(str(tip.identities[0].recipient).encode()):
        tip.warnings.append(
            "The server names another key for this report than the report itself does: what the source sends from now "
            f"on may be meant for somebody else. What you write is sealed to the report's own key. {TELL}"
        )
    if isinstance(opened, Dossier):
        tip.dossier = opened.subject
        _open_dossier(tip, given, sealed)
        return
    if signer is None:
        say_unsigned(tip, known)
    tip.source, tip.signer, tip.language = opened.source, opened.signer, opened.language
    _take_answers(tip, opened.form, opened.answers, row.day)
    opened_items = _open_items(tip, _first_seen(tip, given, sealed), given, sealed)
    first = {row.id for row in known.items}
    # What nobody could ever open may be anything: no number of such items stands for one that is missing.
    opened_ids = {each.row.id for each in opened_items}
    unread = len(first - opened_ids)
    sent = check(opened_items, tip.id, signer, first, unread)
    tip.warnings += sent.doubts
    tip.rows = tuple(each.row for each in sent.sent)
    sizes = {item.id: item.size for item in given.items if item.blob}
    for each in sent.sent:
        _take_sent(tip, each, sizes)
    _say_leaving(tip)
    tip.consent_answers = _consent_answers(given, opened_ids, sent)
    _require_own_word(tip, given)
    tip.written.sort(key=lambda signed: signed.author.place)
    tip.conversation = in_order(sent.sent, _replied(tip, given))


def _open_dossier(tip: OpenTip, given: Given, sealed: Mapping[str, bytes]) -> None:
    """Take in what members wrote: nobody else writes into a dossier."""
    if tip.dossier != TEAM:
        tip.warnings.append(f"This is a dossier of your team's own that {_NEWER}")
    items = [item for item in given.items if given.made is None or item.id != given.first]
    for item in items:
        if item.kind in SOURCE_KINDS:
            tip.warnings.append(
                f"{named(item)} lies in a dossier of your team's, which has no source. It is not shown."
            )
    _open_items(tip, [item for item in items if item.kind not in SOURCE_KINDS], given, sealed)
    tip.written.sort(key=lambda signed: signed.author.place)


def _require_own_word(tip: OpenTip, given: Given) -> None:
    """That a report came otherwise, and by which words its source comes back, counts as the word of its maker alone."""
    keys = {each.item: each.key for each in given.added}
    for signed in tip.written_as(Entered):
        if tip.made is None or given.made is None or keys.get(signed.item) != given.made.key:
            tip.written.remove(signed)
            tip.warnings.append(
                f"{signed.author.name} says how this report came to them, but by the log they did not make it. That is "
                "not shown."
            )


def _first_seen(tip: OpenTip, given: Given, sealed: Collection[str]) -> Sequence[ItemRow]:
    """All rows, as they were first fetched; of what is gone from the server too, if this machine has kept it."""
    present, first = {item.id for item in given.items}, {row.id: row for row in given.known.items}
    gone = [row for row in given.known.items if row.id not in present]
    for row in gone:
        rest = "What this machine has kept is shown." if row.id in sealed else "This machine has not kept it."
        tip.warnings.append(f"{named(row)} is no longer on the server. No source can delete that alone. {rest} {TELL}")
    return [first.get(item.id, item) for item in given.items] + [row for row in gone if row.id in sealed]


def _identities(opened: Summary | Dossier) -> tuple[HybridIdentity, ...]:
    if not opened.identities:
        raise PayloadFormatError("a summary without an identity")
    return tuple(_hybrid(text) for text in opened.identities)


def _open_items(tip: OpenTip, items: Sequence[ItemRow], given: Given, sealed: Mapping[str, bytes]) -> list[Sent]:
    """Take in what reviewers wrote; returns what the source is said to have sent.

    What is of a kind that is not known here is its writer's if the item itself proves that, and is counted otherwise.
    """
    sent, unknown = [], 0
    for item in items:
        is_known, author = item.kind in KINDS, given.author(item.id)
        if item.blob:
            unknown += not is_known
            continue
        data = sealed.get(item.id, b"")
        try:
            document = unseal(data, tip.identities)
            if item.kind in SOURCE_KINDS:
                sent.append(Sent(item, data, _from_source(read(document))))
            elif is_known or author is not None:
                _take_written(tip, item, document, author)
            elif isinstance(found := read(document), SourceItem | Unsigned):
                sent.append(Sent(item, data, found))
            else:
                unknown += 1
        except (AgeError, PayloadFormatError, PaddingError):
            tip.warnings.append(f"An item of {item.day} could not be opened.")
            tip.spoilt.append(item.id)
    if unknown:
        tip.warnings.append(f"{'One item' if unknown == 1 else f'{unknown} items'} {_UNKNOWN}")
    return sent


def _from_source(found: Document) -> SourceItem | Unsigned:
    # Items of every version are signed alike, from the first that was signed at all.
    found = Unsigned(found, place=0) if isinstance(found, Newer) else found
    if not isinstance(found, SourceItem | Unsigned):
        raise PayloadFormatError("not a source's item")
    return found


def _take_sent(tip: OpenTip, sent: Sent, sizes: Mapping[str, int]) -> None:
    """`sizes`: of the sealed bytes of the tip's files, by id."""
    match sent.payload:
        case Report(form=form, answers=answers):
            tip.narrative = str(answers.get(NARRATIVE, ""))
            _take_answers(tip, form, answers, sent.row.day, sent.row.id)
        case Addition(form=form, answers=answers):
            _take_answers(tip, form, answers, sent.row.day, sent.row.id)
        case About() as about if 0 <= about.size <= sizes.get(about.content, -1):
            tip.files[sent.row.id] = Attachment(sent.row.day, about, sizes[about.content])
            _say_form(tip, about.form, about.answers)
        case About():
            # Its content is none of this tip's, or can't be as large as is said.
            tip.warnings.append(f"A file of {sent.row.day} is not on the server as it is described. It is not shown.")
        case Deletion(reply=reply):
            tip.deleted.add(reply)
        case Leaving(says=says):
            _take_leaving(tip, says, sent.row.day)
        case Newer():
            tip.warnings.append(f"{named(sent.row)} {_NEWER}")


def _take_leaving(tip: OpenTip, says: str, day: str) -> None:
    match says:
        case payloads.SLOWLY:
            tip.slowly = True
        case payloads.ASKED:
            tip.asked = day
        case payloads.STAYS:
            tip.asked = ""
        case payloads.WITHOUT:
            tip.ended = day
            tip.remarks.append(
                "This report was sent without a codename: nobody can come back with it, and no reply reaches anybody. "
                "In the same visit, of a day at most, its source can still have added to it."
            )
        case payloads.ENDED:
            tip.asked, tip.ended = "", day
            tip.remarks.append(
                f"The source ended its codename on {day} and left the report with you. Nobody can come back with it: "
                "no reply reaches them any more."
            )


def _say_leaving(tip: OpenTip) -> None:
    if tip.asked:
        due = date.fromisoformat(tip.asked) + timedelta(days=payloads.WAIT_DAYS)
        tip.remarks.append(
            f"The source asked on {tip.asked} to withdraw this report. It will be deleted on {due}, here as well, "
            "unless they take that back."
        )


def _consent_answers(given: Given, opened: Collection[str], checked: Checked) -> list[DatedAnswer]:
    """What was answered to questions of the team's. `opened`: the ids of all that is said to be the source's."""
    # What can't be opened, or is said to be a reviewer's and is none's, may be anything that the source sent.
    is_whole = all(item.blob or item.id in opened or given.author(item.id) is not None for item in given.items)
    return [
        DatedAnswer(each.row.id, each.row.day, each.payload, is_whole and each.number > checked.unsure)
        for each in checked.sent
        if isinstance(each.payload, ConsentAnswer)
    ]


def _replied(tip: OpenTip, given: Given) -> list[Replied]:
    """Everything that the log says was sealed to the source, with the words of what is there."""
    lines = {
        signed.item: Line(f"{signed.author.at:%Y-%m-%d}", signed.author.name, signed.payload.text, signed.item)
        for signed in tip.written
        if isinstance(signed.payload, Reply)
    }
    by = {taken.item: taken.author for taken in given.taken}
    for each in given.replies:
        if each.item in by and each.item in given.missing:
            lines[each.item] = Line(f"{each.author.at:%Y-%m-%d}", each.author.name, "", each.item, by[each.item].name)
    tip.replies = len(given.replies)
    return [
        Replied(each.item, each.author.place, f"{each.author.at:%Y-%m-%d}", lines.get(each.item))
        for each in given.replies
    ]


def _take_written(tip: OpenTip, item: ItemRow, document: bytes, author: Author | None) -> None:
    if author is None:
        tip.warnings.append(f"A {item.kind} of {item.day} is not in the log as any reviewer's. It is not shown.")
        return
    try:
        payload = read_one(document, *_BY_REVIEWERS.get(item.kind, ()))
        tip.written.append(Signed(item.id, author, payload))
    except NewerVersionError:
        tip.warnings.append(f"What {author.name} wrote on {author.at:%Y-%m-%d} {_NEWER}")


def _take_answers(tip: OpenTip, form: int, answers: Answers, day: str, item: str = "") -> None:
    """`item`: the id of what they came with, if it isn't the summary."""
    _say_form(tip, form, answers)
    tip.account.take(form, answers, day, item)


def _say_form(tip: OpenTip, form: int, answers: Answers) -> None:
    if answers and form not in forms() and _NEWER_FORM not in tip.remarks:
        tip.remarks.append(_NEWER_FORM)


def _hybrid(text: str) -> HybridIdentity:
    identity = parse_identity(text)
    if not isinstance(identity, HybridIdentity):
        raise PayloadFormatError("a tip's identity is of another kind")
    return identity
