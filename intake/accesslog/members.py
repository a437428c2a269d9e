"""The operator's entries: who is enrolled and who no longer is."""

from sqlalchemy.orm import Session

from intake.accesslog.log import AccessLog
from intake.protocol.actions import Action
from intake.protocol.card import Card, Role
from intake.protocol.entry import OPERATOR, Entry
from intake.protocol.roster import Member, RosterError
from intake.storage.store import Store


def enrol(store: Store, log: AccessLog, card: Card) -> None:
    """Let a member in from now on; `RosterError` if the key or the name is enrolled already."""
    with store.writing() as session:
        _append(session, log, Action.ENROL, card.key_id, card.text)


def revoke(store: Store, log: AccessLog, name: str, role: Role) -> Member:
    """Shut a member out from now on and return who that was; `RosterError` if nobody active has this name and role."""
    with store.writing() as session:
        member = log.roster(session).active(name)
        if member is None or member.card.role is not role:
            raise RosterError(f"there is no active {role} of this name")
        _append(session, log, Action.REVOKE, member.card.key_id)
    return member


def _append(session: Session, log: AccessLog, action: Action, key: str, card: str | None = None) -> None:
    entry = Entry(log.time(session), OPERATOR, action, (f"member/{key}",), card=card)
    log.roster(session).copy().apply(entry)
    log.append(session, entry)
