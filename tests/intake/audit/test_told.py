"""What an auditor gets: who opened what, from a log that verifies."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from intake.accesslog import clock as operators_clock
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.audit.mirror import write_log
from intake.audit.told import finding_lines, whole_report
from intake.audit.verified import fetch, read_folder
from intake.findings.found import Finding, Kind, find
from intake.findings.thresholds import shipped
from intake.keeper import read_log_key
from intake.protocol.actions import Action
from intake.protocol.audit import AuditError
from intake.protocol.card import Role, key_id
from intake.protocol.rules import COUNTDOWN, REKEYING, VOUCHES, Rule
from intake.report.events import LabelName
from intake.storage.tables import LogEntry, Tip
from intake.triage.desk.client import DeskError
from intake.triage.home import Home
from intake.triage.keys.keyfile import MemberKeys, make_keys
from intake.triage.outbox.unsent import new_form
from intake.triage.progress import no_progress
from ledger import Ledger
from open_desk import Desk
from policies import policy
from program import Enrol, HomeOf, Reviewer


def right() -> datetime:
    """What a clock says that is right."""
    return datetime.now(UTC)


def printed(home: Home, keys: MemberKeys, now: Callable[[], datetime] = right) -> str:
    """What an auditor gets who verifies everything."""
    log = fetch(home, keys, no_progress, whole=True)
    found = find(log.record, log.roster, shipped())
    return "\n".join([*whole_report(log, found, now()), *finding_lines(log, found)])


@pytest.fixture
def carla(enrol: Enrol) -> Any:
    return enrol("carla", Role.AUDITOR)


def test_it_says_who_opened_what_and_who_may(
    desk: Desk, reviewer: Reviewer, enrol: Enrol, carla: MemberKeys, home: HomeOf
) -> None:
    enrol("amina")
    tip = desk.store_tip("First.", {})
    reviewer("amina").unlock()
    shown = printed(home("carla"), carla)
    assert f"summary/{tip.id.hex()}" in shown
    read = next(line for line in shown.splitlines() if f"summary/{tip.id.hex()}" in line)
    assert "amina" in read
    assert "Verified: 6 entries" in shown


def test_it_says_whose_key_is_older_than_the_rules_say(desk: Desk, enrol: Enrol, home: HomeOf) -> None:
    then = right().replace(microsecond=0) - timedelta(days=20)
    enrol("amina", log=LogAppender(read_log_key(desk.server.settings.log_key), lambda: then))
    carla = enrol("carla", Role.AUDITOR, LogAppender(read_log_key(desk.server.settings.log_key)))
    enrol("boris")
    assert "Old key:" not in printed(home("carla"), carla)
    members.rule(desk.server.store, desk.server.log, Rule(REKEYING, 14))
    (line,) = (line for line in printed(home("carla"), carla).splitlines() if line.startswith("Old key:"))
    assert f"the same key of amina since {then:%Y-%m-%d %H:%M:%S}, and by the rules no longer than 14 days" in line


def test_it_says_who_made_what(desk: Desk, reviewer: Reviewer, carla: MemberKeys, home: HomeOf) -> None:
    amina = reviewer("amina")
    amina.unlock()
    amina.workspace.write_for_team(new_form(), LabelName("1", "A label.", "grey", retired=False))
    amina.let_leave()
    with desk.server.store.writing() as session:
        tip = session.query(Tip).one()
    (line,) = (line for line in printed(home("carla"), carla).splitlines() if f"make tip/{tip.id.hex()} item/" in line)
    assert "amina" in line
    assert f"SHA-256 {sha256(tip.payload).hexdigest()}" in line


def test_it_says_who_vouched_for_whom_and_what_is_ruled(
    desk: Desk, reviewer: Reviewer, enrol: Enrol, carla: MemberKeys, home: HomeOf
) -> None:
    enrol("boris")
    amina, card = reviewer("amina"), make_keys(Role.LEAD, "gulnar").card
    amina.unlock()
    assert "The operator enrols alone: nobody has to vouch." in printed(home("carla"), carla)
    members.rule(desk.server.store, desk.server.log, Rule(VOUCHES, 2))
    amina.workspace.vouch(card)
    shown = printed(home("carla"), carla)
    assert "operator  rule vouches/2" in shown
    assert f"amina  vouch member/{card.key_id} (gulnar, as a lead)" in shown
    assert f"gulnar (key {card.fingerprint}) would be a lead: amina vouched, 1 of 2" in shown


def test_only_where_reviewers_have_to_vouch_an_enrolment_by_the_operator_alone_is_noticed(
    desk: Desk, enrol: Enrol, carla: MemberKeys, home: HomeOf
) -> None:
    members.rule(desk.server.store, desk.server.log, Rule(COUNTDOWN, 9))
    enrol("boris")
    assert "the operator's alone" not in printed(home("carla"), carla)
    members.revoke(desk.server.store, desk.server.log, "boris", Role.REVIEWER)
    members.rule(desk.server.store, desk.server.log, Rule(VOUCHES, 2))
    enrol("dora")
    assert "is the operator's alone: nobody was there to vouch" in printed(home("carla"), carla)


def test_every_object_and_key_id_is_there_whole_and_on_the_line_of_its_entry(
    desk: Desk, reviewer: Reviewer, enrol: Enrol, carla: MemberKeys, home: HomeOf
) -> None:
    amina = enrol("amina")
    tips = [desk.store_tip("One.", {}).id.hex() for _ in range(3)]
    reviewer("amina").unlock()
    lines = printed(home("carla"), carla).splitlines()
    read = next(line for line in lines if "  read " in line)
    assert read.count("summary/") == 3
    assert all(f"summary/{tip}" in read for tip in tips)
    assert next(line for line in lines if " enrol " in line and "(amina)" in line).endswith(
        f"enrol member/{amina.card.key_id} (amina)"
    )
    assert any(line.startswith(f"{amina.card.key_id}  reviewer  amina  since ") for line in lines)


def test_of_a_fetch_of_much_the_numbers_are_told_and_what_the_words_mean(
    desk: Desk, reviewer: Reviewer, enrol: Enrol, carla: MemberKeys, home: HomeOf
) -> None:
    enrol("amina")
    for _ in range(40):
        desk.store_tip("One.", {})
    reviewer("amina").unlock()
    lines = printed(home("carla"), carla).splitlines()
    assert max(map(len, lines)) < 400
    assert any(line.endswith("amina  read 40 summaries 40 items") for line in lines)
    explained = {word for line in lines if line.startswith("  ") for word in re.findall(r"[a-z_]+(?=[,:])", line)}
    assert explained >= {action.value for action in Action}


def test_an_entry_that_was_edited_in_the_store_is_found_on_every_run(
    desk: Desk, reviewer: Reviewer, enrol: Enrol, carla: MemberKeys, home: HomeOf
) -> None:
    enrol("amina")
    reviewer("amina").unlock()
    printed(home("carla"), carla)
    with desk.server.store.writing() as session:
        session.execute(update(LogEntry).where(LogEntry.index == 2).values(body=b"{}"))
    with pytest.raises(AuditError, match="rewritten"):
        printed(home("carla"), carla)


def test_an_entry_that_was_removed_from_the_store_is_told_in_plain_words(
    desk: Desk, enrol: Enrol, carla: MemberKeys, home: HomeOf
) -> None:
    enrol("amina")
    with desk.server.store.writing() as session:
        session.execute(delete(LogEntry).where(LogEntry.index == 1))
    with pytest.raises(DeskError, match="does not fit its signed head"):
        printed(home("carla"), carla)


def test_a_future_that_has_not_come_and_every_correction_are_said_with_the_report(
    desk: Desk, enrol: Enrol, carla: MemberKeys, home: HomeOf
) -> None:
    """As findings: the log itself is right."""
    ahead = LogAppender(
        read_log_key(desk.server.settings.log_key), lambda: datetime.now(UTC) + timedelta(days=365, seconds=1)
    )
    members.enrol(desk.server.store, ahead, make_keys(Role.AUDITOR, "boris").card, clock_is_right=True)
    with pytest.raises(DeskError, match="log is ahead of the time by about 365 days"):
        printed(home("carla"), carla)
    operators_clock.correct(desk.server.store, desk.server.log)
    shown = printed(home("carla"), carla)
    assert "Verified: 4 entries" in shown
    assert "Clock:    1 entries, the first of them 1, are of a time that has not come" in shown
    assert "(boris) (the operator confirmed the time)" in shown
    assert "Clock:    entry 2 set the log's time back from" in shown


def test_what_an_auditor_reads_of_the_log_is_in_it_and_in_the_very_one_that_they_get(
    carla: MemberKeys, home: HomeOf
) -> None:
    for reads in (1, 3, 5):
        shown = printed(home("carla"), carla)
        assert sum(line.endswith("  carla  log") for line in shown.splitlines()) == reads


def test_a_desk_that_lets_an_auditor_read_without_an_entry_is_found(
    desk: Desk, carla: MemberKeys, home: HomeOf
) -> None:
    printed(home("carla"), carla)
    # That the entries were answered is in no log that it shows from now on.
    desk.cut(1)
    members.enrol(desk.server.store, desk.server.log, make_keys(Role.AUDITOR, "boris").card)
    for _ in range(2):
        with pytest.raises(AuditError, match=r"the server answered your reading of the log of .* does not hold it"):
            printed(home("carla"), carla)


def test_an_auditor_whose_own_clock_is_behind_hears_that_it_may_be_that(
    desk: Desk, enrol: Enrol, carla: MemberKeys, home: HomeOf
) -> None:
    assert "has not come" not in printed(home("carla"), carla)
    behind = printed(home("carla"), carla, lambda: datetime.now(UTC) - timedelta(days=2))
    assert "by this machine's clock" in behind


def test_a_reviewer_who_was_revoked_without_a_receipt_is_named_with_the_day(
    desk: Desk, reviewer: Reviewer, carla: MemberKeys, home: HomeOf
) -> None:
    for name in ("amina", "boris"):
        reviewer(name).unlock()
    amina = reviewer("amina")
    amina.unlock()
    amina.workspace._client.purged("0" * 32)
    members.revoke(desk.server.store, desk.server.log, "boris", Role.REVIEWER)
    (line,) = (line for line in printed(home("carla"), carla).splitlines() if line.startswith("Purge:"))
    assert line.endswith(f"missing since then: boris (revoked since {right():%Y-%m-%d}, and may keep a copy)")


def test_a_name_that_came_back_shows_its_keys(desk: Desk, enrol: Enrol, carla: MemberKeys, home: HomeOf) -> None:
    first, second = (make_keys(Role.AUDITOR, "boris").card for _ in range(2))
    members.enrol(desk.server.store, desk.server.log, first)
    members.revoke(desk.server.store, desk.server.log, "boris", Role.AUDITOR)
    members.enrol(desk.server.store, desk.server.log, second)
    shown = printed(home("carla"), carla)
    for card in (first, second):
        assert f"member/{card.key_id} (boris (key {card.fingerprint}))" in shown
        assert f"the name is that of {card.key_id}, or looks like it" in shown


def test_somebody_who_is_not_enrolled_gets_no_log(desk: Desk, carla: MemberKeys, enrol: Enrol, home: HomeOf) -> None:
    with pytest.raises(DeskError, match="not enrolled"):
        printed(home("mallory"), make_keys(Role.AUDITOR, "mallory"))


def test_what_somebody_says_to_a_finding_about_themself_is_said_and_leaves_it_unanswered(tmp_path: Path) -> None:
    log = Ledger()
    amina, boris = log.enrol("amina"), log.enrol("boris")
    log.ask(amina)
    finding = Finding(Kind.ODD, log.now, (2,), (key_id(amina.verifier),), (), "read at night")
    for key, says, answered in ((amina, "I was awake.", 0), (boris, "She was on call.", 1)):
        log.explain(key, finding.id, says)
        write_log(tmp_path, log.lines, log.head, lambda _: None)
        verified = read_folder(tmp_path, policy(log.key.verifier), no_progress)
        assert verified.record.is_answered(finding.id, finding.who) == bool(answered)
        *_, summed = whole_report(verified, [finding], log.now)
        assert f"Findings: 1, of which {answered} were answered by others" in summed
    lines = list(finding_lines(verified, [finding]))
    assert re.fullmatch(r"    amina, whom it is about, .* UTC: I was awake\.", lines[1])
    assert re.fullmatch(r"    boris, [^,]* UTC: She was on call\.", lines[2])
