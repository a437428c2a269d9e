"""A witness's keys are made once, and never shown."""

from pathlib import Path

import pytest

from crypto.cosignature import Algorithm
from intake.audit.witness.keys import WitnessKeyError, make_or_read


def test_the_keys_stay_whatever_they_are_called_later(tmp_path: Path) -> None:
    made = make_or_read(tmp_path / "witness.key", "witness.example/w")
    again = make_or_read(tmp_path / "witness.key", "another name")
    assert [key.cosigner for key in again] == [key.cosigner for key in made]
    assert [key.cosigner.algorithm for key in made] == list(Algorithm)
    assert (tmp_path / "witness.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "data", [b"", b"name\n", b"name\nab\ncd\n", b"\xff", b"a name\n" + b"00" * 32 + b"\n" + b"00" * 32]
)
def test_a_damaged_file_is_said_and_stays(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "witness.key").write_bytes(data)
    with pytest.raises(WitnessKeyError, match="damaged"):
        make_or_read(tmp_path / "witness.key", "witness.example/w")
    assert (tmp_path / "witness.key").read_bytes() == data
