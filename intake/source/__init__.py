"""The site for sources: guidance, a codename, the report, what follows, and the replies. No JavaScript, one cookie."""

from intake.server import Server
from intake.server import open_server as open_any
from intake.settings import Settings
from intake.source.app import create_app

__all__ = ["create_app", "open_server"]


def open_server(settings: Settings) -> Server:
    """Open the server, as `intake.server` does; `LogDamagedError` if it is not certain who is enrolled."""
    server = open_any(settings)
    with server.store.reading() as session:
        server.members.roster(session)
    return server
