"""The migrations make the schema that the models describe, up, down and up again."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from crypto.merkle import leaf_hash
from intake.storage import schema
from intake.storage.schema import SchemaError, config
from intake.storage.store import Store
from intake.storage.tables import Base

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'intake.db'}"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store that the program filled when it knew the first schema only."""
    return Path(shutil.copy(DATA / "before-signatures" / "server" / "intake.db", tmp_path))


def entries(url: str, query: str) -> list[tuple[Any, ...]]:
    store = Store(url)
    with store.engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(query))]
    store.close()
    return rows


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
    schema.upgrade(url)
    store = Store(url)
    with store.engine.connect() as connection:
        made = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
    store.close()
    without = {name for name, sql in made if "WITHOUT ROWID" in sql}
    assert {"tip", "item", "nonce", "hidden", "added", "withdrawal"} <= without


def test_a_store_of_another_version_is_refused_with_what_to_do(url: str) -> None:
    store = Store(url)
    with pytest.raises(SchemaError, match="intake init"):
        schema.require_newest(store)
    store.close()


def test_a_store_of_the_first_schema_gets_the_hash_of_every_entry_and_loses_nothing(old: Path) -> None:
    url = f"sqlite:///{old}"
    before = entries(url, "SELECT [index], body FROM log_entry ORDER BY [index]")
    schema.upgrade(url)
    assert entries(url, "SELECT [index], body FROM log_entry ORDER BY [index]") == before
    assert entries(url, "SELECT leaf FROM log_entry ORDER BY [index]") == [(leaf_hash(body),) for _, body in before]
    command.downgrade(config(url), "0001")
    assert entries(url, "SELECT * FROM log_entry ORDER BY [index]") == before
