"""After a revocation, nothing that arrives later opens with what the revoked reviewer kept."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from sqlalchemy import select, update
from werkzeug.wrappers import Response as WsgiResponse

from crypto.age import AgeError, HybridIdentity, HybridRecipient, seal, split, unseal
from intake.accesslog import members
from intake.protocol.actions import Action
from intake.protocol.card import Role
from intake.protocol.entry import parse_entry
from intake.protocol.renewal import Renewals, Renewed
from intake.report.documents import read_one
from intake.report.events import LabelName
from intake.report.payloads import Summary
from intake.storage.tables import Item, LogEntry, Tip
from intake.triage.keys.keyfile import load_keys
from intake.triage.mirror.tips import summary_name
from intake.triage.outbox.unsent import new_form
from open_desk import Desk, Stored
from opened import opened_tip, opened_tips
from program import PASSPHRASE, Enrol, Program, Reviewer
from told import alerts, page, shown, sync

pytestmark = pytest.mark.slow

ANSWERS = {"urgency": "now"}
_PATIENCE = 30


@dataclass
class Kept:
    """What somebody has kept who was revoked: their own key, and that of every tip that they ever opened."""

    own: HybridIdentity
    tips: list[HybridIdentity]

    def opens(self, sealed: bytes) -> bool:
        try:
            unseal(sealed, [self.own, *self.tips])
        except AgeError:
            return False
        return True


def kept_by(program: Program, key: Path) -> Kept:
    own = load_keys(key, PASSPHRASE).opening
    assert own is not None
    return Kept(own.current, [each for tip in opened_tips(program.workspace.book) for each in tip.identities])


def everything(desk: Desk) -> Iterator[tuple[str, bytes]]:
    """All sealed bytes of a copy of the store, by what they are."""
    with desk.server.store.reading() as session:
        for tip, header, payload in session.execute(select(Tip.id, Tip.header, Tip.payload)):
            yield f"summary/{tip.hex()}", header + payload
        for item, data, blob in session.execute(select(Item.id, Item.sealed, Item.blob)):
            if blob is None:
                yield item.hex(), data or b""
            else:
                with desk.server.blobs.open(blob) as file:
                    yield item.hex(), file.read()


def revoke(desk: Desk, name: str) -> None:
    members.revoke(desk.server.store, desk.server.log, name, Role.REVIEWER)


def renewed(program: Program) -> None:
    """Fetch, wait until all that a revocation asks for is done, and fetch what came of it."""
    sync(program)
    assert program.workspace.renewing.idle.wait(_PATIENCE)
    program.let_leave()


def entries(desk: Desk, action: Action) -> list[tuple[str, ...]]:
    with desk.server.store.reading() as session:
        lines = session.scalars(select(LogEntry.body).order_by(LogEntry.index)).all()
    return [entry.objects for entry in map(parse_entry, lines) if entry.action is action]


@pytest.fixture
def tip(desk: Desk, amina: Program, boris: Program) -> Stored:
    """A report that both have opened."""
    tip = desk.store_tip("They took him.", ANSWERS)
    for program in (amina, boris):
        sync(program)
        assert "They took him." in shown(program, tip)
    return tip


def test_who_kept_every_key_and_gets_a_copy_of_the_store_opens_nothing_that_arrived_later(
    desk: Desk, amina: Program, boris: Program, tip: Stored, tmp_path: Path
) -> None:
    kept = kept_by(boris, tmp_path / "boris.key")
    before = dict(everything(desk))
    assert all(kept.opens(sealed) for name, sealed in before.items() if name in (f"summary/{tip.id.hex()}",))
    revoke(desk, "boris")
    renewed(amina)
    desk.store_message(tip, "They came back.")
    desk.store_file(tip, "photo.jpg", b"a picture")
    amina.write(page(tip), "note", text="A note.")
    amina.write(page(tip), "reply", text="A reply.")
    desk.store_tip("Another one.", ANSWERS)
    amina.let_leave()
    later = {name: sealed for name, sealed in everything(desk) if before.get(name) != sealed}
    assert len(later) == 8, "a summary, a message, a file in two parts, a note, a reply, and another report in two"
    assert [name for name, sealed in later.items() if kept.opens(sealed)] == []


def test_all_goes_on_for_those_who_stay(
    desk: Desk, amina: Program, boris: Program, reviewer: Reviewer, tip: Stored
) -> None:
    carla = reviewer("carla")
    carla.unlock()
    boris.write(page(tip), "note", text="What boris wrote.")
    revoke(desk, "boris")
    renewed(amina)
    desk.store_message(tip, "They came back.")
    amina.write(page(tip), "note", text="What amina wrote.")
    for program in (amina, carla):
        sync(program)
        says = shown(program, tip)
        assert alerts(program, tip) == []
        for text in ("They took him.", "They came back.", "What boris wrote.", "What amina wrote."):
            assert text in says


def test_the_log_names_each_report_once_however_many_programs_do_it(
    desk: Desk, amina: Program, boris: Program, reviewer: Reviewer
) -> None:
    carla = reviewer("carla")
    tips = {desk.store_tip(f"Report {number}.", ANSWERS).id.hex() for number in range(5)}
    carla.unlock()
    for program in (amina, carla):
        sync(program)
    revoke(desk, "boris")
    with ThreadPoolExecutor() as pool:
        list(pool.map(renewed, (amina, carla)))
    done = [name for objects in entries(desk, Action.RENEW) for name in objects]
    assert set(done) == {f"tip/{tip}" for tip in tips}
    for program in (amina, carla):
        renewed(program)
        assert program.workspace.renewing.pending == {}
        assert [tip.warnings for tip in opened_tips(program.workspace.book)] == [[]] * len(tips)
        assert {len(tip.identities) for tip in opened_tips(program.workspace.book)} == {2}


def test_until_it_is_done_a_page_says_to_whom_how_many_are_open(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    honest = desk.wsgi
    desk.wsgi = refusing("PUT", "/v1/summaries", honest)
    revoke(desk, "boris")
    renewed(amina)
    says = "1 report is still open to what boris (no reviewer any more) kept"
    for where in ("/", "/members"):
        assert says in amina.get(where).text
    assert "Not done yet: the desk refused" in amina.get("/").text
    desk.wsgi = honest
    renewed(amina)
    assert says not in amina.get("/").text


def test_a_program_that_ended_goes_on_when_it_is_unlocked_again(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    honest = desk.wsgi
    desk.wsgi = refusing("PUT", "/v1/summaries", honest)
    revoke(desk, "boris")
    renewed(amina)
    amina.post("/lock", "/")
    desk.wsgi = honest
    amina.unlock()
    renewed(amina)
    assert entries(desk, Action.RENEW) == [(f"tip/{tip.id.hex()}",)]
    assert len(opened_tip(amina.workspace.book, tip.id.hex()).identities) == 2


@pytest.mark.parametrize("kind", ["note", "reply"])
def test_what_was_on_its_way_is_sealed_anew_before_it_leaves(
    desk: Desk, amina: Program, boris: Program, tip: Stored, tmp_path: Path, kind: str
) -> None:
    kept, honest = kept_by(boris, tmp_path / "boris.key"), desk.wsgi
    desk.wsgi = refusing("PUT", f"{page(tip)}/items".replace("/tips", "/v1/tips"), honest)
    amina.write(page(tip), kind, text="Written before.")
    revoke(desk, "boris")
    renewed(amina)
    before = dict(everything(desk))
    desk.wsgi = honest
    amina.workspace.sending.hurry()
    amina.let_leave()
    later = [sealed for name, sealed in everything(desk) if name not in before]
    assert len(later) == 1
    assert not kept.opens(later[0])
    assert kind == "note" or unseal(later[0], [tip.source])
    assert "Written before." in shown(amina, tip)
    assert alerts(amina, tip) == []


def test_the_desk_takes_nothing_for_an_earlier_key(
    desk: Desk, amina: Program, boris: Program, reviewer: Reviewer, tip: Stored, tmp_path: Path
) -> None:
    """A colleague was faster: whoever has not fetched since then does that first."""
    kept, carla = kept_by(boris, tmp_path / "boris.key"), reviewer("carla")
    carla.unlock()
    before = dict(everything(desk))
    revoke(desk, "boris")
    tip_of_amina = opened_tip(amina.workspace.book, tip.id.hex())
    renewed(amina)
    assert opened_tip(amina.workspace.book, tip.id.hex()).identities != tip_of_amina.identities
    amina.workspace.sending._opened = lambda _: tip_of_amina
    amina.write(page(tip), "note", text="A note.")
    assert [name for name, sealed in everything(desk) if before.get(name) != sealed and kept.opens(sealed)] == []
    assert "the desk refused" in shown(amina, tip)


def test_a_summary_that_is_none_of_the_reports_is_said_with_who_put_it_there(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    lie(boris, tip, lambda cover: replace(cover, signer="0" * 64))
    sync(amina)
    (says,) = alerts(amina, tip)
    assert "boris gave this report another key" in says
    assert "not the summary of this report" in says
    assert "They took him." in shown(amina, tip)
    assert opened_tip(amina.workspace.book, tip.id.hex()).signer == tip.key.verifier.public_key.hex()


def test_nobody_takes_the_room_for_other_keys_with_one_renewal(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    lie(boris, tip, lambda cover: replace(cover, identities=(*cover.identities[:1], *cover.identities)))
    sync(amina)
    assert any("not the summary of this report" in says for says in alerts(amina, tip))
    renew = f"{page(tip)}/readers"
    amina.post(renew, renew, renew="yes")
    sync(amina)
    assert alerts(amina, tip) == []


def test_a_colleague_puts_right_what_another_has_spoilt(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    own = boris.workspace.renewing._keys.current.recipient
    lie(boris, tip, readers=[own, HybridIdentity.generate().recipient])
    desk.store_message(tip, "Lost to all but one.")
    sync(amina)
    amina.post(f"{page(tip)}/readers", f"{page(tip)}/readers", renew="yes")
    desk.store_message(tip, "They came back.")
    sync(amina)
    says = shown(amina, tip)
    assert "They took him." in says
    assert "They came back." in says
    assert "Lost to all but one." not in says
    assert all("gave this report another key" not in alert for alert in alerts(amina, tip))


def test_who_is_left_out_is_told_by_whom(desk: Desk, amina: Program, boris: Program, tip: Stored) -> None:
    own = boris.workspace.renewing._keys.current.recipient
    lie(boris, tip, readers=[own, HybridIdentity.generate().recipient])
    sync(amina)
    (says,) = alerts(amina, tip)
    assert "boris gave this report another key" in says
    assert "it was not sealed to you" in says
    assert "They took him." in shown(amina, tip)


def test_an_earlier_summary_that_comes_back_is_said(desk: Desk, amina: Program, boris: Program, tip: Stored) -> None:
    with desk.server.store.reading() as session:
        before = session.execute(select(Tip.header, Tip.payload, Tip.recipient)).one()
    revoke(desk, "boris")
    renewed(amina)
    with desk.server.store.writing() as session:
        session.execute(update(Tip).values(header=before.header, payload=before.payload, recipient=before.recipient))
    sync(amina)
    assert any("put another summary in the place" in says for says in alerts(amina, tip))


def test_what_the_team_made_itself_gets_another_key_too(desk: Desk, amina: Program, boris: Program) -> None:
    amina.workspace.write_for_team(new_form(), LabelName("1", "A label.", "grey", retired=False))
    amina.let_leave()
    revoke(desk, "boris")
    renewed(amina)
    amina.workspace.write_for_team(new_form(), LabelName("2", "Another.", "grey", retired=False))
    amina.let_leave()
    sync(amina)
    assert {label.name for label in amina.workspace.team.standing().outcomes(LabelName)} == {"A label.", "Another."}
    earlier, later = amina.workspace.book.team()
    assert [len(dossier.identities) for dossier in (earlier, later)] == [2, 1], "what is new goes into one of its own"
    assert [dossier.warnings for dossier in (earlier, later)] == [[], []]


def test_whoever_comes_later_and_was_never_a_reader_is_no_reason(desk: Desk, amina: Program, enrol: Enrol) -> None:
    desk.store_tip("They took him.", ANSWERS, day=date(2020, 1, 1))
    enrol("carla")
    revoke(desk, "carla")
    renewed(amina)
    assert entries(desk, Action.RENEW) == []


def lie(
    program: Program,
    tip: Stored,
    change: Callable[[Summary], Summary] = lambda cover: cover,
    readers: Sequence[HybridRecipient] | None = None,
) -> None:
    """A reviewer's changed program renews a report as it likes."""
    workspace, name = program.workspace, tip.id.hex()
    identity, log = workspace.renewing._keys.current, workspace.log
    assert log is not None
    row, kept = workspace._kept.shown([name])[name], workspace._kept.sealed(summary_name(name))
    cover, new = read_one(unseal(kept or b"", [identity]), Summary), HybridIdentity.generate()
    cover = change(replace(cover, identities=(str(new), *cover.identities)))
    parts = split(seal(cover.padded(), readers or log.roster.recipients))
    renewed = Renewed(str(new.recipient), parts.header, parts.payload)
    renewals = Renewals((renewed.of(name, row.header, row.payload),))
    assert workspace._client.renew(renewals, [renewed]) == ()


def refusing(method: str, path: str, honest: WSGIApplication) -> WSGIApplication:
    """A desk that is too busy for some requests."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == method and environ["PATH_INFO"].startswith(path):
            return WsgiResponse(b'{"error":"busy"}', status=503, mimetype="application/json")(environ, start)
        return honest(environ, start)

    return answer
