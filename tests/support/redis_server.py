"""Debian's redis-server for a test: on a unix socket of its own, with nothing kept on a disk."""

import shutil
import signal
import socket
import subprocess
from pathlib import Path
from types import TracebackType


class RedisServer:
    """A server in a directory, running while the block lasts; may be stopped before and started again."""

    def __init__(self, directory: Path) -> None:
        self._socket = directory / "redis.sock"
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"redis+unix://{self._socket}"

    def __enter__(self) -> "RedisServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and return once it answers."""
        program = shutil.which("redis-server")
        assert program, "these tests need Debian's package redis-server: apt-get install redis-server"
        self._process = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", str(self._socket), "--save", "", "--dir", str(self._directory)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self._process.stdout
        for line in self._process.stdout:
            if b"ready to accept connections" in line.lower():
                break
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._socket))
            connection.sendall(b"PING\r\n")
            assert connection.recv(16) == b"+PONG\r\n"

    def pause(self) -> None:
        """Let it hang: it takes connections and answers nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """End it."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None
            self._socket.unlink(missing_ok=True)
