"""The command line as a newcomer meets it: help that says enough, and one plain line for whatever is wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from intake.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `intake …` with a data directory of its own."""
    monkeypatch.setenv("INTAKE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "passphrase").write_text("long enough\n")

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))

    return invoke


@pytest.fixture
def card(run: Run) -> str:
    """The card of a reviewer with new keys."""
    assert run("key", "new", "amina", "--passphrase-file", "passphrase").exit_code == 0
    return "amina.card"


@pytest.mark.parametrize(
    "command",
    ["", "init", "key new", "reviewer enrol", "reviewer revoke", "reviewer list", "auditor enrol", "serve", "settle",
     "triage", "audit verify", "age", "demo"],
)  # fmt: skip
def test_every_command_explains_itself(command: str, run: Run) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert len(result.output) > 120


def test_the_help_names_every_command(run: Run) -> None:
    listed = run("--help").output
    for name in ("init", "key", "reviewer", "auditor", "serve", "settle", "triage", "audit", "age", "demo"):
        assert f"\n  {name} " in listed


def test_init_asks_nothing_and_prints_the_logs_public_key(run: Run, tmp_path: Path) -> None:
    result = run("init", "--team", "The Desk")
    assert result.exit_code == 0
    assert "intake-" in result.output
    assert 'team = "The Desk"' in (tmp_path / "data" / "intake.toml").read_text("utf-8")


def test_new_keys_are_sealed_and_the_card_is_not(run: Run, card: str, tmp_path: Path) -> None:
    assert (tmp_path / "amina.key").read_bytes().startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert (tmp_path / "amina.key").stat().st_mode & 0o077 == 0
    assert "AGE-SECRET-KEY" not in (tmp_path / card).read_text("utf-8")


def test_existing_keys_are_not_overwritten(run: Run, card: str, tmp_path: Path) -> None:
    held = (tmp_path / "amina.key").read_bytes()
    result = run("key", "new", "amina", "--passphrase-file", "passphrase")
    assert result.exit_code == 1
    assert (tmp_path / "amina.key").read_bytes() == held


def test_a_reviewer_is_enrolled_listed_and_revoked(run: Run, card: str) -> None:
    run("init")
    assert "amina is enrolled as reviewer" in run("reviewer", "enrol", card).output
    assert "active" in run("reviewer", "list").output
    assert run("reviewer", "revoke", "amina").exit_code == 0
    assert "until" in run("reviewer", "list").output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["reviewer", "enrol", "passphrase"], "not a valid card"),
        (["auditor", "enrol", "amina.card"], "this is the card of a reviewer; use 'intake reviewer enrol'"),
        (["reviewer", "revoke", "nobody"], "there is no active reviewer of this name"),
        (["reviewer", "enrol", "nowhere.card"], "does not exist"),
        (["nonsense"], "No such command"),
        (["key", "new", "two words", "--passphrase-file", "passphrase"], "spaces"),
    ],
)
def test_a_wrong_input_gets_one_plain_line(arguments: list[str], says: str, run: Run, card: str) -> None:
    run("init")
    result = run(*arguments)
    assert result.exit_code in (1, 2)
    assert says in result.output
    assert "Traceback" not in result.output


def test_the_same_card_is_enrolled_once(run: Run, card: str) -> None:
    run("init")
    run("reviewer", "enrol", card)
    result = run("reviewer", "enrol", card)
    assert (result.exit_code, result.output) == (1, "Error: this key was enrolled before\n")


@pytest.mark.parametrize("command", ["reviewer list", "serve source", "settle"])
def test_without_a_data_directory_the_setting_is_named_with_what_to_do(command: str, run: Run) -> None:
    result = run(*command.split())
    assert result.exit_code == 1
    assert "INTAKE_DATA" in result.output
    assert "intake init" in result.output
