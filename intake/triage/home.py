"""The program's directory: where the desk is, the mirror, attachments as they came; nothing in the clear."""

import hashlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import RLock
from typing import Any, BinaryIO

import httpx
import platformdirs

from crypto.logkey import LogVerifier
from crypto.note import NoteError, parse_note
from crypto.policy import Policy, PolicyError, parse_policy
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.pair import NAME, require_no_newer
from intake.triage.mirror.tables import FACT
from intake.triage.mirror.takeover import old_checkpoints, take_over

_CONNECTION = "connection.json"
_DOCUMENT = b"sha256 "
_PIECE = 1 << 20
_DESK_SCHEMES = ("http", "https")
_PROXY_SCHEMES = ("socks5h", "socks5", "http", "https")
# Parts that don't begin with a dot: no name leaves the directory, whoever chose it.
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[a-z0-9][a-z0-9.-]*)*")
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}")


WITNESS_DAYS = 7
"""How old cosignatures of witnesses may be, unless somebody says otherwise."""


class HomeError(ValueError):
    """The directory does not say what is needed, in words for whoever started the program."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How the desk is reached. `policy`: whom to believe about its log (C2SP tlog-policy), as the file says it.

    `witness_days`: how old the cosignatures of the witnesses that it asks for may be.
    Bytes of it that are no text stand for themselves, as Python's `surrogateescape` has it.
    """

    desk: str
    policy: str
    proxy: str | None = None
    witness_days: int = WITNESS_DAYS

    @property
    def log(self) -> LogVerifier:
        """The log's public keys: what the desk says is checked against them."""
        try:
            return self.believed.log
        except PolicyError as error:
            raise HomeError(f"--policy must name the file that 'intake init' wrote, or one like it: {error}") from error

    @property
    def believed(self) -> Policy:
        """The policy, read; `PolicyError` if it is none."""
        return parse_policy(self.policy.encode("utf-8", "surrogateescape"))

    def check(self) -> None:
        """Raise `HomeError` with the name of the option that can't be right."""
        _ = self.log
        if not _is_address(self.desk, _DESK_SCHEMES):
            raise HomeError("--desk must be an address such as http://….onion, with http:// and without a path")
        if self.proxy is not None and not _is_address(self.proxy, _PROXY_SCHEMES):
            raise HomeError("--proxy must be an address such as socks5h://127.0.0.1:9050")
        # Asked for by name, an onion address would be told to whoever answers this machine's look-ups.
        if httpx.URL(self.desk).host.endswith(".onion") and not (self.proxy or "").startswith("socks5h://"):
            raise HomeError("an onion address needs --proxy socks5h://127.0.0.1:9050, or where else Tor listens")


class DamagedError(HomeError):
    """Something in the directory is not as this program wrote it: damage of this machine, nobody's lie."""


class Home:
    """A directory for one member and one log.

    A file that nobody could send again is a *document*: kept twice, each with its digest, so that damage is told from
    content, as the mirror does it with rows. `repairs`: what was found damaged since the program started, in words.
    """

    def __init__(self, directory: Path, connection: Connection) -> None:
        self._directory = directory
        self.connection = connection
        self.remembered: Connection | None = None
        """The connection over which this log was verified last."""
        self.repairs: list[str] = []
        self._mirror: MirrorFile | None = None
        self._opens_mirror = RLock()

    @classmethod
    def open(
        cls,
        directory: Path | None,
        *,
        desk: str | None,
        policy: str | None,
        proxy: str | None,
        witness_days: int | None = None,
    ) -> "Home":
        """A directory to work in, by default that of this log. What is given goes before what is remembered."""
        place = directory or _default_place(policy)
        home = cls(place, Connection(desk or "", policy or "", proxy))
        _require_writable(place)
        home.remembered = home._recall_connection()
        named = {"desk": desk, "policy": policy, "proxy": proxy, "witness_days": witness_days}
        given: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        home.connection = replace(home.remembered or home.connection, **given)
        if not home.connection.desk or not home.connection.policy:
            raise HomeError(
                "the first time, --desk must say where the desk is, and --policy what its log's keys are: to "
                "'intake triage', 'intake rewrap' or 'intake audit verify'"
            )
        home.connection.check()
        require_no_newer(place)
        home._require_own_log()
        return home

    @property
    def directory(self) -> Path:
        """Where it is."""
        return self._directory

    @property
    def mirror(self) -> MirrorFile:
        """What is kept here; opened when it is first used, and filled with what an earlier program kept in files."""
        with self._opens_mirror:
            if self._mirror is None:
                make_home(self._directory)
                self._mirror = MirrorFile(self._directory, self.repaired)
                take_over(self._directory, self._mirror, self.connection.log, self.repaired)
            return self._mirror

    def close(self) -> None:
        """Close what is open."""
        with self._opens_mirror:
            if self._mirror is not None:
                self._mirror.close()
            self._mirror = None

    def remember(self) -> None:
        """Keep the connection for the next start, now that it was seen to work."""
        if self.remembered != self.connection:
            self.keep(_CONNECTION, json.dumps(asdict(self.connection), indent=1).encode())
            self.remembered = self.connection

    def knows_desk(self) -> bool:
        """Whether this very desk has shown this log before."""
        return self.remembered is not None and self.remembered.desk == self.connection.desk

    def repaired(self, says: str) -> None:
        """Note that something of this machine's own was damaged, once."""
        if says not in self.repairs:
            self.repairs.append(says)

    def _recall_connection(self) -> Connection | None:
        try:
            data = self.recall(_CONNECTION)
            return None if data is None else _connection(data)
        except (ValueError, TypeError):
            # Said again, the connection is as good as new.
            if self.connection.desk and self.connection.policy:
                self.repaired(f"{self.path(_CONNECTION)} was damaged; it was made anew")
                return None
            raise DamagedError(f"{self.path(_CONNECTION)} is damaged; say --desk and --policy again") from None

    def _require_own_log(self) -> None:
        log = self.connection.log
        if self.remembered is not None:
            if not log.extends(self.remembered.log):
                raise _another_log(self.remembered.log.name, log)
            return
        kept = next(filter(None, map(_origin, self._checkpoints())), "")
        if kept and kept != log.name:
            raise _another_log(kept, log)

    def _checkpoints(self) -> Iterator[bytes]:
        """What is kept of the heads of a log, where nothing else says whose home it is."""
        yield from old_checkpoints(self._directory)
        if (self._directory / NAME).exists():
            with closing(MirrorFile(self._directory, self.repaired)) as file:
                head = file.get(FACT, "head")
                yield b"" if head is None else bytes(head[1]).partition(b"\n")[2]

    def keep(self, name: str, data: bytes) -> None:
        """Write a document."""
        document = _DOCUMENT + hashlib.sha256(data).hexdigest().encode() + b"\n" + data
        for each in (name, f"{name}.copy"):
            self.save(each, document)

    def recall(self, name: str) -> bytes | None:
        """A document, mended from its copy if need be; None if there is none, `DamagedError` if both are damaged."""
        copies = [self.read(each) if self.has(each) else None for each in (name, f"{name}.copy")]
        found = [_content(copy) for copy in copies if copy is not None]
        whole = [data for data in found if data is not None]
        if whole:
            if len(whole) < len(copies):
                self.repaired(f"{self.path(name)} was damaged; it was mended from its copy")
                self.keep(name, whole[0])
            return whole[0]
        if not found:
            return None
        if copies[0] is not None and copies[1] is None and not copies[0].startswith(_DOCUMENT):
            return copies[0]  # as programs wrote it before there were digests
        raise DamagedError(f"{self.path(name)} is damaged")

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return self.path(name).exists()

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        return self.path(name).read_bytes()

    def open_file(self, name: str) -> BinaryIO:
        """A file to read from."""
        return self.path(name).open("rb")

    def size(self, name: str) -> int:
        """How many bytes a file has; 0 if there is none of this name."""
        path = self.path(name)
        return path.stat().st_size if path.exists() else 0

    def extend(self, name: str, data: bytes) -> None:
        """Write on at the end of a file, or begin one. Only for sealed bytes that prove themselves whole later."""
        path = self.path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "ab") as file:
            file.write(data)

    def rename(self, name: str, other: str) -> None:
        """Give a file another name."""
        path = self.path(other)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path(name).replace(path)

    def remove(self, name: str) -> None:
        """Delete a file, if there is one of this name."""
        self.path(name).unlink(missing_ok=True)

    def destroy(self, name: str) -> None:
        """Delete a file, if there is one of this name, once it is overwritten, as far as the disk does that."""
        path = self.path(name)
        if path.exists():
            with path.open("r+b") as file:
                left = path.stat().st_size
                while left > 0:
                    left -= file.write(bytes(min(left, _PIECE)))
                file.flush()
                os.fsync(file.fileno())
        self.remove(name)

    def save(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        with self.writing(name) as file:
            file.write(data)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A file that gets its name once the block is left without an error. Only for sealed or public bytes."""
        path = self.path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f".{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            _sync_directory(path.parent)
        finally:
            temporary.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove the files that a program which was killed had not finished. Nobody may be writing."""
        for path in self._directory.glob(".*"):
            if _UNFINISHED.fullmatch(path.name):
                path.unlink(missing_ok=True)

    def names(self, folder: str) -> list[str]:
        """The names of the files in a folder, sorted."""
        directory = self.path(folder)
        files = directory.iterdir() if directory.is_dir() else ()
        return sorted(name for file in files if _NAME.fullmatch(name := f"{folder}/{file.name}"))

    def path(self, name: str) -> Path:
        """Where a file is; `HomeError` for a name that would lie elsewhere."""
        if _NAME.fullmatch(name) is None:
            raise HomeError("a file of this name can't be kept")
        return self._directory / name


def _content(document: bytes) -> bytes | None:
    """What a document holds, or None if it is not whole."""
    head, _, data = document.partition(b"\n")
    whole = head == _DOCUMENT + hashlib.sha256(data).hexdigest().encode()
    return data if whole else None


def _origin(note: bytes) -> str:
    """The log that a kept checkpoint names; empty if it can't be read."""
    try:
        return parse_note(note).text.partition("\n")[0]
    except NoteError:
        return ""


def _sync_directory(path: Path) -> None:
    # A name is durable once its directory is; Windows opens no directories, and needs none opened.
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _connection(data: bytes) -> Connection:
    """A connection as it was kept; programs of before policies kept a log's one key."""
    values = json.loads(data)
    if "log" in values:
        values["policy"] = f"log {values.pop('log')}\nquorum none\n"
    return Connection(**values)


def _default_place(policy: str | None) -> Path:
    """This user's directory for a log; where there is only one, and no log is named, that one."""
    base = Path(platformdirs.user_data_dir("intake"))
    homes = [path.parent for path in (base / _CONNECTION, *sorted(base.glob(f"*/{_CONNECTION}"))) if path.exists()]
    if policy is None:
        if len(homes) > 1:
            raise HomeError("there are homes of several logs in " + f"{base}: say which with --policy, or with --home")
        return homes[0] if homes else base
    # Programs had one directory for everything before.
    log = Connection("", policy).log
    if base in homes and (kept := _log_of(base / _CONNECTION)) and log.extends(kept):
        return base
    named = _NAME.fullmatch(log.name) is not None and "/" not in log.name
    return base / (log.name if named else log.ed25519.key.id.hex())


def _log_of(path: Path) -> LogVerifier | None:
    try:
        return _connection(_content(data := path.read_bytes()) or data).log
    except (ValueError, KeyError, TypeError):
        return None


def _another_log(owner: str, named: LogVerifier) -> HomeError:
    which = f"the log {owner}" if owner != named.name else f"the log {owner} under other keys than those you named"
    return HomeError(
        f"this home belongs to {which}; leave out --policy to go on with it, or choose another directory with --home"
    )


def make_home(directory: Path) -> None:
    """Make the directory, for this user only, if it is not there."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def _require_writable(directory: Path) -> None:
    """Try the directory now: later, the reports that were fetched could not be kept.

    One that is not there is made when there is something to keep, and not by a command that fails before.
    """
    try:
        there = next(path for path in (directory, *directory.absolute().parents) if path.exists())
        with tempfile.TemporaryFile(dir=there):
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
