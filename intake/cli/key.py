"""`intake key new`."""

from pathlib import Path

import click

from intake.cli.common import Group, passphrase, passphrase_option, say
from intake.protocol.card import Role
from intake.triage.keys.keyfile import KeyFileError, make_keys, require_new, save_keys, write_card


@click.group(cls=Group)
def key() -> None:
    """Make the keys of a reviewer or an auditor."""


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
    enrols it. Nothing that exists is overwritten.
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
    say(f"Public card:  {card} (give it to the operator)")
    say(f"Key id:       {keys.card.fingerprint} (read it to the operator over another channel)")
