"""`intake key`: a member's private keys, on the machine where they are used."""

from dataclasses import replace
from pathlib import Path

import click

from intake.cli.common import Group, passphrase, passphrase_option, say
from intake.protocol.card import Card, Role
from intake.triage.keys.keyfile import (
    KeyFileError,
    change_passphrase,
    load_keys,
    make_keys,
    require_key_file,
    require_new,
    save_keys,
    write_card,
)


@click.group(cls=Group)
def key() -> None:
    """Make the keys of a reviewer or an auditor, and look after them."""


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


@key.command(name="passphrase")
@click.argument("key", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@passphrase_option
@click.option(
    "--new-passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
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
@click.argument("key", type=click.Path(exists=True, dir_okay=False, path_type=Path))
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
