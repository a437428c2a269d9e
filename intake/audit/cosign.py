"""An auditor's cosignature of the head that they verified: that its log has only grown, as far as they have seen it."""

from crypto.cosignature import Algorithm, CosigningKey
from crypto.note import Note, SigningKey, parse_note
from intake.audit.verified import VerifiedLog


def cosigner(key: SigningKey) -> CosigningKey:
    """The auditor's key as that of a cosigner (C2SP tlog-cosignature), under their name.

    What a cosignature signs begins with other words than a request or a note of theirs: none passes for another.
    """
    return CosigningKey.from_seed(key.verifier.name, Algorithm.ED25519, key.seed)


def cosign(log: VerifiedLog, key: SigningKey, time: int) -> bytes:
    """The checkpoint that was verified last, with the auditor's cosignature at `time` (POSIX seconds).

    It must be from the home directory, which knows every head that was verified before: what it holds extends them all.
    """
    note = parse_note(log.note)
    return bytes(Note(note.text, (*note.signatures, cosigner(key).cosign(note.text, time))))
