"""The peers: the vectors of the format and another implementation from npm, and Debian's age."""

import json
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import npm_packages
from npm_packages import NPM, install_npm


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each vector, by its name."""
    if "vector" in metafunc.fixturenames:
        metafunc.parametrize("vector", npm_packages.vectors(), ids=lambda path: path.name)


@pytest.fixture(scope="session")
def npm_age() -> Iterator[Callable[..., bytes]]:
    """The age implementation from npm, in one process for all tests: `npm_age("encrypt", recipient, data=…)`."""
    install_npm()
    with subprocess.Popen(["node", "age.mjs"], cwd=NPM, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as node:
        asked, answered = node.stdin, node.stdout
        assert asked
        assert answered

        def ask(*arguments: str, data: bytes = b"") -> bytes:
            asked.write(json.dumps({"arguments": arguments, "data": b64encode(data).decode()}).encode() + b"\n")
            asked.flush()
            line = answered.readline()
            assert line, "npm's age ended: what it said is on standard error"
            return b64decode(line)

        yield ask


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
