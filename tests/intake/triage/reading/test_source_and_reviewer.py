"""A source's real pages and a reviewer's real program over one server: what one does, the other sees as it was done."""

import json
import re
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import escape
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from werkzeug.serving import make_server

from crypto.age import HybridIdentity, parse_recipient, seal, stanza_count, unseal
from crypto.codename import parse
from earlier import before_days, before_signatures
from intake.accesslog import members
from intake.desk import create_app as create_desk
from intake.keeper import initialise, open_keeper
from intake.protocol.card import Role
from intake.protocol.kinds import Kind
from intake.report.documents import read_one
from intake.report.events import HIGHEST_NUMBER, ConsentRequest
from intake.report.payloads import Chain
from intake.source import create_app as create_source
from intake.storage.removal import remove_withdrawals
from intake.storage.tables import Item, Tip, Withdrawal
from intake.triage.home import Home
from intake.triage.keys.keyfile import make_keys, save_keys
from intake.triage.outbox.sending import Sending
from intake.triage.reading.consents import uses
from opened import opened_tip, tips_of
from ports import free_port
from program import PASSPHRASE, Program
from visitor import Visitor

pytestmark = pytest.mark.slow

ALERT = re.compile(r'role="alert">([^<]*)')
LINES = re.compile(r'<div class="message (?:ours|theirs)"><p class="hint">.*?</p><p dir="auto">([^<]*)</p>')
REPLIES = re.compile(r'<p class="text" dir="auto">([^<]*)</p>')
DELETE = re.compile(r'action="(/en/tip/reply/[0-9a-f]{32}/delete)"')
CONSENT = "consent_statistics"


class Source(Visitor):
    """A source with a browser, at the source site over the same store."""

    def come_back(self, codename: str) -> None:
        self.get("/en/return")
        self.submit("/en/return", codename=codename)

    def tell(self, text: str) -> None:
        self.get("/en/tip")
        assert "has arrived" in self.submit("/en/tip/message", text=text).text

    def consent(self, answer: str) -> None:
        self.get("/en/tip/more/consents")
        assert "Saved." in self.submit("/en/tip/more/consents", **{CONSENT: answer}).text

    def replies(self) -> list[str]:
        return REPLIES.findall(self.get("/en/tip").text)

    def delete_newest_reply(self) -> None:
        action = DELETE.findall(self.get("/en/tip").text)[-1]
        assert "has been deleted" in self.submit(action).text

    def withdraw(self) -> None:
        self.get("/en/tip/withdraw")
        assert self.submit("/en/tip/withdraw", sure="y").path == "/en/withdrawn"


class Reviewer(Program):
    """A reviewer with a program, who is there for long."""

    def __init__(self, home: Home, key: Path) -> None:
        super().__init__(home, key, idle_seconds=600)
        self.enter()
        assert self.unlock().status_code == 303

    def page(self, path: str) -> str:
        return self.get(path).text.replace("&#39;", "'")

    def sync(self) -> str:
        assert self.post("/sync", "/").status_code == 303
        return self.page("/")

    def open(self, tip: str) -> str:
        return self.page(f"/tips/{tip}")

    def reply(self, tip: str, text: str) -> None:
        assert self.write(f"/tips/{tip}", "reply", text=text).status_code == 303

    def conversation(self, tip: str) -> list[str]:
        return LINES.findall(self.open(tip))

    def answers(self, tip: str) -> Any:
        account = opened_tip(self.workspace.book, tip).account
        return {key: told.value for key, told in account.once.items()}


class Everything:
    """One server with both sites on ports of this machine, and who uses them."""

    def __init__(self, data: Path, **settings: object) -> None:
        self._ports = free_port(), free_port()
        authority = f"127.0.0.1:{self._ports[0]}"
        self.server = open_keeper(
            # Without gates: everything shows at once.
            initialise(data, settings, {"INTAKE_DESK_AUTHORITY": authority, "INTAKE_GATE_MINUTES": "0"})
        )
        self.policy = self.server.settings.policy.read_text()
        self._serving = [self._serve(*each) for each in zip(self._ports, self._apps(), strict=True)]
        self._reviewers: list[Reviewer] = []

    def source(self) -> Source:
        return Source(lambda: socket.create_connection(("127.0.0.1", self._ports[1])))

    def reviewer(self, home: Path, key: Path) -> Reviewer:
        desk = f"http://127.0.0.1:{self._ports[0]}"
        self._reviewers.append(Reviewer(Home.open(home, desk=desk, policy=self.policy, proxy=None), key))
        return self._reviewers[-1]

    def enrol(self, directory: Path, name: str) -> Reviewer:
        keys = make_keys(Role.REVIEWER, name)
        members.enrol(self.server.store, self.server.log, keys.card)
        save_keys(directory / f"{name}.key", keys, PASSPHRASE, work_factor=4)
        return self.reviewer(directory / f"{name}-home", directory / f"{name}.key")

    def tips(self) -> list[str]:
        with self.server.store.reading() as session:
            return [tip.hex() for tip in session.scalars(select(Tip.id))]

    @contextmanager
    def away(self, status: str = "429 Busy") -> Iterator[None]:
        """The desk answers nobody who asks meanwhile, but with this status."""
        http, _ = self._serving[0]
        desk, http.app = http.app, lambda _environ, start: (start(status, []), [b""])[1]
        yield
        http.app = desk

    def stop(self) -> None:
        for reviewer in self._reviewers:
            reviewer.guard.lock()
        for http, thread in self._serving:
            http.shutdown()
            thread.join()
            http.server_close()
        self.server.store.close()

    def _apps(self) -> tuple[Any, Any]:
        return create_desk(self.server), create_source(self.server)

    def _serve(self, port: int, app: Any) -> tuple[Any, Thread]:
        http = make_server("127.0.0.1", port, app, threaded=True)
        thread = Thread(target=http.serve_forever)
        thread.start()
        return http, thread


@pytest.fixture
def open_all() -> Iterator[Callable[[Path], Everything]]:
    """Serves a data directory."""
    opened: list[Everything] = []

    def start(data: Path) -> Everything:
        opened.append(Everything(data))
        return opened[-1]

    yield start
    for each in opened:
        each.stop()


@pytest.fixture
def everything(open_all: Callable[[Path], Everything], tmp_path: Path) -> Everything:
    return open_all(tmp_path / "server")


@pytest.fixture
def amina(everything: Everything, tmp_path: Path) -> Reviewer:
    return everything.enrol(tmp_path, "amina")


def test_a_consent_that_was_taken_back_is_taken_back_however_many_replies_were_deleted(
    everything: Everything, amina: Reviewer
) -> None:
    source, tip = opened_by(amina, everything)
    for text in ("One.", "Two."):
        amina.reply(tip, text)
    source.consent("yes")
    for _ in range(2):
        source.delete_newest_reply()
    source.consent("no")
    amina.sync()
    assert amina.answers(tip)[CONSENT] == "no"
    shown = amina.open(tip)
    assert re.search(r"The source deleted a reply that amina sent on [^<]*\(2 times\)", shown)
    assert ALERT.findall(shown) == []


def test_a_conversation_of_one_day_reads_in_the_order_in_which_it_happened(
    everything: Everything, amina: Reviewer, tmp_path: Path
) -> None:
    boris = everything.enrol(tmp_path, "boris")
    source = everything.source()
    source.report()
    (tip,) = everything.tips()
    said = []
    for number in range(4):
        for who, speaker in (("amina", amina), ("boris", boris)):
            source.tell(f"source, {number} to {who}")
            # In the last round boris answers without having fetched what amina did.
            if speaker is amina or number < 3:
                speaker.sync()
            speaker.reply(tip, f"{who}, {number}")
            said += [f"source, {number} to {who}", f"{who}, {number}"]
    source.tell("and again")
    source.tell("and the last")
    said += ["and again", "and the last"]
    for reviewer in (amina, boris):
        reviewer.sync()
        assert reviewer.conversation(tip) == said
        assert ALERT.findall(reviewer.open(tip)) == []
    replies = [line for line in said if "," in line and not line.startswith("source")]
    assert source.replies()[:-2] == replies[:-2]
    assert sorted(source.replies()[-2:]) == sorted(replies[-2:])


@pytest.mark.parametrize("number", [1_000_000_000, HIGHEST_NUMBER])
def test_a_made_up_number_of_a_reply_hides_nothing_that_the_source_writes_after_a_later_one(
    number: int, everything: Everything, amina: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = everything.source()
    codename = source.report()
    amina.sync()
    (tip,) = everything.tips()
    with monkeypatch.context() as forged:
        forged.setattr(Sending, "_next_reply", lambda *_: number)
        amina.reply(tip, "Numbered by hand.")
        amina.let_leave()
    amina.reply(tip, "Shall we call the lawyer?")
    amina.let_leave()
    source.come_back(codename)
    source.tell("No! Do not call.")
    amina.sync()
    assert amina.conversation(tip) == ["Numbered by hand.", "Shall we call the lawyer?", "No! Do not call."]
    assert "A message of the source has no answer" in amina.page("/")


def test_two_windows_at_once_get_two_numbers(everything: Everything, amina: Reviewer) -> None:
    source = everything.source()
    codename = source.report()
    (tip,) = everything.tips()
    windows = [everything.source() for _ in range(6)]
    for window in windows:
        window.come_back(codename)
        window.get("/en/tip")
    threads = [
        Thread(target=window.submit, args=("/en/tip/message",), kwargs={"text": f"window {number}"})
        for number, window in enumerate(windows)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    amina.sync()
    assert sorted(amina.conversation(tip)) == [f"window {number}" for number in range(6)]
    assert ALERT.findall(amina.open(tip)) == []


def test_what_the_server_keeps_of_a_chain_is_one_size_and_opens_with_nothing_that_it_has(
    everything: Everything, amina: Reviewer
) -> None:
    source = everything.source()
    codename = source.report()
    kept = []
    for number in range(11):
        with everything.server.store.reading() as session:
            kept.append(session.scalars(select(Tip.chain)).one() or b"")
        source.tell(f"message {number}")
    assert len({len(chain) for chain in kept}) == 1
    assert len(set(kept)) == 11
    identity = HybridIdentity.from_seed(parse(codename).derive().identity_seed())
    assert [read_one(unseal(chain, [identity]), Chain).number for chain in kept] == list(range(1, 12))
    # One stanza: the source's own.
    assert {stanza_count(chain) for chain in kept} == {1}


def test_a_chain_that_the_server_set_back_is_seen_and_no_word_is_lost(everything: Everything, amina: Reviewer) -> None:
    source = everything.source()
    source.report()
    (tip,) = everything.tips()
    with everything.server.store.reading() as session:
        before = session.scalars(select(Tip.chain)).one()
    for chain in (before, None, b"damaged"):
        source.tell(f"First, {chain!r:.9}.")
        with everything.server.store.writing() as session:
            session.execute(update(Tip).values(chain=chain))
        source.tell(f"Second, {chain!r:.9}.")
        amina.sync()
        assert any("was set back to an earlier state" in alert for alert in ALERT.findall(amina.open(tip)))
    assert len(amina.conversation(tip)) == 6


def test_withdrawing_leaves_a_signed_word_that_reviewers_check_and_settling_ends(
    everything: Everything, amina: Reviewer
) -> None:
    source = everything.source()
    source.report()
    (tip,) = everything.tips()
    amina.sync()
    source.withdraw()
    assert (
        "Withdrawn by the source, as its signature proves; nothing of it is kept here any more. Reports: on "
        f"{everything.server.today()} ({tip[:8]})." in amina.sync()
    )
    with everything.server.store.reading() as session:
        (day,) = session.scalars(select(Withdrawal.day))
        assert session.scalars(select(Item.id).where(Item.kind != Kind.REPLY)).all() == []
    remove_withdrawals(everything.server.store, day)
    with everything.server.store.reading() as session:
        assert len(session.scalars(select(Withdrawal.day)).all()) == 1
    remove_withdrawals(everything.server.store, day + timedelta(days=1))
    with everything.server.store.reading() as session:
        assert session.scalars(select(Withdrawal.day)).all() == []
    assert "Withdrawn by the source, as its signature proves" in amina.sync()


def test_a_store_and_a_home_from_before_signatures_go_on_and_say_so(
    open_all: Callable[[Path], Everything], tmp_path: Path
) -> None:
    earlier = before_signatures(tmp_path / "earlier")
    told, everything = earlier.told["tips"][0], open_all(earlier.data)
    with everything.server.store.reading() as session:
        assert session.scalars(select(Tip.chain)).all() == [None, None]
    amina = everything.reviewer(earlier.home("amina"), earlier.key("amina"))
    queue = amina.sync()
    assert all(text["narrative"][:40] in queue for text in earlier.told["tips"])
    assert "without a word of the source" in queue
    tip = next(tip for tip in everything.tips() if told["narrative"] in amina.open(tip))
    shown = amina.open(tip)
    assert "This report is from before signatures" in shown
    assert ALERT.findall(shown) == []
    assert all(text in shown for text in (*told["notes"], told["files"][0]["name"]))
    assert amina.answers(tip)[CONSENT] == told["consents"][CONSENT]
    before = amina.conversation(tip)
    assert sorted(before) == sorted((*told["messages"], *told["replies"]))

    source = everything.source()
    source.come_back(told["words"])
    assert sorted(source.replies()) == sorted(told["replies"])
    source.tell("After the change.")
    source.consent("no")
    amina.sync()
    amina.reply(tip, "A new answer.")
    assert source.replies()[-1] == "A new answer."
    amina.sync()
    assert amina.conversation(tip) == [*before, "After the change.", "A new answer."]
    assert amina.answers(tip)[CONSENT] == "no"
    source.delete_newest_reply()
    amina.sync()
    shown = amina.open(tip)
    assert "was deleted, it is said by the source; there is no key to check that" in shown
    assert ALERT.findall(shown) == []
    # What came after is signed: seen once, it can't vanish unseen.
    with everything.server.store.writing() as session:
        session.execute(delete(Item).where(Item.kind == Kind.MESSAGE))
    amina.sync()
    alerts = [alert for alert in ALERT.findall(amina.open(tip)) if "is no longer on the server" in alert]
    assert sorted("(2 times)" in alert for alert in alerts) == [False, True]
    assert "After the change." in amina.conversation(tip)
    source.withdraw()
    assert "said to be withdrawn by the source, which this machine has no key to check" in amina.sync()


def test_nothing_unsigned_joins_a_report_from_before_signatures(
    open_all: Callable[[Path], Everything], tmp_path: Path
) -> None:
    earlier = before_signatures(tmp_path / "earlier")
    everything, narrative = open_all(earlier.data), earlier.told["tips"][0]["narrative"]
    amina = everything.reviewer(earlier.home("amina"), earlier.key("amina"))
    amina.sync()
    tip = next(tip for tip in everything.tips() if narrative in amina.open(tip))
    with everything.server.store.writing() as session:
        row = session.scalars(select(Tip).where(Tip.id == bytes.fromhex(tip))).one()
        for document in (
            {"kind": "report", "v": 1, "language": "en", "form": 1, "answers": {"narrative": "Forged."}},
            {"kind": "message", "v": 1, "place": 99, "text": "Forged."},
        ):
            sealed = seal(json.dumps(document).encode(), [parse_recipient(row.recipient)])
            name, kind = secrets.token_bytes(16), Kind(str(document["kind"]))
            session.add(Item(id=name, tip_id=row.id, kind=kind, day=row.day, size=len(sealed), sealed=sealed))
    amina.sync()
    shown = amina.open(tip)
    assert sum("does not bear the source's signature" in alert for alert in ALERT.findall(shown)) == 2
    assert "Forged." not in shown
    assert narrative in shown


def test_a_home_of_before_signatures_without_its_desk_says_when_it_opens(tmp_path: Path) -> None:
    earlier = before_signatures(tmp_path / "earlier")
    home = Home.open(earlier.home("amina"), desk="http://127.0.0.1:1", policy=None, proxy=None)
    reviewer = Reviewer(home, earlier.key("amina"))
    try:
        assert "what another version of this program fetched opens once the desk has answered" in reviewer.sync()
    finally:
        reviewer.guard.lock()


@pytest.mark.parametrize("exchanged", [False, True])
def test_a_store_and_a_home_from_before_days_go_on_and_what_they_knew_is_compared(
    exchanged: bool, open_all: Callable[[Path], Everything], tmp_path: Path
) -> None:
    earlier = before_days(tmp_path / "earlier")
    told, everything = earlier.told["tips"][0], open_all(earlier.data)
    if exchanged:
        with everything.server.store.writing() as session:
            session.execute(update(Tip).values(payload=b"another"))
    amina = everything.reviewer(earlier.home("amina"), earlier.key("amina"))
    queue = amina.sync()
    assert all(text["narrative"][:40] in queue for text in earlier.told["tips"])
    assert "Withdrawn by the source, as its signature proves" in queue
    assert "Damage on this machine" not in queue
    tip = next(tip for tip in everything.tips() if told["narrative"] in amina.open(tip))
    alerts = [alert for alert in ALERT.findall(amina.open(tip)) if "has put another summary in the place" in alert]
    assert bool(alerts) == exchanged
    if not exchanged:
        assert ALERT.findall(amina.open(tip)) == []
    assert sorted(amina.conversation(tip)) == sorted((*told["messages"], *told["replies"]))
    assert all(text in amina.open(tip) for text in ("The source deleted a reply that amina sent on", *told["notes"]))


TAKE_BACK = re.compile(r'href="[^"]*(/tips/[0-9a-f]{32}/reply/[0-9a-f]{32}/take-back)')


def opened_by(reviewer: Reviewer, everything: Everything) -> tuple[Source, str]:
    """A source that has reported, and its report, which a reviewer has opened."""
    source = everything.source()
    source.report()
    (tip,) = everything.tips()
    reviewer.sync()
    reviewer.open(tip)
    return source, tip


def take_back(reviewer: Reviewer, tip: str) -> None:
    """Take the newest reply back that can be, from the page that says what that means."""
    asks = TAKE_BACK.findall(reviewer.open(tip))[-1]
    assert reviewer.send(asks, reviewer.hidden(asks)).status_code == 303


def test_a_reply_that_is_taken_back_is_gone_for_its_source_and_on_both_machines_and_nobody_is_accused(
    everything: Everything, amina: Reviewer, tmp_path: Path
) -> None:
    boris, source = everything.enrol(tmp_path, "boris"), everything.source()
    source.report()
    (tip,) = everything.tips()
    for reviewer in (amina, boris):
        reviewer.sync()
        reviewer.open(tip)
    amina.reply(tip, "Take the train.")
    amina.reply(tip, "Keep the letter.")
    boris.sync()
    asks = TAKE_BACK.findall(boris.open(tip))[0]
    page = boris.page(asks)
    assert "Take the train." in page
    assert "Whether the source has read it before can't be known" in page
    assert boris.send(asks, boris.hidden(asks)).status_code == 303
    assert source.replies() == ["Keep the letter."]
    assert "The team took back a reply on" in source.get("/en/tip").text
    amina.sync()
    for reviewer in (amina, boris):
        shown = reviewer.open(tip)
        assert "Take the train." not in shown
        assert "Keep the letter." in shown
        assert ALERT.findall(shown) == []
        assert re.search(r"Taken back by <bdi>boris</bdi>, [^<]*. Whether the source had read it before", shown)
        assert "A reply was taken back: that of amina," in shown
    assert tips_of(amina.workspace.book) == tips_of(boris.workspace.book)
    # What the source writes then comes after what it could read, and is unanswered where the last answer is gone.
    take_back(amina, tip)
    source.tell("I did not read anything.")
    amina.sync()
    assert opened_tip(amina.workspace.book, tip).unanswered
    assert ALERT.findall(amina.open(tip)) == []


def test_whoever_comes_back_later_or_without_the_snapshot_sees_the_same(
    everything: Everything, amina: Reviewer, tmp_path: Path
) -> None:
    _, tip = opened_by(amina, everything)
    amina.reply(tip, "Take the train.")
    take_back(amina, tip)
    before, by = tips_of(amina.workspace.book), opened_tip(amina.workspace.book, tip).taken_back
    boris = everything.enrol(tmp_path, "boris")
    boris.sync()
    amina.guard.lock()
    amina.unlock()
    amina.sync()
    assert tips_of(amina.workspace.book) == before
    assert [each.by.name for each in by] == ["amina"]


def test_a_reply_that_is_still_here_is_just_never_sent(everything: Everything, amina: Reviewer) -> None:
    source, tip = opened_by(amina, everything)
    with everything.away():
        amina.reply(tip, "Take the train.")
        asks = TAKE_BACK.findall(amina.open(tip))[-1]
        assert "will just not be sent" in amina.page(asks)
        take_back(amina, tip)
        assert "Take the train." not in amina.open(tip)
    amina.sync()
    assert source.replies() == []
    assert "took back" not in source.get("/en/tip").text
    assert "taken back" not in amina.open(tip)


def test_what_is_taken_back_offline_is_deleted_once_the_desk_can_be_reached(
    everything: Everything, amina: Reviewer
) -> None:
    source, tip = opened_by(amina, everything)
    amina.reply(tip, "Take the train.")
    with everything.away():
        take_back(amina, tip)
        shown = amina.open(tip)
        assert "You are taking a reply back." in shown
        assert "The desk has not deleted it yet" in shown
        amina.guard.lock()
        amina.unlock()
        assert "You are taking a reply back." in amina.open(tip)
        assert source.replies() == ["Take the train."]
    amina.sync()
    assert source.replies() == []
    assert "You are taking a reply back." not in amina.open(tip)
    assert "Taken back by" in amina.open(tip)


def test_a_server_that_keeps_what_was_taken_back_is_accused(everything: Everything, amina: Reviewer) -> None:
    _, tip = opened_by(amina, everything)
    amina.reply(tip, "Take the train.")
    newest = max(
        (signed for signed in opened_tip(amina.workspace.book, tip).written if signed.payload.kind == "reply"),
        key=lambda signed: signed.author.place,
    )
    with everything.server.store.reading() as session:
        found = session.execute(select(Item.__table__).where(Item.id == bytes.fromhex(newest.item))).mappings().all()
    kept = {**found[0]}
    take_back(amina, tip)
    with everything.server.store.writing() as session:
        session.add(Item(**kept))
    amina.sync()
    (alert,) = ALERT.findall(amina.open(tip))
    assert "is on the server although amina took it back on" in alert


def test_a_reply_that_the_source_reads_is_what_its_preview_said(everything: Everything, amina: Reviewer) -> None:
    source, tip = opened_by(amina, everything)
    amina.reply(tip, "Keep the letter.")
    text = "Two lines,\n\nand <signs> & more."
    answer = amina.post(f"/tips/{tip}/reply", f"/tips/{tip}", text=text)
    seen = amina.get(f"/tips/{tip}/reply/{answer.location.rpartition('/')[2]}").text
    assert amina.send_seen(answer).status_code == 303
    articles = re.compile(r'<article class="reply">\n<h3>.*?</h3>\n<p class="text" dir="auto">.*?</p>', re.DOTALL)
    assert len(articles.findall(seen)) == 2
    assert articles.findall(seen) == articles.findall(source.get("/en/tip").text)
    assert re.findall(r"<h2>Replies</h2>\n<p>[^<]*</p>", seen) == re.findall(
        r"<h2>Replies</h2>\n<p>[^<]*</p>", source.get("/en/tip").text
    )


def test_a_server_that_denies_the_report_when_a_reply_is_taken_back_is_asked_again(
    everything: Everything, amina: Reviewer
) -> None:
    source, tip = opened_by(amina, everything)
    amina.reply(tip, "Take the train.")
    with everything.away("404 Not Found"):
        take_back(amina, tip)
        assert "The desk has not deleted it yet" in amina.open(tip)
    amina.sync()
    assert source.replies() == []
    assert "Taken back by" in amina.open(tip)


QUESTION = {"language": "en", "meaning": "", "check": "What was in the parcel?"}
WORDS = re.compile(r'<p class="text" dir="auto" lang="en"[^>]*>([^<]*)</p>')


def question(reviewer: Reviewer, tip: str, words: str, **values: str) -> tuple[str, ConsentRequest]:
    """Ask the source; returns the item, and what it says."""
    assert reviewer.write(f"/tips/{tip}", "consent_request", words=words, **QUESTION | values).status_code == 303
    return questions(reviewer, tip)[-1]


def questions(reviewer: Reviewer, tip: str) -> list[tuple[str, ConsentRequest]]:
    """What the source is asked by what this reviewer sees."""
    opened = opened_tip(reviewer.workspace.book, tip)
    found = uses(opened, reviewer.workspace.book.standing(opened))
    return [(use.asked.item, use.request) for use in found if use.stands]


def test_a_question_that_the_source_reads_is_what_its_preview_said(everything: Everything, amina: Reviewer) -> None:
    source, tip = opened_by(amina, everything)
    question(amina, tip, "May we tell a journalist?", check="")
    text = "Two lines,\n\nand <signs> & more?"
    answer = amina.post(f"/tips/{tip}/consent_request", f"/tips/{tip}", words=text, **QUESTION)
    seen = amina.get(f"/tips/{tip}/consent_request/{answer.location.rpartition('/')[2]}").text
    seen = seen.partition('<section class="as-source"')[2].partition(">")[2].partition("</section>")[0]
    assert amina.send_seen(answer).status_code == 303
    page = source.get("/en/tip").text
    assert WORDS.findall(seen) == WORDS.findall(page) == ["May we tell a journalist?", escape(text), QUESTION["check"]]
    said = [words for words in re.findall(r">\s*([^<>]*[^<>\s])\s*<", seen) if words != "Replies"]
    assert len(said) > 15
    assert [words for words in said if words not in page] == []


def test_a_question_that_another_program_has_deleted_is_asked_again_as_it_was_before_and_everybody_is_told(
    everything: Everything, amina: Reviewer, tmp_path: Path
) -> None:
    """Why no program offers that: the desk can't tell a question from a reply."""
    boris, source = everything.enrol(tmp_path, "boris"), everything.source()
    source.report()
    (tip,) = everything.tips()
    amina.sync()
    amina.open(tip)
    older, request = question(amina, tip, "May we tell a journalist?")
    newer, _ = question(amina, tip, "May we tell a lawyer?", request=request.request, seen=older)
    assert WORDS.findall(source.get("/en/tip").text) == ["May we tell a lawyer?", QUESTION["check"]]
    amina.workspace.take_back(tip, newer)
    amina.let_leave()
    for reviewer in (amina, boris):
        reviewer.sync()
        shown = reviewer.open(tip)
        assert [item for item, _ in questions(reviewer, tip)] == [older]
        assert "May we tell a lawyer?" not in shown
        assert "Taken back by <bdi>amina</bdi>" in shown
        assert ALERT.findall(shown) == []
    assert tips_of(amina.workspace.book) == tips_of(boris.workspace.book)
    page = source.get("/en/tip").text
    assert WORDS.findall(page) == ["May we tell a journalist?", QUESTION["check"]]
    assert "The team took back a reply on" in page
    # Asked no more, it is gone for all of them.
    ended = {"request": request.request, "seen": older, "taken_back": "yes"}
    amina.write(f"/tips/{tip}", "consent_request", words="May we tell a journalist?", **QUESTION | ended)
    boris.sync()
    assert [questions(reviewer, tip) for reviewer in (amina, boris)] == [[], []]
    assert WORDS.findall(source.get("/en/tip").text) == []
