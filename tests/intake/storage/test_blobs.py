"""FileBlobs: durable when kept, gone when not, and nothing about them tells when they came."""

import secrets
from pathlib import Path

import pytest

from intake.storage.blobs.files import FileBlobs
from intake.storage.blobs.protocol import NoSuchBlobError


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path


def test_a_kept_blob_is_read_back(directory: Path) -> None:
    data = secrets.token_bytes(100_000)
    with FileBlobs(directory).new() as writer:
        writer.write(data[:1])
        writer.write(data[1:])
        blob = writer.keep()
    assert writer.size == len(data)
    with FileBlobs(directory).open(blob) as file:
        assert file.read() == data


def test_a_blob_that_is_not_kept_never_has_a_name(directory: Path) -> None:
    with FileBlobs(directory).new() as writer:
        writer.write(b"sealed")
        assert list(directory.iterdir()) == []
    assert list(directory.iterdir()) == []


def test_names_are_random_and_times_constant(directory: Path) -> None:
    names = []
    for _ in range(3):
        with FileBlobs(directory).new() as writer:
            writer.write(b"sealed")
            names.append(writer.keep())
    assert len(set(names)) == 3
    assert {(directory / name).stat().st_mtime for name in names} == {0}


def test_a_removed_blob_is_gone(directory: Path) -> None:
    with FileBlobs(directory).new() as writer:
        blob = writer.keep()
    FileBlobs(directory).remove(blob)
    with pytest.raises(NoSuchBlobError):
        FileBlobs(directory).open(blob)
