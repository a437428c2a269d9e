"""The schema's migrations, run by Alembic from the program itself."""

from alembic import command
from alembic.config import Config
from sqlalchemy import URL

from intake.storage.schema import migrations, require_known
from intake.storage.store import Store


def config(url: URL | str) -> Config:
    """Alembic's configuration for the store behind `url`."""
    settings = Config()
    # Alembic's options are interpolated: a "%" stands for something else.
    settings.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    settings.attributes["url"] = url
    return settings


def upgrade(url: URL | str) -> None:
    """Bring the schema to the newest revision; `SchemaError` if the store is newer than this program."""
    store = Store(url)
    try:
        require_known(store)
    finally:
        store.close()
    command.upgrade(config(url), "head")
