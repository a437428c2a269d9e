"""The demo's processes: started, waited for, and ended by their own ids."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from intake.toplevel import toplevel

_PATIENCE = 90.0


class ProcessError(RuntimeError):
    """A process did not start."""


@contextmanager
def running(command: list[str], environment: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """A Python program in the directory of `wsgi.py`, ended when the block is left; its output is for the caller.

    Settings of a real server that are in this process's environment don't reach it.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("INTAKE_")}
    process = subprocess.Popen(  # noqa: S603 - our own commands
        [sys.executable, *command],
        cwd=toplevel(),
        env={**inherited, **environment},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C reaches the demo alone, which then ends everything in order
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def wait_for_port(process: "subprocess.Popen[str] | subprocess.Popen[bytes]", port: int) -> None:
    """Return once something listens on the port; `ProcessError` if the process ended instead."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise ProcessError(f"nothing listens on port {port}; is another program using it?")
