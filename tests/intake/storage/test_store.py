"""Transactions: many writers wait for each other, and what is deleted is gone."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from intake.keeper import Keeper, initialise, open_keeper
from intake.storage.removal import Removed, remove_tips
from intake.storage.settle import settle
from intake.storage.store import Forgotten, Store
from intake.storage.tables import Nonce, Tip
from waiting import waited_for

MARK = secrets.token_bytes(500)


def tip(number: int) -> Tip:
    name = number.to_bytes(16, "big")
    return Tip(id=name, day=date(2026, 1, 1), header=b"header", payload=b"sealed", recipient="age1pq1", lookup=name * 2)


def test_eight_threads_that_read_then_write_lose_nothing(server: Keeper) -> None:
    def count_up(_: int) -> None:
        with server.store.writing() as session:
            present = len(session.scalars(select(Nonce.value)).all())
            session.add(Nonce(value=f"{present:032}", expires=0))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count_up, range(160)))
    with server.store.reading() as session:
        assert len(session.scalars(select(Nonce.value)).all()) == 160


def test_a_transaction_that_fails_leaves_nothing(server: Keeper) -> None:
    def fail() -> None:
        with server.store.writing() as session:
            session.add(tip(1))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with server.store.reading() as session:
        assert session.scalars(select(Tip.id)).all() == []


def test_what_is_committed_is_synced_to_the_disk(server: Keeper) -> None:
    with server.store.reading() as session:
        assert session.scalar(text("PRAGMA synchronous")) == 2
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA secure_delete")) == 1


def marked(server: Keeper, mark: bytes) -> bool:
    """Whether some file of the database holds these bytes."""
    return any(mark in path.read_bytes() for path in server.settings.data.glob("intake.db*"))


def test_with_a_reader_in_the_way_nobody_waits_and_what_is_pending_is_forgotten_by_itself(server: Keeper) -> None:
    mark = secrets.token_bytes(500)
    with server.store.writing() as session:
        session.add(
            Tip(id=bytes(16), day=date(2026, 1, 1), header=b"header", payload=mark, recipient="r", lookup=bytes(32))
        )
    with server.store.reading() as reader:
        assert reader.scalar(select(func.count()).select_from(Tip)) == 1
        with ThreadPoolExecutor(2) as threads:
            started = time.monotonic()
            removing = threads.submit(remove_tips, server.store, server.blobs, Tip.id == bytes(16))
            assert removing.result() == Removed(1, Forgotten.PENDING)
            threads.submit(store_nonce, server).result()
        assert time.monotonic() - started < 10, "30 s, when everybody waited for the reader"
        assert marked(server, mark), "the reader keeps it there"
    assert waited_for(lambda: not marked(server, mark))


def test_what_one_process_could_not_forget_the_next_writer_of_another_forgets(server: Keeper) -> None:
    other = Store(server.settings.database_url)
    store_nonce(server)
    with other.reading() as reader:
        reader.scalar(select(func.count()).select_from(Tip))
        tip_of = Tip(
            id=bytes(16), day=date(2026, 1, 1), header=b"header", payload=MARK, recipient="r", lookup=bytes(32)
        )
        with server.store.writing() as session:
            session.add(tip_of)
        assert remove_tips(server.store, server.blobs, Tip.id == bytes(16)).forgotten is Forgotten.PENDING
        server.store.close()
    assert marked(server, MARK), "the process that should have has ended"
    third = replace(server, store=other)
    store_nonce(third)
    assert not marked(server, MARK)
    other.close()


def test_a_deletion_that_nobody_hinders_is_said_to_be_done_and_is(server: Keeper) -> None:
    with server.store.writing() as session:
        session.add(
            Tip(id=bytes(16), day=date(2026, 1, 1), header=b"header", payload=MARK, recipient="r", lookup=bytes(32))
        )
    assert remove_tips(server.store, server.blobs, Tip.id == bytes(16)) == Removed(1, Forgotten.DONE)
    assert not marked(server, MARK)


@pytest.mark.parametrize("name", ["what?is", "100%20", "a#b", "two words", "q'u\"ote", "дом", "x=1&y", ":memory:"])
def test_any_path_holds_the_store_where_it_says(name: str, tmp_path: Path) -> None:
    settings = initialise(tmp_path / name, {})
    opened = open_keeper(settings)
    store_nonce(opened)
    store_tip(opened)
    assert settle(opened.store, opened.blobs).forgotten is Forgotten.DONE
    opened.store.close()
    assert {path.name for path in tmp_path.iterdir()} == {name}
    made = {"intake.db", "intake.toml", "log.key", "log.policy", "blobs"}
    assert {path.name for path in (tmp_path / name).iterdir()} == made
    elsewhere = initialise(tmp_path / "data", {"database": f"sqlite:///{tmp_path / name}.db"})
    assert (tmp_path / f"{name}.db").exists()
    open_keeper(elsewhere).store.close()


def test_files_of_the_database_are_for_their_owner_only_wherever_they_lie(tmp_path: Path) -> None:
    settings = initialise(tmp_path / "data", {"database": f"sqlite:///{tmp_path}/elsewhere.db"})
    opened = open_keeper(settings)
    store_nonce(opened)
    files = list(tmp_path.glob("elsewhere.db*"))
    assert len(files) == 3
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    opened.store.close()


def store_nonce(server: Keeper) -> None:
    with server.store.writing() as session:
        session.add(Nonce(value=secrets.token_hex(16), expires=0))


def store_tip(server: Keeper) -> None:
    with server.store.writing() as session:
        session.add(tip(7))


def test_the_store_is_for_its_owner_only(server: Keeper) -> None:
    data: Path = server.settings.data
    assert data.stat().st_mode & 0o077 == 0
    assert server.settings.log_key.stat().st_mode & 0o077 == 0
