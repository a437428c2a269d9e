"""The program's directory: where the desk is, the log as last verified, and sealed bytes; nothing in the clear."""

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

import platformdirs

from crypto.note import NoteError, Verifier, parse_verifier
from crypto.tiles import WIDTH, decode_bundle, encode_bundle, entries_path

_CONNECTION = "connection.json"
_CHECKPOINT = "log/checkpoint"


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


class Home:
    """A directory for one member and one desk."""

    def __init__(self, directory: Path, connection: Connection) -> None:
        self._directory = directory
        self.connection = connection

    @classmethod
    def open(cls, directory: Path | None, *, desk: str | None, log: str | None, proxy: str | None) -> "Home":
        """Open or make the directory. What is given goes before what is remembered, and is remembered."""
        place = directory or Path(platformdirs.user_data_dir("intake"))
        connection = _remembered(place / _CONNECTION) or Connection(desk or "", log or "", proxy)
        given = {name: value for name, value in (("desk", desk), ("log", log), ("proxy", proxy)) if value is not None}
        connection = replace(connection, **given)
        if not connection.desk or not connection.log:
            raise HomeError("the first time, --desk and --log must say where the desk is and what its log's key is")
        home = cls(place, connection)
        _ = connection.verifier
        home.save(_CONNECTION, json.dumps(asdict(connection), indent=1).encode())
        return home

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return (self._directory / name).exists()

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        return (self._directory / name).read_bytes()

    def open_file(self, name: str) -> BinaryIO:
        """A file to read from."""
        return (self._directory / name).open("rb")

    def save(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        with self.writing(name) as file:
            file.write(data)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A file that gets its name once the block is left without an error. Only for sealed or public bytes."""
        path = self._directory / name
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


def _remembered(path: Path) -> Connection | None:
    if not path.exists():
        return None
    try:
        return Connection(**json.loads(path.read_bytes()))
    except (ValueError, TypeError):
        raise HomeError(f"{path} is damaged; remove it and say --desk and --log again") from None
