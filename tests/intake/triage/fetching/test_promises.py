"""What the server answered and then denies: requests that its log must hold, and checkpoints that it signed."""

import re
import secrets
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete
from werkzeug.wrappers import Response

from crypto.checkpoint import Checkpoint
from intake.cli import main
from intake.cli.trouble import Status
from intake.keeper import read_log_key
from intake.protocol import limits
from intake.protocol.actions import Action, Named
from intake.protocol.wire import encode_entries
from intake.storage.tables import Nonce
from intake.triage.desk.client import DeskRefusedError
from intake.triage.fetching.kept import KeptLog
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.journal import MOST_UNANSWERED, Asked, Journal, State
from intake.triage.mirror.tables import ASKED, FACT
from open_desk import Desk
from program import Enrol, HomeOf, Program, Reviewer
from signed_head import sign_head, signed
from told import queue, sync

pytestmark = pytest.mark.slow


def unlog(desk: Desk, path: str) -> None:
    """From now on the newest entry is dropped after each such request was answered."""

    def answer(body: bytes) -> bytes:
        desk.cut(1)
        return body

    desk.lie(path, answer)


def test_an_index_that_was_answered_and_not_logged_raises_the_alarm_until_the_log_holds_it(
    desk: Desk, amina: Program, restarted: Callable[[], Program]
) -> None:
    desk.store_tip("First.", {})
    honest = desk.wsgi
    unlog(desk, "/v1/index")
    denied = re.compile(
        r"the server answered your fetch of the index of [-0-9]{10} [0-9:]{5} UTC.*, but its log does not"
    )
    assert denied.search(sync(amina))
    assert "First." in queue(amina)
    desk.wsgi = honest
    assert denied.search(sync(amina)), "an honest fetch afterwards takes nothing back"
    assert denied.search(queue(restarted()))


def test_a_log_without_ones_own_enrolment_raises_the_alarm(
    desk: Desk, enrol: Enrol, restarted: Callable[[], Program]
) -> None:
    enrol("amina")

    def forget_everything(body: bytes) -> bytes:
        with desk.server.store.reading() as session:
            size = desk.server.log.size(session)
        desk.cut(size)
        return body

    desk.lie("/v1/index", forget_everything)
    amina = restarted()
    assert "the log that it shows does not hold that you were enrolled" in queue(amina)


@pytest.mark.parametrize("cut", [1, 4])
def test_a_log_that_lost_entries_with_what_was_kept_of_it_is_still_compared(
    cut: int, desk: Desk, amina: Program, restarted: Callable[[], Program], tmp_path: Path
) -> None:
    desk.store_tip("First.", {})
    for _ in range(3):
        sync(amina)
    amina.guard._home.mirror.remove(FACT, "head")
    honest = desk.wsgi

    def forget_some(body: bytes) -> bytes:
        desk.cut(cut)
        return body

    desk.lie("/v1/index", forget_some)
    program = restarted()
    desk.wsgi = honest
    text = queue(program)
    assert "whether the log was rewritten since the last time can't be seen any more" in text
    assert "its log does not hold it" in text


def test_a_file_read_that_was_not_logged_raises_the_alarm_also_after_a_restart_and_without_the_desk(
    desk: Desk, amina: Program, restarted: Callable[[], Program]
) -> None:
    tip = desk.store_tip("First.", {})
    about = desk.store_file(tip, "a.jpg", b"data")
    sync(amina)
    unlog(desk, "/v1/items/")
    assert amina.save(f"/tips/{tip.id.hex()}/files/{about}").data == b"data"
    for program in (amina, restarted(), restarted()):
        assert re.search(r"the server answered your download of item [0-9a-f]{32} of", queue(program))
        desk.lie("/v1/index", lambda _: b"{}")


def test_what_nobody_answered_and_the_log_can_not_hold_any_more_is_dropped_silently(
    desk: Desk, amina: Program, enrol: Enrol, home: HomeOf, restarted: Callable[[], Program], tmp_path: Path
) -> None:
    key = amina.workspace.people.me
    long_ago = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    before = Journal(home("amina").mirror, key)
    before.sent("1" * 32, long_ago, Named(Action.INDEX))
    before.sent("2" * 32, long_ago + timedelta(minutes=9), Named(Action.INDEX))
    assert "can't be trusted" not in queue(restarted())
    assert [asked.nonce for asked in Journal(home("amina").mirror, key).open()] == ["2" * 32]


def test_a_log_whose_clock_is_ahead_has_no_request_forgotten_that_is_still_on_its_way(
    amina: Program, home: HomeOf
) -> None:
    journal = Journal(home("amina").mirror, amina.workspace.people.me)
    now = datetime.now(UTC).replace(microsecond=0)
    for nonce in ("1" * 32, "2" * 32):
        journal.sent(nonce, now, Named(Action.INDEX))
    journal.over("2" * 32)
    for answered in (False, True):
        asked = [each for each in journal.open() if each.created == now]
        journal.accuse(asked, {}, lambda _: None)
        journal.settle(asked, {}, now + timedelta(days=1))
        assert [each.nonce for each in journal.open() if each.created == now] == ["1" * 32]
        if not answered:
            journal.answered("1" * 32)
            journal.over("1" * 32)
    assert "the server answered your fetch of the index" in journal.accusation()


def test_a_desk_that_goes_on_refusing_fills_no_journal_and_is_still_accused_of_what_it_answered(
    desk: Desk, amina: Program, home: HomeOf
) -> None:
    honest, denied = desk.wsgi, "the server answered your fetch of the index"
    unlog(desk, "/v1/index")
    assert denied in sync(amina)
    desk.wsgi = Response("", 403)
    client = amina.workspace._client
    for _ in range(MOST_UNANSWERED + 20):
        with pytest.raises(DeskRefusedError):
            client.days("")
    kept = Journal(home("amina").mirror, amina.workspace.people.me).open()
    assert len([asked for asked in kept if asked.state is State.SENT]) == MOST_UNANSWERED + 1
    assert denied in queue(amina)
    desk.wsgi = honest
    assert denied in sync(amina)


def test_what_comes_of_a_log_that_breaks_off_shows_no_request_that_was_answered(desk: Desk, amina: Program) -> None:
    honest, journal, key = desk.wsgi, amina.workspace._client.journal, read_log_key(desk.server.settings.log_key)

    def claim_more(_body: bytes) -> bytes:
        text = Checkpoint(key.verifier.name, 5 * limits.MOST_ENTRIES, bytes(32)).text
        return signed(key, text)

    def name_what_was_asked(_body: bytes) -> bytes:
        desk.wsgi = Response("", 503)
        line = b" ".join(each.nonce.encode() for each in journal.open())
        return encode_entries([line] * limits.MOST_ENTRIES)

    unlog(desk, "/v1/index")
    desk.lie("/v1/log/checkpoint", claim_more)
    desk.lie("/v1/log/entries", name_what_was_asked)
    assert "Could not fetch: the desk refused" in sync(amina)
    desk.wsgi = honest
    assert "the server answered your fetch of the index" in sync(amina)


def test_what_somebody_else_asked_under_the_same_nonce_shows_no_request_that_was_answered(
    desk: Desk, amina: Program, reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, journal, boris = desk.wsgi, amina.workspace._client.journal, reviewer("boris")
    boris.unlock()
    unlog(desk, "/v1/index")
    desk.lie("/v1/log/", lambda _: b"")
    sync(amina)
    (nonce,) = (each.nonce for each in journal.open() if each.state is State.ANSWERED)
    desk.wsgi = honest
    with desk.server.store.writing() as session:
        session.execute(delete(Nonce))
    with monkeypatch.context() as his:
        his.setattr(secrets, "token_hex", lambda _size: nonce)
        boris.workspace._client.days("")
    assert "the server answered your fetch of the index" in sync(amina)


def test_a_log_that_is_not_kept_for_the_index_beside_it_has_no_request_forgotten(desk: Desk, amina: Program) -> None:
    desk.store_tip("First.", {})
    honest = desk.wsgi
    with desk.server.store.reading() as session:
        size = desk.server.log.size(session)
    desk.spoil_index(lambda rows: rows["items"][0].update(tip="0" * 32))
    assert "the desk's index is malformed" in sync(amina)
    desk.wsgi = honest
    sign_head(desk.server, size=size)
    assert "the server answered your fetch of the index" in sync(amina)


def test_an_index_that_can_not_be_takes_no_accusation_back(
    desk: Desk, amina: Program, restarted: Callable[[], Program]
) -> None:
    desk.store_tip("First.", {})
    desk.spoil_index(lambda rows: rows["items"][0].update(tip="0" * 32))
    unlog(desk, "/v1/index")
    assert "the server answered" in sync(amina)
    desk.wsgi = Response("", 503)
    assert "the server answered" in queue(restarted())


def test_what_a_desk_refused_and_logged_all_the_same_is_found_in_the_log(desk: Desk, amina: Program) -> None:
    honest = desk.wsgi

    def refuse(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        b"".join(honest(environ, lambda *_: lambda _: None))
        return Response("", 403)(environ, start)

    desk.wsgi = refuse
    assert "Could not fetch: the desk refused" in sync(amina)
    journal = amina.workspace._client.journal
    assert [asked.does for asked in journal.open()] == [Named(Action.INDEX)]
    desk.wsgi = honest
    assert "The log can't be trusted" not in sync(amina)
    assert journal.open() == ()


def test_a_request_is_on_disk_before_it_is_sent_and_holds_nothing_secret(
    desk: Desk, amina: Program, tmp_path: Path
) -> None:
    seen: list[Asked] = []

    def noted() -> list[Asked]:
        # As another program would find it, after this one was killed.
        shutil.copytree(tmp_path / "amina-home", tmp_path / "killed")
        file = MirrorFile(tmp_path / "killed", pytest.fail)
        rows = file.select(ASKED)
        file.close()
        shutil.rmtree(tmp_path / "killed")
        return list(map(Asked.of, rows))

    def look(body: bytes) -> bytes:
        seen.extend(noted())
        return body

    desk.lie("/v1/index", look)
    sync(amina)
    assert [(asked.does, asked.state) for asked in seen] == [(Named(Action.INDEX), State.SENT)]
    assert noted() == []


@given(
    st.text("0123456789abcdef", min_size=1),
    st.integers(0, 2**33),
    st.sampled_from(Action),
    st.lists(st.text()),
    st.sampled_from(State),
)
def test_a_request_is_read_as_it_was_noted(
    nonce: str, created: int, action: Action, objects: list[str], state: State
) -> None:
    asked = Asked("k", nonce, datetime.fromtimestamp(created, UTC), Named(action, tuple(objects)), state)
    assert Asked.of(asked.row) == asked


def evidence(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "amina-home" / "evidence").glob("*"))


def checked(file: Path) -> str:
    result = CliRunner().invoke(main, ["audit", "evidence", str(file)])
    assert result.exit_code == (Status.FRAUD if "Proven" in result.output else Status.DONE)
    return result.output


def test_a_rewritten_log_leaves_evidence_that_anybody_can_check_and_nothing_overwrites(
    desk: Desk, amina: Program, restarted: Callable[[], Program], tmp_path: Path
) -> None:
    sync(amina)
    desk.cut(3)
    shown = sync(amina)
    (file,) = evidence(tmp_path)
    held = file.read_bytes()
    assert str(file) in shown
    assert "Nothing new is shown" in shown
    for _ in range(5):
        sync(amina)
    # By now the false log has grown beyond the one that was seen.
    verdicts = [checked(each) for each in evidence(tmp_path)]
    assert any("that does not begin with it" in says for says in verdicts)
    assert any(says.startswith("Proven: the key of the log") for says in verdicts)
    assert file.read_bytes() == held
    assert str(file) in queue(restarted())


def test_an_older_checkpoint_is_kept_as_what_it_is_a_testimony(desk: Desk, amina: Program, tmp_path: Path) -> None:
    head = KeptLog(amina.guard._home).head
    assert head is not None
    old = head.received.note
    sync(amina)
    desk.lie("/v1/log/checkpoint", lambda _: old)
    assert "the log shrank" in sync(amina)
    (file,) = evidence(tmp_path)
    assert checked(file).startswith("Testified only, by amina")
    assert "the smaller is the beginning of the larger" in checked(file)


def test_what_is_no_evidence_gets_one_plain_line(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"nothing")
    result = CliRunner().invoke(main, ["audit", "evidence", str(tmp_path / "x")])
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "not evidence" in result.output
