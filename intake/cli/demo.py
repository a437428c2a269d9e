"""`intake demo`."""

from pathlib import Path

import click
from rich.console import Console

from intake.cli.common import DIRECTORY, Command
from intake.demo.run import run_demo


@click.command(cls=Command)
@click.option(
    "--dir", "directory", type=DIRECTORY, default=Path("demo"), show_default=True,
    help="Where the demo keeps its store and keys.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(1, 65532), default=8001, show_default=True,
    help="The first of three ports on 127.0.0.1.",
)  # fmt: skip
def demo(directory: Path, port: int) -> None:
    """Run everything on this machine: source site, desk and one reviewer's program, with ten invented reports.

    A second run goes on from what the first one left. Nothing in it is secret: never use it for real reports.
    """
    run_demo(directory, port, Console())
