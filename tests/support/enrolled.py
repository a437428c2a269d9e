"""Members of a server, with all keys in hand."""

from dataclasses import dataclass

from crypto.age import HybridIdentity
from crypto.note import SigningKey
from intake.accesslog import members
from intake.keeper import Keeper
from intake.protocol.card import Card, Role, issue_card


@dataclass(frozen=True)
class Enrolled:
    """A member with all keys in hand."""

    name: str
    key: SigningKey
    identity: HybridIdentity | None
    card: Card


class Members:
    """Makes keys and enrols them."""

    def __init__(self, server: Keeper) -> None:
        self._server = server

    def make(self, name: str, role: Role = Role.REVIEWER) -> Enrolled:
        key = SigningKey.generate(name)
        identity = HybridIdentity.generate() if role.reads else None
        return Enrolled(name, key, identity, issue_card(role, key, identity))

    def enrol(self, name: str, role: Role = Role.REVIEWER) -> Enrolled:
        member = self.make(name, role)
        members.enrol(self._server.store, self._server.log, member.card)
        return member

    def revoke(self, name: str, role: Role = Role.REVIEWER) -> None:
        members.revoke(self._server.store, self._server.log, name, role)
