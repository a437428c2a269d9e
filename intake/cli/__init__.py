"""The command `intake`.

Each subcommand is a module, loaded when it is called: a reviewer's machine lacks the server's packages.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import click

from intake.cli.common import Group
from intake.cli.trouble import MEANINGS, Status, drop_output, finish_output, report, say_what_is_waited_for
from intake.terminal import keep_output_whole

_COMMANDS = {
    "init": ("intake.cli.init:init", "server", "Fill the data directory: settings, keys of the log, the store."),
    "key": ("intake.cli.key:key", "triage", "Make the keys of a reviewer or an auditor; change their passphrase."),
    "reviewer": ("intake.cli.members:reviewer", "server", "Enrol and revoke reviewers (on the server)."),
    "auditor": ("intake.cli.members:auditor", "server", "Enrol and revoke auditors (on the server)."),
    "clock": (
        "intake.cli.clock:clock",
        "server",
        "Put the log's time right after the clock was wrong (on the server).",
    ),
    "rule": ("intake.cli.rule:rule", "server", "Set a number that members go by, in the log (on the server)."),
    "serve": ("intake.cli.serve:serve", "server", "Run the source site or the desk API."),
    "settle": ("intake.cli.settle:settle", "server", "Delete reports that are too old; hide the order of arrival."),
    "cosign": (
        "intake.cli.cosign:cosign",
        "server",
        "Have the log's newest checkpoint cosigned by its witnesses (on the server).",
    ),
    "backup": ("intake.cli.backup:backup", "server", "Write a copy of the store and all attachments."),
    "restore": ("intake.cli.backup:restore", "server", "Put such a copy back, and have the log say so."),
    "triage": ("intake.cli.triage:triage", "triage", "Read and work the reports (on a reviewer's machine)."),
    "rewrap": ("intake.cli.rewrap:rewrap", "triage", "Let a colleague read older reports (on a reviewer's machine)."),
    "audit": ("intake.cli.audit:audit", "triage", "Check the access log (on an auditor's machine)."),
    "age": ("intake.cli.age:age", "triage", "Encrypt and decrypt files in the age format."),
    "demo": ("intake.cli.demo:demo", "server,triage", "Run everything on this machine, with ten invented reports."),
}


class _LazyGroup(Group):
    """Knows its commands by name; imports the one that is asked for. No command has to handle an error."""

    def main(  # type: ignore[override]  # it never returns, whatever click is told
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run a command and exit, with a line on standard error for whatever went wrong."""
        keep_output_whole()
        say_what_is_waited_for()
        try:
            status = super().main(args, prog_name, **{**extra, "standalone_mode": False}) or Status.DONE
            finish_output()
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            status = Status.USAGE
        except BrokenPipeError:
            # Whoever reads the output, such as head, has had enough.
            drop_output()
            status = Status.FAILED
        except Exception as error:  # noqa: BLE001 - the one place where every error ends
            status = report(error)
            # What could not be written is still there: the interpreter would try again and complain in its own words.
            with suppress(OSError):
                finish_output()
        sys.exit(status)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        place, extra, _ = _COMMANDS[cmd_name]
        if "server" in extra and not hasattr(os, "O_TMPFILE"):
            ctx.fail(f"'{cmd_name}' runs on Linux only, as everything of the server does")
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

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit status"):
            formatter.write_dl([(str(int(status)), says) for status, says in MEANINGS.items()])


@click.command(cls=_LazyGroup)
@click.version_option(package_name="intake", message="intake %(version)s")
def main(**_options: Any) -> None:
    """Anonymous reports of pressure on families, sealed to their reviewers.

    A server runs 'init', 'reviewer enrol' and 'serve'. A reviewer runs 'key new' and 'triage' on their own machine, an
    auditor 'key new' and 'audit verify'. To look around first, run 'demo'.
    """
