"""`intake triage`."""

import secrets
import socket
from collections.abc import Iterable
from pathlib import Path

import click
from rich.progress import track
from werkzeug.serving import WSGIRequestHandler, make_server

from intake.cli.connection import connection_options, open_home
from intake.triage.app import create_app
from intake.triage.keyfile import require_key_file


class _SilentHandler(WSGIRequestHandler):
    """Prints no requests: their addresses say which report was read when, and the first holds the token."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@click.command()
@connection_options
@click.option("--port", type=click.IntRange(1, 65535), default=8003, show_default=True, help="The port on 127.0.0.1.")
def triage(key: Path, home: Path | None, desk: str | None, log: str | None, proxy: str | None, port: int) -> None:
    """Start the reviewer's program on this machine and print the address to open in a browser.

    It listens on 127.0.0.1 only, asks for the passphrase of the key file, fetches what is new from the desk and keeps
    only sealed bytes on disk. The address works once: open it yourself.
    """
    require_key_file(key)
    token = secrets.token_urlsafe(32)
    app = create_app(open_home(home, desk, log, proxy), key, token=token, port=port, progress=_progress)
    # Bound here: werkzeug prints lines of its own where the port is taken.
    with socket.create_server(("127.0.0.1", port)) as bound:
        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_SilentHandler, fd=bound.fileno())
    click.echo(f"http://127.0.0.1:{port}/?token={token}")
    click.echo("Open this address in a browser on this machine. It works once. Ctrl-C ends the program.")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


def _progress(steps: Iterable[int], says: str) -> Iterable[int]:
    return track(steps, says, transient=True)
