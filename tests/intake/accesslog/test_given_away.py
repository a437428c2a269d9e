"""What the log itself gives away: ids that are random and, after a deletion, stand nowhere else."""

import secrets
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from enrolled import Members
from intake.cli import main
from intake.keeper import Keeper
from intake.protocol.actions import Action, ReadRequest
from intake.protocol.card import Role
from intake.protocol.entry import parse_entry
from intake.protocol.kinds import Kind
from intake.storage.tables import Base, Item, LogEntry, TakenBack, Tip
from signed_client import Client

OLD = date(2020, 1, 1)


@pytest.fixture
def tip(server: Keeper) -> tuple[bytes, list[bytes], str]:
    """A report that is older than reports are kept, with a message, a reply that was taken back, and an attachment."""
    tip, (message, content, reply) = secrets.token_bytes(16), (secrets.token_bytes(16) for _ in range(3))
    with server.blobs.new() as writer:
        writer.write(b"sealed")
        blob = writer.keep()
    with server.store.writing() as session:
        session.add(Tip(id=tip, day=OLD, header=b"header", payload=b"s", recipient="r", lookup=secrets.token_bytes(32)))
        session.flush()
        session.add(Item(id=message, tip_id=tip, kind=Kind.MESSAGE, day=OLD, size=6, sealed=b"sealed"))
        session.add(Item(id=content, tip_id=tip, kind=Kind.CONTENT, day=OLD, size=6, blob=blob))
        session.add(TakenBack(id=reply, tip_id=tip, day=OLD))
    return tip, [message, content, reply], blob


def everywhere_but_in_the_log(server: Keeper) -> str:
    """Every value of every other table, and the names of all files."""
    tables = [table for table in Base.metadata.sorted_tables if table.name != LogEntry.__tablename__]
    with server.store.reading() as session:
        values = [value for table in tables for row in session.execute(select(table)) for value in row]
    names = [path.name for path in server.settings.data.rglob("*")]
    return " ".join([value.hex() if isinstance(value, bytes) else str(value) for value in values] + names)


@pytest.mark.slow
def test_after_a_deletion_its_ids_stand_in_the_log_and_nowhere_else(
    server: Keeper, members_of: Members, tip: tuple[bytes, list[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Client(server, members_of.enrol("amina").key)
    name, items, blob = tip
    assert reader("GET", "/v1/index").status_code == 200
    reader("POST", "/v1/read", ReadRequest((name.hex(),), (items[0].hex(),)).to_json())
    reader("GET", f"/v1/items/{items[1].hex()}")
    reader("POST", f"/v1/tips/{name.hex()}/open")
    reader.close()
    ids = [name.hex(), *(item.hex() for item in items), blob]
    assert all(each in everywhere_but_in_the_log(server) for each in ids)
    monkeypatch.setenv("INTAKE_DATA", str(server.settings.data))
    assert CliRunner().invoke(main, ["settle"]).exit_code == 0
    assert not [each for each in ids if each in everywhere_but_in_the_log(server)]
    with server.store.reading() as session:
        log = b"".join(session.scalars(select(LogEntry.body)))
    assert log.count(name.hex().encode()) > 1
    assert blob.encode() not in log
    data = b"".join(path.read_bytes() for path in Path(server.settings.data).glob("intake.db*"))
    assert bytes.fromhex(blob) not in data
    assert blob.encode() not in data


def test_a_reviewers_reads_of_the_log_leave_no_entry_and_an_auditors_each_one(
    server: Keeper, members_of: Members
) -> None:
    amina, carla = members_of.enrol("amina"), members_of.enrol("carla", Role.AUDITOR)
    paths = ("checkpoint", "entries", "entries?from=1", "tile/0/000.p/1", "tile/entries/000.p/1")
    for member, logged in ((amina, 0), (carla, len(paths))):
        before = size(server)
        client = Client(server, member.key)
        for path in paths:
            assert client("GET", f"/v1/log/{path}").status_code == 200
        client.close()
        assert size(server) - before == logged
    with server.store.reading() as session:
        last = [parse_entry(line) for line in server.log.lines(session, size(server) - len(paths), size(server))]
    assert {(entry.who, entry.action) for entry in last} == {(carla.card.key_id, Action.LOG)}


def size(server: Keeper) -> int:
    with server.store.reading() as session:
        return server.log.size(session)


def test_the_checkpoint_that_an_auditor_gets_counts_the_entry_of_that_request(
    server: Keeper, members_of: Members
) -> None:
    client = Client(server, members_of.enrol("carla", Role.AUDITOR).key)
    for expected in (2, 3, 4):
        served = client("GET", "/v1/log/checkpoint").text
        assert served.split("\n")[1] == str(expected) == str(size(server))
    client.close()
