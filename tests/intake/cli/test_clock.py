"""What the operator is asked where this machine's clock and the log are far apart, and how the log is put right."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commands import INTAKE, environment
from crypto.note import SigningKey
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.cli import main
from intake.keeper import open_keeper, read_log_key
from intake.protocol.card import Role, issue_card
from intake.settings import load
from intake.storage.tables import Tip
from ports import free_port
from servers import listening, serving

pytestmark = pytest.mark.slow

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `intake …` on a data directory of its own; `typed` is what is answered."""
    monkeypatch.setenv("INTAKE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    for name in ("amina", "boris"):
        Path(f"{name}.card").write_text(issue_card(Role.AUDITOR, SigningKey.generate(name), None).text)

    def invoke(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, list(arguments), input=typed)

    assert invoke("init").exit_code == 0
    return invoke


@pytest.fixture
def enrolled(run: Run) -> Callable[[timedelta], None]:
    """Somebody was enrolled while the clock was off by so much."""

    def enrol(off: timedelta) -> None:
        server = open_keeper(load())
        log = LogAppender(read_log_key(server.settings.log_key), lambda: datetime.now(UTC) + off)
        members.enrol(server.store, log, issue_card(Role.AUDITOR, SigningKey.generate("first"), None))
        server.store.close()

    return enrol


@pytest.mark.parametrize(
    "arguments", [["auditor", "enrol", "amina.card"], ["auditor", "revoke", "first"]], ids=" ".join
)
def test_a_far_jump_of_the_time_is_shown_and_asked_about(
    arguments: list[str], run: Run, enrolled: Callable[[timedelta], None]
) -> None:
    enrolled(timedelta(days=-40))
    before = run("auditor", "list").output
    for typed in ("n\n", None):
        refused = run(*arguments, typed=typed)
        assert refused.exit_code != 0
        assert f"This machine's clock says {datetime.now(UTC):%Y-%m-%d}" in refused.output
        assert "--clock-is-right" in refused.output
        assert run("auditor", "list").output == before
    assert run(*arguments, typed="y\n").exit_code == 0
    assert run("auditor", "list").output != before


def test_a_script_says_that_the_clock_is_right(run: Run, enrolled: Callable[[timedelta], None]) -> None:
    enrolled(timedelta(days=-40))
    assert run("auditor", "enrol", "amina.card", "--clock-is-right").exit_code == 0
    assert run("auditor", "enrol", "boris.card").exit_code == 0


def test_a_log_that_is_ahead_is_set_back_once_somebody_says_so(run: Run, enrolled: Callable[[timedelta], None]) -> None:
    enrolled(timedelta(days=365))
    assert "--clock-is-right" in run("clock", "correct", typed="n\n").output
    done = run("clock", "correct", typed="y\n")
    assert (done.exit_code, f"The log's time is {datetime.now(UTC):%Y-%m-%d}" in done.output) == (0, True)
    again = run("clock", "correct", "--clock-is-right")
    assert (again.exit_code != 0, "nothing to correct" in again.output) == (True, True)


@pytest.mark.parametrize(
    ("name", "says"), [("first", "enrolled already"), ("First", "looks like that of first"), ("fіrst", "looks like")]
)
def test_a_card_whose_name_is_or_looks_like_a_members_is_not_enrolled(
    name: str, says: str, run: Run, enrolled: Callable[[timedelta], None]
) -> None:
    enrolled(timedelta(0))
    Path("other.card").write_text(issue_card(Role.AUDITOR, SigningKey.generate(name), None).text)
    refused = run("auditor", "enrol", "other.card")
    assert (refused.exit_code != 0, says in refused.output) == (True, True)


def test_no_keys_are_made_for_a_name_that_nobody_could_tell(run: Run) -> None:
    Path("passphrase").write_text("long enough\n")
    for name in ("am\u3164ina", "opеrator"):
        refused = run("key", "new", name, "-o", "x.key", "--passphrase-file", "passphrase")
        assert (refused.exit_code != 0, Path("x.key").exists()) == (True, False)


def test_settling_deletes_nothing_for_its_age_by_a_clock_far_ahead_of_the_log(
    run: Run, enrolled: Callable[[timedelta], None]
) -> None:
    enrolled(timedelta(days=-900))
    server = open_keeper(load())
    then = datetime.now(UTC).date() - timedelta(days=899)
    with server.store.writing() as session:
        session.add(Tip(id=bytes(16), day=then, header=b"header", payload=b"s", recipient="r", lookup=bytes(32)))
    server.store.close()
    assert "0 reports were older" in run("settle").output
    assert "1 reports were older" in run("settle", "--clock-is-right").output


@pytest.mark.parametrize("application", ["source", "desk"])
@pytest.mark.parametrize(("ahead", "said"), [(timedelta(hours=3), True), (timedelta(minutes=1), False)])
def test_a_server_says_at_its_start_that_the_log_is_ahead_of_its_clock(
    ahead: timedelta, said: bool, application: str, enrolled: Callable[[timedelta], None], tmp_path: Path
) -> None:
    enrolled(ahead)
    port = free_port()
    variables = environment(tmp_path / "data", **listening(application, port))
    with serving([*INTAKE, "serve", application], port, tmp_path / "printed", variables) as server:
        printed = server.stop()
    assert ("this machine's clock says" in printed) is said
    assert ("intake clock correct" in printed) is said
