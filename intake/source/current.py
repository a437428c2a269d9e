"""The server behind the current request, and what was read of its directory when the site started."""

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app
from flask.blueprints import BlueprintSetupState
from flask.sansio.app import App

from intake.server import Server

_SERVER = "intake"


def set_server(app: Flask, server: Server) -> None:
    """Let this be the server of an application."""
    app.extensions[_SERVER] = server


def server_of(app: App) -> Server:
    """The server of an application."""
    return app.extensions[_SERVER]  # type: ignore[no-any-return]


def current_server() -> Server:
    """The server behind the current request."""
    return server_of(current_app)


def read_at_start(state: BlueprintSetupState, name: str, read: Callable[[Server], Any]) -> None:
    """Keep what `read` makes of the server in the application's extensions, under this name."""
    state.app.extensions[name] = read(server_of(state.app))
