"""`intake audit`."""

from pathlib import Path
from typing import BinaryIO

import click
from rich.console import Console

from crypto.tiles import tiles_of
from intake.audit.mirror import write_log
from intake.cli.common import Group, passphrase, passphrase_option, say
from intake.cli.connection import connection_options, open_home, read_policy
from intake.cli.trouble import Status, Trouble
from intake.protocol.evidence import parse_evidence
from intake.protocol.limits import EVIDENCE
from intake.triage.audit_report import fetch_log, run_audit
from intake.triage.home import Connection
from intake.triage.keys.keyfile import load_keys, require_key_file
from intake.triage.process.holding import held
from intake.triage.progress import bar


@click.group(cls=Group)
def audit() -> None:
    """Check the access log, trusting neither the operator nor the reviewers."""


@audit.command()
@connection_options
@passphrase_option
def verify(
    key: Path, home: Path | None, desk: str | None, policy: Path | None, proxy: str | None, passphrase_file: Path | None
) -> None:
    """Fetch the whole log, check every entry and the tree, and print who opened what.

    The checkpoint that was verified is kept in the home directory; the next run refuses a log that shrank or was
    rewritten since, and keeps what contradicts it as evidence there. What is wrong is said in one line; exit status 10
    means that the log can't be trusted, and no other status does.
    """
    require_key_file(key)
    opened = open_home(home, desk, policy, proxy)
    with held(opened.directory):
        run_audit(opened, load_keys(key, passphrase(passphrase_file)), Console())


@audit.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@connection_options
@passphrase_option
def mirror(
    directory: Path,
    key: Path,
    home: Path | None,
    desk: str | None,
    policy: Path | None,
    proxy: str | None,
    passphrase_file: Path | None,
) -> None:
    """Fetch and verify the whole log as 'verify' does, and write it into DIRECTORY as files.

    They are the resources of C2SP tlog-tiles: checkpoint, tile/…, tile/entries/…. Any program that reads such logs can
    verify them, from this directory or from wherever it is served. A directory that holds a part of the log gets the
    rest; one that holds something else is left as it is. The entries hold members' names and when they read what.
    """
    require_key_file(key)
    opened, console = open_home(home, desk, policy, proxy), Console()
    with held(opened.directory):
        lines, signed = fetch_log(opened, load_keys(key, passphrase(passphrase_file)), bar(console))
        files = sum(1 for _ in tiles_of(len(lines)))
        with bar(console)("Writing", files) as told:
            new = write_log(directory, lines, signed, told)
    say(f"{directory} holds the whole log. Entries: {len(lines)}. Files: {files}, new {new}, and the checkpoint.")


@audit.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The log's keys, as you were given them: evidence against any other log is refused.",
)
def evidence(file: BinaryIO, policy: Path | None) -> Status:
    """Check evidence against a log: offline, by anybody, without keys.

    Prints what it proves, or what a member only testifies to, and by which keys. Anybody can make a log of any name
    that contradicts itself: name yours by --policy, or compare its keys with those that you were given. Exit status
    10 means that it proves that the log can't be trusted, 0 that a member says so.
    """
    found = parse_evidence(file.read(EVIDENCE + 1))
    if policy is not None and not Connection("", read_policy(policy)).log.extends(found.log):
        raise Trouble(f"this is evidence against another log, {found.log}, and says nothing about the one you named")
    say(found.verdict())
    say(f"The log:     {found.log}")
    say(f"The witness: {found.witness}")
    return Status.FRAUD if found.is_proof else Status.DONE
