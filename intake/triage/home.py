"""The program's directory: where the desk is, the log as last verified, and sealed bytes; nothing in the clear."""

import json
import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

import httpx
import platformdirs

from crypto.note import NoteError, Verifier, parse_verifier
from crypto.tiles import WIDTH, decode_bundle, encode_bundle, entries_path

_CONNECTION = "connection.json"
_CHECKPOINT = "log/checkpoint"
_DESK_SCHEMES = ("http", "https")
_PROXY_SCHEMES = ("socks5h", "socks5", "http", "https")
# Parts that don't begin with a dot: no name leaves the directory, whoever chose it.
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[a-z0-9][a-z0-9.-]*)*")


class HomeError(ValueError):
    """The directory does not say what is needed, in words for whoever started the program."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How the desk is reached. `log` is the log's public key: what the desk says is checked against it."""

    desk: str
    log: str
    proxy: str | None = None

    @property
    def verifier(self) -> Verifier:
        """The log's public key."""
        try:
            return parse_verifier(self.log)
        except NoteError as error:
            raise HomeError(f"--log must be the log's public key, as 'intake init' printed it: {error}") from error

    def check(self) -> None:
        """Raise `HomeError` with the name of the option that can't be right."""
        _ = self.verifier
        if not _is_address(self.desk, _DESK_SCHEMES):
            raise HomeError("--desk must be an address such as http://….onion, with http:// and without a path")
        if self.proxy is not None and not _is_address(self.proxy, _PROXY_SCHEMES):
            raise HomeError("--proxy must be an address such as socks5h://127.0.0.1:9050")
        # Asked for by name, an onion address would be told to whoever answers this machine's look-ups.
        if httpx.URL(self.desk).host.endswith(".onion") and not (self.proxy or "").startswith("socks5h://"):
            raise HomeError("an onion address needs --proxy socks5h://127.0.0.1:9050, or where else Tor listens")


class Home:
    """A directory for one member and one desk."""

    def __init__(self, directory: Path, connection: Connection) -> None:
        self._directory = directory
        self.connection = connection

    @classmethod
    def open(cls, directory: Path | None, *, desk: str | None, log: str | None, proxy: str | None) -> "Home":
        """Open or make the directory. What is given goes before what is remembered; `remember` keeps it."""
        place = directory or Path(platformdirs.user_data_dir("intake"))
        connection = _remembered(place / _CONNECTION) or Connection(desk or "", log or "", proxy)
        given = {name: value for name, value in (("desk", desk), ("log", log), ("proxy", proxy)) if value is not None}
        connection = replace(connection, **given)
        if not connection.desk or not connection.log:
            raise HomeError("the first time, --desk and --log must say where the desk is and what its log's key is")
        connection.check()
        _require_writable(place)
        return cls(place, connection)

    def remember(self) -> None:
        """Keep the connection for the next start, now that it was seen to work."""
        connection = json.dumps(asdict(self.connection), indent=1).encode()
        if not self.has(_CONNECTION) or self.read(_CONNECTION) != connection:
            self.save(_CONNECTION, connection)

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return self._path(name).exists()

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        return self._path(name).read_bytes()

    def open_file(self, name: str) -> BinaryIO:
        """A file to read from."""
        return self._path(name).open("rb")

    def remove(self, name: str) -> None:
        """Delete a file, if there is one of this name."""
        self._path(name).unlink(missing_ok=True)

    def save(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        with self.writing(name) as file:
            file.write(data)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A file that gets its name once the block is left without an error. Only for sealed or public bytes."""
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f".{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if _NAME.fullmatch(name) is None:
            raise HomeError("a file of this name can't be kept")
        return self._directory / name

    def checkpoint(self) -> bytes | None:
        """The signed checkpoint that was verified last."""
        return self.read(_CHECKPOINT) if self.has(_CHECKPOINT) else None

    def lines(self, size: int) -> list[bytes]:
        """The entries of a log of `size`, as far as all the bundles of such a log are kept."""
        lines: list[bytes] = []
        for start in range(0, size, WIDTH):
            name = f"log/{entries_path(start // WIDTH, min(WIDTH, size - start))}"
            if not self.has(name):
                break
            lines += decode_bundle(self.read(name))
        return lines

    def save_log(self, lines: Sequence[bytes], signed: bytes) -> None:
        """Keep a verified log as tlog-tiles bundles, and its checkpoint last."""
        for start in range(0, len(lines), WIDTH):
            bundle = lines[start : start + WIDTH]
            name = f"log/{entries_path(start // WIDTH, len(bundle))}"
            if not self.has(name):
                self.save(name, encode_bundle(bundle))
        self.save(_CHECKPOINT, signed)


def _require_writable(directory: Path) -> None:
    """Make the directory and try it now: later, the reports that were fetched could not be kept."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise HomeError(f"--home must be a directory that can be written: {directory}: {error.strerror}") from error


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    right_port = url.port is None or 1 <= url.port <= 65535
    return url.scheme in schemes and url.host != "" and right_port and url.raw_path == b"/"


def _remembered(path: Path) -> Connection | None:
    if not path.exists():
        return None
    try:
        return Connection(**json.loads(path.read_bytes()))
    except (ValueError, TypeError):
        raise HomeError(f"{path} is damaged; remove it and say --desk and --log again") from None
