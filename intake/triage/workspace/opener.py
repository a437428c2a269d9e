"""Brings the book to what is kept here: what has to be opened from something else than before, is."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from threading import Event, Lock

from intake.protocol.logstate import LogState
from intake.protocol.readership import Readership
from intake.triage.book import Book, Snapshot, SnapshotError
from intake.triage.home import Home
from intake.triage.keys.opening import OpeningKeys
from intake.triage.mirror.added import Authors
from intake.triage.mirror.exchanged import Exchanges, renewals_in
from intake.triage.mirror.known import Known
from intake.triage.mirror.tips import Tips, renewed_name, summary_name
from intake.triage.progress import Progress
from intake.triage.reading.given import Given, Reader
from intake.triage.reading.opening import open_tip
from intake.triage.reading.renewed import Verdict, look
from intake.triage.workspace.looks import Looks
from intake.triage.workspace.people import People
from intake.triage.workspace.shown import Shown

_AT_ONCE = 50
"""Reports that are opened in one transaction of the mirror, which others wait for."""


class Opener:
    """Opens tips into the book, which is the one that was kept, sealed, when the program was unlocked last."""

    def __init__(self, home: Home, kept: Tips, keys: OpeningKeys, people: People, shown: Shown, looks: Looks) -> None:
        self._home = home
        self._kept = kept
        self._keys = keys
        self._people = people
        self._shown = shown
        self._looks = looks
        self._snapshot = Snapshot(home, keys)
        self._restored = False
        self._kept_changes: tuple[Book, int] | None = None
        self._stopped = Event()
        self._keeping = Lock()
        self.problem = ""
        """That what was opened can't be kept; empty while it can."""

    def stop(self) -> None:
        """Open nothing more than what is under way."""
        self._stopped.set()

    def open(self, log: LogState, touched: set[str], progress: Progress) -> None:
        """Bring the book to what the index shows: what has to be opened from something else than before, is.

        That is of what was touched; the first time, of whatever the book does not hold as it was opened last, which
        is touched then, too.
        """
        member = log.roster.member(self._people.me)
        since = date.max if member is None else member.since.date()
        file, place = self._home.mirror, self._kept.fetched.place
        proven = Authors(file, log.roster), Exchanges(file, log.roster), Readership(log.rulings)
        reader = Reader(self._people.me, since, log, *proven, place)
        self._take_renewed(touched)
        book = self._shown.book if self._restored else self._load()
        before = book.given(touched if self._restored else None)
        if not self._restored:
            touched.update(self._outdated(book, before))
        names = sorted(touched)
        other = [name for name in names if name not in before]
        for part in _parts([name for name in names if name in before]):
            given = self._given(part, reader)
            same = {name: each.digest for name, (each, _) in given.items() if each.digest == before[name]}
            self._kept.opened(same)
            other += [name for name in part if name not in same]
        for name in () if self._restored else other:
            book.remove(name)
        # Only now: nothing that was kept is shown of which it isn't certain that it would be opened the same.
        self._restore(book)
        with progress("Opening reports", len(other)) as told:
            for number, part in enumerate(_parts(other), 1):
                if self._stopped.is_set():
                    break
                with self._home.mirror.writing():
                    self._open_part(book, part, reader)
                told(min(number * _AT_ONCE, len(other)))

    def _take_renewed(self, touched: set[str]) -> None:
        """Look into summaries that stand in the place of kept ones: those that fit are kept instead."""
        for part in _parts(sorted(self._kept.renewed())):
            with self._home.mirror.writing():
                verdicts = self._verdicts(part)
                for name in part:
                    if name not in verdicts:
                        self._kept.drop_renewed(name)
                    elif verdicts[name] is Verdict.FITS:
                        self._kept.take_renewed(name)
                        self._kept.touch([name])
                        touched.add(name)

    def _verdicts(self, names: Sequence[str]) -> dict[str, Verdict]:
        """Of those of these tips that got another identity since, by the log: what stands in the place of the kept."""
        found = {}
        for name, steps in self._kept.explained(names).items():
            if renewals := renewals_in(steps):
                known = self._kept.known(name)[name]
                kept, new = (self._kept.sealed(of(name)) or b"" for of in (summary_name, renewed_name))
                found[name] = look(kept, known.signer, new, self._keys.identities, renewals)
        return found

    def _outdated(self, book: Book, before: Mapping[str, bytes]) -> list[str]:
        """What the book does not hold as it was opened last; of what the index lacks, nothing stays in it."""
        opened, ids = self._kept.opened_from(), self._kept.ids()
        for name in before.keys() - set(ids):
            book.remove(name)
        return [name for name in ids if name not in before or before[name] != opened.get(name)]

    def _open_part(self, book: Book, names: Sequence[str], reader: Reader) -> None:
        """Open some, or forget those that the index lacks."""
        known: dict[str, Known] = {}
        digests: dict[str, bytes] = {}
        given_of = self._given(names, reader)
        for name in names:
            if name not in given_of:
                book.remove(name)
                continue
            given, sealed = given_of[name]
            opened = open_tip(given, sealed, self._keys.identities)
            if opened.is_shut_out:
                # With what was read in its files.
                book.remove(name)
            if sealed[name]:
                known[name] = given.known.seen(opened)
                # Where there is no doubt, what is remembered from now on would open the same.
                if not opened.warnings:
                    given = replace(given, known=known[name])
            if opened.slowly:
                self._kept.is_slow(name, asked=bool(opened.asked))
            digests[name] = given.digest
            book.put(opened, digests[name])
        self._kept.remember(known)
        self._kept.opened(digests)

    def _given(self, names: Sequence[str], reader: Reader) -> dict[str, tuple[Given, Mapping[str, bytes]]]:
        """What tips are to be opened from, and their sealed bytes; nothing of those that the index lacks."""
        found, here = {}, self._kept.kept(*names)
        verdicts = self._verdicts([name for name, kept in here.items() if kept.row.payload != kept.known.payload])
        for name, kept in here.items():
            digests = {key: hashlib.sha256(data).hexdigest() for key, data in kept.sealed.items()}
            verdict = verdicts.get(name, Verdict.FITS)
            found[name] = reader.given(kept.row, kept.items, kept.known, digests, verdict), kept.sealed
        return found

    def _load(self) -> Book:
        """The book that was kept, or the empty one."""
        book = self._snapshot.load()
        if book is None:
            return self._shown.book
        self._kept_changes = book, book.changes
        return book

    def _restore(self, book: Book) -> None:
        if not self._restored:
            self._shown.put(book, self._looks.digests)
            self._restored = True

    def renew(self) -> None:
        """Let nothing stay in the snapshot of what is gone from the book: overwrite it, and keep it anew.

        `SnapshotError` if the one that is kept can't be deleted.
        """
        with self._keeping:
            self._snapshot.destroy()
            self._kept_changes = None
        self.keep(Event())

    def remove_older(self) -> None:
        """Delete what was kept, if an older identity alone opens it; it is kept anew with the next change.

        `SnapshotError` if that can't be done.
        """
        with self._keeping:
            self._snapshot.remove_older()

    def keep(self, abandon: Event) -> None:
        """Keep what was opened, sealed, if it has changed since that was done; not if `abandon` is set meanwhile."""
        with self._keeping:
            self._keep(abandon)

    def _keep(self, abandon: Event) -> None:
        book = self._shown.book
        state = book, book.changes
        if self._restored and state != self._kept_changes:
            try:
                self._snapshot.save(book, abandon)
            except SnapshotError as error:
                self.problem = f"What was opened is not kept for the next time, which takes longer: {error}."
            else:
                self._kept_changes, self.problem = state, ""


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))
