"""Which schema a store has, and whether it is the one that this program needs.

Alembic migrates (`intake/storage/migrate.py`) and is not needed for that: who only serves a store doesn't load it.
"""

from pathlib import Path

from sqlalchemy import column, inspect, select, table

from intake.storage.store import Store
from intake.toplevel import toplevel

_VERSION = table("alembic_version", column("version_num"))
"""Where Alembic notes the revision of a store."""


class SchemaError(RuntimeError):
    """The store's schema is not the one that this version of the program needs."""


def migrations() -> Path:
    """Where the migrations are."""
    return toplevel() / "migrations"


def revisions() -> tuple[str, ...]:
    """All revisions of the schema, the newest one last: the files of migrations bear their numbers."""
    return tuple(sorted(path.name.partition("_")[0] for path in (migrations() / "versions").glob("[0-9]*_*.py")))


def require_newest(store: Store) -> None:
    """Raise `SchemaError` unless the schema is at the newest revision."""
    present = require_known(store)
    if present != revisions()[-1]:
        raise SchemaError("the store is older than this program; run 'intake init' to bring it up to date")


def require_known(store: Store) -> str | None:
    """The revision of a store, `None` if it has none yet; `SchemaError` if this program knows no such revision."""
    with store.engine.connect() as connection:
        if not inspect(connection).has_table(_VERSION.name):
            return None
        present = connection.execute(select(_VERSION.c.version_num)).scalar_one_or_none()
    if present is not None and present not in revisions():
        raise SchemaError("the store is newer than this program; run the version of intake that last opened it")
    return present
