"""A store, keys and homes that an earlier version of the program filled, copied so that a test can go on from them."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project import TESTS

_DATA = TESTS / "data"


@dataclass(frozen=True)
class Earlier:
    """A copy of what lies in `tests/data`. `told`: what was written into it, and the passphrase of its keys."""

    directory: Path
    told: dict[str, Any]

    @property
    def data(self) -> Path:
        """The server's data directory."""
        return self.directory / "server"

    def key(self, name: str) -> Path:
        """A member's key file."""
        return self.directory / f"{name}.key"

    def home(self, name: str) -> Path:
        """The home of a member's program."""
        return self.directory / f"{name}-home"


def before_signatures(directory: Path) -> Earlier:
    """What the program filled before sources' items were signed; `directory` must not exist yet."""
    return _copied("before-signatures", directory)


def before_days(directory: Path) -> Earlier:
    """What it filled while the index was one document, and a summary one column."""
    return _copied("before-days", directory)


def before_mirror(directory: Path) -> Earlier:
    """A home as it was while everything in it was files: `told` is what its program showed."""
    return _copied("before-mirror", directory)


def _copied(name: str, directory: Path) -> Earlier:
    shutil.copytree(_DATA / name, directory)
    return Earlier(directory, json.loads((directory / "told.json").read_text("utf-8")))
