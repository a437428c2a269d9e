"""Whether a checkpoint has the cosignatures that the policy of its reader asks for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from crypto.note import NoteError, parse_note
from crypto.policy import Policy


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the policy is met, and that in words. `asks`: whether it wants any witness at all."""

    is_met: bool
    says: str
    asks: bool = True

    @property
    def mark(self) -> str:
        """How it is marked on a page: nobody should take it for good that nobody is asked."""
        return "bad" if not self.is_met else "good" if self.asks else "plain"


def standing(policy: Policy, signed: bytes, now: datetime, days: int) -> Standing:
    """How a signed checkpoint of this log stands `now` (UTC). Cosignatures older than so many days don't count."""
    if policy.quorum is None:
        says = "The policy asks for no witness: that everybody sees the same log, nobody vouches for."
        return Standing(True, says, asks=False)
    try:
        when = policy.cosigned(parse_note(signed))
    except NoteError as error:
        return Standing(False, f"The policy is not met: {error}.")
    oldest = (now - timedelta(days=days)).timestamp()
    fresh = sorted(name.decode(errors="replace") for name, at in when.items() if at >= oldest)
    said = f"{len(fresh)} of {len(policy.witnesses)} witnesses cosigned it in the last {days} days"
    named = f" ({', '.join(fresh)})" if fresh else ""
    if policy.is_met([name for name, at in when.items() if at >= oldest]):
        return Standing(True, f"The policy is met: {said}{named}.")
    return Standing(False, f"The policy is not met: {said}{named}.")
