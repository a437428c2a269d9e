"""Putting a copy of the store back: into a directory that has none, and never without the log saying so."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from intake.accesslog.append import LogAppender
from intake.accesslog.operator import decide
from intake.durable import make_directory, sync_directory
from intake.keeper import read_log_key
from intake.protocol.actions import Action, Copy
from intake.settings import SettingError, Settings
from intake.storage import migrate
from intake.storage.archive import ArchiveError, Told, copy_bytes, read_archive
from intake.storage.blobs.files import FileBlobs
from intake.storage.store import Store


class RestoreError(ValueError):
    """The copy can't be put back here."""


class Unpacked:
    """A copy whose attachments are in their places, and whose database waits beside its own."""

    def __init__(self, settings: Settings, log: LogAppender, waiting: Path, sha256: str) -> None:
        self._place, self._waiting = Path(str(settings.database_url.database)), waiting
        self._settings, self._log, self._sha256 = settings, log, sha256

    def put_back(self, *, clock_is_right: bool) -> Copy:
        """Have the log say that the copy was put back, and then put it into its place.

        So no store is ever in its place whose log doesn't say that. Raises `ClockJumpError` as `decide` does.
        """
        with closing(Store(self._settings.database_url.set(database=str(self._waiting)))) as store:
            with store.in_order(last=True) as session:
                copy = Copy(self._log.size(session), self._sha256)
                decide(session, self._log, Action.RESTORE, copy.objects, clock_is_right=clock_is_right)
            # All of it in the one file that gets the name.
            store.forget()
        self._waiting.replace(self._place)
        sync_directory(self._place.parent)
        with closing(Store(self._settings.database_url)) as store:
            store.room.take_ballast(self._settings.ballast, leave=self._settings.reserve_text)
        return copy


class _Places:
    """Where what a copy holds goes."""

    def __init__(self, waiting: Path, blobs: FileBlobs) -> None:
        self._waiting, self._blobs = waiting, blobs

    def database(self, source: IO[bytes]) -> None:
        with self._waiting.open("wb") as file:
            self._waiting.chmod(0o600)
            copy_bytes(source, file)

    def blob(self, name: str, source: IO[bytes]) -> None:
        self._blobs.put_back(name, source)


@contextmanager
def unpacked(settings: Settings, file: BinaryIO, told: Told) -> Iterator[Unpacked]:
    """Unpack a copy beside the place of a store that isn't there; what was not put back is removed at the end.

    Raises `ArchiveError` and `RestoreError`, or `LogDamagedError` if another key than `log.key` signed its log.
    """
    place = Path(str(settings.database_url.database))
    if place.exists():
        raise RestoreError(f"{place} is a store already: a copy is put back only where there is none")
    for needed in (settings.log_key, settings.policy):
        if not needed.exists():
            raise SettingError(f"INTAKE_DATA: {settings.data} holds no {needed.name}: put your copy of it there first")
    log = LogAppender(read_log_key(settings.log_key))
    blobs = FileBlobs(settings.blobs)
    blobs.make()
    make_directory(place.parent)
    waiting = place.with_name(f"{place.name}-restoring")
    _remove(waiting)
    try:
        manifest, sha256 = read_archive(file, _Places(waiting, blobs), told)
        if manifest.log != log.origin:
            raise RestoreError(f"this is a copy of the log {manifest.log}, and log.key is the key of {log.origin}")
        url = settings.database_url.set(database=str(waiting))
        migrate.upgrade(url)
        with closing(Store(url)) as store, store.reading() as session:
            log.require_key(session)
            if not log.size(session):
                raise ArchiveError("the copy's log is empty: run 'intake init' instead")
        yield Unpacked(settings, log, waiting, sha256)
    finally:
        _remove(waiting)


def _remove(waiting: Path) -> None:
    for end in ("", "-wal", "-shm", "-unforgotten", "-ballast"):
        waiting.with_name(waiting.name + end).unlink(missing_ok=True)
