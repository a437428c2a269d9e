"""What the team sets for all its reports: labels, filters, terms, templates and duty, in dossiers of its own."""

from itertools import islice
from threading import Lock

from intake.report.events import SavedFilter, WatchTerm
from intake.triage.outbox.sending import Sending
from intake.triage.outbox.unsent import TeamDossier, Unsent, new_form
from intake.triage.reading.dossiers import counting, to_write_into
from intake.triage.reading.standing import NOTHING, Change, Standing
from intake.triage.workspace.looks import Looks
from intake.triage.workspace.people import People
from intake.triage.workspace.shown import Shown

MOST_WATCHED = 500
"""Terms that are watched for: each report that comes is read for all of them."""


class Team:
    """What was set, what of it is news here, and where more of it is written."""

    def __init__(self, shown: Shown, people: People, looks: Looks, sending: Sending) -> None:
        self._shown = shown
        self._people = people
        self._looks = looks
        self._sending = sending
        self._making = Lock()

    def standing(self) -> Standing:
        """What holds for all reports by now. What is on its way is in it."""
        ahead = self._sending.ahead
        own = [tip.id for tip in self._shown.book.team()] + [unsent.tip for unsent in self._sending.making]
        return Standing([*self._proven(), *(change for tip in own for change in ahead.get(tip, NOTHING).changes)])

    def _proven(self) -> list[Change]:
        written = [Change(signed.item, event, signed.author) for signed, event in self._shown.book.team_events()]
        return list(counting(written, self._people.name))

    def watch_terms(self) -> dict[str, str]:
        """What is watched for, by the id of each term: as many as each report can be read for, the first ones."""
        terms = (each for each in self.standing().outcomes(WatchTerm) if not each.retired)
        return {each.watch: each.term for each in islice(terms, MOST_WATCHED)}

    def news(self) -> list[Change]:
        """What others set since somebody here last looked at that, the newest first."""
        seen: set[str] = set()
        for tip in self._shown.book.team():
            seen |= self._looks.items(tip.id) or set()
        mine, own = self._people.name(self._people.me), ("", self._people.me)
        return [
            change
            for change in reversed(self._proven())
            if change.item not in seen
            and not (change.author and change.author.name == mine)
            and not (isinstance(change.event, SavedFilter) and change.event.owner not in own)
        ]

    def look(self) -> list[Change]:
        """The same, which is shown and no news from then on. What comes meanwhile stays news."""
        held = {tip.id: tip.items for tip in self._shown.book.team()}
        news = self.news()
        for tip, items in held.items():
            if items != self._looks.items(tip):
                self._looks.keep(tip, items)
        return news

    def doubts(self) -> list[str]:
        """What is wrong with the dossiers: they stand in no queue, where warnings would be seen."""
        return [says for tip in self._shown.book.team() for says in tip.warnings]

    def dossier(self) -> str:
        """The one to write into, which all of the team can read: one that is there, under way, or made now."""
        with self._making:
            under_way = (unsent.tip for unsent in self._sending.making if isinstance(unsent.payload, TeamDossier))
            log = self._shown.log
            there = None if log is None else to_write_into(self._shown.book.team(), log)
            found = there or next(under_way, None)
            if found is None:
                made = Unsent.making(new_form(), TeamDossier())
                self._sending.make(made)
                found = made.tip
            return found
