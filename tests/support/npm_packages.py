"""The packages from npm that tests use, installed as the lock file says. Several processes of tests share them."""

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from project import TESTS

NPM = TESTS / "npm"

_MODULES = NPM / "node_modules"
_LOCKED = NPM / "package-lock.json"


def install_npm() -> None:
    """Install the locked packages, once for each lock file."""
    with _alone():
        _install()


def vectors() -> list[Path]:
    """The vectors of the age format, a file each."""
    directory, new = _MODULES / ".vectors", _MODULES / ".vectors.new"
    with _alone():
        _install()
        if not directory.exists():
            new.mkdir(exist_ok=True)
            subprocess.run(["node", "vectors.mjs", str(new)], cwd=NPM, check=True)
            new.rename(directory)
    return sorted(directory.iterdir())


@contextmanager
def _alone() -> Iterator[None]:
    with _LOCKED.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install() -> None:
    installed = _MODULES / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= _LOCKED.stat().st_mtime:
        return
    assert shutil.which("npm"), "these tests need Node.js and npm: apt-get install nodejs npm"
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=NPM, check=True, capture_output=True)
