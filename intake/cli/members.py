"""`intake reviewer` and `intake auditor`: the operator's side of membership."""

from pathlib import Path

import click

from intake.accesslog import members
from intake.cli.clock import clock_is_right_option, confirming
from intake.cli.common import GIVEN_FILE, Group, say
from intake.keeper import open_declared
from intake.protocol.card import Card, CardError, NotACardError, Role, parse_card
from intake.protocol.membership import in_words
from intake.server import open_server
from intake.settings import load


def _group(role: Role, says: str) -> click.Group:
    """The commands for whoever has this role; with that of a reviewer, for everybody who reads."""

    @click.group(cls=Group, name=role.value, help=says)
    def group() -> None:
        pass

    @group.command()
    @click.argument("card", type=GIVEN_FILE)
    @clock_is_right_option
    def enrol(card: Path, clock_is_right: bool) -> None:
        """Let in whoever made CARD, the file that 'intake key new' wrote. The log shows it to everybody."""
        parsed = _read_card(card)
        if parsed.role.reads is not role.reads:
            other = Role.REVIEWER if parsed.role.reads else Role.AUDITOR
            raise CardError(f"this is the card of {parsed.role.noun}; use 'intake {other} enrol'")
        server = open_declared(load())
        confirming(
            lambda right: members.enrol(server.store, server.log, parsed, clock_is_right=right),
            clock_is_right=clock_is_right,
        )
        say(f"{parsed.name} is enrolled as {parsed.role.noun}.")
        say(f"Compare the key with what {parsed.name} reads out to you, over another channel:")
        say(f"  in words:  {parsed.words}")
        say(f"  in digits: {parsed.fingerprint}")
        with server.store.reading() as session:
            before = server.log.roster(session).holders(parsed.name)[:-1]
        for member in before:
            say(f"This name was enrolled before, with the key {member.card.fingerprint}: programs show both keys.")

    @group.command()
    @click.argument("name")
    @clock_is_right_option
    def revoke(name: str, clock_is_right: bool) -> None:
        """Shut NAME out from now on. What they have read already they still have."""
        server = open_declared(load())
        member = confirming(
            lambda right: members.revoke(server.store, server.log, name, role, clock_is_right=right),
            clock_is_right=clock_is_right,
        )
        say(f"{name} (key id {member.card.fingerprint}) is no longer {member.card.role.noun}.")

    @group.command(name="list")
    def list_() -> None:
        """Everyone who was ever enrolled, with the days (UTC)."""
        server = open_server(load())
        with server.store.reading() as session:
            roster = server.log.roster(session)
        for member in (member for member in roster.members if member.card.role.reads is role.reads):
            until = f"until {member.until:%Y-%m-%d}" if member.until else "active"
            lead = ", lead" if member.card.role is Role.LEAD else ""
            say(f"{member.card.name:<20} {member.card.fingerprint}  since {member.since:%Y-%m-%d}, {until}{lead}")
        for line in in_words(roster, server.log.now()) if role.reads else ():
            say(line)

    return group


def _read_card(path: Path) -> Card:
    try:
        return parse_card(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise NotACardError from None


reviewer = _group(Role.REVIEWER, "Enrol and revoke reviewers: new reports are sealed to every active one.")
auditor = _group(Role.AUDITOR, "Enrol and revoke auditors: they read the log and nothing else.")
