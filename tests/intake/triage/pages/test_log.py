"""The page of the log: alarms say what to do and whom to call, stay until somebody gives a reason, and what others saw
is compared with what was seen here."""

import html
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from crypto.checkpoint import Checkpoint
from crypto.note import SigningKey
from intake.accesslog import members
from intake.keeper import read_log_key
from intake.protocol.card import Role
from intake.protocol.evidence import parse_evidence
from intake.triage.desk.client import DeskClient
from intake.triage.keys.keyfile import load_keys, replace_keys
from intake.triage.keys.opening import OpeningKeys
from intake.triage.mirror.tables import SEEN
from open_desk import Desk
from program import PASSPHRASE, Enrol, HomeOf, Program
from signed_head import signed
from told import sync
from window import show

pytestmark = pytest.mark.slow


def alarms(program: Program, path: str = "/") -> list[str]:
    """What stands above a page."""
    found = re.findall(r'class="banner alarm" role="alert"><strong>(.*?)</strong>', program.get(path).text)
    return [html.unescape(alarm) for alarm in found]


def page(program: Program) -> str:
    return html.unescape(program.get("/log").text)


def own_checkpoint(program: Program) -> str:
    found = re.search(r'<textarea id="own"[^>]*>(.*?)</textarea>', program.get("/log").text, re.DOTALL)
    assert found
    return html.unescape(found[1])


def compare(program: Program, note: str) -> str:
    return html.unescape(program.post("/log/compare", "/log", checkpoint=note).text)


def put_aside(program: Program, reason: str) -> int:
    found = re.search(r"/log/aside/[0-9a-f]{32}", page(program))
    assert found
    return program.post(found[0], "/log", reason=reason).status_code


def tree(desk: Desk, size: int, root: bytes) -> str:
    """What a server with the log's key can sign for whom it likes."""
    key = read_log_key(desk.server.settings.log_key)
    return signed(key, Checkpoint(key.verifier.name, size, root).text).decode()


def use_elsewhere(key: SigningKey, elsewhere: HomeOf) -> None:
    """Make a request with somebody's key from another directory."""
    client = DeskClient(elsewhere(f"elsewhere-{secrets.token_hex(4)}"), key, Role.REVIEWER)
    client.days("")
    client.close()


def look_elsewhere(key: SigningKey, elsewhere: HomeOf, tip: str) -> None:
    """Open a report with somebody's key from another directory."""
    client = DeskClient(elsewhere(f"elsewhere-{secrets.token_hex(4)}"), key, Role.REVIEWER)
    client.say_opened(tip)
    client.close()


@pytest.fixture
def auditor(enrol: Enrol) -> None:
    enrol("carla", Role.AUDITOR)


@pytest.fixture
def key(amina: Program, tmp_path: Path) -> SigningKey:
    return load_keys(tmp_path / "amina.key", PASSPHRASE).signing


# What is done with a member's own key.


def test_what_is_done_with_ones_key_elsewhere_raises_an_alarm_that_says_what_to_do(
    amina: Program, boris: Program, auditor: None, key: SigningKey, home: HomeOf
) -> None:
    sync(amina)
    assert alarms(amina) == []
    use_elsewhere(key, home)
    sync(amina)
    (alarm,) = alarms(amina)
    assert re.fullmatch(
        r"Somebody used your key elsewhere: your fetch of the index of [-0-9]{10} [0-9:]{5} UTC.*", alarm
    )
    for path in ("/reports", "/members", "/search"):
        assert alarms(amina, path) == [alarm], "it stands above every page"
    shown = page(amina)
    assert "have the operator revoke it now" in shown
    assert re.search(r"Call, .*carla</bdi> *.*|carla \(auditor\)", shown)
    assert shown.index("carla (auditor)") < shown.index("boris (reviewer)"), "auditors first"
    sync(boris)
    assert alarms(boris) == [], "it is Amina's key"


def test_an_alarm_goes_with_a_reason_and_with_nothing_else(
    amina: Program, restarted: Callable[[], Program], key: SigningKey, home: HomeOf, tmp_path: Path
) -> None:
    home_of = tmp_path / "amina-home"
    use_elsewhere(key, home)
    sync(amina)
    for reason in ("", "  \n ", "x" * 501):
        assert put_aside(amina, reason) == 422
        assert len(alarms(amina)) == 1
    assert put_aside(amina, "That was my laptop, spoke with Boris.") == 303
    assert alarms(amina) == []
    assert "That was my laptop, spoke with Boris." in page(amina)
    amina.guard.lock()
    for file in home_of.iterdir():
        assert file.is_dir() or b"spoke with Boris" not in file.read_bytes(), "a member's words lie sealed"
    again = restarted()
    assert alarms(again) == [], "also after a restart"
    assert "That was my laptop, spoke with Boris." in page(again)


def test_of_ones_other_machine_there_is_one_alarm_a_day_of_what_is_new_and_one_press_puts_it_aside(
    desk: Desk, amina: Program, key: SigningKey, home: HomeOf
) -> None:
    """A thief signs as that machine does: so nothing is left unsaid, also on the same day."""
    tip = desk.store_tip("First.", {}).id.hex()
    use_elsewhere(key, home)
    sync(amina)
    (first,) = alarms(amina)
    put_aside(amina, "My laptop.")
    for _ in range(4):
        use_elsewhere(key, home)
    look_elsewhere(key, home, tip)
    sync(amina)
    assert alarms(amina) == []
    said = html.unescape(amina.get("/").text)
    assert re.search(rf"Somebody used your key elsewhere: .*your look at a report \({tip[:4]}\).*; and 2 more\.", said)
    # The day after.
    amina.workspace.aside.put(first.removesuffix("."), "My laptop.", datetime.now(UTC) - timedelta(days=1))
    (second,) = alarms(amina)
    assert tip not in second
    assert second.endswith("; and 2 more.")
    shown = page(amina)
    assert shown.count("<li>your fetch of the index of") == 4, "all of them, and none that was put aside"
    assert "required>My laptop.</textarea>" in shown
    assert "That was my other machine" in shown
    assert put_aside(amina, "My laptop.") == 303
    assert alarms(amina) == []
    assert "Somebody used your key elsewhere" not in amina.get("/").text


def test_ones_own_requests_are_never_taken_for_anothers(
    amina: Program, restarted: Callable[[], Program], desk: Desk
) -> None:
    desk.store_tip("They went to my mother.", {})
    for _ in range(3):
        sync(amina)
    amina.guard.lock()
    again = restarted()
    sync(again)
    assert alarms(again) == []


def test_what_was_done_before_a_directory_was_there_is_no_alarm(amina: Program, enrol: Enrol, home: HomeOf) -> None:
    keys = enrol("dora")
    for _ in range(2):
        use_elsewhere(keys.signing, home)
    sync(amina)
    assert alarms(amina) == []


def test_who_was_revoked_is_told_in_plain_words(desk: Desk, amina: Program, boris: Program) -> None:
    members.revoke(desk.server.store, desk.server.log, "boris", Role.REVIEWER)
    sync(amina)
    assert alarms(amina) == []
    # The desk refuses him, so that he sees it only where it still answers: as a desk does that wants him to go on.
    log = amina.workspace.log
    assert log
    boris.workspace._shown.log = log
    (alarm,) = alarms(boris)
    assert alarm.startswith("Your key was revoked on ")


def test_another_recipient_than_ones_own_is_told(
    amina: Program, restarted: Callable[[], Program], tmp_path: Path, enrol: Enrol
) -> None:
    amina.guard.lock()
    path = tmp_path / "amina.key"
    other = enrol("elsa").identity
    assert other is not None
    replace_keys(path, replace(load_keys(path, PASSPHRASE), opening=OpeningKeys.of(other)), PASSPHRASE, work_factor=4)
    (alarm,) = alarms(restarted())
    assert alarm == "The log has your key enrolled with another recipient than yours."


# What others were shown.


def test_colleagues_who_see_the_same_log_are_told_so(amina: Program, boris: Program) -> None:
    earlier = own_checkpoint(boris)
    sync(amina)
    assert "It is the beginning of the tree that you were shown" in compare(amina, earlier)
    assert "It is the very tree that you were shown" in compare(amina, own_checkpoint(amina))
    assert "longer log than you were shown so far" in compare(boris, own_checkpoint(amina))
    sync(boris)
    assert alarms(boris) == []


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_colleague_who_was_shown_another_history_brings_evidence(desk: Desk, amina: Program, cut: int) -> None:
    sync(amina)
    newest = amina.workspace.checkpoints.newest
    assert newest
    theirs = tree(desk, newest.checkpoint.size - cut, b"\1" * 32)
    assert "different histories" in compare(amina, theirs)
    (alarm,) = alarms(amina)
    assert "it contradicted itself" in alarm
    found = re.search(r'href="[^"]*(/log/evidence/[0-9a-f]+\.txt)"', amina.get("/log").text)
    assert found
    saved = amina.get(found[1])
    evidence = parse_evidence(saved.data)
    assert evidence.is_proof
    assert evidence.witness.name == "amina"
    assert saved.headers["Content-Disposition"].startswith("attachment")


def test_a_longer_history_that_turns_out_to_be_another_is_found_when_the_desk_shows_as_much(
    desk: Desk, amina: Program
) -> None:
    newest = amina.workspace.checkpoints.newest
    assert newest
    theirs = tree(desk, newest.checkpoint.size + 1, b"\1" * 32)
    assert "longer log" in compare(amina, theirs)
    assert alarms(amina) == []
    sync(amina)
    (alarm,) = alarms(amina)
    assert "it contradicted itself" in alarm
    assert parse_evidence(amina.workspace.evidence[0].read_bytes()).is_proof


@pytest.mark.parametrize("spoil", ["", "nonsense", "cut", "another log", "one signature"])
def test_what_is_no_checkpoint_of_this_log_is_refused_and_kept_nowhere(desk: Desk, amina: Program, spoil: str) -> None:
    note = own_checkpoint(amina)
    key = SigningKey.generate(desk.server.log.origin)
    given = {
        "cut": note[: len(note) // 2],
        "another log": note.replace("intake-", "intakf-"),
        "one signature": "\n".join(note.splitlines()[:-1]),
        "nonsense": f"{note}\n— {key.verifier.name} AAAA" + "\x00" * 9,
    }.get(spoil, "")
    answer = amina.post("/log/compare", "/log", checkpoint=given)
    assert answer.status_code == 422
    assert "Nothing was compared" in answer.text
    assert amina.workspace._home.mirror.where(SEEN, "told", 1) == []
    assert alarms(amina) == []


def test_checkpoints_that_were_seen_are_kept(amina: Program) -> None:
    sizes = set()
    for _ in range(3):
        sync(amina)
        newest = amina.workspace.checkpoints.newest
        assert newest
        sizes.add(newest.checkpoint.size)
    kept = amina.workspace._home.mirror.where(SEEN, "told", 0)
    assert sizes <= {int(row[1]) for row in kept}


def test_the_page_can_be_read(
    desk: Desk, amina: Program, key: SigningKey, home: HomeOf, window: Page, photograph: Callable[[Page, str], None]
) -> None:
    use_elsewhere(key, home)
    sync(amina)
    show(window, amina, "/log")
    photograph(window, "triage-log")
    assert "Somebody used your key elsewhere" in window.inner_text("main")
