"""`intake audit`."""

from pathlib import Path
from typing import BinaryIO

import click
from rich.console import Console

from intake.cli.common import Group, passphrase, passphrase_option, say
from intake.cli.connection import connection_options, open_home, read_policy
from intake.cli.trouble import Status, Trouble
from intake.protocol.evidence import parse_evidence
from intake.protocol.limits import EVIDENCE
from intake.triage.audit_report import run_audit
from intake.triage.home import Connection
from intake.triage.keys.keyfile import load_keys, require_key_file
from intake.triage.process.holding import held


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
