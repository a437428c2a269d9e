"""What the child that renders a file can't do, tried in the real child with whatever its file could bring about."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from intake.triage.files.view import sandbox
from intake.triage.files.view.answer import Failure
from intake.triage.files.view.rendering import Rendering
from intake.triage.patience import in_thread
from shut_in import ATTEMPTS
from waiting import waited_for

FILE = b"a text that is seen\n"


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    """By attempt, what came of it in the child."""
    seen = Rendering("shut_in").see([FILE], len(FILE), 1)
    assert seen.failure is None
    return dict(line.split(": ", 1) for line in seen.rendered.text.splitlines())


def test_it_opens_no_file_no_socket_and_no_second_process(outcomes: dict[str, str]) -> None:
    for attempt in ("read a file", "write a file", "open a socket", "open a unix socket", "fork", "run a program"):
        assert outcomes[attempt] == str(errno.EPERM), attempt


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_whatever_it_tries_is_refused(attempt: str, outcomes: dict[str, str]) -> None:
    # The C library is told that there is no `clone3`, so that it takes the call of which the flags are seen.
    expected = errno.ENOSYS if attempt == "the call clone3" else errno.EPERM
    assert outcomes[attempt] == str(expected)


def test_nothing_of_the_environment_is_in_it_but_where_modules_are(outcomes: dict[str, str]) -> None:
    assert set(outcomes["environment"].split()) <= {"PYTHONPATH", "LC_CTYPE"}


def test_outside_the_same_attempts_succeed() -> None:
    assert sandbox.is_available()
    # In a process of its own: a fork of this one, with its threads, is nothing to try.
    script = "from intake.triage.files.view.sandbox import ways_out; print(*ways_out(), sep=', ')"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "open a file, open a socket, start a process, make memory executable"


def test_a_child_has_limits_and_ends_when_nothing_is_to_be_shown_any_more() -> None:
    rendering = Rendering("taken_over")
    showing = in_thread(rendering.see, [b"never_done"], 10, 1)
    (child,) = waited_for(lambda: _children(os.getpid()))
    waited_for(lambda: _is_shut_in(child))
    limits = Path(f"/proc/{child}/limits").read_text()
    rendering.stop()
    assert showing.result(10).failure is Failure.TIME
    assert not Path(f"/proc/{child}").exists()
    for name in ("core file size", "file size"):
        assert re.search(rf"^Max {name} +0 +0 ", limits, re.MULTILINE), name
    assert re.search(r"^Max cpu time +15 +15 ", limits, re.MULTILINE)


def test_of_what_is_open_it_has_its_pipes_and_the_file_alone(outcomes: dict[str, str]) -> None:
    assert outcomes["open"] == "0 1 2 3"


def test_a_child_ends_when_whoever_started_it_is_killed() -> None:
    """In the midst of rendering: nothing of a file outlives the process that asked."""
    script = (
        "import sys\n"
        "from intake.triage.files.view.rendering import Rendering\n"
        "Rendering('taken_over').see([b'never_done'], 10, 1)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    (child,) = waited_for(lambda: _children(parent.pid))
    waited_for(lambda: _is_shut_in(child))
    parent.kill()
    parent.wait()
    waited_for(lambda: not Path(f"/proc/{child}").exists() or _state(child) == "Z")


def _children(process: int) -> list[int]:
    found = (path.read_text().split() for path in Path(f"/proc/{process}/task").glob("*/children"))
    return [int(pid) for children in found for pid in children]


def _status(process: int, name: str) -> str:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))


def _is_shut_in(process: int) -> bool:
    return _status(process, "Seccomp") == "2"


def _state(process: int) -> str:
    return _status(process, "State")
