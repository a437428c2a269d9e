"""The schema's migrations, run from the program itself."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from intake.storage.store import Store

_MIGRATIONS = Path(__file__).parents[2] / "migrations"


class SchemaError(RuntimeError):
    """The store's schema is not the one that this version of the program needs."""


def config(url: str) -> Config:
    """Alembic's configuration for the store behind `url`."""
    settings = Config()
    settings.set_main_option("script_location", str(_MIGRATIONS))
    settings.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return settings


def upgrade(url: str) -> None:
    """Bring the schema to the newest revision."""
    command.upgrade(config(url), "head")


def require_newest(store: Store) -> None:
    """Raise `SchemaError` unless the schema is at the newest revision."""
    newest = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    with store.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    if present != newest:
        raise SchemaError("the store's schema is not this version's; run 'intake init' to bring it up to date")
