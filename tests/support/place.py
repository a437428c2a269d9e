"""A place to run commands in: an initialised server, a card, a key and a passphrase, in a directory of their own."""

import subprocess
from pathlib import Path

from click.testing import CliRunner, Result

from commands import INTAKE, environment, run
from intake.cli import main
from intake.cli.trouble import Status
from intake.protocol.card import Role
from intake.triage.keys.keyfile import make_keys, save_keys, write_card


class Place:
    """A directory with an initialised server, a card, a key and a passphrase."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.runner = CliRunner()
        result = self.runner.invoke(main, ["init"], env={"INTAKE_DATA": str(self.data)})
        assert result.exit_code == 0
        keys = make_keys(Role.REVIEWER, "amina")
        save_keys(directory / "amina.key", keys, "a passphrase", work_factor=4)
        write_card(directory / "amina.card", keys)
        (directory / "passphrase").write_text("a passphrase\n")

    @property
    def environment(self) -> dict[str, str]:
        """What commands here have in their environment."""
        return environment(self.data)

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """The real command."""
        return run([*INTAKE, *arguments], directory=self.directory, environment=environment(self.data, **variables))

    def call(self, *arguments: str, **variables: str) -> Result:
        """The command in this process, which must be in the place's directory."""
        return self.runner.invoke(main, arguments, env={"INTAKE_DATA": str(self.data), **variables})


def in_one_line(result: "subprocess.CompletedProcess[str] | Result", status: Status, says: str) -> None:
    """It ended with this status, and with one line on standard error that has these words."""
    code = result.exit_code if isinstance(result, Result) else result.returncode
    lines = [line for line in result.stderr.splitlines() if line]
    assert (code, len(lines)) == (status, 1), result.stderr
    assert lines[0].startswith("Error: ")
    assert says in lines[0]
