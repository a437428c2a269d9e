"""Transactions: many writers wait for each other, and what is deleted is gone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text

from intake.server import Server
from intake.storage.tables import Nonce, Tip


def tip(number: int) -> Tip:
    name = number.to_bytes(16, "big")
    return Tip(id=name, day=date(2026, 1, 1), summary=b"sealed", recipient="age1pq1", lookup=name * 2)


def test_eight_threads_that_read_then_write_lose_nothing(server: Server) -> None:
    def count_up(_: int) -> None:
        with server.store.writing() as session:
            present = len(session.scalars(select(Nonce.value)).all())
            session.add(Nonce(value=f"{present:032}", expires=0))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count_up, range(160)))
    with server.store.reading() as session:
        assert len(session.scalars(select(Nonce.value)).all()) == 160


def test_a_transaction_that_fails_leaves_nothing(server: Server) -> None:
    def fail() -> None:
        with server.store.writing() as session:
            session.add(tip(1))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with server.store.reading() as session:
        assert session.scalars(select(Tip.id)).all() == []


def test_what_is_committed_is_synced_to_the_disk(server: Server) -> None:
    with server.store.reading() as session:
        assert session.scalar(text("PRAGMA synchronous")) == 2
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA secure_delete")) == 1


def test_the_store_is_for_its_owner_only(server: Server) -> None:
    data: Path = server.settings.data
    assert data.stat().st_mode & 0o077 == 0
    assert server.settings.log_key.stat().st_mode & 0o077 == 0
