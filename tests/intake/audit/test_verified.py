"""A copied folder is enough to verify a log, and one that was changed is told from a log that lies."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from crypto.merkle import leaf_hash
from crypto.note import Note, SigningKey, parse_note
from crypto.tiles import decode_bundle, encode_bundle
from intake.audit.cosign import cosigner
from intake.audit.mirror import write_log
from intake.audit.standing import require_witnessed
from intake.audit.verified import FolderError, VerifiedLog, fetch, read_folder, recall
from intake.protocol.audit import AuditError, ContradictionError
from intake.protocol.card import Role
from intake.protocol.entry import parse_entry
from intake.triage.fetching.witnessed import UnwitnessedError
from intake.triage.home import HomeError
from intake.triage.keys.keyfile import MemberKeys
from intake.triage.progress import no_progress
from ledger import Ledger
from open_desk import Desk
from policies import policy
from program import Enrol, HomeOf, Reviewer


@pytest.fixture
def log() -> Ledger:
    made = Ledger()
    key = made.enrol("amina")
    for _ in range(600):
        made.ask(key, "POST", f"/v1/tips/{'0' * 32}/open")
    return made


def mirrored(log: Ledger, folder: Path, head: bytes | None = None) -> VerifiedLog:
    write_log(folder, log.lines, head or log.head, lambda _: None)
    return read_folder(folder, policy(log.key.verifier), no_progress)


def test_a_folder_gives_the_whole_log_and_any_part_of_it(log: Ledger, tmp_path: Path) -> None:
    verified = mirrored(log, tmp_path)
    assert (verified.size, len(verified.record.deeds)) == (601, 601)
    for start, end in ((0, 601), (255, 257), (512, 513), (600, 601), (300, 300)):
        assert list(verified.read(start, end)) == log.lines[start:end]


def changed(bundle: bytes) -> bytes:
    lines = decode_bundle(bundle)
    return encode_bundle([*lines[:-1], lines[-1].replace(b"open", b"read")])


@pytest.mark.parametrize(
    "change", [changed, lambda bundle: bundle[:-1], lambda bundle: encode_bundle(decode_bundle(bundle)[1:])]
)
def test_what_was_changed_in_the_folder_is_said_of_the_folder(
    change: Callable[[bytes], bytes], log: Ledger, tmp_path: Path
) -> None:
    mirrored(log, tmp_path)
    bundle = tmp_path / "tile" / "entries" / "001"
    bundle.write_bytes(change(bundle.read_bytes()))
    with pytest.raises(FolderError, match=r"is damaged|not what the log signed"):
        read_folder(tmp_path, policy(log.key.verifier), no_progress)


@pytest.mark.parametrize("name", ["checkpoint", "cosigned", "tile/entries/001"])
def test_nothing_in_a_folder_of_others_fills_the_memory_or_waits_for_ever(
    name: str, log: Ledger, tmp_path: Path
) -> None:
    mirrored(log, tmp_path)
    file = tmp_path / name
    file.unlink(missing_ok=True)
    file.touch()
    # Of nothing: it takes no room on the disk.
    os.truncate(file, 1 << 40)
    with pytest.raises(FolderError, match="larger than such a file can be"):
        read_folder(tmp_path, policy(log.key.verifier), no_progress)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(FolderError, match="is no file"):
        read_folder(tmp_path, policy(log.key.verifier), no_progress)
    file.unlink()
    file.symlink_to("/dev/zero")
    with pytest.raises(FolderError, match="is no file"):
        read_folder(tmp_path, policy(log.key.verifier), no_progress)


def test_a_false_entry_under_a_true_signature_is_said_of_the_log(log: Ledger, tmp_path: Path) -> None:
    log.again(log.lines[-1])
    with pytest.raises(AuditError, match="entry 601 is false: its request was used before"):
        mirrored(log, tmp_path)


def test_the_folder_of_another_log_is_refused(log: Ledger, tmp_path: Path) -> None:
    mirrored(log, tmp_path)
    with pytest.raises(AuditError, match="not this log's"):
        read_folder(tmp_path, policy(Ledger().key.verifier), no_progress)


def cosigned_in(folder: Path, log: Ledger, note: bytes) -> VerifiedLog:
    """A folder with what a witness, whom the policy asks for, has cosigned at that time."""
    key = cosigner(SigningKey.generate("ours"))
    signed = parse_note(note)
    line = key.cosign(signed.text, int(log.now.timestamp()))
    witnesses = f"witness ours {key.cosigner}\nquorum ours\n"
    write_log(folder, log.lines, log.head, lambda _: None, bytes(Note(signed.text, (*signed.signatures, line))))
    named = policy(log.key.verifier).replace("quorum none\n", witnesses)
    return read_folder(folder, named, no_progress)


def test_what_was_cosigned_counts_in_a_folder_too(log: Ledger, tmp_path: Path) -> None:
    earlier = log.head
    log.enrol("boris")
    verified = cosigned_in(tmp_path, log, earlier)
    require_witnessed(verified.witnessed, log.now)
    assert verified.is_cosigned(600)
    assert not verified.is_cosigned(601)
    for index in (600, 601):
        proof = verified.prove(index)
        assert proof.verify(leaf_hash(log.lines[index]), log.key.verifier).size == index + 1
    with pytest.raises(UnwitnessedError, match="too few of its witnesses"):
        require_witnessed(verified.witnessed, log.now.replace(year=2040))


def test_another_log_that_was_cosigned_for_others_makes_the_log_false(log: Ledger, tmp_path: Path) -> None:
    mine = log.lines[-1]
    log.lines[-1] = log.lines[-2]
    other = log.head
    log.lines[-1] = mine
    with pytest.raises(ContradictionError, match="others are cosigned"):
        cosigned_in(tmp_path, log, other)


@pytest.fixture
def carla(enrol: Enrol) -> MemberKeys:
    return enrol("carla", Role.AUDITOR)


def test_the_next_time_only_what_is_new_is_verified_and_the_whole_if_asked_for(
    desk: Desk, reviewer: Reviewer, carla: MemberKeys, home: HomeOf
) -> None:
    place = home("carla")
    with pytest.raises(HomeError, match="no log was verified here yet"):
        recall(place)
    first = fetch(place, carla, no_progress, whole=False)
    assert first.before == 0
    reviewer("amina").unlock()
    second = fetch(place, carla, no_progress, whole=False)
    assert second.before == first.size < second.size
    assert list(second.entries(second.before)) == list(map(parse_entry, second.read(first.size, second.size)))
    whole = fetch(place, carla, no_progress, whole=True)
    # The auditor's own reads are entries, too.
    assert (whole.before, whole.size) == (0, second.size + 2)
    assert recall(place).state.to_bytes() == whole.state.to_bytes()
