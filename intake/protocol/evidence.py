"""Evidence against a log: two checkpoints that it signed, when a member received them, and how the trees behind them
go together. A signed note (C2SP signed-note) by the member's key that anybody can check, offline:

    intake evidence v1
    log: intake-1f0c…+b1a2c3d4+AX… intake-1f0c…+c5d6e7f8+Bh…
    witness: amina+5e6f7a8b+AQ…
    first: 2026-11-25T12:03:00Z aW50YWtlLTFm…
    second: 2026-11-26T08:40:12Z aW50YWtlLTFm…
    prefix: CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I= …

    — amina Xm96i…

`prefix` is there if the leaves of the larger tree were known: the root of its beginning that is as large as the smaller
tree, and the proof of that (RFC 6962, section 2.1.2). If it is not the root that was signed for the smaller tree, then
the log signed two histories, whoever says so. A proof that merely fails would show nothing: anybody can spoil one.

Where witnesses of the log (C2SP tlog-witness) cosigned both trees, it is of version 2: a line `cosigner:` with the key
of each stands after the member's, and both checkpoints bear their cosignatures. What proves of the log that it signed
two histories proves of them that they cosigned two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from crypto.checkpoint import Checkpoint
from crypto.cosignature import Cosigner, parse_cosigner
from crypto.logkey import LogVerifier, parse_log_verifier
from crypto.merkle import HASH_SIZE, ProofError, consistency_proof, root_hash, verify_consistency
from crypto.note import Note, NoteError, SigningKey, Verifier, decode_base64, encode_base64, parse_note, parse_verifier
from intake.protocol.audit import AuditError, open_checkpoint

_TITLE = "intake evidence v1"
_TITLE_WITH_COSIGNERS = "intake evidence v2"
_NAMES = ("first", "second", "prefix")
_COSIGNER = "cosigner"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class EvidenceError(ValueError):
    """Not evidence: malformed, or something in it is not signed as it must be."""


@dataclass(frozen=True, slots=True)
class Received:
    """A signed checkpoint as it was served, and when it came (UTC, to the second)."""

    at: datetime
    note: bytes


@dataclass(frozen=True, slots=True)
class Prefix:
    """The root of the first leaves of a larger tree, and the consistency proof that it is."""

    root: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a member received from a log, in that order. Only `parse_evidence` has verified it."""

    log: LogVerifier
    witness: Verifier
    first: Received
    second: Received
    prefix: Prefix | None
    cosigners: tuple[Cosigner, ...] = ()

    @property
    def text(self) -> str:
        """What the witness signs."""
        title = _TITLE_WITH_COSIGNERS if self.cosigners else _TITLE
        lines = [title, f"log: {self.log}", f"witness: {self.witness}"]
        lines += [f"{_COSIGNER}: {key}" for key in self.cosigners]
        lines += [
            f"{name}: {received.at.strftime(_TIME)} {encode_base64(received.note)}"
            for name, received in (("first", self.first), ("second", self.second))
        ]
        if self.prefix is not None:
            lines.append("prefix: " + " ".join(map(encode_base64, (self.prefix.root, *self.prefix.proof))))
        return "\n".join(lines) + "\n"

    @property
    def trees(self) -> tuple[Checkpoint, Checkpoint]:
        """The two signed trees, in the order in which they were received."""
        return _open(self.first.note, self.log), _open(self.second.note, self.log)

    @property
    def is_proof(self) -> bool:
        """Whether it proves that the log signed two histories, without anybody's word."""
        small, large = sorted(self.trees, key=lambda tree: tree.size)
        return small.size == large.size or (self.prefix is not None and self.prefix.root != small.root)

    def verdict(self) -> str:
        """What it shows, in one line."""
        first, second = self.trees
        small, large = sorted(self.trees, key=lambda tree: tree.size)
        if self.is_proof:
            what = (
                f"two different trees of {small.size} entries"
                if small.size == large.size
                else f"a tree of {small.size} entries and one of {large.size} that does not begin with it"
            )
            names = dict.fromkeys(key.name for key in self.cosigners)
            others = "".join(f", and the witness {name} cosigned both" for name in names)
            return f"Proven: the key of the log {self.log.name} signed {what}{others}."
        shown = "the smaller is the beginning of the larger" if self.prefix else "whether they go together is not shown"
        return (
            f"Testified only, by {self.witness.name}: the log {self.log.name} showed {first.size} entries on "
            f"{self.first.at:%Y-%m-%d %H:%M} UTC and {second.size} on {self.second.at:%Y-%m-%d %H:%M} UTC. "
            f"The log signed both; {shown}."
        )


def attest(
    key: SigningKey,
    log: LogVerifier,
    first: Received,
    second: Received,
    leaves: Sequence[bytes] | None,
    cosigners: Sequence[Cosigner] = (),
) -> bytes:
    """Evidence as a file. `leaves`: the leaf hashes of the larger tree, as far as they are known to be its own.

    `cosigners`: witnesses of the log whose cosignatures both checkpoints bear.
    """
    log = _signer_of_both(log, first, second)
    small, large = sorted((_open(first.note, log), _open(second.note, log)), key=lambda tree: tree.size)
    prefix = None
    if leaves is not None and small.size != large.size:
        prefix = Prefix(root_hash(leaves[: small.size]), tuple(consistency_proof(leaves, small.size)))
    evidence = Evidence(log, key.verifier, first, second, prefix, tuple(cosigners))
    return bytes(Note(evidence.text, (key.sign(evidence.text),)))


def parse_evidence(data: bytes) -> Evidence:
    """Read and verify evidence; `EvidenceError` if it is not exactly that."""
    try:
        note = parse_note(data)
        evidence = _evidence(note.text)
        evidence.witness.verify(note)
        _verify(evidence, note)
    except EvidenceError:
        raise
    except (NoteError, ProofError, AuditError, ValueError) as error:
        raise EvidenceError("this is not evidence, or not signed by whom it names") from error
    return evidence


def _evidence(text: str) -> Evidence:
    title, *lines = text.removesuffix("\n").split("\n")
    pairs = [line.partition(": ") for line in lines]
    cosigners = [value for name, _, value in pairs if name == _COSIGNER]
    names, values = [name for name, _, _ in pairs], [value for _, _, value in pairs]
    expected = ["log", "witness", *(_COSIGNER for _ in cosigners), *_NAMES]
    if title not in (_TITLE, _TITLE_WITH_COSIGNERS) or names not in (expected, expected[:-1]):
        raise EvidenceError("this is not evidence in its canonical form")
    log, witness = parse_log_verifier(values[0]), parse_verifier(values[1])
    first, second, *prefix = values[2 + len(cosigners) :]
    received = _received(first), _received(second)
    found = _prefix(prefix[0]) if prefix else None
    return Evidence(log, witness, *received, found, tuple(map(parse_cosigner, cosigners)))


def _verify(evidence: Evidence, note: Note) -> None:
    if evidence.text != note.text or len(note.signatures) != 1:
        raise EvidenceError("this is not evidence in its canonical form")
    first, second = evidence.trees
    if first == second:
        raise EvidenceError("both checkpoints are of the same tree: this shows nothing")
    for cosigner in evidence.cosigners:
        for received in (evidence.first, evidence.second):
            cosigner.verify(parse_note(received.note))
    small, large = sorted((first, second), key=lambda tree: tree.size)
    if evidence.prefix is not None:
        if small.size == large.size:
            raise EvidenceError("trees of one size need no proof")
        verify_consistency(small.size, large.size, evidence.prefix.root, large.root, evidence.prefix.proof)


def _signer_of_both(log: LogVerifier, *received: Received) -> LogVerifier:
    """The log by those of its keys that signed both: one may be from before it had two."""
    try:
        for each in received:
            log.open(each.note)
    except ValueError:
        return log.first
    return log


def _open(note: bytes, log: LogVerifier) -> Checkpoint:
    return open_checkpoint(note, log)


def _received(value: str) -> Received:
    at, _, note = value.partition(" ")
    return Received(datetime.strptime(at, _TIME).replace(tzinfo=UTC), decode_base64(note))


def _prefix(value: str) -> Prefix:
    root, *proof = map(decode_base64, value.split(" "))
    if len(root) != HASH_SIZE:
        raise EvidenceError("a hash has a wrong length")
    return Prefix(root, tuple(proof))
