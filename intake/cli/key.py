"""`intake key`: a member's private keys, on the machine where they are used."""

from dataclasses import replace
from pathlib import Path

import click

from intake.cli.common import GIVEN_FILE, Group, passphrase, passphrase_option, say
from intake.cli.trouble import Trouble
from intake.protocol.card import Card, Role
from intake.protocol.limits import DEPOSIT
from intake.triage.keys.keyfile import (
    KeyFileError,
    change_keys,
    change_passphrase,
    load_keys,
    make_keys,
    require_key_file,
    require_new,
    save_keys,
    write_card,
    write_recovery,
)
from intake.triage.keys.recovery import MOST_SHEETS, SheetError, Sheets, open_keys, seal_keys
from intake.triage.keys.recovery import split as split_key


@click.group(cls=Group)
def key() -> None:
    """Make the keys of a reviewer or an auditor, look after them, and bring them back when they are lost."""


@key.command()
@click.argument("name")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.REVIEWER.value, show_default=True
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The key file.  [default: NAME.key]")
@passphrase_option
def new(name: str, role: str, output: Path | None, passphrase_file: Path | None) -> None:
    """Make new keys for NAME, on the machine where they will be used.

    NAME is what colleagues will see: no spaces, no plus sign. The private keys go into NAME.key, sealed with a
    passphrase; keep that file and a copy offline. NAME.card holds the public half: give it to the operator, who
    enrols it, or to the reviewers who vouch for you. Nothing that exists is overwritten.
    """
    path = output or Path(f"{name}.key")
    card = path.with_suffix(".card")
    if card == path:
        raise KeyFileError(
            f"{path} would be the card's name: -o names the file of the private keys, such as {name}.key"
        )
    keys = make_keys(Role(role), name)
    for file in (path, card):
        require_new(file)
    # The card first: if it can't be written, no keys were made that nobody can enrol.
    write_card(card, keys)
    try:
        save_keys(path, keys, passphrase(passphrase_file, new=True))
    except BaseException:
        card.unlink()
        raise
    say(f"Private keys: {path} (sealed with the passphrase)")
    say(f"Public card:  {card} (give it to the operator, or to the reviewers who vouch for you)")
    _say_key(keys.card)


@key.command()
@click.argument("key_file", metavar="KEYFILE", type=GIVEN_FILE)
@click.option("--sheets", type=click.IntRange(2, MOST_SHEETS), default=5, show_default=True, help="How many sheets.")
@click.option(
    "--needed",
    type=click.IntRange(2, MOST_SHEETS),
    default=3,
    show_default=True,
    help="How many of them bring the keys back.",
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The recovery file.  [default: NAME.recovery]")
@passphrase_option
def split(key_file: Path, sheets: int, needed: int, output: Path | None, passphrase_file: Path | None) -> None:
    """Prepare for the day on which KEYFILE is lost: words for paper, and a file that they open.

    The words (SLIP-39) are shown once: write each sheet by hand, and give each to somebody else whom you trust, or to
    another place. No printer, no photograph. Any --needed of them open the recovery file; fewer tell nothing. The file
    alone tells nothing either: keep copies of it away from this machine. A reviewer's program keeps the newest one at
    the desk by itself, where a colleague can fetch it. Doing this again makes new words, and the old ones open nothing
    that is kept from then on.
    """
    if needed > sheets:
        raise Trouble(f"--needed: {needed} of {sheets} sheets can never be there")
    require_key_file(key_file)
    typed = passphrase(passphrase_file)
    keys, recovery = load_keys(key_file, typed), output or key_file.with_suffix(".recovery")
    if recovery == key_file:
        raise KeyFileError(f"{recovery} would be the recovery file's name; -o names another one")
    require_new(recovery)
    paper = split_key(sheets, needed)
    for number, sheet in enumerate(paper.sheets, 1):
        say("")
        say(f"Sheet {number} of {sheets}; any {needed} of them open it.")
        for line in _in_lines(sheet):
            say(f"  {line}")
    say("")
    _require_written(paper.sheets[-1], sheets)
    # The file first: keys that name a recovery have one.
    write_recovery(recovery, seal_keys(replace(keys, recovery=paper.recipient), paper.recipient))
    change_keys(key_file, typed, lambda held: replace(held, recovery=paper.recipient), typed)
    say(f"Recovery file: {recovery} (opened by {needed} sheets; 'intake key join' does it)")


@key.command()
@click.argument("recovery", type=GIVEN_FILE)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The key file.  [default: NAME.key]")
@passphrase_option
def join(recovery: Path, output: Path | None, passphrase_file: Path | None) -> None:
    """Bring back the keys in RECOVERY, the newest recovery file that there is, with the words on paper.

    Asks for one sheet after the other, 33 words on one line; of each word four letters are enough. Then writes a new
    key file, under a new passphrase.
    """
    with recovery.open("rb") as file:
        sealed = file.read(DEPOSIT)
    sheets = Sheets()
    while sheets.lacking:
        _ask_for_sheet(sheets)
    keys = open_keys(sealed, sheets.identity())
    path = output or Path(f"{keys.card.name}.key")
    require_new(path)
    save_keys(path, keys, passphrase(passphrase_file, new=True))
    say(f"Private keys: {path} (sealed with the passphrase)")
    _say_key(keys.card)
    say("If somebody else may have the old machine, have this key revoked and make new ones with 'intake key new'.")


@key.command(name="passphrase")
@click.argument("key", type=GIVEN_FILE)
@passphrase_option
@click.option(
    "--new-passphrase-file",
    type=GIVEN_FILE,
    help="Read the new passphrase from the first line of this file instead of asking for it.",
)
def change(key: Path, passphrase_file: Path | None, new_passphrase_file: Path | None) -> None:
    """Seal the key file KEY with another passphrase. The keys stay the same.

    Copies that were made before still open with the old passphrase: make new ones and destroy those. If somebody may
    have had the file and the passphrase, this is not enough: have the key revoked and make new ones.
    """
    require_key_file(key)
    change_passphrase(key, passphrase(passphrase_file), lambda: _new(new_passphrase_file))
    say(f"{key} opens with the new passphrase, and no longer with the old one. Copies from before still do.")


@key.command()
@click.argument("key", type=GIVEN_FILE)
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Another role than that of the keys.")
@click.option("--output", "-o", type=click.Path(path_type=Path), required=True, help="The card, a new file.")
@passphrase_option
def card(key: Path, role: str | None, output: Path, passphrase_file: Path | None) -> None:
    """Write the card of the key file KEY once more, or with another role.

    A reviewer whose card with the role 'lead' is vouched for becomes one, and the other way round.
    """
    require_new(output)
    keys = load_keys(key, passphrase(passphrase_file))
    keys = replace(keys, role=Role(role or keys.role))
    if keys.role.reads is not (keys.identity is not None):
        raise KeyFileError(f"these keys are not those of {keys.role.noun}: 'intake key new' makes such ones")
    write_card(output, keys)
    say(f"Public card:  {output}")
    _say_key(keys.card)


def _new(file: Path | None) -> str:
    return passphrase(file, new=True, of="New passphrase", option="--new-passphrase-file")


def _say_key(card: Card) -> None:
    say("Key, to be read out over another channel to whoever enrols it or vouches for it:")
    say(f"  in words:   {card.words}")
    say(f"  in digits:  {card.fingerprint}")


def _in_lines(sheet: str) -> list[str]:
    """Numbered words in four columns, to be written down line by line."""
    numbered = [f"{place:>2}. {word:<13}" for place, word in enumerate(sheet.split(), 1)]
    return ["".join(numbered[start : start + 4]).rstrip() for start in range(0, len(numbered), 4)]


def _ask_for_sheet(sheets: Sheets) -> None:
    more = f" ({sheets.lacking} more needed)" if sheets else ""
    try:
        sheets.add(click.prompt(f"The words of a sheet{more}", err=True))
    except SheetError as error:
        say(f"Not taken: {error}.")


def _require_written(sheet: str, number: int) -> None:
    """Let somebody type a sheet from the paper: words that can't be read then are lost."""
    while True:
        typed = Sheets()
        try:
            typed.add(click.prompt(f"When all are written down: the words of sheet {number}, from the paper", err=True))
        except SheetError as error:
            say(f"Not right: {error}.")
            continue
        if typed.holds(sheet):
            return
        say("That is another sheet.")
