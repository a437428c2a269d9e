"""The command line as a newcomer meets it: help that says enough, and one plain line for whatever is wrong."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from crypto.policy import parse_policy
from intake.cli import main
from intake.keeper import open_keeper
from intake.settings import load
from intake.storage.store import Store
from intake.storage.tables import Withdrawal
from policies import policy_file

pytestmark = pytest.mark.slow

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `intake …` with a data directory of its own."""
    monkeypatch.setenv("INTAKE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "passphrase").write_text("long enough\n")
    policy_file(tmp_path)

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
    ["", "init", "key new", "key split", "key join", "key passphrase", "key card", "rule",
     "reviewer enrol", "reviewer revoke", "reviewer list", "auditor enrol", "auditor revoke", "auditor list",
     "clock correct", "serve", "settle", "cosign",
     "triage", "audit verify", "audit mirror", "audit witness", "audit evidence",
     "audit prove", "audit proof",
     "age", "demo"],
)  # fmt: skip
def test_every_command_explains_itself(command: str, run: Run) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert len(result.output) > 120


def test_the_help_names_every_command(run: Run) -> None:
    listed = run("--help").output
    for name in (
        "init",
        "key",
        "reviewer",
        "auditor",
        "rule",
        "clock",
        "serve",
        "settle",
        "cosign",
        "triage",
        "rewrap",
        "audit",
        "age",
        "demo",
    ):
        assert f"\n  {name} " in listed


def test_init_asks_nothing_and_says_where_the_logs_keys_are(run: Run, tmp_path: Path) -> None:
    result = run("init", "--team", "The Desk")
    assert result.exit_code == 0
    log = parse_policy((tmp_path / "data" / "log.policy").read_bytes()).log
    assert str(tmp_path / "data" / "log.policy") in result.output
    assert log.fingerprint in result.output
    assert 'team = "The Desk"' in (tmp_path / "data" / "intake.toml").read_text("utf-8")


def test_new_keys_are_sealed_and_the_card_is_not(run: Run, card: str, tmp_path: Path) -> None:
    assert (tmp_path / "amina.key").read_bytes().startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert (tmp_path / "amina.key").stat().st_mode & 0o077 == 0
    assert "AGE-SECRET-KEY" not in (tmp_path / card).read_text("utf-8")


def test_existing_keys_are_not_overwritten(run: Run, card: str, tmp_path: Path) -> None:
    held = (tmp_path / "amina.key").read_bytes()
    result = run("key", "new", "amina", "--passphrase-file", "passphrase")
    assert result.exit_code == 2
    assert (tmp_path / "amina.key").read_bytes() == held


def test_the_private_keys_are_not_written_where_the_card_goes(run: Run, tmp_path: Path) -> None:
    result = run("key", "new", "boris", "-o", "boris.card", "--passphrase-file", "passphrase")
    assert result.exit_code == 2
    assert "boris.card would be the card's name" in result.output
    assert not (tmp_path / "boris.card").exists()


def test_an_existing_card_is_not_overwritten_and_no_key_is_made(run: Run, tmp_path: Path) -> None:
    (tmp_path / "boris.card").write_text("another's")
    result = run("key", "new", "boris", "--passphrase-file", "passphrase")
    assert (result.exit_code, "boris.card exists already" in result.output) == (2, True)
    assert (tmp_path / "boris.card").read_text() == "another's"
    assert not (tmp_path / "boris.key").exists()


def test_a_passphrase_that_is_too_short_leaves_no_card_behind(run: Run, tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text("short\n")
    assert run("key", "new", "boris", "--passphrase-file", "passphrase").exit_code == 2
    assert not list(tmp_path.glob("boris.*"))


def test_the_passphrase_file_may_be_named_in_the_environment(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("INTAKE_PASSPHRASE_FILE", "passphrase")
    assert run("key", "new", "boris").exit_code == 0
    assert run("init").exit_code == 0


def test_init_makes_the_store_where_the_environment_says(
    run: Run, card: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("INTAKE_DATABASE", f"sqlite:///{tmp_path}/elsewhere.db")
    assert run("init").exit_code == 0
    assert (tmp_path / "elsewhere.db").exists()
    assert not (tmp_path / "data" / "intake.db").exists()
    assert run("reviewer", "enrol", card).exit_code == 0


def test_init_follows_an_intake_toml_that_is_there(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "intake.toml").write_text(f'database = "sqlite:///{tmp_path}/elsewhere.db"\n')
    assert run("init").exit_code == 0
    assert (tmp_path / "elsewhere.db").exists()
    assert run("reviewer", "list").exit_code == 0


def test_init_with_a_wrong_setting_names_it_and_writes_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("INTAKE_LIMIT_PAGES", "many")
    result = run("init")
    assert (result.exit_code, "limit_pages must be a limit" in result.output) == (2, True)
    assert not (tmp_path / "data").exists()


def test_init_says_that_the_team_of_an_existing_directory_stays(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "stays" not in run("init", "--team", 'The "Free" team').output
    assert "stays" not in run("init").output
    assert "The team stays 'The \"Free\" team', as" in run("init", "--team", "Other").output
    monkeypatch.setenv("INTAKE_TEAM", "Third")
    assert "The team stays 'Third', as INTAKE_TEAM says" in run("init", "--team", "Other").output


def test_a_store_that_cannot_be_opened_is_told_with_its_setting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init")
    monkeypatch.setenv("INTAKE_DATABASE", "sqlite:////nowhere/at/all.db")
    for command in (["init"], ["reviewer", "list"], ["settle"]):
        result = run(*command)
        assert result.exit_code == 2
        assert result.output.startswith("Error: database: the store can't be opened")


def test_a_reviewer_is_enrolled_listed_and_revoked(run: Run, card: str) -> None:
    run("init")
    assert "amina is enrolled as a reviewer" in run("reviewer", "enrol", card).output
    assert "active" in run("reviewer", "list").output
    assert run("reviewer", "revoke", "amina").exit_code == 0
    assert "until" in run("reviewer", "list").output


def test_the_words_of_a_key_are_the_same_for_whoever_made_it_and_whoever_enrols_it(run: Run) -> None:
    run("init")
    made = run("key", "new", "amina", "--passphrase-file", "passphrase").output
    (words,) = re.findall(r"in words: +((?:[a-z]+ ?){12})\n", made)
    assert f"in words:  {words}\n" in run("reviewer", "enrol", "amina.card").output
    assert words in run("key", "card", "amina.key", "-o", "again.card", "--passphrase-file", "passphrase").output
    assert Path("again.card").read_bytes() == Path("amina.card").read_bytes()


def test_once_ruled_the_operator_enrols_no_reviewer_alone_and_the_list_says_so(run: Run, card: str) -> None:
    run("init")
    run("reviewer", "enrol", card)
    assert "The operator enrols alone" in run("reviewer", "list").output
    assert run("rule", "vouches", "2").output == "vouches is 2 from now on.\n"
    for name, role in (("boris", "reviewer"), ("carla", "auditor")):
        run("key", "new", name, "--role", role, "--passphrase-file", "passphrase")
    refused = run("reviewer", "enrol", "boris.card")
    assert (refused.exit_code, "reviewers must vouch for them: 1 of those there are" in refused.output) == (2, True)
    assert run("auditor", "enrol", "carla.card").exit_code == 0
    assert "needs the word of 2, or of all others" in run("reviewer", "list").output
    assert "word of" not in run("auditor", "list").output
    for count in ("1", "2"):
        lowered = run("rule", "vouches", count)
        assert (lowered.exit_code, "vouches is 2, and can't be made less" in lowered.output) == (2, True)
    for count in ("0", "10", "many"):
        assert run("rule", "vouches", count).exit_code == 2


def test_a_lead_is_made_of_a_reviewer_by_another_card_of_the_same_keys(run: Run, card: str) -> None:
    run("init")
    run("reviewer", "enrol", card)
    as_lead = ("--role", "lead", "-o", "lead.card", "--passphrase-file", "passphrase")
    assert run("key", "card", "amina.key", *as_lead).exit_code == 0
    assert "amina is enrolled as a lead." in run("reviewer", "enrol", "lead.card").output
    listed = run("reviewer", "list").output
    assert listed.count("amina") == 1
    assert ", lead\n" in listed
    assert run("key", "card", "amina.key", *as_lead).exit_code == 2
    refused = run("key", "card", "amina.key", "--role", "auditor", "-o", "a.card", "--passphrase-file", "passphrase")
    assert (refused.exit_code, "not those of an auditor" in refused.output) == (2, True)
    assert not Path("a.card").exists()
    assert run("reviewer", "revoke", "amina").output.endswith("is no longer a lead.\n")


def test_a_key_file_opens_with_its_new_passphrase_alone(run: Run, card: str) -> None:
    Path("new").write_text("another one\n")
    before = Path("amina.key").read_bytes()
    change = ("key", "passphrase", "amina.key", "--passphrase-file", "passphrase", "--new-passphrase-file", "new")
    assert run(*change).exit_code == 0
    assert Path("amina.key").read_bytes() != before
    assert Path("amina.key").stat().st_mode & 0o077 == 0
    assert run(*change).output == "Error: the passphrase is not right\n"
    again = run("key", "card", "amina.key", "-o", "again.card", "--passphrase-file", "new")
    assert again.exit_code == 0
    assert Path("again.card").read_bytes() == Path(card).read_bytes()
    Path("short").write_text("short\n")
    kept = Path("amina.key").read_bytes()
    refused = run("key", "passphrase", "amina.key", "--passphrase-file", "new", "--new-passphrase-file", "short")
    assert (refused.exit_code, "at least 8 characters" in refused.output) == (2, True)
    assert Path("amina.key").read_bytes() == kept


def test_a_name_that_comes_back_after_its_key_was_lost_is_told_with_the_key_it_had(run: Run, card: str) -> None:
    run("init")
    enrolled = run("reviewer", "enrol", card).output
    (fingerprint,) = re.findall(r"in digits: ((?:[0-9a-f]{4} ?){8})\n", enrolled)
    assert "was enrolled before" not in enrolled
    run("reviewer", "revoke", "amina")
    run("key", "new", "amina", "-o", "new.key", "--passphrase-file", "passphrase")
    assert f"enrolled before, with the key {fingerprint}" in run("reviewer", "enrol", "new.card").output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["reviewer", "enrol", "passphrase"], "not a card, or not all of one: ask for it once more"),
        (["auditor", "enrol", "amina.card"], "this is the card of a reviewer; use 'intake reviewer enrol'"),
        (["reviewer", "revoke", "nobody"], "there is no active reviewer of this name"),
        (["reviewer", "enrol", "nowhere.card"], "does not exist"),
        (["nonsense"], "No such command"),
        (["key", "new", "two words", "--passphrase-file", "passphrase"], "spaces"),
        (["key", "new", "operator", "--passphrase-file", "passphrase"], "nobody may be called operator"),
        (["key", "new", "boris", "--passphrase-file", "binary"], "binary is not text in UTF-8"),
        (
            ["key", "new", "boris", "-o", "no/boris.key", "--passphrase-file", "passphrase"],
            "Error: no/boris.card: No such",
        ),
        (["reviewer", "enrol", "binary"], "ask for it once more"),
        (["reviewer", "enrol", "carla.card"], "this is the card of an auditor"),
        (["age", "-R", "binary", "passphrase"], "binary is in UTF-16"),
    ],
)
def test_a_wrong_input_gets_one_plain_line(arguments: list[str], says: str, run: Run, card: str) -> None:
    run("init")
    run("key", "new", "carla", "--role", "auditor", "--passphrase-file", "passphrase")
    Path("binary").write_bytes(b"\xff\xfe")
    result = run(*arguments)
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 2
    assert says in result.output


LOG = "log.policy"
DESK = ["--desk", "http://127.0.0.1:9", "--policy", LOG]


@pytest.mark.parametrize("command", [["triage"], ["audit", "verify", "--passphrase-file", "passphrase"]], ids=" ".join)
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["--key", "amina.key", "--desk", "127.0.0.1:8112", "--policy", LOG],
            "--desk must be an address such as http://",
        ),
        (["--key", "amina.key", "--desk", "http://x.onion/desk", "--policy", LOG], "--desk must be an address"),
        (["--key", "amina.key", "--desk", "http://x.onion", "--policy", LOG], "an onion address needs --proxy"),
        (["--key", "amina.key", "--desk", "http://x:99999", "--policy", LOG], "--desk must be an address"),
        (["--key", "amina.key", *DESK, "--proxy", "foo"], "--proxy must be an address such as socks5h://"),
        (["--key", "amina.key", *DESK, "--proxy", "127.0.0.1:9050"], "--proxy must be an address"),
        (["--key", "amina.key", *DESK, "--home", "passphrase/below"], "--home must be a directory that can be written"),
        (
            ["--key", "amina.key", *DESK, "--policy", "passphrase"],
            "--policy must name the file that",
        ),
        (["--key", "amina.key"], "the first time, --desk must say"),
        (["--key", "amina.card", *DESK], "amina.card is not a key file of this program"),
        (["--key", "passphrase", *DESK], "passphrase is not a key file of this program"),
    ],
)
def test_a_program_that_cannot_work_says_so_at_its_start(
    command: list[str], arguments: list[str], says: str, run: Run, card: str
) -> None:
    result = run(*command, "--home", "home", *arguments)
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 2
    assert says in result.output


@pytest.mark.parametrize("port", ["0", "99999", "-1"])
@pytest.mark.parametrize("command", [["triage", "--key", "amina.key", *DESK], ["demo"]], ids=["triage", "demo"])
def test_a_port_that_there_is_not_is_refused(command: list[str], port: str, run: Run, card: str) -> None:
    result = run(*command, "--port", port)
    assert (result.exit_code, "'--port'" in result.output) == (2, True)


def test_the_same_card_is_enrolled_once(run: Run, card: str) -> None:
    run("init")
    run("reviewer", "enrol", card)
    result = run("reviewer", "enrol", card)
    assert (result.exit_code, result.output) == (2, "Error: this key was enrolled before\n")


@pytest.mark.parametrize("command", ["reviewer list", "serve source", "settle"])
def test_without_a_data_directory_the_setting_is_named_with_what_to_do(command: str, run: Run) -> None:
    result = run(*command.split())
    assert result.exit_code == 2
    assert "INTAKE_DATA" in result.output
    assert "intake init" in result.output


def test_settling_forgets_withdrawals_that_are_older_than_reports_are_kept(run: Run, tmp_path: Path) -> None:
    run("init")
    store = Store(f"sqlite:///{tmp_path / 'data' / 'intake.db'}")
    old, new = (
        Withdrawal(tip_id=bytes([number]) * 16, day=day, signature=bytes(64))
        for number, day in enumerate((date(2020, 1, 1), datetime.now(UTC).date()))
    )
    with store.writing() as session:
        session.add_all([old, new])
    assert run("settle").exit_code == 0
    with store.reading() as session:
        assert session.scalars(select(Withdrawal.tip_id)).all() == [bytes([1]) * 16]
    store.close()


def test_a_rule_is_in_the_log_and_what_protects_reports_is_never_made_less(run: Run, tmp_path: Path) -> None:
    run("init")
    assert run("rule", "countdown", "14").output == "countdown is 14 from now on.\n"
    for number, says in (("14", "countdown is 14, and can't be made less"), ("91", "a number from 1 to 90")):
        result = run("rule", "countdown", number)
        assert (result.exit_code, says in result.output) == (2, True)
    assert run("rule", "vetoes", "1").exit_code == 2
    server = open_keeper(load({"INTAKE_DATA": str(tmp_path / "data")}))
    with server.store.reading() as session:
        rules = server.log.deletions(session).rules
    server.store.close()
    assert (rules["countdown"], rules["deleters"], rules["retention"]) == (14, 2, None)
