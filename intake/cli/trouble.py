"""Whatever goes wrong in any command: one line that says what it is, and an exit status that says of which kind.

This is the only place that knows the kinds. Classes are named, not imported: a reviewer's machine has not all of them.
"""

import errno
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from enum import IntEnum

import click

from intake.hygiene import fault
from intake.terminal import shown


class Status(IntEnum):
    """The exit statuses of every command. Between fraud and a failing network there is never a doubt."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    OUT_OF_REACH = 3
    DAMAGED = 4
    FULL = 5
    OTHER_VERSION = 6
    FRAUD = 10
    UNWITNESSED = 11
    FAULT = 70
    INTERRUPTED = 130


MEANINGS = {
    Status.DONE: "It is done.",
    Status.FAILED: "It can't be done; the line on standard error says why.",
    Status.USAGE: "What the command was given is wrong: an option, a name, a file, a passphrase, a setting, a port.",
    Status.OUT_OF_REACH: "The desk, a witness, the proxy or the store can't be reached, refuses or is busy: try again.",
    Status.DAMAGED: "Something that this program keeps is damaged: put back a copy.",
    Status.FULL: "The disk or the memory is full.",
    Status.OTHER_VERSION: "The store belongs to another version of this program.",
    Status.FRAUD: "The access log can't be trusted, or evidence proves that of the one it names.",
    Status.UNWITNESSED: "The log is whole, but too few of the witnesses that the policy names have cosigned it lately.",
    Status.FAULT: "A fault in this program; please report it.",
    Status.INTERRUPTED: "Ctrl-C, before the command was done; what serves until then ends with 0.",
}


class Trouble(click.ClickException):
    """Something that a command itself finds to be wrong."""

    def __init__(self, says: str, status: Status = Status.USAGE) -> None:
        super().__init__(says)
        self.status = status


_Told = tuple[Status, str]

_OURS = ("crypto", "intake")

KINDS = {
    "crypto.age.errors.AgeError": Status.USAGE,
    "intake.audit.board.PeriodError": Status.USAGE,
    "intake.audit.document.ReportError": Status.FAILED,
    "intake.audit.mirror.NotThisLogError": Status.USAGE,
    "intake.audit.verified.FolderError": Status.DAMAGED,
    "intake.audit.witness.keys.WitnessKeyError": Status.DAMAGED,
    "intake.findings.thresholds.ThresholdError": Status.USAGE,
    "intake.listening.ListenError": Status.USAGE,
    "intake.protocol.card.CardError": Status.USAGE,
    "intake.protocol.evidence.EvidenceError": Status.USAGE,
    "intake.protocol.names.UnfitNameError": Status.USAGE,
    "intake.protocol.roster.RosterError": Status.USAGE,
    "intake.protocol.rules.RuleError": Status.USAGE,
    "intake.settings.SettingError": Status.USAGE,
    "intake.triage.keys.keyfile.KeyFileError": Status.USAGE,
    "intake.triage.keys.recovery.SheetError": Status.USAGE,
    "intake.keeper.LogKeyError": Status.DAMAGED,
    "intake.accesslog.read.LogDamagedError": Status.DAMAGED,
    "intake.storage.schema.SchemaError": Status.OTHER_VERSION,
    "intake.storage.room.StoreFullError": Status.FULL,
    "intake.storage.sqlite.StoreLockedError": Status.OUT_OF_REACH,
    "intake.triage.home.HomeError": Status.USAGE,
    "intake.triage.home.DamagedError": Status.DAMAGED,
    "intake.triage.process.holding.HomeInUseError": Status.OUT_OF_REACH,
    "intake.triage.mirror.statements.MirrorDamagedError": Status.DAMAGED,
    "intake.triage.mirror.pair.NewerMirrorError": Status.OTHER_VERSION,
    "intake.triage.desk.client.DeskError": Status.OUT_OF_REACH,
    "intake.triage.desk.client.OtherLogError": Status.USAGE,
    "intake.protocol.audit.AuditError": Status.FRAUD,
    "intake.triage.fetching.witnessed.UnwitnessedError": Status.UNWITNESSED,
    "crypto.proof.LogProofError": Status.USAGE,
    "intake.storage.archive.ArchiveError": Status.USAGE,
    "intake.storage.blobs.protocol.BlobsHeldError": Status.OUT_OF_REACH,
    "intake.restoring.RestoreError": Status.USAGE,
    "intake.triage.fetching.accepting.NoRestoreError": Status.USAGE,
}
"""What our own errors mean, each with its subclasses but for those that are named too. All others are FAILED.

Their words are for people.
"""

_STORE = {
    "BUSY": (Status.OUT_OF_REACH, "another program is writing to the store; try again"),
    "LOCKED": (Status.OUT_OF_REACH, "another program is writing to the store; try again"),
    "FULL": (Status.FULL, "the disk is full; make room and try again"),
    "READONLY": (Status.USAGE, "the store can't be written to; run this as the user whose it is"),
    "CORRUPT": (Status.DAMAGED, "the store is damaged; put back a copy of it"),
    "NOTADB": (Status.DAMAGED, "the store is damaged, or another program's; put back a copy of it"),
    "IOERR": (Status.FAILED, "the disk that the store lies on fails"),
}
"""SQLite's result codes, of which an extended one has more words behind."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NETWORK = (errno.ENETUNREACH, errno.EHOSTUNREACH)
_NAMED = (
    errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG
)  # fmt: skip
"""What is wrong with the name of a file, or with who may open it: whoever gave it can give another."""


def report(error: BaseException) -> Status:
    """Say on standard error what went wrong, in one line, and return the exit status."""
    status, says = _told(error)
    _complain(f"Error: {shown(says)}")
    return status


class _Waiting(logging.Handler):
    """A line on standard error for what a command waits for, so that nobody takes it for dead."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        _complain(shown(record.getMessage()))


def say_what_is_waited_for() -> None:
    """From now on, a store that another program holds is said to be waited for."""
    logger = logging.getLogger("intake.storage.sqlite")
    logger.setLevel(logging.INFO)
    logger.handlers = [_Waiting()]


def finish_output() -> None:
    """Write out what was printed; `OSError` if that can't be done, and then nobody tries it again."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        drop_output()
        raise


def drop_output() -> None:
    """Throw away what can't be written, which the interpreter would otherwise complain about at its end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _complain(text: str) -> None:
    # Where nobody reads standard error, the status still tells.
    with suppress(OSError):
        click.echo(text, file=sys.stderr)


def _told(error: BaseException) -> _Told:
    return _of_command(error) or _of_store(error) or _ours(error) or _of_system(error) or _fault(error)


def _of_command(error: BaseException) -> _Told | None:
    """What a command says itself, and what click finds in how it was called."""
    if isinstance(error, Trouble):
        return error.status, error.message
    if isinstance(error, click.UsageError):
        # What can be chosen from, click would put on lines of their own.
        says = " ".join(error.format_message().split()).rstrip(".")
        return Status.USAGE, f"{says}; see '{error.ctx.command_path} --help'" if error.ctx else says
    if isinstance(error, click.ClickException):
        return Status.USAGE, error.format_message()
    if isinstance(error, click.Abort):
        if isinstance(error.__cause__ or error.__context__, EOFError):
            return Status.USAGE, "standard input ended before the answer"
        return Status.INTERRUPTED, "interrupted"
    return None


def _of_store(error: BaseException) -> _Told | None:
    kinds = (_kind(cause) for cause in _causes(error))
    return next((_STORE[kind] for kind in kinds if kind in _STORE), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it was raised from; a library's error holds the database's as `orig`."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = getattr(cause, "orig", None) or cause.__cause__


def _kind(error: BaseException) -> str:
    name: str = getattr(error, "sqlite_errorname", "")
    return name.removeprefix("SQLITE_").partition("_")[0]


def _ours(error: BaseException) -> _Told | None:
    kinds = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
    if not any(name.partition(".")[0] in _OURS for name in kinds):
        return None
    return next((KINDS[name] for name in kinds if name in KINDS), Status.FAILED), str(error)


def _of_system(error: BaseException) -> _Told | None:
    if isinstance(error, MemoryError):
        return Status.FULL, "there is not enough memory"
    if not isinstance(error, OSError):
        return None
    says = error.strerror or type(error).__name__
    if error.filename is not None:
        says = f"{os.fsdecode(error.filename)}: {says}"
    if error.errno in _FULL:
        return Status.FULL, says
    if error.filename is not None and error.errno in _NAMED:
        return Status.USAGE, says
    unreachable = isinstance(error, ConnectionError | TimeoutError) or error.errno in _NETWORK
    return Status.OUT_OF_REACH if unreachable else Status.FAILED, says


def _fault(error: BaseException) -> _Told:
    return Status.FAULT, fault(error)
