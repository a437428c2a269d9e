"""The operator's entries: who is enrolled and who no longer is, and how many reviewers must vouch."""

from intake.accesslog.append import LogAppender
from intake.accesslog.operator import decide
from intake.protocol.actions import Action
from intake.protocol.card import Card, Role
from intake.protocol.roster import Member, RosterError
from intake.protocol.rules import Rule
from intake.storage.store import Store


def enrol(store: Store, log: LogAppender, card: Card, *, clock_is_right: bool = False) -> None:
    """Let a member in from now on; `RosterError` if the key is enrolled already, or a name that looks like this one,
    or if reviewers must vouch.

    Raises `ClockJumpError` if the log's time would jump by more than a day and nobody has said that the clock is right.
    """
    with store.in_order(last=True) as session:
        decide(session, log, Action.ENROL, (f"member/{card.key_id}",), card.text, clock_is_right=clock_is_right)


def revoke(store: Store, log: LogAppender, name: str, role: Role, *, clock_is_right: bool = False) -> Member:
    """Shut a member out from now on and return who that was; `RosterError` if nobody active has this name.

    `role`: any that reads, or that of an auditor.

    Raises `ClockJumpError` as `enrol` does.
    """
    with store.in_order(last=True) as session:
        member = log.roster(session).active(name)
        if member is None or member.card.role.reads is not role.reads:
            raise RosterError(f"there is no active {role} of this name")
        decide(session, log, Action.REVOKE, (f"member/{member.card.key_id}",), clock_is_right=clock_is_right)
    return member


def rule(store: Store, log: LogAppender, rule: Rule, *, clock_is_right: bool = False) -> None:
    """Set a number that members go by; `RosterError` if it is out of its range, or less than it can be by now.

    Raises `ClockJumpError` as `enrol` does.
    """
    with store.in_order(last=True) as session:
        decide(session, log, Action.RULE, (str(rule),), clock_is_right=clock_is_right)
