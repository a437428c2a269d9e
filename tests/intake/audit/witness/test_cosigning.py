"""What a witness cosigns, and each of the ways in which it refuses (C2SP tlog-witness)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.checkpoint import Checkpoint
from crypto.cosignature import Algorithm, CosigningKey
from crypto.logkey import LogSigner
from crypto.merkle import EMPTY_ROOT, consistency_proof, leaf_hash, root_hash
from crypto.note import Note, parse_note
from crypto.witness import AddCheckpoint, parse_cosignatures
from intake.audit.witness.cosigning import SIZE, Answer, Witness
from intake.audit.witness.record import Record, Tree

LOG, OTHER = LogSigner.generate("intake-test"), LogSigner.generate("intake-other")
KEYS = [CosigningKey.from_seed("witness.example/w", algorithm, bytes([1]) * 32) for algorithm in Algorithm]
LEAVES = [leaf_hash(b"%d" % number) for number in range(40)]
FORKED = [*LEAVES[:7], *(leaf_hash(b"fork %d" % number) for number in range(7, 40))]
NOW = 1_764_000_000


def head(size: int, leaves: list[bytes] = LEAVES, key: LogSigner = LOG) -> Note:
    text = Checkpoint(key.verifier.name, size, root_hash(leaves[:size])).text
    return key.also_sign(Note(text, (key.sign(text),)))


def asked(old: int, size: int, leaves: list[bytes] = LEAVES, key: LogSigner = LOG) -> bytes:
    return bytes(AddCheckpoint(old, tuple(consistency_proof(leaves[:size], old)), head(size, leaves, key)))


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    opened = Record(tmp_path / "witness.db")
    yield opened
    opened.close()


@pytest.fixture
def witness(record: Record) -> Witness:
    return Witness(record, KEYS, [LOG.verifier], lambda: NOW + 0.9)


def latest(record: Record, origin: str = "intake-test") -> Tree:
    with record.taking(origin) as taking:
        return taking.latest


def cosigned(answer: Answer, note: Note) -> list[int]:
    """When each of the keys cosigned, by its answer."""
    assert answer.status == HTTPStatus.OK
    whole = parse_note(bytes(Note(note.text, (*note.signatures, *parse_cosignatures(answer.body)))))
    return [key.cosigner.verify(whole) for key in KEYS]


def test_a_log_that_grows_is_cosigned_by_each_key_with_the_time(witness: Witness) -> None:
    old = 0
    for size in (1, 2, 7, 7, 8, 40):
        assert cosigned(witness.add_checkpoint(asked(old, size)), head(size)) == [NOW, NOW]
        old = size


def test_the_empty_tree_is_one_as_well(witness: Witness) -> None:
    assert cosigned(witness.add_checkpoint(asked(0, 0)), head(0)) == [NOW, NOW]
    assert cosigned(witness.add_checkpoint(asked(0, 3)), head(3)) == [NOW, NOW]


@pytest.mark.parametrize(
    "body", [b"", b"old 0\n\n", asked(0, 3)[:-1], asked(0, 3).replace(b"intake-test\n3\n", b"3\n")]
)
def test_what_is_no_request_is_bad(body: bytes, witness: Witness) -> None:
    assert witness.add_checkpoint(body).status == HTTPStatus.BAD_REQUEST


def test_an_unknown_log_is_not_found(witness: Witness) -> None:
    assert witness.add_checkpoint(asked(0, 3, key=OTHER)).status == HTTPStatus.NOT_FOUND


def test_a_checkpoint_that_the_log_did_not_sign_is_forbidden(witness: Witness, record: Record) -> None:
    forger, true = LogSigner.generate("intake-test"), head(3)
    one_only = Note(true.text, true.signatures[:1])
    for note in (head(3, key=forger), one_only):
        assert witness.add_checkpoint(bytes(AddCheckpoint(0, (), note))).status == HTTPStatus.FORBIDDEN
    assert latest(record) == Tree(0, EMPTY_ROOT)


def test_signatures_of_strangers_are_ignored(witness: Witness) -> None:
    true = head(3)
    note = Note(true.text, (OTHER.sign(true.text), *true.signatures))
    assert witness.add_checkpoint(bytes(AddCheckpoint(0, (), note))).status == HTTPStatus.OK


def test_an_old_tree_larger_than_the_new_one_is_bad(witness: Witness) -> None:
    assert witness.add_checkpoint(bytes(AddCheckpoint(4, (), head(3)))).status == HTTPStatus.BAD_REQUEST


def test_who_starts_from_another_tree_is_told_which_was_the_last(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, 7))
    for old in (0, 3, 8):
        assert witness.add_checkpoint(asked(old, 9)) == Answer(HTTPStatus.CONFLICT, b"7\n", SIZE)
    assert witness.add_checkpoint(asked(7, 9)).status == HTTPStatus.OK


def test_two_trees_of_one_size_are_never_both_cosigned(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, 9))
    refused = witness.add_checkpoint(bytes(AddCheckpoint(9, (), head(9, FORKED))))
    assert refused.status == HTTPStatus.CONFLICT
    assert witness.add_checkpoint(asked(9, 9)).status == HTTPStatus.OK


def test_a_proof_that_does_not_hold_is_refused(witness: Witness, record: Record) -> None:
    witness.add_checkpoint(asked(0, 9))
    proof = tuple(consistency_proof(FORKED[:20], 9))
    for request in (
        AddCheckpoint(9, proof, head(20, FORKED)),
        AddCheckpoint(9, (), head(20)),
        AddCheckpoint(9, (bytes(32),), head(9)),
    ):
        assert witness.add_checkpoint(bytes(request)).status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert latest(record).size == 9


def test_a_first_request_with_a_proof_is_refused(witness: Witness) -> None:
    request = bytes(AddCheckpoint(0, (bytes(32),), head(3)))
    assert witness.add_checkpoint(request).status == HTTPStatus.UNPROCESSABLE_ENTITY


def test_what_was_cosigned_is_known_to_whoever_opens_the_file_next(witness: Witness, tmp_path: Path) -> None:
    witness.add_checkpoint(asked(0, 9))
    again = Record(tmp_path / "witness.db")
    assert latest(again) == Tree(9, root_hash(LEAVES[:9]))
    assert latest(again, "intake-other") == Tree(0, EMPTY_ROOT)
    again.close()


def test_nothing_is_recorded_of_what_fails_before_it_is_answered(record: Record) -> None:
    def broken_off() -> None:
        with record.taking("intake-test") as taking:
            taking.put(Tree(3, bytes(32)))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken_off()
    assert latest(record) == Tree(0, EMPTY_ROOT)


def test_of_many_who_ask_at_once_one_history_is_cosigned(witness: Witness) -> None:
    """The race that the specification warns of, by eight threads and two histories."""
    requests = [asked(7, size, leaves) for size in range(8, 40) for leaves in (LEAVES, FORKED)]
    witness.add_checkpoint(asked(0, 7))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(witness.add_checkpoint, requests))
    assert [answer.status for answer in answers].count(HTTPStatus.OK) == 1


@settings(max_examples=60)
@given(steps=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.booleans()), max_size=12))
def test_whatever_is_asked_all_that_is_cosigned_is_one_history(
    steps: list[tuple[int, int, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    record = Record(tmp_path_factory.mktemp("witness") / "witness.db")
    witness = Witness(record, KEYS[:1], [LOG.verifier], lambda: NOW)
    trees: list[tuple[int, bytes]] = []
    for old, size, forked in steps:
        leaves = FORKED if forked else LEAVES
        start = latest(record).size if old > size else old
        proof = tuple(consistency_proof(leaves[:size], min(start, size)))
        note = head(size, leaves)
        if witness.add_checkpoint(bytes(AddCheckpoint(start, proof, note))).status == HTTPStatus.OK:
            trees.append((size, root_hash(leaves[:size])))
    assert [size for size, _ in trees] == sorted(size for size, _ in trees)
    for leaves in (LEAVES, FORKED):
        if all(root == root_hash(leaves[:size]) for size, root in trees):
            break
    else:
        raise AssertionError("two histories were cosigned")
    record.close()
