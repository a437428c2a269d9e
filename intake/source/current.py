"""The server behind the current request."""

from flask import Flask, current_app
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
