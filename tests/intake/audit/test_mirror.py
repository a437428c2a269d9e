"""The log as static files: whoever knows the formats alone can verify it."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from crypto.checkpoint import Checkpoint
from crypto.logkey import LogSigner
from crypto.merkle import leaf_hash, root_hash
from intake.audit.mirror import NotThisLogError, write_log
from signed_head import signed
from tlog_reader import read_log

KEY = LogSigner.generate("intake-test")
ED25519, ML_DSA = map(str, KEY.verifier.keys)
LINES = [b"entry %d" % number for number in range(66_000)]


def head(lines: list[bytes], key: LogSigner = KEY) -> bytes:
    return signed(key, Checkpoint(key.verifier.name, len(lines), root_hash([leaf_hash(line) for line in lines])).text)


def written(directory: Path, size: int) -> int:
    return write_log(directory, LINES[:size], head(LINES[:size]), lambda _: None)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 700, 65_536, 65_537])
def test_a_reader_that_knows_the_specifications_alone_verifies_it(size: int, tmp_path: Path) -> None:
    written(tmp_path, size)
    assert read_log(tmp_path, ED25519, ML_DSA) == LINES[:size]


def test_it_grows_with_the_log_and_writes_what_is_new(tmp_path: Path) -> None:
    assert written(tmp_path, 300) == 2 + 1 + 2
    assert written(tmp_path, 300) == 0
    # The tile and the bundle that were partial, once each; the tile above is as wide as it was.
    assert written(tmp_path, 310) == 2
    assert read_log(tmp_path, ED25519, ML_DSA) == LINES[:310]
    written(tmp_path, 600)
    assert read_log(tmp_path, ED25519, ML_DSA) == LINES[:600]
    left = {str(path.relative_to(tmp_path / "tile")) for path in tmp_path.rglob("*.p")}
    assert left == {"0/002.p", "entries/002.p", "1/000.p"}, "what is full needs no parts"


def test_how_far_it_is_is_told(tmp_path: Path) -> None:
    told: list[int] = []
    write_log(tmp_path, LINES[:700], head(LINES[:700]), told.append)
    assert told == list(range(1, len(told) + 1))


@pytest.mark.parametrize("name", ["tile/0/000", "tile/entries/000", "tile/1/000.p/2"])
def test_what_another_log_or_damage_left_there_is_said_and_stays(name: str, tmp_path: Path) -> None:
    written(tmp_path, 600)
    (tmp_path / name).write_bytes(b"something else")
    before = (tmp_path / "checkpoint").read_bytes()
    with pytest.raises(NotThisLogError, match="holds something else"):
        written(tmp_path, 610)
    assert (tmp_path / name).read_bytes() == b"something else"
    assert (tmp_path / "checkpoint").read_bytes() == before


def test_a_directory_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "intake.toml").write_text('team = "x"')
    with pytest.raises(NotThisLogError, match="something else than a log"):
        written(tmp_path, 10)
    assert [path.name for path in tmp_path.iterdir()] == ["intake.toml"]


def test_the_reader_would_see_it(tmp_path: Path) -> None:
    """A check that can't fail would show nothing."""
    written(tmp_path, 600)
    for name, error in (("tile/entries/001", AssertionError), ("tile/0/002.p/88", AssertionError)):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(error):
            read_log(tmp_path, ED25519, ML_DSA)
        (tmp_path / name).write_bytes(whole)
    (tmp_path / "checkpoint").write_bytes(head(LINES[:600], LogSigner.generate("intake-test")))
    with pytest.raises((AssertionError, InvalidSignature)):
        read_log(tmp_path, ED25519, ML_DSA)
