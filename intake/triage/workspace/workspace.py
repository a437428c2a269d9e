"""An unlocked program: keys in memory, what is new fetched and opened."""

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock
from time import monotonic

from intake.hygiene import fault
from intake.protocol.audit import AuditError
from intake.protocol.card import Card
from intake.protocol.logstate import LogState
from intake.protocol.rules import RETENTION
from intake.protocol.sentence import parse_sentence
from intake.protocol.wire import WireError
from intake.report.events import Approval, DeletionReason, Referral
from intake.report.payloads import Payload
from intake.triage.access.exchanging import Exchanging
from intake.triage.access.letting import Letting
from intake.triage.access.rekeying import LostKeyError, Rekeying
from intake.triage.book import Book, SnapshotError
from intake.triage.book.extracts import FilePage
from intake.triage.desk.client import DeskClient, DeskError
from intake.triage.fetching.accepting import accept_restore
from intake.triage.fetching.checkpoints import Checkpoints
from intake.triage.fetching.kept import KeptLog
from intake.triage.fetching.log import recall_log
from intake.triage.fetching.opens import Opens
from intake.triage.fetching.restored import DECLARES
from intake.triage.fetching.sync import Sync, Synced
from intake.triage.fetching.witnessed import UNKNOWN
from intake.triage.files.downloads import Downloads
from intake.triage.files.originals import Originals
from intake.triage.files.view.viewer import Viewer
from intake.triage.home import Home
from intake.triage.keys.keyfile import KeyFileError, MemberKeys
from intake.triage.mirror.added import Authors
from intake.triage.mirror.aside import Aside
from intake.triage.mirror.statements import MirrorDamagedError
from intake.triage.mirror.tables import FACT, LEFT_OUT
from intake.triage.mirror.tips import Tips
from intake.triage.outbox.making import Told
from intake.triage.outbox.sending import Sending, Whereabouts
from intake.triage.outbox.unsent import Outbox, OutboxError, Step, Unsent
from intake.triage.patience import in_thread, is_done
from intake.triage.progress import Progress, Watched
from intake.triage.reading.casework import hands_on
from intake.triage.reading.gone import notices, purges
from intake.triage.reading.membership import acknowledge, changes, to_compare
from intake.triage.reading.opentip import Attachment, OpenTip
from intake.triage.workspace.alarms import Alarm, said_quietly, standing
from intake.triage.workspace.approvals import Approvals
from intake.triage.workspace.deposits import Deposits
from intake.triage.workspace.findings import Asked
from intake.triage.workspace.logged import LoggedSoFar
from intake.triage.workspace.looks import Looks
from intake.triage.workspace.opener import Opener
from intake.triage.workspace.people import People
from intake.triage.workspace.purging import Purging
from intake.triage.workspace.renewing import Renewing
from intake.triage.workspace.shown import Shown
from intake.triage.workspace.team import Team
from intake.triage.workspace.trust import Trust

_TURN = 60.0
"""Seconds for which colleagues are let in to older reports before what is new is fetched again."""

_PATIENCE = 60.0
"""Seconds that somebody waits for what is new. A hostile desk may take hours."""


def _now() -> datetime:
    return datetime.now(UTC)


class Workspace:
    """What an unlocked program holds. Its `repr` shows nothing; dropping it drops keys and plaintext.

    `now`: this machine's clock, by which cosignatures become too old.
    """

    def __init__(self, home: Home, keys: MemberKeys, progress: Progress, now: Callable[[], datetime] = _now) -> None:
        if keys.opening is None:
            raise KeyFileError("this is an auditor's key: it opens no reports")
        self._home, self._keys = home, keys
        home.sweep()
        self._shown, me = Shown(), keys.card.key_id
        self.people = People(self._shown, me)
        self.progress = Watched(progress)
        self._client = DeskClient(home, keys.signing, keys.card.role)
        self.files = Originals(Downloads(home, self._client))
        self.viewer = Viewer(self.files)
        self._kept = Tips(home.mirror)
        self._opens = Opens(KeptLog(home), me)
        self.deposits = Deposits(self._client, home.mirror, keys)
        self.aside = Aside(home.mirror, keys.opening)
        self._trust = Trust(home, self._client.journal, self._shown, me, keys.opening, now)
        self.checkpoints = Checkpoints(home, keys.signing)
        self.letting = Letting(home.mirror)
        self._exchanging = Exchanging(self._client, self._kept)
        self._opening = keys.opening
        self._rekeying = Rekeying(self._client, self._kept, self._exchanging, keys)
        self._later: list[str] = []
        self._sync = Sync(self._client, home, self.progress)
        self._again: set[tuple[str, str]] = set()
        self._touched: set[str] = set()
        """The tips that may show something else than they do: they stay here until all is shown, whatever fails."""
        self._told: LogState | None = None
        """The log up to which all was shown."""
        logged = LoggedSoFar(home, self._kept, self._shown, me).for_sending(self.tip)
        self.sending = Sending(self._client, Outbox(home.mirror), keys.opening, logged, self.fetch_soon)
        self.looks = Looks(self._shown, home, self.sending)
        self.team = Team(self._shown, self.people, self.looks, self.sending)
        self.asked = Asked(KeptLog(home))
        self.approvals = Approvals(home.mirror, self._shown, me)
        self._opener = Opener(home, self._kept, keys.opening, self.people, self._shown, self.looks)
        self._purging = Purging(me, self._kept, self._shown, self._opener, self.files, self.sending)
        self.renewing = Renewing(self._client, home, self._kept, keys.opening, self.people, self._shown)
        self.synced: datetime | None = None
        self.problem = ""
        self._notices: list[str] = []
        self.changes: list[str] = []
        self.to_compare = 0
        self._syncing = Lock()
        self._asking = Lock()
        self._next: Future[None] | None = None
        self.settled = Event()
        """Set while nothing is being fetched or about to be."""
        self.settled.set()
        self._ended = Event()

    def stop(self) -> None:
        """Send and open nothing more than what is under way, and show no file any more."""
        self._ended.set()
        self._opener.stop()
        self.sending.stop()
        self.renewing.stop()
        self.viewer.stop()

    def close(self) -> None:
        """Forget everything."""
        self.stop()
        self._shown.close()
        self._client.close()

    @property
    def book(self) -> Book:
        """All that was opened."""
        return self._shown.book

    @property
    def log(self) -> LogState | None:
        """The log up to which it was."""
        return self._shown.log

    @property
    def evidence(self) -> Sequence[Path]:
        """The files in which contradictions of the log are kept."""
        return self._trust.evidence

    @property
    def alarms(self) -> list[Alarm]:
        """Those that stand above every page."""
        return standing(self._trust.raised, self.aside, datetime.now(UTC).date())

    def put_aside(self, alarm: Alarm, reason: str) -> None:
        """Raise this alarm no more, for a reason of at most `LONGEST_REASON` characters."""
        self.aside.put(alarm.says, reason, datetime.now(UTC))
        self._trust.put_aside(alarm)

    @property
    def alarm(self) -> str:
        """What they say; empty if there is none."""
        return "; ".join(alarm.says for alarm in self.alarms)

    @property
    def unwitnessed(self) -> str:
        """Why the log is not witnessed as the member's policy asks, in words; as `Trust.unwitnessed`."""
        return self._trust.unwitnessed

    @property
    def notices(self) -> list[str]:
        """What is said above every page, besides problems and alarms."""
        noted = f"{self.sending.problem}." if self.sending.problem else ""
        unknown = f"{UNKNOWN[0].upper()}{UNKNOWN[1:]}." if self._trust.awaits_witnesses else ""
        damage = (f"Damage on this machine: {says}." for says in self._home.repairs)
        return [
            *self._notices,
            *self._later,
            *said_quietly(self._trust.raised, self.aside, datetime.now(UTC).date()),
            *filter(None, [self._opener.problem, self.looks.problem, self._purging.problem, noted, unknown]),
            *damage,
        ]

    @property
    def is_set_back(self) -> bool:
        """Whether the log contradicts itself by a restore that its operator declares, which can be accepted."""
        return DECLARES in self._trust.distrust

    def accept_restore(self, reason: str) -> None:
        """Begin anew from the log as it is served; as `accepting.accept_restore`, whose errors it raises.

        What is open here is of the log that was given up: the program is to be locked then.
        """
        with self._syncing:
            accept_restore(self._client, self._home, self._keys, reason, self.progress)

    def explain(self, finding: str, sentence: str) -> None:
        """Have the log hold what this reviewer says to a finding; `DeskError` or `ActionError` if it doesn't."""
        parse_sentence(sentence.encode())
        self._client.explain(finding, sentence)
        self.fetch()

    def fetch(self) -> None:
        """Fetch what is new, as `sync` does, and wait for that no longer than a minute: it goes on by itself."""
        is_done(self.fetch_soon(), _PATIENCE)

    def fetch_soon(self) -> "Future[None]":
        """Fetch what there is by now: at once, or after the fetch that is under way. Waits for nothing."""
        with self._asking:
            self.settled.clear()
            if self._next is None:
                self._next = in_thread(self.sync)
            return self._next

    def sync(self) -> None:
        """Fetch what is new. What goes wrong is kept in `problem`, or in `alarm` where the server can't be trusted.

        May run while others read `book`: each tip is shown once it was opened, unless all was closed meanwhile.
        """
        with self._syncing:
            with self._asking:
                # What comes from now on, this fetch may not see any more.
                self._next = None
                self.settled.clear()
            try:
                self._try_sync()
                self.open_kept()
                self._later = []
                self._rekey()
                self._let_in()
            finally:
                with self._asking:
                    if self._next is None:
                        self.settled.set()

    def _try_sync(self) -> None:
        problem = ""
        try:
            # A second time where something kept turned out to be spoilt, and no third: the desk may send nonsense.
            if self._take(self._sync.run()):
                self._take(self._sync.run())
            self.synced = datetime.now(UTC)
            self.checkpoints.fetched()
            self.deposits.leave()
        except AuditError as error:
            self._trust.distrust = str(error)
        except (DeskError, WireError, MirrorDamagedError) as error:
            problem = str(error)
        except OSError as error:
            problem = f"this machine can't keep what comes: {error.strerror}"
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may take this for a fetch that went well
            problem = fault(error)
        else:
            # Only now: a desk that doesn't answer has taken nothing back.
            self._trust.distrust = ""
        self.problem = problem
        self._look_at_witnesses()

    def _look_at_witnesses(self) -> None:
        try:
            self._trust.look_at_witnesses()
        except (OSError, MirrorDamagedError) as error:
            self._add_problem(f"what witnesses have cosigned can't be read: {error}")

    def _let_in(self) -> None:
        """Let colleagues in to what was chosen for them, for a while; it goes on after the fetch that shows that."""
        if self.problem or self.alarm or self.log is None or not self.letting.left():
            return
        until = monotonic() + _TURN
        try:
            if self.letting.take_turn(
                self._exchanging,
                self.log,
                self._opening.identities,
                self.progress,
                lambda: self._ended.is_set() or monotonic() > until,
            ):
                self.fetch_soon()
        except (DeskError, WireError, MirrorDamagedError) as error:
            self._later.append(f"Letting a colleague read older reports was interrupted, and goes on later: {error}.")
        except OSError as error:
            self._later.append(f"This machine can't note whom it let read older reports: {error.strerror}.")

    def _rekey(self) -> None:
        """Exchange the opening key for a newer one, when it is time, as far as that goes before the next fetch."""
        if self.problem or self._trust.lies or self.log is None or not self._rekeying.is_due(self.log):
            return
        until, known, current = monotonic() + _TURN, self._opening.identities, self._opening.current
        try:
            has_begun = self._rekeying.begin(self.log)
            self._trust.lost_key = ""
            if self._opening.current != current:
                self.sending.reseal()
                self.aside.reseal()
            if self._opening.identities[0] not in known and self._opening.unsent is None:
                # What was closed may open by now.
                self._touched.update(self._kept.ids())
                self._kept.touch(self._touched)
            moves = has_begun or self._rekeying.exchange(
                self.progress, lambda: self._ended.is_set() or monotonic() > until
            )
            if self._rekeying.left_out:
                self._home.mirror.put(FACT, (LEFT_OUT, self._rekeying.left_out))
            if moves:
                self.fetch_soon()
            elif self._rekeying.may_destroy(self.log):
                self.sending.reseal()
                self.aside.reseal()
                self._rekeying.keep_gone()
                self._opener.remove_older()
                self._opening.destroy_older()
                # What the paper opens at the desk must not bring them back.
                self.deposits.leave()
        except LostKeyError as error:
            self._trust.lost_key = str(error)
        except (DeskError, WireError, MirrorDamagedError, OutboxError, SnapshotError) as error:
            self._later.append(f"Your key is exchanged for a newer one later: {error}.")
        except OSError as error:
            self._later.append(f"Your key can't be exchanged for a newer one: {error.strerror or error}.")

    def let_in(self, key: str, tips: Iterable[str]) -> None:
        """Let a colleague in to older reports, in the background."""
        self.letting.choose(key, tips)
        self.fetch_soon()

    def _take(self, synced: Synced) -> bool:
        """Open what was touched, and show it. Returns whether something that is kept has to be fetched again."""
        # First: of what was deleted, nothing is opened any more.
        self._touched |= self._purging.run(synced.log)
        lacking = set(self._kept.lacking())
        self._touched |= synced.touched
        self._opener.open(synced.log, self._touched, self.progress)
        self._fetch_spoilt_again(synced.log)
        self._show(synced.log)
        return bool(set(self._kept.lacking()) - lacking)

    def _fetch_spoilt_again(self, log: LogState) -> None:
        """Let kept items that can't be opened be fetched again, each once as long as the program runs."""
        authors = Authors(self._home.mirror, log.roster)
        for tip, item in set(self.book.spoilt()) - self._again:
            self._again.add((tip, item))
            # What the log proves to be as it was sent would only come again.
            if authors.of(item, self._kept.item_bytes(tip, item)) is None:
                self._kept.fetch_again(tip, item)

    def open_kept(self) -> None:
        """Open what was fetched before, without asking the desk. Does nothing if that has been done."""
        if self.log is not None:
            return
        try:
            log = recall_log(self._home)
            self._look_at_witnesses()
            if self._kept.awaits_index:
                self._add_problem("what another version of this program fetched opens once the desk has answered")
            elif log is not None:
                self._opener.open(log, self._touched, self.progress)
                self._show(log)
        except AuditError as error:
            self._trust.distrust = str(error)
        except OSError as error:
            self._home.repaired(f"what was fetched before can't be read: {error.strerror}")
        except MirrorDamagedError as error:
            self._home.repaired(f"{error}; what was fetched before can be shown once the desk has sent it again")
        except Exception as error:  # noqa: BLE001 - the desk is asked all the same, and this is said
            self._add_problem(f"what was fetched before can't be opened; {fault(error)}")

    def _add_problem(self, says: str) -> None:
        self.problem = "; ".join(filter(None, [self.problem, says]))

    def read_by(self, tip: str) -> list[tuple[str, datetime]]:
        """Who else was shown a tip within the last hour, and when, as far as the log says that by now."""
        return [(self.people.name(who), at) for who, at in self._opens.of(tip, datetime.now(UTC))]

    def acknowledge_members(self, size: int) -> None:
        """Somebody has looked at what changed among the members, on a page that knew so many entries of the log."""
        if self.log is not None:
            acknowledge(min(size, self.log.size), self._home.mirror)
            self._compare_members(self.log)

    def vouch(self, card: Card) -> None:
        """Vouch for a card at once; `DeskError` if the desk can't be reached or refuses."""
        self._client.vouch(card)
        self.fetch()

    def shut_out(self, member: str) -> None:
        """Say at once that a reviewer, by key id, should be revoked; `DeskError` as for `vouch`."""
        self._client.shut_out(member)
        self.fetch()

    def unsay(self, member: str) -> None:
        """Take back at once what was said of whoever has this key id; `DeskError` as for `vouch`."""
        self._client.unsay(member)
        self.fetch()

    def write(self, unsent: Unsent, draft: str = "") -> None:
        """Show what somebody wrote for a tip, and let it leave; as `Sending.write`.

        `UnapprovedError` where a lead has to approve what it hands on, or whoever approves is none.
        """
        tip = self.tip(unsent.tip)
        if isinstance(unsent.payload, Approval) and tip is not None:
            self._approve(unsent, tip, draft)
            return
        if isinstance(unsent.payload, Referral) and tip is not None and hands_on(unsent.payload, tip.changes):
            self.approvals.require(tip)
        try:
            item = self.sending.write(unsent, tip, draft)
        finally:
            self._show_ahead()
        self.looks.add(unsent.tip, item)
        if isinstance(unsent.payload, DeletionReason):
            self.sending.decide(unsent.tip, Step.PROPOSE, item)

    def decide(self, tip: str, step: Step, proposal: str) -> None:
        """Second or stop a deletion that was proposed; `OutboxError` if that can't be kept."""
        self.sending.decide(tip, step, proposal)

    @property
    def retention(self) -> int | None:
        """After how many months without a change closed reports are proposed for deletion; None if never."""
        return None if self.log is None else self.log.deletions.rules[RETENTION]

    def export(self, unsent: Unsent, tip: OpenTip) -> None:
        """Have the log hold that a file of a tip leaves, and its history which; as `Sending.export`.

        `UnapprovedError` where a lead has to approve that, and none has.
        """
        self.approvals.require(tip)
        self.sending.export(unsent, tip)
        self._show_ahead()
        self.looks.add(tip.id, unsent.item)

    def _approve(self, unsent: Unsent, tip: OpenTip, draft: str) -> None:
        self.approvals.require_lead()
        item = self.sending.approve(unsent, tip, draft)
        self._show_ahead()
        self.looks.add(tip.id, item)

    def keep(self, unsent: Unsent, draft: str = "") -> str:
        """Keep what somebody typed as a draft, and return the id that it has; as `Sending.write`."""
        return self.sending.write(unsent, None, draft)

    def make(self, unsent: Unsent, told: Told, draft: str = "") -> None:
        """Make a report of what somebody told, and let it leave; as `Sending.make`. To its maker it is nothing new."""
        self.sending.make(unsent, told, draft)
        if (made := self.sending.made(unsent.tip)) is not None:
            self.looks.keep(unsent.tip, made.items)

    def read(self, tip: OpenTip, file: Attachment, page: int, text: str) -> None:
        """A page of a file is shown: what was read there is searched from now on."""
        if not self._shown.is_closed:
            self.book.read(tip.id, FilePage(file.about.sha256, page), text)

    def tip(self, tip: str) -> OpenTip | None:
        """A tip that is here, or that was made here and is still under way."""
        return self.book.tip(tip) or self.sending.made(tip)

    def write_for_team(self, form: str, payload: Payload, draft: str = "") -> None:
        """Write something into a dossier of the whole team's, by the token of its form; as `write`."""
        self.write(Unsent.typed(form, self.team.dossier(), payload), draft)

    def discard(self, item: str) -> Whereabouts:
        """Forget what was to be sent; as `Sending.discard`."""
        where = self.sending.discard(item)
        self._show_ahead()
        return where

    def take_back(self, tip: str, reply: str) -> None:
        """Have a reply deleted; as `Sending.take_back`."""
        self.sending.take_back(tip, reply)
        self._show_ahead()

    def renew(self) -> None:
        """Give tips another identity that somebody who was revoked may still open, as long as this is unlocked."""
        self.renewing.run(self.fetch_soon)

    def restrict(self, tip: str, readers: Collection[str]) -> None:
        """Have a tip read by these reviewers (key ids) alone, or by all if there are none; as `Renewing.restrict`."""
        try:
            self.renewing.restrict(tip, readers)
        finally:
            self.fetch()

    def _show_ahead(self) -> None:
        with self._shown.changing() as book:
            if book is not None:
                self._show_set(book)

    def _show_set(self, book: Book) -> None:
        book.show_ahead(self.sending.ahead)
        book.watch_for(self.team.watch_terms())

    def keep_book(self, abandon: Event) -> None:
        """Keep what was opened, sealed, if it has changed since that was done; not if `abandon` is set meanwhile."""
        self._opener.keep(abandon)

    def _show(self, log: LogState) -> None:
        with self._shown.changing() as book:
            if book is None:
                return
            self._shown.log = log
            self._opens.take(log.size, datetime.now(UTC))
            if self._told is None or self._touched:
                purged = self._kept.purged()
                gone = [tip for tip in self._kept.gone(self._kept.fetched.place) if tip not in purged]
                known = dict.fromkeys(gone) | self._kept.known(*gone)
                made = Authors(self._home.mirror, log.roster).makers(gone)
                self._notices = purges(purged, self._purging.awaited(log))
                awaited = set(self._purging.awaited(log))
                self._notices += notices(
                    {tip: each for tip, each in known.items() if tip not in awaited}, self._kept.withdrawn(), made
                )
                self._notices += [f"In a dossier of your team's own: {says}" for says in self.team.doubts()]
            self.sending.settle()
            self._show_set(book)
            if self._told is None or self._told.rulings != log.rulings:
                self._compare_members(log)
            if self._told is None or self._touched or self._told.rulings != log.rulings or self.renewing.pending:
                self.renewing.plan(log)
            self._told = log
            self._touched.clear()

    def _compare_members(self, log: LogState) -> None:
        self.changes = changes(log, self._home.mirror)
        self.to_compare = to_compare(log, self._home.mirror)
