"""`intake audit`."""

import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click
from rich.console import Console

from crypto.merkle import leaf_hash
from crypto.proof import LONGEST as LONGEST_PROOF
from crypto.proof import parse_log_proof
from crypto.tiles import tiles_of
from intake.audit.against import require_trusted
from intake.audit.mirror import write_log
from intake.audit.standing import require_witnessed
from intake.audit.told import NAMED, whole_report
from intake.audit.verified import VerifiedLog, accept, fetch
from intake.audit.witness.app import make_server
from intake.audit.witness.cosigning import Witness
from intake.audit.witness.keys import make_or_read
from intake.audit.witness.record import Record
from intake.cli.audited import (
    accesses,
    cosign,
    findings,
    in_folder,
    pages,
    read_thresholds,
    report,
    say_repairs,
    thresholds_option,
)
from intake.cli.common import DIRECTORY, GIVEN_FILE, WRITTEN_FILE, Group, passphrase_option, port_option, say
from intake.cli.connection import LogOptions, believed_in, connection_options, connection_or_folder, log_of
from intake.cli.trouble import Status, Trouble
from intake.durable import make_directory, write_new
from intake.findings.found import find
from intake.findings.thresholds import Thresholds
from intake.listening import listen_at_port
from intake.protocol.audit import AuditError
from intake.protocol.entry import parse_entry
from intake.protocol.evidence import parse_evidence
from intake.protocol.limits import EVIDENCE
from intake.triage.fetching.restored import Declared
from intake.triage.fetching.witnessed import UnwitnessedError, Witnessed
from intake.triage.home import Home
from intake.triage.keys.keyfile import MemberKeys
from intake.triage.mirror.aside import LONGEST_REASON
from intake.triage.process.holding import held
from intake.triage.progress import bar

_UNEXPLAINED = "the restore that you gave a reason for does not explain what stands against the server now"


@click.group(cls=Group)
def audit() -> None:
    """Check the access log, trusting neither the operator nor the reviewers."""


@audit.command()
@connection_or_folder
@passphrase_option
@thresholds_option
@click.option("--whole", is_flag=True, help="Fetch and verify every entry again, not only what is new.")
@click.option(
    "--accept-restore",
    metavar="REASON",
    help="Go on from a log that was set back, as its operator declares: with your reason, which is kept.",
)
def verify(options: LogOptions, thresholds: Path | None, whole: bool, accept_restore: str | None) -> None:
    """Fetch what is new in the log, check every entry and the tree, and print who did what.

    What was verified is kept in the home directory; the next run goes on from there, refuses a log that shrank or was
    rewritten since, and keeps what contradicts it as evidence. With --from, a folder is verified whole and nothing is
    fetched. What is wrong is said in one line; exit status 10 means that the log can't be trusted, and no other status
    does. 11 means that it is whole, but not cosigned by as many of the witnesses as the policy asks for, within
    --witness-days.

    Where an operator declares that a copy was put back, that is said; it stays wrong until you have asked why, and
    accept it. A reviewer can do that as well, with the key and the home of 'intake triage'.
    """
    if options.folder is not None:
        _print_report(in_folder(options.folder, options), read_thresholds(thresholds, None))
        return
    opened = options.open_home()
    with held(opened.directory):
        keys = options.load_keys()
        accepted = None if accept_restore is None else _accept(opened, keys, accept_restore.strip())
        try:
            log = fetch(opened, keys, bar(Console()), whole=whole)
        except AuditError as error:
            if accepted is None:
                raise
            raise AuditError(f"{_UNEXPLAINED}: {error}") from error
        if accepted is not None:
            say("Accepted: the log is whole from there on.")
        say_repairs(opened)
        _print_report(log, read_thresholds(thresholds, opened))
        require_trusted(opened)


def _accept(home: Home, keys: MemberKeys, reason: str) -> Declared:
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise Trouble(f"--accept-restore takes your reason, of 1 to {LONGEST_REASON} characters")
    restore = accept(home, keys, reason, bar(Console()))
    say(f"Your reason is kept. {restore.lost} entries that were seen before are lost, from entry {restore.place} on.")
    return restore


def _print_report(log: VerifiedLog, thresholds: Thresholds) -> None:
    now = datetime.now(UTC)
    for line in whole_report(log, find(log.record, log.roster, thresholds), now):
        say(line)
    require_witnessed(log.witnessed, now)


@contextmanager
def _fetched(options: LogOptions) -> Iterator[VerifiedLog]:
    """The log with what is new in it, fetched and verified, while the home directory is this program's alone."""
    options.key_file()
    opened = options.open_home()
    with held(opened.directory):
        log = fetch(opened, options.load_keys(), bar(Console()), whole=False)
        say_repairs(opened)
        yield log


@audit.command()
@click.argument("directory", type=DIRECTORY)
@connection_options
@passphrase_option
def mirror(options: LogOptions, directory: Path) -> None:
    """Fetch and verify the log as 'verify' does, and write all of it into DIRECTORY as files.

    They are the resources of C2SP tlog-tiles: checkpoint, tile/…, tile/entries/…. Any program that reads such logs can
    verify them, from this directory or from wherever it is served. A directory that holds a part of the log gets the
    rest; one that holds something else is left as it is. The entries hold members' names and when they read what.
    """
    with _fetched(options) as log:
        lines = list(log.read(0, log.size))
        files = sum(1 for _ in tiles_of(len(lines)))
        with bar(Console())("Writing", files) as told:
            cosigned = None if log.cosigned is None else log.cosigned.received.note
            new = write_log(directory, lines, log.note, told, cosigned)
    say(f"{directory} holds the whole log. Entries: {len(lines)}. Files: {files}, new {new}, and the checkpoint.")
    require_witnessed(log.witnessed, datetime.now(UTC))


@audit.command()
@click.argument("index", type=click.IntRange(0))
@click.argument("file", type=WRITTEN_FILE)
@connection_options
@passphrase_option
def prove(options: LogOptions, index: int, file: Path) -> None:
    """Fetch and verify the log as 'verify' does, and write the proof that entry INDEX is in it into FILE.

    The file (C2SP tlog-proof) holds the entry, the checkpoint with the cosignatures of the witnesses, if they have
    cosigned a tree with this entry by now, and the hashes between the two. Whoever has the log's policy can check it
    with 'audit proof', or with a program of others; nobody has to be asked for it. An entry holds a member's key id.
    """
    if file.exists():
        raise Trouble(f"{file} exists already: name a new file")
    with _fetched(options) as log:
        if index >= log.size:
            raise Trouble(f"the log has {log.size} entries, the first of which is 0")
        proven = log.prove(index)
    write_new(file, bytes(proven))
    whose = "cosigned" if log.is_cosigned(index) else "not cosigned yet"
    say(f"{file} proves that the log holds entry {index}. The checkpoint in it is {whose}.")


@audit.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--policy",
    type=GIVEN_FILE,
    required=True,
    help="The log's keys and witnesses, as you were given them.",
)
def proof(file: BinaryIO, policy: Path) -> None:
    """Check a proof (C2SP tlog-proof) that 'audit prove' wrote, offline, and print the entry that it proves.

    It is held against the policy's keys, and against its witnesses, however old their cosignatures are.
    """
    believed = believed_in(policy)
    found = parse_log_proof(file.read(LONGEST_PROOF + 1))
    if found.extra is None:
        raise Trouble("this proof does not hold the entry that it is about")
    tree = found.verify(leaf_hash(found.extra), believed.log)
    entry = parse_entry(found.extra)
    witnessed = Witnessed(believed, 0, believed.cosigned(found.checkpoint))
    say(f"Proven: entry {found.index} of the log {tree.origin} is this, in its tree of {tree.size} entries:")
    say(found.extra.decode())
    objects = " ".join(entry.objects) if len(entry.objects) <= NAMED else f"{len(entry.objects)} objects, named above"
    say(f"That is:  {entry.at:%Y-%m-%d %H:%M:%S} UTC  {entry.who}  {entry.action}  {objects}")
    if believed.witnesses:
        say(f"Cosigned: {witnessed.told()}")
    if not believed.is_met(witnessed.times):
        raise UnwitnessedError("fewer of the witnesses have cosigned its checkpoint than the policy asks for")


@audit.command()
@click.argument("directory", type=DIRECTORY)
@click.option(
    "--policy",
    "policies",
    type=GIVEN_FILE,
    multiple=True,
    required=True,
    help="Names a log to be a witness of: its log.policy. Can be given several times.",
)
@click.option("--name", help="What new keys are called.  [default: witness-, and eight random digits]")
@port_option(8005)
def witness(directory: Path, policies: tuple[Path, ...], name: str | None, port: int) -> None:
    """Be a witness (C2SP tlog-witness) of logs: sign that each only grows, until Ctrl-C.

    DIRECTORY holds the witness's keys, which are made at the first start, and what it has cosigned last. Back it up
    whole or not at all: with an older copy it could sign two histories. The lines that are printed go into the
    policy of whoever relies on this witness. It listens on 127.0.0.1 only: put an onion service before it.
    """
    logs = [log_of(policy) for policy in policies]
    listening = listen_at_port("--port", port)
    make_directory(directory)
    keys = make_or_read(directory / "witness.key", name or f"witness-{secrets.token_hex(4)}")
    with closing(Record(directory / "witness.db")) as record:
        server = make_server(Witness(record, keys, logs, time.time), listening)
        for key in keys:
            say(f"witness {key.cosigner.name} {key.cosigner} http://127.0.0.1:{port}")
        say("A policy takes one of these lines, or both under names of their own; Ctrl-C ends this.")
        server.serve_forever()


@audit.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--policy",
    type=GIVEN_FILE,
    help="The log's keys, as you were given them: evidence against any other log is refused.",
)
def evidence(file: BinaryIO, policy: Path | None) -> Status:
    """Check evidence against a log: offline, by anybody, without keys.

    Prints what it proves, or what a member only testifies to, and by which keys. Anybody can make a log of any name
    that contradicts itself: name yours by --policy, or compare its keys with those that you were given. Exit status
    10 means that it proves that the log can't be trusted, 0 that a member says so.
    """
    found = parse_evidence(file.read(EVIDENCE + 1))
    if policy is not None and not log_of(policy).extends(found.log):
        raise Trouble(f"this is evidence against another log, {found.log}, and says nothing about the one you named")
    say(found.verdict())
    say(f"The log:     {found.log}")
    say(f"The witness: {found.witness}")
    for cosigner in found.cosigners:
        say(f"Cosigner:    {cosigner}")
    return Status.FRAUD if found.is_proof else Status.DONE


for _command in (accesses, findings, pages, cosign, report):
    audit.add_command(_command)
