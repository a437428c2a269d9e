"""A file that takes its name only once it is whole."""

import errno
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A new file for its owner only, which takes this path when the block ends, and is gone if that raises.

    Until then it has no name, so that nothing of it stays if the program is killed; where the system or the file
    system has no such files, it has one of its own.
    """
    nameless = _nameless(path.parent)
    if nameless is None:
        with _named(path) as file:
            yield file
        return
    with nameless as file:
        yield file
        file.flush()
        # A link never replaces what is there, a new name does.
        temporary = path.with_name(_name())
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.link(f"/proc/self/fd/{file.fileno()}", temporary.name, dst_dir_fd=directory, follow_symlinks=True)
        finally:
            os.close(directory)
    temporary.replace(path)


def _nameless(directory: Path) -> BinaryIO | None:
    kind = getattr(os, "O_TMPFILE", None)
    if kind is None:
        return None
    try:
        return os.fdopen(os.open(directory, kind | os.O_RDWR, 0o600), "wb")
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR):
            raise
        return None


@contextmanager
def _named(path: Path) -> Iterator[BinaryIO]:
    file = tempfile.NamedTemporaryFile(dir=path.parent, prefix=_PREFIX, delete=False)  # noqa: SIM115 - closed below
    try:
        with file:
            yield file  # type: ignore[misc]
        # Closed first: Windows moves and deletes nothing that is open.
        Path(file.name).replace(path)
    except BaseException:
        Path(file.name).unlink()
        raise


_PREFIX = ".age-"


def _name() -> str:
    return f"{_PREFIX}{secrets.token_hex(8)}"
