"""The checkpoints that witnesses have cosigned, as far as members are still shown them."""

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crypto.checkpoint import parse_checkpoint
from crypto.note import Note, VerifierKey, parse_note
from crypto.policy import Policy
from intake.storage.store import Transaction
from intake.storage.tables import LogCosigned

_BEST_FIRST = (LogCosigned.enough.desc(), LogCosigned.size.desc())


def newest(session: Transaction) -> bytes | None:
    """The newest that enough witnesses have cosigned, or that any have if never so many did; None if there is none."""
    return session.scalar(select(LogCosigned.checkpoint).order_by(*_BEST_FIRST).limit(1))


def last_size(session: Transaction, keys: Collection[VerifierKey]) -> int:
    """How many entries the largest of these trees has that one of these keys cosigned; 0 if none did."""
    wanted = {(key.name, key.id) for key in keys}
    notes = map(parse_note, session.scalars(select(LogCosigned.checkpoint)).all())
    found = (note for note in notes if any((line.name, line.key_id) in wanted for line in note.signatures))
    return max((parse_checkpoint(note.text).size for note in found), default=0)


def keep(session: Session, cosigned: Note, policy: Policy) -> None:
    """Keep a checkpoint with the cosignatures that came; what members are no longer shown then is forgotten."""
    size = parse_checkpoint(cosigned.text).size
    notes = {row.size: parse_note(row.checkpoint) for row in session.scalars(select(LogCosigned))}
    notes[size] = _with_earlier(cosigned, notes.get(size))
    enough = {each: policy.is_met(policy.cosigned(note)) for each, note in notes.items()}
    wanted = {max(notes), *sorted(each for each in notes if enough[each])[-1:]}
    session.execute(delete(LogCosigned))
    session.add_all(
        LogCosigned(size=each, checkpoint=bytes(notes[each]), enough=enough[each]) for each in sorted(wanted)
    )


def _with_earlier(cosigned: Note, earlier: Note | None) -> Note:
    """The same checkpoint with the cosignatures that it had before, but for those of witnesses who cosigned anew."""
    if earlier is None or earlier.text != cosigned.text:
        return cosigned
    anew = {(line.name, line.key_id) for line in cosigned.signatures}
    before = (line for line in earlier.signatures if (line.name, line.key_id) not in anew)
    return Note(cosigned.text, (*cosigned.signatures, *before))
