"""`intake audit …`, the commands that go by a log that was verified before, and ask nobody."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

import click
from rich.console import Console

from crypto.note import MAX_NOTE_SIZE
from intake.audit.against import against, require_trusted
from intake.audit.board import make_board
from intake.audit.cosign import cosign as sign_head
from intake.audit.cosign import cosigner
from intake.audit.document import as_html, check_report, sign_report
from intake.audit.listing import ACCESSES, access_rows, keys_of, sum_rows, sums_head, to_csv
from intake.audit.pages.serving import serve
from intake.audit.pages.shown import Shown
from intake.audit.standing import standing
from intake.audit.told import finding_lines
from intake.audit.verified import VerifiedLog, fetch, read_folder, recall
from intake.cli.common import (
    GIVEN_FILE,
    WRITTEN_FILE,
    Command,
    passphrase_option,
    port_option,
    read_text,
    read_whole,
    say,
)
from intake.cli.connection import (
    LogOptions,
    connection_or_folder,
    cosigning_options,
    key_option,
    read_policy,
    verified_options,
)
from intake.cli.trouble import Trouble
from intake.durable import replace_file
from intake.findings import accesses as listed
from intake.findings.accesses import By, Wanted, sums
from intake.findings.found import Kind, find
from intake.findings.thresholds import Thresholds, explained, shipped, thresholds_of
from intake.listening import listen_at_port
from intake.protocol.actions import Action
from intake.protocol.card import parse_card
from intake.triage.hardening import harden
from intake.triage.home import WITNESS_DAYS, Home, HomeError
from intake.triage.pages.place import Place
from intake.triage.process.holding import held
from intake.triage.progress import bar, no_progress

_OWN = "findings.toml"
_LARGEST_REPORT = 10_000_000
"""Bytes: it is a page with a picture."""
_DAYS = click.DateTime(["%Y-%m-%d"])

thresholds_option = click.option(
    "--thresholds",
    type=GIVEN_FILE,
    help=f"Your own thresholds for findings.  [default: {_OWN} in the home directory, if it is there]",
)


def in_folder(folder: Path, options: LogOptions) -> VerifiedLog:
    """The log in a folder, verified by a policy."""
    if options.policy is None:
        raise Trouble("--from needs --policy: the log's keys, as you were given them")
    return read_folder(folder, read_policy(options.policy), bar(Console()), options.witness_days or WITNESS_DAYS)


def read_thresholds(named: Path | None, home: Home | None) -> Thresholds:
    """Those of the file that was named, or of the auditor's own in the home directory, or the shipped ones."""
    own = named or (home and home.directory / _OWN)
    return thresholds_of(read_text(own)) if own and own.exists() else shipped()


def say_repairs(home: Home) -> None:
    """Say on standard error what of this machine's own was damaged: beside what is printed, not in it."""
    for says in home.repairs:
        click.echo(f"Damage on this machine: {says}.", file=sys.stderr)


@contextmanager
def verified(options: LogOptions) -> Iterator[tuple[VerifiedLog, Home | None]]:
    """The log that the options name, with the home directory that it is kept in."""
    if options.folder is not None:
        yield in_folder(options.folder, options), None
        return
    opened = options.open_home()
    with held(opened.directory):
        yield recall(opened), opened
        say_repairs(opened)


def _wanted(
    log: VerifiedLog, reviewer: str | None, report: str | None, days: tuple[date | None, ...], actions: tuple[str, ...]
) -> Wanted:
    who = None
    if reviewer is not None and not (who := keys_of(log, reviewer)):
        raise Trouble("the log knows nobody of the name that --reviewer says")
    return Wanted(who, report, days[0], days[1], frozenset(map(Action, actions)) or None)


@click.command(cls=Command)
@verified_options
@click.option("--by", type=click.Choice([by.value for by in By]), help="Sum up by this, instead of a line an access.")
@click.option("--reviewer", help="Of this member alone: a name, or a key id.")
@click.option("--report", help="Of this report alone: its id, or how that begins.")
@click.option("--since", type=_DAYS, help="From this day (UTC) on.")
@click.option("--until", type=_DAYS, help="Up to this day (UTC).")
@click.option(
    "--action",
    "actions",
    type=click.Choice([action.value for action in Action]),
    multiple=True,
    help="Of this action alone; can be given several times.",
)
@click.option(
    "--csv",
    "table",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Write a table for spreadsheets into this file, or to standard output (-).",
)
def accesses(
    options: LogOptions,
    by: str | None,
    reviewer: str | None,
    report: str | None,
    since: datetime | None,
    until: datetime | None,
    actions: tuple[str, ...],
    table: Path | None,
) -> None:
    """Print who opened what, as it was verified last: by reviewer, report or day, or a line an access.

    To which report a file or message of a source's belongs, the log doesn't say: such accesses name the item. Exit
    status 10 means that the log can't be trusted by now, and that what is printed is from before.
    """
    with verified(options) as (log, opened):
        days = (since and since.date(), until and until.date())
        found = listed.accesses(log.record, _wanted(log, reviewer, report, days, actions))
        if by is None:
            head, rows = ACCESSES, access_rows(log, found)
        else:
            head, rows = sums_head(By(by)), sum_rows(log, sums(found, By(by)), By(by))
        if table is None:
            say("  ".join(head))
            for row in rows:
                say("  ".join(cell or "-" for cell in row))
        elif str(table) == "-":
            click.echo(to_csv(head, rows), nl=False)
        else:
            # Spreadsheets take it for UTF-8 by its first bytes alone.
            replace_file(table, to_csv(head, rows).encode("utf-8-sig"))
            say(f"{table} is written.")
        require_trusted(opened)


@click.command(cls=Command)
@verified_options
@thresholds_option
@click.option(
    "--kind",
    "kinds",
    type=click.Choice([kind.value for kind in Kind]),
    multiple=True,
    help="Of this kind alone; can be given several times.",
)
@click.option(
    "--unanswered", is_flag=True, help="Only those to which nobody has said anything but whom they are about."
)
@click.option("--explain", is_flag=True, help="Print every threshold with its reason instead.")
def findings(
    options: LogOptions, thresholds: Path | None, kinds: tuple[str, ...], unanswered: bool, explain: bool
) -> None:
    """Print what stands out in the log as it was verified last, and what reviewers said to it.

    No finding says that somebody did wrong: each asks for an answer, which a reviewer gives on the page 'Findings' of
    their program, in a signed sentence. Exit status 10 means that the log can't be trusted by now, and that what is
    printed is from before.
    """
    if explain:
        _explain(read_thresholds(thresholds, None))
        return
    with verified(options) as (log, opened):
        limits = read_thresholds(thresholds, opened)
        say(standing(log.witnessed, datetime.now(UTC)).says)
        found = [
            finding
            for finding in find(log.record, log.roster, limits)
            if (not kinds or finding.kind in kinds)
            and not (unanswered and log.record.is_answered(finding.id, finding.who))
        ]
        for line in finding_lines(log, found):
            say(line)
        say(f"Findings: {len(found)}")
        require_trusted(opened)


@click.command(cls=Command)
@click.argument("file", type=WRITTEN_FILE)
@cosigning_options
@passphrase_option
def cosign(options: LogOptions, file: Path) -> None:
    """Write the checkpoint that was verified last, cosigned with your key, into FILE, to be passed on.

    A cosignature (C2SP tlog-cosignature) says that this log has only grown, as far as you have seen it. The line that
    is printed goes into the policy of whoever relies on you. With an older copy of your home directory you could sign
    two histories: back it up whole or not at all.
    """
    options.key_file()
    with verified(options) as (log, opened):
        require_trusted(opened)
        signing = options.load_keys().signing
        replace_file(file, sign_head(log, signing, int(time.time())), mode=0o644)
        say(f"{file} is the checkpoint of {log.size} entries, cosigned.")
        say(f"witness {signing.verifier.name} {cosigner(signing).cosigner}")


@click.command(cls=Command)
@click.argument("file", type=WRITTEN_FILE)
@verified_options
@thresholds_option
@key_option
@passphrase_option
@click.option("--since", type=_DAYS, help="From this day (UTC) on.  [default: 91 days]")
@click.option("--until", type=_DAYS, help="Up to this day (UTC).  [default: that of the last entry]")
@click.option("--check", is_flag=True, help="Check that FILE is what the auditor whose --card it is signed.")
@click.option("--card", type=GIVEN_FILE, help="The auditor's card, for --check.")
def report(
    options: LogOptions,
    file: Path,
    thresholds: Path | None,
    since: datetime | None,
    until: datetime | None,
    check: bool,
    card: Path | None,
) -> None:
    """Write a report for a board into FILE (HTML, a page of A4), and your signature of it into FILE.note.

    The page is whole in itself: it runs nothing and asks nobody. Whoever has your card checks it with --check.
    """
    note = file.with_name(f"{file.name}.note")
    if check:
        if card is None:
            raise Trouble("--check needs --card: the auditor's card, as they gave it to you")
        auditor = parse_card(read_text(card))
        signed = check_report(read_whole(file, _LARGEST_REPORT), read_whole(note, MAX_NOTE_SIZE), auditor)
        say(f"This is the report that {auditor.name} signed: {', '.join(signed.splitlines()[1:])}.")
        return
    if options.key is None:
        raise Trouble("--key must name your key file: the report is signed with it")
    options.key_file()
    with verified(options) as (log, opened):
        require_trusted(opened)
        signing = options.load_keys().signing
        days = (since and since.date(), until and until.date())
        board = make_board(log, read_thresholds(thresholds, opened), datetime.now(UTC), *days)
        html = as_html(board, signing.verifier.name)
        replace_file(file, html)
        replace_file(note, sign_report(html, board, signing))
        say(f"{file} is the report from {board.since} to {board.until}, {note} its signature.")


@click.command(cls=Command)
@connection_or_folder
@passphrase_option
@thresholds_option
@port_option(8006)
def pages(options: LogOptions, thresholds: Path | None, port: int) -> None:
    """Show what was verified on pages of this machine, and print the address to open in a browser.

    They say whether the log verifies, who opened what, what stands out and who is a member, and hold the report for a
    board. The program listens on 127.0.0.1 only, and the address works once. With --key, what is new can be fetched
    and verified there; without it, or with --from, nobody is asked for anything.
    """
    with ExitStack() as until_the_end:
        if options.folder is not None:
            shown = Shown(in_folder(options.folder, options), read_thresholds(thresholds, None))
        else:
            opened = options.open_home()
            until_the_end.enter_context(held(opened.directory))
            shown = _at_home(opened, options, read_thresholds(thresholds, opened))
        listening = until_the_end.enter_context(listen_at_port("--port", port))
        place = Place.new(listening.getsockname()[1])
        say(place.address)
        say("Open this address in a browser on this machine. It works once. Ctrl-C ends the program.")
        with suppress(KeyboardInterrupt):
            serve(listening, shown, place)


def _at_home(opened: Home, options: LogOptions, limits: Thresholds) -> Shown:
    if options.key is None:
        return Shown(recall(opened), limits, against=lambda: against(opened))
    options.key_file()
    for missing in harden():
        click.echo(missing, err=True)
    keys = options.load_keys()

    def fetch_more() -> VerifiedLog:
        return fetch(opened, keys, no_progress, whole=False)

    try:
        log = recall(opened)
    except HomeError:
        log = fetch_more()
    return Shown(log, limits, fetch_more, keys.signing.verifier.name, lambda: against(opened))


def _explain(limits: Thresholds) -> None:
    for each in explained():
        say(f"{each.name} = {getattr(limits, each.name)}  (shipped: {each.number}; from {each.least} to {each.most})")
        say(f"    {each.says}")
