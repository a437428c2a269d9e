"""What a member's program asks of the log's witnesses, and what it finds by what they have cosigned."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug.wrappers import Response

from crypto.checkpoint import Checkpoint
from crypto.cosignature import CosigningKey
from crypto.merkle import Frontier, leaf_hash
from crypto.note import Note, parse_note
from crypto.policy import parse_policy
from intake.accesslog import cosigned
from intake.accesslog.cosigning import cosign, places
from intake.audit.standing import require_witnessed, standing
from intake.audit.told import whole_report
from intake.audit.verified import accept, fetch, recall
from intake.keeper import read_log_key
from intake.protocol.audit import AuditError, open_checkpoint
from intake.protocol.card import Role
from intake.protocol.evidence import Evidence, parse_evidence
from intake.triage.fetching.checkpoints import Checkpoints, Compared
from intake.triage.fetching.witnessed import KeptCosigned, UnwitnessedError
from intake.triage.home import Home
from intake.triage.mirror.tables import COSIGNED, COSIGNED_EDGE, FACT
from intake.triage.progress import no_progress
from intake.triage.workspace import Workspace
from ledger import Ledger
from open_desk import Desk
from policies import policy as policy_without_witnesses
from program import Enrol, HomeOf, Reviewer
from set_back import back_up, set_back
from signed_head import signed
from witnesses import TODAY, Clock, Running, StartWitness, policy_text, starting

DAY = 86_400


@pytest.fixture
def start(desk: Desk, tmp_path: Path) -> Iterator[StartWitness]:
    with ExitStack() as stack:
        yield starting(tmp_path, desk.log, stack)


@pytest.fixture
def clock() -> Clock:
    """The clock of the member's machine."""
    return Clock()


Opened = Callable[[str], Workspace]


@pytest.fixture
def opened(desk: Desk, enrol: Enrol, tmp_path: Path, clock: Clock) -> Iterator[Opened]:
    """Opens Amina's workspace over her directory, as after a restart, with a policy."""
    keys, workspaces = enrol("amina"), list[Workspace]()

    def open_(policy: str) -> Workspace:
        home = Home.open(tmp_path / "amina-home", desk=desk.url, policy=policy, proxy=None)
        workspaces.append(Workspace(home, keys, no_progress, lambda: datetime.fromtimestamp(clock(), UTC)))
        return workspaces[-1]

    yield open_
    for workspace in workspaces:
        workspace.close()


def have_cosigned(desk: Desk, policy: str) -> None:
    """What `intake cosign` does."""
    read = parse_policy(policy.encode())
    cosign(desk.server.store, desk.server.log, read, places(read, ""))


def synced(workspace: Workspace) -> Workspace:
    workspace.sync()
    accused = [alarm.says for alarm in workspace.alarms if not alarm.says.endswith(workspace.unwitnessed or "-")]
    assert (accused, workspace.problem) == ([], "")
    return workspace


def test_as_long_as_enough_have_cosigned_lately_nothing_is_said(
    desk: Desk, opened: Opened, start: StartWitness, clock: Clock
) -> None:
    ours, theirs = start("ours"), start("theirs")
    policy = policy_text(desk.log, 2, ours=ours, theirs=theirs)
    workspace = opened(policy)
    assert synced(workspace).unwitnessed.startswith("within 7 days, too few of its witnesses have cosigned")
    assert "ours: never; theirs: never" in workspace.unwitnessed
    have_cosigned(desk, policy)
    assert synced(workspace).unwitnessed == ""
    clock.time += 6 * DAY
    assert workspace.unwitnessed == ""
    clock.time += 2 * DAY
    assert "2026-11-18" in workspace.unwitnessed, "also without the desk, by the clock alone"
    for each in (ours, theirs):
        each.clock.time = clock.time
    have_cosigned(desk, policy)
    assert synced(workspace).unwitnessed == ""


def test_of_two_who_are_both_needed_one_that_stopped_is_named_after_the_days(
    desk: Desk, opened: Opened, start: StartWitness, tmp_path: Path, clock: Clock
) -> None:
    ours = start("ours")
    with ExitStack() as stack:
        theirs = starting(tmp_path, desk.log, stack)("theirs")
        both = policy_text(desk.log, 2, ours=ours, theirs=theirs)
        have_cosigned(desk, both)
        workspace = synced(opened(both))
        assert workspace.unwitnessed == ""
    for _ in range(4):
        clock.time += 2 * DAY
        ours.clock.time = clock.time
        have_cosigned(desk, both)
        synced(workspace)
    assert "theirs: 2026-11-18" in workspace.unwitnessed


def test_how_many_days_is_the_members_own_to_say_and_remembered(
    desk: Desk, opened: Opened, start: StartWitness, clock: Clock, tmp_path: Path
) -> None:
    policy = policy_text(desk.log, ours=start("ours"))
    have_cosigned(desk, policy)
    synced(opened(policy)).close()
    clock.time += 2 * DAY
    assert opened(policy)._home.connection.witness_days == 7
    stricter = Home.open(tmp_path / "amina-home", desk=None, policy=None, proxy=None, witness_days=1)
    assert KeptCosigned(stricter).witnessed.lack(datetime.fromtimestamp(clock(), UTC)).startswith("within 1 days")
    stricter.remember()
    again = Home.open(tmp_path / "amina-home", desk=None, policy=None, proxy=None)
    assert again.connection.witness_days == 1


def test_it_is_known_again_after_a_restart_without_the_desk(
    desk: Desk, opened: Opened, start: StartWitness, clock: Clock
) -> None:
    policy = policy_text(desk.log, ours=start("ours"))
    have_cosigned(desk, policy)
    synced(opened(policy)).close()
    desk.lie("/", lambda _: b"")
    for days, red in ((1, False), (8, True)):
        clock.time = TODAY + days * DAY
        restarted = opened(policy)
        restarted.open_kept()
        assert bool(restarted.unwitnessed) is red


def test_a_program_that_never_fetched_anything_is_not_red(desk: Desk, opened: Opened, start: StartWitness) -> None:
    policy = policy_text(desk.log, ours=start("ours"))
    desk.lie("/", lambda _: b"")
    workspace = opened(policy)
    workspace.sync()
    assert workspace.problem
    assert workspace.unwitnessed == ""


@pytest.mark.parametrize("shows", [True, False])
def test_by_a_new_policy_nothing_is_red_before_the_first_fetch_and_what_that_finds_is_said(
    shows: bool, desk: Desk, opened: Opened, start: StartWitness
) -> None:
    synced(opened(policy_without_witnesses(desk.log))).close()
    policy = policy_text(desk.log, ours=start("ours"))
    if shows:
        have_cosigned(desk, policy)
    workspace, now = opened(policy), datetime.fromtimestamp(TODAY, UTC)
    workspace.open_kept()
    assert workspace.alarms == []
    assert any("is known after the next fetch: the policy is a new one" in says for says in workspace.notices)
    known = standing(recall(workspace._home).witnessed, now)
    assert (known.mark, "known after the next fetch" in known.says) == ("plain", True)
    synced(workspace)
    assert bool(workspace.unwitnessed) is not shows
    assert not any("known after the next fetch" in says for says in workspace.notices)
    assert standing(recall(workspace._home).witnessed, now).mark == ("good" if shows else "bad")
    workspace.close()
    again = opened(policy)
    again.open_kept()
    assert bool(again.unwitnessed) is not shows, "and it stays known"


def test_a_cosignature_of_a_time_that_has_not_come_counts_for_nothing(
    desk: Desk, opened: Opened, start: StartWitness
) -> None:
    ours = start("ours")
    ours.clock.time += 2 * DAY
    policy = policy_text(desk.log, ours=ours)
    have_cosigned(desk, policy)
    assert "ours: 2026-11-20" in synced(opened(policy)).unwitnessed
    ours.clock.time = 2**62
    have_cosigned(desk, policy)
    assert "ours: at a time that no clock shows" in synced(opened(policy)).unwitnessed


def test_old_cosignatures_that_are_served_again_and_again_become_too_old(
    desk: Desk, opened: Opened, start: StartWitness, clock: Clock
) -> None:
    ours = start("ours")
    policy = policy_text(desk.log, ours=ours)
    have_cosigned(desk, policy)
    workspace, old = synced(opened(policy)), served(desk)
    clock.time += 8 * DAY
    ours.clock.time = clock.time
    have_cosigned(desk, policy)
    desk.lie("/v1/log/cosigned", lambda _: old)
    assert synced(workspace).unwitnessed


def served(desk: Desk) -> bytes:
    with desk.server.store.reading() as session:
        return cosigned.newest(session) or b""


NONSENSE: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "no note": lambda _: b"\xff",
    "a cosignature that was changed": lambda note: note[:-8] + bytes([note[-8] ^ 1]) + note[-7:],
    "without the log's signatures": lambda note: bytes(Note(parse_note(note).text, parse_note(note).signatures[2:])),
}


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_what_is_not_signed_is_nobodys_word(
    nonsense: str, desk: Desk, opened: Opened, start: StartWitness, clock: Clock
) -> None:
    """Neither that it is witnessed nor that anybody lied. What was verified before stays for as long as it is new."""
    ours = start("ours")
    policy = policy_text(desk.log, ours=ours)
    have_cosigned(desk, policy)
    workspace = synced(opened(policy))
    desk.lie("/v1/log/cosigned", NONSENSE[nonsense])
    assert synced(workspace).unwitnessed == ""
    clock.time += 8 * DAY
    ours.clock.time = clock.time
    have_cosigned(desk, policy)
    assert synced(workspace).unwitnessed


def test_a_desk_that_shows_none_any_more_is_believed_until_the_last_is_too_old(
    desk: Desk, opened: Opened, start: StartWitness, clock: Clock
) -> None:
    policy = policy_text(desk.log, ours=start("ours"))
    have_cosigned(desk, policy)
    workspace = synced(opened(policy))
    honest = desk.wsgi
    desk.wsgi = lambda environ, go: (
        Response(status=404)(environ, go) if environ["PATH_INFO"] == "/v1/log/cosigned" else honest(environ, go)
    )
    assert synced(workspace).unwitnessed == ""
    clock.time += 8 * DAY
    assert synced(workspace).unwitnessed


def test_where_the_policy_names_no_witness_none_is_asked_for(desk: Desk, opened: Opened) -> None:
    asked: list[str] = []
    honest = desk.wsgi

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        return honest(environ, start)

    desk.wsgi = answer
    assert synced(opened(policy_without_witnesses(desk.log))).unwitnessed == ""
    assert "/v1/log/checkpoint" in asked
    assert "/v1/log/cosigned" not in asked


# A server that shows others another tree.


def head(desk: Desk) -> Checkpoint:
    with desk.server.store.reading() as session:
        return open_checkpoint(desk.server.log.shown(session), desk.log)


def cosigned_tree(desk: Desk, size: int, root: bytes, *keys: CosigningKey, time: int = TODAY) -> bytes:
    """A checkpoint of any tree, signed by the log and by witnesses."""
    text = Checkpoint(desk.log.name, size, root).text
    note = parse_note(signed(read_log_key(desk.server.settings.log_key), text))
    return bytes(Note(text, (*note.signatures, *(key.cosign(text, time) for key in keys))))


def evidence(workspace: Workspace) -> list[Evidence]:
    home = workspace._home
    return [parse_evidence(home.read(name)) for name in home.names("evidence")]


@pytest.mark.parametrize("needed", [1, "none"])
def test_a_log_that_is_another_one_for_others_is_found_with_proof(
    needed: int | str, desk: Desk, opened: Opened, start: StartWitness, enrol: Enrol
) -> None:
    ours = start("ours")
    policy = policy_text(desk.log, needed, ours=ours)
    have_cosigned(desk, policy)
    workspace = synced(opened(policy))
    enrol("boris")
    forked = cosigned_tree(desk, head(desk).size - 1, b"another root of 32 bytes for all", ours.keys[0])
    desk.lie("/v1/log/cosigned", lambda _: forked)
    workspace.sync()
    assert "others are shown another log" in workspace.alarm
    assert "Nothing new is shown" in workspace.alarm
    proofs = evidence(workspace)
    assert [proof.is_proof for proof in proofs] == [True]
    assert proofs[0].log == desk.log
    assert "does not begin with it" in proofs[0].verdict()
    assert str(workspace._home.path(workspace._home.names("evidence")[0])) in workspace.alarm


def test_entries_that_are_cosigned_and_not_shown_are_missed(
    desk: Desk, opened: Opened, start: StartWitness, enrol: Enrol
) -> None:
    """A server that withholds the newest entries from one of its members."""
    ours = start("ours")
    policy = policy_text(desk.log, ours=ours)
    with desk.server.store.reading() as session:
        before = desk.server.log.shown(session)
    enrol("boris")
    have_cosigned(desk, policy)
    desk.lie("/v1/log/checkpoint", lambda _: before)
    workspace = opened(policy)
    workspace.sync()
    # The program's own read of the index came after that.
    assert "the log shrank: 2 entries are cosigned, now it claims 1" in workspace.alarm
    (testified,) = evidence(workspace)
    assert not testified.is_proof
    assert testified.verdict().startswith("Testified only, by amina")


def test_no_honest_witness_is_named_where_the_log_alone_signed_two_histories(
    desk: Desk, opened: Opened, start: StartWitness, enrol: Enrol
) -> None:
    """It cosigned one tree that goes on from what it cosigned before; of that, nobody can say that it is another."""
    ours = start("ours")
    policy = policy_text(desk.log, ours=ours)
    have_cosigned(desk, policy)
    workspace = synced(opened(policy))
    enrol("boris")
    forked = cosigned_tree(desk, head(desk).size, bytes(32), ours.keys[0])
    desk.lie("/v1/log/cosigned", lambda _: forked)
    workspace.sync()
    assert workspace.alarm
    assert [proof.cosigners for proof in evidence(workspace)] == [()]


def test_that_a_tree_begins_as_it_should_costs_what_is_new_of_it(desk: Desk, home: HomeOf, start: StartWitness) -> None:
    """Whichever of the known edges lies next before it is gone on from; of the tree that is kept, nothing is hashed."""
    ledger = Ledger(desk.log.name)
    ledger.key = read_log_key(desk.server.settings.log_key)
    lines = [b"%d" % number for number in range(500)]
    kept = KeptCosigned(with_policy(home("amina"), policy_text(desk.log, ours=start("ours"))))
    asked: list[tuple[int, int]] = []

    def leaves(first: int, last: int) -> Sequence[bytes]:
        asked.append((first, last))
        return [leaf_hash(line) for line in lines[first:last]]

    def edge(size: int) -> Frontier:
        return Frontier.empty().extend(map(leaf_hash, lines[:size]))

    def check(size: int, total: int, *edges: int) -> tuple[int, int]:
        offered = kept.offered(ledger.sign(lines[:size]), datetime.now(UTC))
        assert offered
        whole = Checkpoint(desk.log.name, total, edge(total).root())
        found = kept.require_beginning(offered, whole, [edge(each) for each in edges], leaves)
        kept.keep(offered, found)
        return asked[-1]

    assert check(90, 100, 100) == (0, 90)
    assert check(95, 200, 100, 200) == (90, 95)
    assert check(150, 200, 100, 200) == (100, 150)
    assert check(200, 200, 100, 200) == (200, 200)
    assert check(200, 500, 450, 500) == (200, 200)
    assert check(480, 500, 450, 500) == (450, 480)


def with_policy(home: Home, policy: str) -> Home:
    return Home.open(home.directory, desk=home.connection.desk, policy=policy, proxy=None)


def test_a_kept_edge_that_is_lost_or_damaged_costs_time_and_accuses_nobody(
    desk: Desk, opened: Opened, start: StartWitness, enrol: Enrol
) -> None:
    ours = start("ours")
    policy = policy_text(desk.log, ours=ours)
    have_cosigned(desk, policy)
    for key, left in ((COSIGNED_EDGE, ()), (COSIGNED_EDGE, (b"\x00",)), (COSIGNED, ())):
        workspace = synced(opened(policy))
        workspace._home.mirror.remove(FACT, key)
        workspace._home.mirror.put(FACT, *((key, each) for each in left))
        enrol(f"member{workspace.log.size if workspace.log else 0}", Role.AUDITOR)
        have_cosigned(desk, policy)
        assert synced(workspace).unwitnessed == ""
        workspace.close()


# An auditor's program.


def test_an_auditor_is_told_who_cosigned_and_that_it_is_not_enough_after_the_whole_report(
    desk: Desk, enrol: Enrol, home: HomeOf, start: StartWitness, clock: Clock
) -> None:
    carla, ours = enrol("carla", Role.AUDITOR), start("ours")
    policy = policy_text(desk.log, ours=ours)
    own = with_policy(home("carla"), policy)

    def audited() -> str:
        log, now = fetch(own, carla, no_progress, whole=True), datetime.fromtimestamp(clock(), UTC)
        printed = "\n".join(whole_report(log, [], now))
        assert f"Policy:   {standing(log.witnessed, now).says}" in printed
        require_witnessed(log.witnessed, now)
        return printed

    with pytest.raises(UnwitnessedError, match=r"the log is whole, but .*ours: never"):
        audited()
    have_cosigned(desk, policy)
    # Of these, three are the entries of what the auditor fetched before.
    assert "Cosigned: 4 entries (ours: 2026-11-18" in audited()
    clock.time += 8 * DAY
    with pytest.raises(UnwitnessedError, match="ours: 2026-11-18"):
        audited()


def test_an_auditor_finds_another_log_of_others_with_proof(
    desk: Desk, enrol: Enrol, home: HomeOf, start: StartWitness
) -> None:
    carla, ours = enrol("carla", Role.AUDITOR), start("ours")
    enrol("amina")
    policy = policy_text(desk.log, ours=ours)
    own = with_policy(home("carla"), policy)
    have_cosigned(desk, policy)
    forked = cosigned_tree(desk, 1, bytes(32), ours.keys[0])
    desk.lie("/v1/log/cosigned", lambda _: forked)
    with pytest.raises(AuditError, match="others are shown another log"):
        fetch(own, carla, no_progress, whole=True)
    (name,) = own.names("evidence")
    assert parse_evidence(own.read(name)).is_proof


def test_once_a_restore_is_accepted_what_witnesses_and_others_saw_of_the_lost_log_is_held_against_nobody(
    desk: Desk, enrol: Enrol, home: HomeOf, start: StartWitness, clock: Clock, tmp_path: Path
) -> None:
    carla = enrol("carla", Role.AUDITOR)
    policy = policy_text(desk.log, ours=start("ours"))
    own = with_policy(home("carla"), policy)
    have_cosigned(desk, policy)
    made = back_up(desk, tmp_path / "scratch")

    def audited() -> str:
        log, now = fetch(own, carla, no_progress, whole=True), datetime.fromtimestamp(clock(), UTC)
        require_witnessed(log.witnessed, now)
        return "\n".join(whole_report(log, [], now))

    audited()
    have_cosigned(desk, policy)
    assert "Cosigned: 5 entries" in audited()
    enrol("amina")
    with desk.server.store.reading() as session:
        told = Checkpoints(own, carla.signing).compare(desk.server.log.shown(session), datetime.now(UTC))
    assert told is Compared.LONGER
    with set_back(desk, made, tmp_path / "again", declared=True):
        with pytest.raises(AuditError, match="its operator declares"):
            audited()
        assert own.names("evidence")
        accept(own, carla, "The disk broke; I asked.", no_progress)
        assert own.names("evidence") == []
        for _ in range(5):
            assert "Cosigned: 1 entries" in audited()
        assert Checkpoints(own, carla.signing).fetched() == ()


def test_nobody_has_cosigned_a_log_that_was_set_back_to_before_they_did(
    desk: Desk, enrol: Enrol, home: HomeOf, start: StartWitness, tmp_path: Path
) -> None:
    carla = enrol("carla", Role.AUDITOR)
    policy = policy_text(desk.log, ours=start("ours"))
    own = with_policy(home("carla"), policy)
    made = back_up(desk, tmp_path / "scratch")
    have_cosigned(desk, policy)
    now = datetime.fromtimestamp(TODAY, UTC)
    require_witnessed(fetch(own, carla, no_progress, whole=True).witnessed, now)
    with set_back(desk, made, tmp_path / "again", declared=True):
        accept(own, carla, "The disk broke; I asked.", no_progress)
        with pytest.raises(UnwitnessedError, match="ours: never"):
            require_witnessed(fetch(own, carla, no_progress, whole=True).witnessed, now)


# On pages.


def test_every_page_says_it_in_red_and_everything_can_be_read(
    desk: Desk, enrol: Enrol, home: HomeOf, reviewer: Reviewer, start: StartWitness
) -> None:
    enrol("amina")
    tip = desk.store_tip("What happened.", {})
    ours = start("ours")
    now = datetime.now(UTC).timestamp()
    policy = policy_text(desk.log, ours=ours)
    amina = reviewer("amina", home=with_policy(home("amina"), policy))
    ours.clock.time = now - 8 * DAY
    have_cosigned(desk, policy)
    amina.unlock()
    for page in ("/", "/reports", f"/tips/{tip.id.hex()}", "/members", "/team"):
        shown = amina.get(page).text
        assert 'class="banner alarm"' in shown, page
        assert "not witnessed as your policy asks" in shown
        assert "ours: " in shown
    assert "What happened." in amina.get(f"/tips/{tip.id.hex()}").text
    ours.clock.time = now
    have_cosigned(desk, policy)
    amina.post("/sync", "/")
    assert "witness" not in amina.get("/").text


def test_the_name_of_a_witness_is_shown_as_it_is_and_never_as_markup(
    desk: Desk, enrol: Enrol, home: HomeOf, reviewer: Reviewer, start: StartWitness
) -> None:
    enrol("amina")
    ours: Running = start("ours")
    policy = policy_text(desk.log, "all", **{"<b>\u202ex</b>": ours})
    amina = reviewer("amina", home=with_policy(home("amina"), policy))
    amina.unlock()
    shown = amina.get("/").text
    assert "&lt;b&gt;" in shown
    assert "\u202e" not in shown
