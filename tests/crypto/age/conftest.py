"""The peers: the vectors of the format and another implementation from npm, and Debian's age."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import npm_packages
from npm_packages import NPM, install_npm


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each vector, by its name."""
    if "vector" in metafunc.fixturenames:
        metafunc.parametrize("vector", npm_packages.vectors(), ids=lambda path: path.name)


@pytest.fixture(scope="session")
def npm_age() -> Callable[..., bytes]:
    """The age implementation from npm: `npm_age("encrypt", recipient, data=…)`."""
    install_npm()

    def run(*arguments: str, data: bytes = b"") -> bytes:
        command = ["node", "age.mjs", *arguments]
        return subprocess.run(command, cwd=NPM, check=True, capture_output=True, input=data).stdout

    return run


@pytest.fixture(scope="session")
def debian_age() -> Callable[..., bytes]:
    """Debian's age: `debian_age("-r", recipient, data=…)`."""
    program = shutil.which("age")
    assert program, "these tests need Debian's package age: apt-get install age"

    def run(*arguments: str, data: bytes = b"") -> bytes:
        return subprocess.run([program, *arguments], check=True, capture_output=True, input=data).stdout

    return run


@pytest.fixture(scope="session")
def vectors() -> list[Path]:
    """Where the vectors lie."""
    return npm_packages.vectors()
