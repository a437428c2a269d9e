"""Who is and who was in the team, by the log that is shown."""

from intake.triage.workspace.shown import Shown


class People:
    """Members by the ids of their keys. `me`: that of whoever unlocked this."""

    def __init__(self, shown: Shown, me: str) -> None:
        self._shown = shown
        self.me = me

    def reviewers(self) -> dict[str, str]:
        """What every reviewer there is now is called: whoever unlocked this first."""
        if self._shown.log is None:
            return {}
        roster = self._shown.log.roster
        keys = sorted((member.card.key_id for member in roster.reviewers), key=lambda key: key != self.me)
        return {key: roster.label(key) for key in keys}

    def names(self) -> list[str]:
        """The names of all who are or were members."""
        return [] if self._shown.log is None else [member.card.name for member in self._shown.log.roster.members]

    def name(self, key: str) -> str:
        """What somebody is called who is or was a member, and whether they still are a reviewer."""
        if key in (reviewers := self.reviewers()):
            return reviewers[key]
        log = self._shown.log
        known = log is not None and log.roster.member(key) is not None
        return f"{log.roster.label(key)} (no reviewer any more)" if log and known else "somebody unknown"
