"""The first start after an update: what an earlier program kept in files, verified, put into the mirror, then removed.

An attachment stays a file. What is damaged is left out, and comes again from the desk.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crypto.checkpoint import Checkpoint
from crypto.logkey import LogVerifier
from crypto.tiles import WIDTH, TileError, decode_bundle, entries_path
from intake.protocol.actions import Action, Named
from intake.protocol.audit import AuditError, VerifiedLog, open_checkpoint, verify_log
from intake.protocol.index import ItemRow, OtherVersionError, parse_day, parse_days, sha256_hex
from intake.protocol.wire import WireError
from intake.triage.mirror.added import added_rows, keep_added
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.journal import Asked, State
from intake.triage.mirror.known import Known
from intake.triage.mirror.tables import ASKED, ENTRY, FACT, INDEX_TO_COME, MEMBERS_SEEN, RECIPIENT, STATE, UNSENT
from intake.triage.mirror.tips import Fetched, Tips, first_known, is_summary, item_name, of_any_tip, summary_name

_DOCUMENT = b"sha256 "
_SUMMARY = "summary-"
_CHECKPOINTS = ("log/checkpoint", "log/checkpoint.copy")
_FILES = (
    *_CHECKPOINTS,
    *(f"{name}{copy}" for name in ("index.json", "memory.json", "members.json") for copy in ("", ".copy")),
    "requests.jsonl",
    "recipient",
)
_FOLDERS = ("sealed", "outbox", "log")
_DAMAGED = (
    "a part of what an earlier version of this program kept here was damaged; it was left out, and what the desk has "
    "of it comes with the next fetch"
)


def old_checkpoints(home: Path) -> Iterator[bytes]:
    """The heads of a log that an earlier program kept."""
    for name in _CHECKPOINTS:
        if (home / name).is_file():
            yield (home / name).read_bytes()


def take_over(home: Path, file: MirrorFile, log: LogVerifier, damaged: Callable[[str], None]) -> None:
    """Take over what lies there in files; a second time, after a start that broke off, does no harm."""
    if not any((home / name).exists() for name in (*_FILES, *_FOLDERS)):
        return
    # Before there were mirrors, logs had one key.
    old = _Old(home, log.first)
    with file.writing():
        old.put_log(file)
        old.put_tips(file)
        old.put_items(file)
        old.put_rest(file)
    if old.is_damaged:
        damaged(_DAMAGED)
    for name in _FILES:
        (home / name).unlink(missing_ok=True)
    for folder in _FOLDERS:
        _remove(home / folder)


class _Old:
    """The files. What can't be read is as if it weren't there, and is said."""

    def __init__(self, home: Path, log: LogVerifier) -> None:
        self._home = home
        self._log = log
        self.is_damaged = False

    def put_log(self, file: MirrorFile) -> None:
        """Head, entries, state, and who added what."""
        heads = [found for note in old_checkpoints(self._home) if (found := self._head(note)) is not None]
        if not heads:
            return
        checkpoint, note = max(heads, key=lambda head: head[0].size)
        received = datetime.fromtimestamp(int((self._home / _CHECKPOINTS[0]).stat().st_mtime), UTC)
        file.put(FACT, ("head", received.isoformat().encode() + b"\n" + note))
        verified = self._verified(checkpoint.size, note)
        if verified is None:
            self.is_damaged = True
            return
        lines = [entry.to_bytes() for entry in verified.entries]
        file.put(ENTRY, *enumerate(lines))
        keep_added(file, (row for place, entry in enumerate(verified.entries) for row in added_rows(place, entry)))
        file.put(
            FACT,
            (STATE, verified.state.to_bytes()),
            ("log bytes", f"{len(lines)} {sum(map(len, lines))}"),
        )

    def _head(self, note: bytes) -> tuple[Checkpoint, bytes] | None:
        try:
            return open_checkpoint(note, self._log), note
        except AuditError:
            self.is_damaged = True
            return None

    def _verified(self, size: int, note: bytes) -> VerifiedLog | None:
        lines: list[bytes] = []
        try:
            for start in range(0, size, WIDTH):
                path = entries_path(start // WIDTH, min(WIDTH, size - start))
                lines += decode_bundle((self._home / "log" / path).read_bytes())
            return verify_log(lines, note, self._log, None)
        except (OSError, TileError, AuditError):
            return None

    def put_tips(self, file: MirrorFile) -> None:
        """The index as it was last, what was remembered of tips, and their sealed bytes."""
        tips = Tips(file)
        summaries = [path for path in self._files("sealed") if path.name.startswith(_SUMMARY)]
        for path in summaries:
            data = self._read(path)
            if _is_whole(path.name, data):
                tips.arrived({summary_name(path.name.split("-")[1]): data})
            else:
                self.is_damaged = True
        memory: dict[str, Any] = self._json("memory.json", {"tips": {}})
        for tip, values in memory.pop("tips").items():
            self._put_known(tips, tip, values)
        if memory:
            tips.fetched_at(Fetched(**memory))
        listed, *days = self._document("index.json").split(b"\n")
        try:
            rows = {sha256_hex(body): body for body in days}
            held = [(day.digest, parse_day(day.day, rows[day.digest])) for day in parse_days(listed).days]
            tips.replace(dict(held), ())
            tips.listed_as(sha256_hex(listed))
        except OtherVersionError:
            file.put(FACT, (INDEX_TO_COME, 1))
        except (WireError, KeyError):
            self.is_damaged |= listed != b""

    def put_items(self, file: MirrorFile) -> None:
        """Sealed items. What is neither known as a source's nor added may be an attachment: these stay files."""
        tips = Tips(file)
        for path in self._files("sealed"):
            if path.name.startswith(_SUMMARY):
                continue
            tip, _, item = path.name.rpartition("-")
            if tip:
                tips.arrived({item_name(tip, item): self._read(path)})
            elif tips.is_small(item):
                tips.arrived({of_any_tip(item): self._read(path)})
            else:
                (self._home / "files").mkdir(mode=0o700, exist_ok=True)
                path.replace(self._home / "files" / item)

    def _put_known(self, tips: Tips, tip: str, values: dict[str, Any]) -> None:
        """What was remembered of a tip; the first programs knew no parts of a summary, but the digest of the whole."""
        summary, whole = tips.sealed(summary_name(tip)) or b"", values.pop("summary", None)
        items = tuple(ItemRow(**row) for row in values.pop("items", ()))
        if whole is None:
            known = Known(**values, items=items)
            tips.remember({tip: known})
            if not is_summary(summary, known):
                self.is_damaged = True
                tips.forget(summary_name(tip))
        elif sha256_hex(summary) == whole:
            tips.remember({tip: replace(first_known(summary), **values, items=items)})
        else:
            self.is_damaged = True

    def put_rest(self, file: MirrorFile) -> None:
        """Requests, what is to be sent, and what was looked at."""
        lines = self._read(self._home / "requests.jsonl").splitlines(keepends=True)
        asked = {each.nonce: each for each in map(self._asked, lines) if each is not None}
        file.put(ASKED, *(each.row for each in asked.values()))
        file.put(UNSENT, *((path.name, self._read(path)) for path in self._files("outbox")))
        if recipient := self._read(self._home / "recipient"):
            file.put(FACT, (RECIPIENT, recipient.decode(errors="replace")))
        file.put(FACT, (MEMBERS_SEEN, int(self._json("members.json", {"entries": 0})["entries"])))

    def _asked(self, line: bytes) -> Asked | None:
        digest, _, body = line.removesuffix(b"\n").partition(b" ")
        self.is_damaged |= digest != sha256_hex(body)[:16].encode()
        try:
            values = json.loads(body)
            does = Named(Action(values["action"]), tuple(values["objects"]))
            created = datetime.fromtimestamp(values["created"], UTC)
            asked = Asked(values["key"], values["nonce"], created, does, State(values["state"]))
            return asked if digest == sha256_hex(body)[:16].encode() else None
        except (ValueError, KeyError, TypeError):
            self.is_damaged = True
            return None

    def _json(self, name: str, otherwise: Any) -> Any:
        try:
            return json.loads(self._document(name) or json.dumps(otherwise))
        except ValueError:
            self.is_damaged = True
            return otherwise

    def _document(self, name: str) -> bytes:
        """A file that was kept twice with its digest, or once as the first programs did it; empty if there is none."""
        copies = [self._read(self._home / each) for each in (name, f"{name}.copy")]
        for copy in copies:
            head, _, data = copy.partition(b"\n")
            if head == _DOCUMENT + sha256_hex(data).encode():
                return data
        self.is_damaged |= any(copy.startswith(_DOCUMENT) for copy in copies)
        return b"" if copies[0].startswith(_DOCUMENT) else copies[0]

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError:
            self.is_damaged = True
            return b""

    def _files(self, folder: str) -> list[Path]:
        directory = self._home / folder
        return sorted(path for path in directory.iterdir() if path.name[0] != ".") if directory.is_dir() else []


def _is_whole(file: str, summary: bytes) -> bool:
    """Whether a summary has the digest that the name of its file ends with: of the whole, or of its payload."""
    return file.rpartition("-")[2] in (sha256_hex(summary)[:16], first_known(summary).payload[:16])


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    if folder.is_dir():
        folder.rmdir()
