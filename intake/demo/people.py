"""The demo's two reviewers and one auditor, and a passphrase that is written down because nothing here is secret."""

from dataclasses import dataclass
from pathlib import Path

from intake.accesslog import members
from intake.keeper import Keeper
from intake.protocol.card import Role
from intake.triage.keys.keyfile import make_keys, save_keys

PASSPHRASE = "nothing here is secret"  # noqa: S105 - the demo's people and reports are invented


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a key file and a home directory of their own."""

    name: str
    role: Role
    directory: Path

    @property
    def key(self) -> Path:
        """The key file."""
        return self.directory / f"{self.name}.key"

    @property
    def home(self) -> Path:
        """Where this person's program keeps sealed bytes."""
        return self.directory / "home"


def people(directory: Path) -> tuple[Person, Person, Person]:
    """Two reviewers and an auditor."""
    return (
        Person("amina", Role.REVIEWER, directory / "amina"),
        Person("boris", Role.REVIEWER, directory / "boris"),
        Person("carla", Role.AUDITOR, directory / "carla"),
    )


def enrol(person: Person, server: Keeper) -> None:
    """Make a person's keys and enrol them, unless an earlier run did."""
    if person.key.exists():
        return
    person.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = make_keys(person.role, person.name)
    members.enrol(server.store, server.log, keys.card)
    save_keys(person.key, keys, PASSPHRASE)
