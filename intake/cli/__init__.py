"""The command `intake`.

Each subcommand is a module, loaded when it is called: a reviewer's machine lacks the server's packages.
"""

import importlib
from typing import Any

import click

_COMMANDS = {
    "init": ("intake.cli.init:init", "server", "Fill the data directory: settings, keys of the log, the store."),
    "key": ("intake.cli.key:key", "triage", "Make the keys of a reviewer or an auditor."),
    "reviewer": ("intake.cli.members:reviewer", "server", "Enrol and revoke reviewers (on the server)."),
    "auditor": ("intake.cli.members:auditor", "server", "Enrol and revoke auditors (on the server)."),
    "clock": (
        "intake.cli.clock:clock",
        "server",
        "Put the log's time right after the clock was wrong (on the server).",
    ),
    "serve": ("intake.cli.serve:serve", "server", "Run the source site or the desk API."),
    "settle": ("intake.cli.settle:settle", "server", "Rewrite the store so that it hides the order of arrival."),
    "triage": ("intake.cli.triage:triage", "triage", "Read and work the reports (on a reviewer's machine)."),
    "audit": ("intake.cli.audit:audit", "triage", "Check the access log (on an auditor's machine)."),
    "age": ("intake.cli.age:age", "triage", "Encrypt and decrypt files in the age format."),
    "demo": ("intake.cli.demo:demo", "server,triage", "Run everything on this machine, with ten invented reports."),
}


class _LazyGroup(click.Group):
    """Knows its commands by name; imports the one that is asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        place, extra, _ = _COMMANDS[cmd_name]
        module, _, name = place.partition(":")
        try:
            command: click.Command = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as error:
            # Not "pip install intake": the package of that name in the registry is somebody else's.
            ctx.fail(
                f"'{cmd_name}' needs packages that are not installed ({error.name}); "
                f"in this project's directory: pip install '.[{extra}]'"
            )
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # From the table, so that the help never needs what is not installed.
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, _, says) in _COMMANDS.items()])


@click.command(cls=_LazyGroup)
@click.version_option(package_name="intake", message="intake %(version)s")
def main(**_options: Any) -> None:
    """Anonymous reports of pressure on families, sealed to their reviewers.

    A server runs 'init', 'reviewer enrol' and 'serve'. A reviewer runs 'key new' and 'triage' on their own machine, an
    auditor 'key new' and 'audit verify'. To look around first, run 'demo'.
    """
