"""The auditor's pages, served on 127.0.0.1 until Ctrl-C."""

from socket import socket

from intake.audit.pages.app import create_app
from intake.audit.pages.shown import Shown
from intake.triage.pages.place import Place
from intake.triage.process.server import Server


def serve(listening: socket, shown: Shown, place: Place) -> None:
    """Answer whoever opens the place's address, once. Returns when it is interrupted.

    One process: what it holds is the log, which is no secret to whoever may audit it, and a key that opens no report.
    """
    server = Server(listening, create_app(shown, place), place)
    try:
        server.serve_forever()
    finally:
        server.server_close()
