"""The migrations make the schema that the models describe, up, down and up again."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from crypto.age import stanza_count
from crypto.merkle import leaf_hash
from earlier import before_days, before_signatures
from intake.protocol.actions import Action
from intake.protocol.entry import Entry
from intake.storage import migrate, schema
from intake.storage.migrate import config
from intake.storage.schema import SchemaError
from intake.storage.store import Store
from intake.storage.tables import Base


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'intake.db'}"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store that the program filled when it knew the first schema only."""
    return before_signatures(tmp_path / "earlier").data / "intake.db"


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    store = Store(url)
    with store.engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    store.close()
    return found


def differences(url: str) -> list[object]:
    store = Store(url)
    with store.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    store.close()
    return list(found)


def tables(url: str) -> set[str]:
    store = Store(url)
    names = set(inspect(store.engine).get_table_names())
    store.close()
    return names


def test_reports_from_before_sources_could_choose_are_withdrawn_at_once(old: Path) -> None:
    url = f"sqlite:///{old}"
    migrate.upgrade(url)
    found = rows(url, "SELECT slowly, leaving, word FROM tip")
    assert found
    assert set(found) == {(0, None, None)}


def test_from_nothing_down_and_up_again_gives_the_models_schema(url: str) -> None:
    command.upgrade(config(url), "head")
    assert differences(url) == []
    command.downgrade(config(url), "base")
    assert tables(url) == {"alembic_version"}
    command.upgrade(config(url), "head")
    assert differences(url) == []


def test_every_revision_goes_down_and_up_again(url: str) -> None:
    for revision in reversed(list(ScriptDirectory.from_config(config(url)).walk_revisions())):
        command.upgrade(config(url), revision.revision)
        before = tables(url)
        command.downgrade(config(url), "-1")
        command.upgrade(config(url), revision.revision)
        assert tables(url) == before


def test_rows_with_random_ids_have_no_rowid_that_would_tell_their_order(url: str) -> None:
    migrate.upgrade(url)
    store = Store(url)
    with store.engine.connect() as connection:
        made = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
    store.close()
    without = {name for name, sql in made if "WITHOUT ROWID" in sql}
    assert {"tip", "item", "nonce", "hidden", "added", "withdrawal", "day"} <= without


def test_the_revisions_that_a_server_knows_are_those_that_alembic_finds(url: str) -> None:
    found = ScriptDirectory.from_config(config(url))
    assert schema.revisions() == tuple(script.revision for script in reversed(list(found.walk_revisions())))
    assert schema.revisions()[-1] == found.get_current_head()


def test_a_store_of_the_newest_version_is_served(url: str) -> None:
    migrate.upgrade(url)
    with closing(Store(url)) as store:
        schema.require_newest(store)


def test_a_store_without_a_version_or_of_an_older_one_is_refused_with_what_to_do(url: str) -> None:
    with closing(Store(url)) as store, pytest.raises(SchemaError, match=r"older .*intake init"):
        schema.require_newest(store)
    command.upgrade(config(url), "0003")
    with closing(Store(url)) as store, pytest.raises(SchemaError, match=r"older .*intake init"):
        schema.require_newest(store)


def test_a_store_of_a_later_version_is_neither_served_nor_changed(url: str) -> None:
    migrate.upgrade(url)
    with closing(Store(url)) as store, store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with closing(Store(url)) as store, pytest.raises(SchemaError, match="newer"):
        schema.require_newest(store)
    with pytest.raises(SchemaError, match="newer"):
        migrate.upgrade(url)
    assert rows(url, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_store_of_the_first_schema_gets_the_hash_of_every_entry_and_loses_nothing(old: Path) -> None:
    url = f"sqlite:///{old}"
    before = rows(url, "SELECT [index], body FROM log_entry ORDER BY [index]")
    migrate.upgrade(url)
    assert rows(url, "SELECT [index], body FROM log_entry ORDER BY [index]") == before
    assert rows(url, "SELECT leaf FROM log_entry ORDER BY [index]") == [(leaf_hash(body),) for _, body in before]
    command.downgrade(config(url), "0001")
    assert rows(url, "SELECT * FROM log_entry ORDER BY [index]") == before


def test_a_store_of_before_days_gets_the_parts_of_every_summary_and_loses_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{before_days(tmp_path / 'earlier').data / 'intake.db'}"
    summaries = rows(url, "SELECT id, summary FROM tip ORDER BY id")
    others = ["SELECT * FROM item", "SELECT * FROM withdrawal", "SELECT * FROM nonce"]
    others.append("SELECT [index], leaf, body FROM log_entry")
    before = [rows(url, query) for query in others]
    migrate.upgrade(url)
    assert len(summaries) == 2
    for name, header, payload in rows(url, "SELECT id, header, payload FROM tip"):
        assert (name, header + payload) in summaries
        assert stanza_count(header) == 1, "the header alone is one"
    assert [rows(url, query) for query in others] == before
    entries = rows(url, "SELECT [index], body FROM log_entry ORDER BY [index]")
    enrolled = [(index,) for index, body in entries if b'"action":"enrol"' in body]
    assert rows(url, "SELECT [index] FROM log_entry WHERE rules ORDER BY [index]") == enrolled != []
    stale = {(day, None) for (day,) in rows(url, "SELECT day FROM tip UNION SELECT day FROM item")}
    assert set(rows(url, "SELECT day, digest FROM day")) == stale, "no digest is known yet, and no day is forgotten"
    command.downgrade(config(url), "0003")
    assert rows(url, "SELECT id, summary FROM tip ORDER BY id") == summaries


def test_entries_that_restrict_tips_rule_from_then_on(url: str) -> None:
    command.upgrade(config(url), "0015")
    restricts, renews = (
        Entry(datetime(2026, 1, 1, tzinfo=UTC), 'me","objects":["member/1"', Action.RENEW, objects).to_bytes()
        for objects in (("member/1", "tip/1"), ("tip/1",))
    )
    with closing(Store(url)) as store, store.engine.begin() as connection:
        for place, line in enumerate((restricts, renews)):
            values = {"place": place, "line": line}
            connection.execute(
                text("INSERT INTO log_entry ([index], leaf, body, rules) VALUES (:place, x'00', :line, 0)"), values
            )
    migrate.upgrade(url)
    assert rows(url, "SELECT [index], rules FROM log_entry ORDER BY [index]") == [(0, 1), (1, 0)]


def test_a_damaged_summary_stays_as_it_was(tmp_path: Path) -> None:
    url = f"sqlite:///{before_days(tmp_path / 'earlier').data / 'intake.db'}"
    with closing(Store(url)) as store, store.engine.begin() as connection:
        connection.execute(text("UPDATE tip SET summary = x'0102'"))
    migrate.upgrade(url)
    assert rows(url, "SELECT header, payload FROM tip") == [(b"", b"\1\2")] * 2
