"""A log that was set back is an alarm for whoever saw more of it: declared or not, but in other words.

Only what is declared can be accepted, by a person, with a reason; the evidence stays.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from enrolled import Members
from intake.audit.verified import accept
from intake.cli import main
from intake.cli.trouble import Status
from intake.desk import create_app
from intake.keeper import Keeper
from intake.protocol.card import Role
from intake.triage.fetching.accepting import NoRestoreError
from intake.triage.keys.keyfile import MemberKeys, load_keys
from intake.triage.progress import no_progress
from open_desk import Desk
from program import PASSPHRASE, Enrol, HomeOf, Program
from set_back import Backup, back_up, set_back
from signed_client import Client
from told import queue, sync

pytestmark = pytest.mark.slow

SetBack = Callable[[bool], None]
DECLARES = "its operator declares that a copy of the server was put back on"


@pytest.fixture
def backup(desk: Desk, amina: Program, tmp_path: Path) -> Backup:
    """A copy that was made when Amina had fetched."""
    made = back_up(desk, tmp_path / "scratch")
    sync(amina)
    return made


@pytest.fixture
def restore(desk: Desk, backup: Backup, tmp_path: Path) -> Iterator[SetBack]:
    """Sets the desk back, declared or not."""
    done = []

    def put_back(declared: bool) -> None:
        done.append(set_back(desk, backup, tmp_path / "again", declared=declared))
        done[-1].__enter__()

    yield put_back
    for each in done:
        each.__exit__(None, None, None)


def kept(tmp_path: Path, folder: str) -> list[Path]:
    return sorted((tmp_path / "amina-home" / folder).glob("*"))


def test_a_declared_restore_is_an_alarm_that_says_so_and_how_much_is_lost(
    amina: Program, restore: SetBack, tmp_path: Path
) -> None:
    restore(True)
    for _ in range(3):
        # Each fetch makes the log longer, in the end longer than the one that was seen.
        shown = sync(amina)
        assert DECLARES in shown
        assert f"{datetime.now(UTC):%Y-%m-%d}" in shown
        assert "lacks the newest" in shown
        assert "--accept-restore" in shown
        assert "Nothing new is shown" in shown
    assert kept(tmp_path, "evidence")


def test_one_that_nobody_declares_is_an_alarm_without_an_excuse_and_cannot_be_accepted(
    amina: Program, restore: SetBack, home: HomeOf, tmp_path: Path
) -> None:
    restore(False)
    for _ in range(6):
        shown = sync(amina)
        assert "the log shrank" in shown or "the log was rewritten" in shown
        assert DECLARES not in shown
    files = kept(tmp_path, "evidence")
    with pytest.raises(NoRestoreError):
        accept(home("amina"), loaded(tmp_path), "because", no_progress)
    assert kept(tmp_path, "evidence") == files


def loaded(tmp_path: Path) -> MemberKeys:
    return load_keys(tmp_path / "amina.key", PASSPHRASE)


Accept = Callable[[Program, str], None]


def by_command(tmp_path: Path, home: HomeOf) -> Accept:
    def accept_it(program: Program, reason: str) -> None:
        program.guard.lock()
        assert accept(home("amina"), loaded(tmp_path), reason, no_progress).lost > 0

    return accept_it


def on_the_page(_tmp_path: Path, _home: HomeOf) -> Accept:
    def accept_it(program: Program, reason: str) -> None:
        for nothing in ("", " ", "x" * 501):
            assert program.post("/log/restored", "/log", reason=nothing).status_code == 422
        answer = program.post("/log/restored", "/log", reason=reason)
        assert (answer.status_code, answer.location.endswith("/unlock")) == (303, True)

    return accept_it


ACCEPTED = pytest.mark.parametrize("way", [by_command, on_the_page])


@ACCEPTED
def test_once_accepted_the_program_goes_on_and_the_evidence_stays_with_the_reason(
    way: Callable[[Path, HomeOf], Accept],
    desk: Desk,
    amina: Program,
    restore: SetBack,
    restarted: Callable[[], Program],
    home: HomeOf,
    tmp_path: Path,
) -> None:
    restore(True)
    sync(amina)
    sync(amina)
    way(tmp_path, home)(amina, "The disk broke; I asked on the phone.")
    assert kept(tmp_path, "evidence") == []
    (aside,) = {path.suffix for path in kept(tmp_path, "restores")}
    assert aside == ".txt"
    assert all(b"on the phone" not in file.read_bytes() for file in (tmp_path / "amina-home").rglob("*.*"))
    again = restarted()
    assert "Nothing new is shown" not in queue(again)
    assert "contradicted itself" not in queue(again)
    assert "The operator put back a copy of the server on" in again.get("/members").text
    page = again.get("/log").text
    assert DECLARES in page
    assert "The disk broke; I asked on the phone." in page
    assert "Accept it on this machine" not in page
    tip = desk.store_tip("After.", {})
    assert tip.id.hex() in sync(again)
    for file in kept(tmp_path, "restores"):
        checked = CliRunner().invoke(main, ["audit", "evidence", str(file)])
        assert checked.exit_code in (Status.FRAUD, Status.DONE)


def test_what_nobody_declares_can_not_be_accepted_on_the_page_either(amina: Program, restore: SetBack) -> None:
    restore(False)
    sync(amina)
    assert "Accept it on this machine" not in amina.get("/log").text
    answer = amina.post("/log/restored", "/log", reason="Because.")
    assert (answer.status_code, "the log declares no restore" in answer.text) == (409, True)


@ACCEPTED
def test_what_the_lost_log_proved_of_a_note_is_proven_no_more_and_what_is_added_again_is(
    way: Callable[[Path, HomeOf], Accept],
    desk: Desk,
    amina: Program,
    tmp_path: Path,
    restarted: Callable[[], Program],
    home: HomeOf,
) -> None:
    tip = desk.store_tip("First.", {}).id.hex()
    sync(amina)
    made = back_up(desk, tmp_path / "scratch")
    amina.write(f"/tips/{tip}", "note", text="Written after the copy.")
    sync(amina)
    with set_back(desk, made, tmp_path / "again", declared=True):
        sync(amina)
        way(tmp_path, home)(amina, "Asked.")
        again = restarted()
        again.write(f"/tips/{tip}", "note", text="Written again.")
        sync(again)
        page = again.get(f"/tips/{tip}").text
        assert "Written again." in page
        assert "contradicted itself" not in page
        again.guard.lock()


def verify(tmp_path: Path, desk: Desk, *more: str) -> Result:
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")
    where = ["--home", str(tmp_path / "carla-home"), "--desk", desk.url, "--policy", str(tmp_path / "log.policy")]
    keyed = ["--key", str(tmp_path / "carla.key"), "--passphrase-file", str(tmp_path / "passphrase")]
    return CliRunner().invoke(main, ["audit", "verify", *keyed, *where, *more])


def test_an_auditor_hears_of_it_accepts_it_and_finds_it_in_each_report_from_then_on(
    desk: Desk, enrol: Enrol, tmp_path: Path
) -> None:
    (tmp_path / "log.policy").write_text(desk.policy)
    enrol("carla", Role.AUDITOR)
    made = back_up(desk, tmp_path / "scratch")
    assert verify(tmp_path, desk).exit_code == 0
    in_vain = verify(tmp_path, desk, "--accept-restore", "For nothing.")
    assert (in_vain.exit_code, "declares no restore" in in_vain.stderr) == (Status.USAGE, True)
    with set_back(desk, made, tmp_path / "again", declared=True):
        refused = verify(tmp_path, desk)
        assert (refused.exit_code, DECLARES in refused.stderr) == (Status.FRAUD, True)
        assert verify(tmp_path, desk, "--accept-restore", " ").exit_code == Status.USAGE
        assert verify(tmp_path, desk).exit_code == Status.FRAUD
        accepted = verify(tmp_path, desk, "--accept-restore", "The disk broke.")
        assert accepted.exit_code == 0
        assert "entries that were seen before are lost, from entry 1 on" in accepted.stdout
        (reason,) = (tmp_path / "carla-home" / "restores").glob("*.reason")
        assert reason.read_text().endswith("Accepted because: The disk broke.\n")
        later = verify(tmp_path, desk)
        assert later.exit_code == 0
        assert f"Restore:  entry 1 of {datetime.now(UTC):%Y-%m-%d}" in later.stdout
        assert made.copy.sha256 in later.stdout
    # And the log that was given up is a contradiction from now on.
    assert verify(tmp_path, desk).exit_code == Status.FRAUD


def test_whoever_saw_no_more_than_the_copy_holds_hears_no_alarm(
    desk: Desk, enrol: Enrol, amina: Program, tmp_path: Path
) -> None:
    sync(amina)
    made = back_up(desk, tmp_path / "scratch")
    with set_back(desk, made, tmp_path / "again", declared=True):
        shown = sync(amina)
        assert DECLARES not in shown
        assert "The operator put back a copy of the server on" in shown
        amina.guard.lock()


@pytest.mark.parametrize(("declared", "status"), [(True, 401), (False, 200)])
def test_a_request_of_what_was_lost_comes_in_again_only_where_nobody_declares_it(
    declared: bool, status: int, server: Keeper, members_of: Members, tmp_path: Path
) -> None:
    """Whoever reads the log has all of such a request, and the copy knows none of its nonces."""
    desk = Desk(server, "http://desk.test", create_app(server))
    amina = members_of.enrol("amina")
    made = back_up(desk, tmp_path / "scratch")
    client = Client(server, amina.key)
    request = client.request("GET", "/v1/index", created=datetime.now(UTC) - timedelta(seconds=5))
    assert (client.send(request).status_code, client.send(request).status_code) == (200, 401)
    with set_back(desk, made, tmp_path / "again", declared=declared):
        after = Client(desk.server, amina.key)
        assert after.send(request).status_code == status
        assert after("GET", "/v1/index").status_code == 200
        after.close()
    client.close()
