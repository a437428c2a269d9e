"""Files and directories that are on the disk, whole, before anybody is told that they are there."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def write_new(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Make a file that is whole and durable once it has its name; `FileExistsError` if there is one already."""
    _write(path, data, mode, _name)


def replace_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Put other data into a file, durably: at no instant is there neither the old data nor the new."""
    _write(path, data, mode, Path.replace)


def exchange_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """As `replace_file`; then the old data is overwritten, as far as the file system writes where it wrote before.

    Where the old file has another name too, as some backups give it one, it stays.
    """
    path = path.resolve()
    if os.name == "nt":
        # There, what is open can't be replaced.
        replace_file(path, data, mode=mode)
        return
    with path.open("r+b") as old:
        replace_file(path, data, mode=mode)
        # Only now: the old data is needed until the new one is on the disk.
        left = os.fstat(old.fileno())
        if left.st_nlink == 0:
            old.write(bytes(left.st_size))
            old.flush()
            os.fsync(old.fileno())


def make_directory(path: Path) -> None:
    """Make a directory for its owner only, and those above it, durably; one that is there stays as it is."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in missing:
        sync_directory(each.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable, where the system knows how."""
    if os.name == "nt":
        return
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _write(path: Path, data: bytes, mode: int, name: Callable[[Path, Path], object]) -> None:
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    except OSError as error:
        # By the name that the caller knows.
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        name(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_directory(path.parent)


def _name(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError as error:
        raise FileExistsError(error.errno, error.strerror, str(path)) from error
    except OSError:
        # A file system without links, such as a stick's: the name is taken first, so that nothing is overwritten.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        temporary.replace(path)
