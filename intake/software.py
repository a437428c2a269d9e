"""Which program this is: its version, and one digest of all its files, for the log and for whoever compares it.

A checkout and an installed wheel of the same commit have the same digest. What it stands on (Python, the packages that
are locked in `requirements/`) is not in it.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from intake.toplevel import TOPLEVEL, toplevel

_CACHES = "__pycache__"


@dataclass(frozen=True, slots=True)
class Software:
    """A version of this program. `sha256`: in hex."""

    version: str
    sha256: str

    @property
    def objects(self) -> tuple[str, str]:
        """As the log names it."""
        return f"software/{self.version}", f"sha256/{self.sha256}"


@cache
def this_software() -> Software:
    """The program that runs, as its files were when this was asked first."""
    package = Path(__file__).parent
    return Software(version("intake"), digest_of(files(package, toplevel())))


def digest_of(found: Iterable[tuple[str, Path]]) -> str:
    """One digest of files, each by its name and content; in hex."""
    digest = hashlib.sha256()
    for name, path in sorted(found):
        digest.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n".encode())
    return digest.hexdigest()


def files(package: Path, top: Path) -> Iterator[tuple[str, Path]]:
    """Every file of the program, under a name that doesn't say where it is installed."""
    for root in (package, package.parent / "crypto"):
        for path in root.rglob("*"):
            inside = path.relative_to(root)
            # What a wheel puts below the package stands at the top of a checkout.
            if path.is_file() and _CACHES not in inside.parts and inside.parts[0] != TOPLEVEL:
                yield f"{root.name}/{inside.as_posix()}", path
    for path in (top / "wsgi.py", top / "gunicorn.conf.py", *(top / "migrations").rglob("*.py")):
        yield path.relative_to(top).as_posix(), path
