"""Fixtures that more than one part of the tests needs: a real store, real members, real servers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck

from crypto.age import HybridIdentity
from crypto.note import SigningKey
from intake.accesslog import members
from intake.keeper import Keeper, initialise, open_keeper
from intake.protocol.card import Card, Role, issue_card

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("any machine")


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
        identity = HybridIdentity.generate() if role is Role.REVIEWER else None
        return Enrolled(name, key, identity, issue_card(role, key, identity))

    def enrol(self, name: str, role: Role = Role.REVIEWER) -> Enrolled:
        member = self.make(name, role)
        members.enrol(self._server.store, self._server.log, member.card)
        return member

    def revoke(self, name: str, role: Role = Role.REVIEWER) -> None:
        members.revoke(self._server.store, self._server.log, name, role)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Keeper]:
    """An initialised server with nobody enrolled."""
    opened = open_keeper(initialise(tmp_path / "server", {"desk_authority": "desk.test"}))
    yield opened
    opened.store.close()


@pytest.fixture
def members_of(server: Keeper) -> Members:
    """Enrols members on the server."""
    return Members(server)
