"""Alembic's environment: the models' metadata against the store that the caller names, or that the settings name."""

from alembic import context

from intake import settings
from intake.storage.store import Store
from intake.storage.tables import Base


def run() -> None:
    """Apply the migrations in one transaction, through the same connections as the program's."""
    url = context.config.attributes.get("url") or settings.load().database_url
    store = Store(url)
    with store.engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    store.close()


run()
