"""Commands as people run them: as processes of their own, without a terminal, to their end."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from project import PROJECT

INTAKE = (sys.executable, "-m", "intake")
GUNICORN = (sys.executable, "-m", "gunicorn")


def environment(data: Path, **variables: str) -> dict[str, str]:
    """What a server over this data directory has in its environment, with nothing of the tests' own."""
    return {"PATH": "/usr/bin:/bin", "INTAKE_DATA": str(data), **variables}


def run_bytes(
    command: Sequence[str | Path],
    data: bytes = b"",
    *,
    directory: Path = PROJECT,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command that gets these bytes; with this process's environment unless another is given."""
    return subprocess.run(
        command,
        input=data,
        cwd=directory,
        env=environment,
        capture_output=True,
        start_new_session=True,
        timeout=120,
        check=False,
    )


def run(
    command: Sequence[str | Path], *, directory: Path = PROJECT, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command that gets nothing and says text."""
    ended = run_bytes(command, directory=directory, environment=environment)
    return subprocess.CompletedProcess(ended.args, ended.returncode, ended.stdout.decode(), ended.stderr.decode())
