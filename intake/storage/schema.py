"""The schema's migrations, run from the program itself."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL

from intake.storage.store import Store
from intake.toplevel import toplevel


class SchemaError(RuntimeError):
    """The store's schema is not the one that this version of the program needs."""


def config(url: URL | str) -> Config:
    """Alembic's configuration for the store behind `url`."""
    settings = Config()
    # Alembic's options are interpolated: a "%" stands for something else.
    settings.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    settings.attributes["url"] = url
    return settings


def upgrade(url: URL | str) -> None:
    """Bring the schema to the newest revision; `SchemaError` if the store is newer than this program."""
    store = Store(url)
    try:
        _require_known(_present(store))
    finally:
        store.close()
    command.upgrade(config(url), "head")


def require_newest(store: Store) -> None:
    """Raise `SchemaError` unless the schema is at the newest revision."""
    present = _present(store)
    _require_known(present)
    if present != _scripts().get_current_head():
        raise SchemaError("the store is older than this program; run 'intake init' to bring it up to date")


def _require_known(revision: str | None) -> None:
    if revision is not None and revision not in {script.revision for script in _scripts().walk_revisions()}:
        raise SchemaError("the store is newer than this program; run the version of intake that last opened it")


def _present(store: Store) -> str | None:
    with store.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_migrations()))


def _migrations() -> Path:
    return toplevel() / "migrations"
