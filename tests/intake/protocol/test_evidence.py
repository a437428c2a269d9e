"""Evidence: what proves that a log signed two histories, and what rests on a member's word."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.checkpoint import Checkpoint
from crypto.cosignature import Algorithm, CosigningKey
from crypto.logkey import LogSigner
from crypto.merkle import leaf_hash, root_hash
from crypto.note import MAX_NOTE_SIZE, Note, SigningKey, parse_note
from intake.protocol import limits
from intake.protocol.evidence import Evidence, EvidenceError, Prefix, Received, attest, parse_evidence
from signed_head import signed

LOG, AMINA = LogSigner.generate("intake-test"), SigningKey.generate("amina")
ONE = [leaf_hash(b"one %d" % number) for number in range(40)]
OTHER = [*ONE[:9], *(leaf_hash(b"other %d" % number) for number in range(9, 40))]
NOON = datetime(2026, 11, 25, 12, 3, tzinfo=UTC)


def received(leaves: list[bytes], key: LogSigner = LOG) -> Received:
    return Received(NOON, signed(key, Checkpoint(LOG.verifier.name, len(leaves), root_hash(leaves)).text))


def resigned(evidence: Evidence) -> bytes:
    return bytes(Note(evidence.text, (AMINA.sign(evidence.text),)))


@given(small=st.integers(0, 40), large=st.integers(0, 40), forked=st.booleans(), known=st.booleans())
def test_it_proves_exactly_what_the_log_contradicted(small: int, large: int, forked: bool, known: bool) -> None:
    small, large = sorted((small, large))
    second = (OTHER if forked else ONE)[:large]
    same = root_hash(second[:small]) == root_hash(ONE[:small])
    data = attest(AMINA, LOG.verifier, received(ONE[:small]), received(second), second if known else None)
    if same and small == large:
        with pytest.raises(EvidenceError, match="same tree"):
            parse_evidence(data)
        return
    evidence = parse_evidence(data)
    assert resigned(evidence) == data
    assert evidence.is_proof == (not same and (known or small == large))
    assert evidence.verdict().startswith("Proven:" if evidence.is_proof else "Testified only, by amina")
    assert "\n" not in evidence.verdict()


def test_a_log_that_shrank_is_a_members_testimony_and_says_so() -> None:
    says = parse_evidence(attest(AMINA, LOG.verifier, received(ONE), received(ONE[:5]), ONE)).verdict()
    assert "40 entries on 2026-11-25 12:03 UTC and 5 on" in says
    assert "the smaller is the beginning of the larger" in says


def test_nobody_makes_a_proof_without_the_logs_signatures() -> None:
    honest = parse_evidence(attest(AMINA, LOG.verifier, received(ONE[:5]), received(ONE), ONE))
    assert honest.prefix
    other = received(OTHER[:20], LogSigner.generate(LOG.verifier.name))
    for forged in (
        Evidence(honest.log, honest.witness, honest.first, other, None),
        Evidence(honest.log, honest.witness, honest.first, honest.second, Prefix(bytes(32), honest.prefix.proof)),
        Evidence(honest.log, honest.witness, honest.first, honest.second, Prefix(honest.prefix.root, ())),
    ):
        with pytest.raises(EvidenceError):
            parse_evidence(resigned(forged))
    with pytest.raises(EvidenceError):
        parse_evidence(bytes(Note(honest.text, (SigningKey.generate("amina").sign(honest.text),))))


def test_what_a_log_signed_before_it_had_two_keys_is_evidence_by_the_first() -> None:
    text = Checkpoint(LOG.verifier.name, 5, root_hash(ONE[:5])).text
    before = Received(NOON, bytes(Note(text, (LOG.sign(text),))))
    evidence = parse_evidence(attest(AMINA, LOG.verifier, before, received(OTHER), OTHER))
    assert evidence.log == LOG.verifier.first
    assert parse_evidence(attest(AMINA, LOG.verifier, received(ONE[:5]), received(OTHER), OTHER)).log == LOG.verifier


WITNESS, OTHERS = (CosigningKey.from_seed(f"w{number}", Algorithm.ED25519, bytes([number]) * 32) for number in (1, 2))


def cosigned(received: Received, *keys: CosigningKey) -> Received:
    note = parse_note(received.note)
    return Received(
        received.at, bytes(Note(note.text, (*note.signatures, *(key.cosign(note.text, 1) for key in keys))))
    )


def test_a_witness_that_cosigned_both_histories_is_named_and_proven_to_have() -> None:
    first, second = cosigned(received(ONE[:12]), WITNESS), cosigned(received(OTHER), WITNESS, OTHERS)
    data = attest(AMINA, LOG.verifier, first, second, OTHER, [WITNESS.cosigner])
    evidence = parse_evidence(data)
    assert resigned(evidence) == data
    assert evidence.cosigners == (WITNESS.cosigner,)
    assert evidence.verdict().endswith("does not begin with it, and the witness w1 cosigned both.")
    assert data.startswith(b"intake evidence v2\n")


def test_a_witness_of_a_log_that_only_shrank_is_accused_of_nothing() -> None:
    first, second = cosigned(received(ONE), WITNESS), cosigned(received(ONE[:5]), WITNESS)
    evidence = parse_evidence(attest(AMINA, LOG.verifier, first, second, ONE, [WITNESS.cosigner]))
    assert not evidence.is_proof
    assert "w1" not in evidence.verdict()


def test_no_witness_is_named_who_did_not_cosign_both() -> None:
    first, second = cosigned(received(ONE[:12]), WITNESS), cosigned(received(OTHER), WITNESS, OTHERS)
    for named in ([OTHERS.cosigner], [WITNESS.cosigner, OTHERS.cosigner]):
        with pytest.raises(EvidenceError):
            parse_evidence(attest(AMINA, LOG.verifier, first, second, OTHER, named))


def test_a_version_says_whether_witnesses_are_named_and_nothing_else_does() -> None:
    first, second = received(ONE[:12]), received(OTHER)
    plain = parse_evidence(attest(AMINA, LOG.verifier, first, second, OTHER))
    for old, new in (("v1", "v2"), ("v1", "v3")):
        text = plain.text.replace(f"evidence {old}", f"evidence {new}")
        with pytest.raises(EvidenceError):
            parse_evidence(bytes(Note(text, (AMINA.sign(text),))))


def test_two_of_the_largest_checkpoints_fit_into_one_file() -> None:
    assert limits.CHECKPOINT * 2 * 4 // 3 + 10_000 < MAX_NOTE_SIZE
