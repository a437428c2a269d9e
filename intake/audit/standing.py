"""Whether a log has the cosignatures that the policy of its reader asks for."""

from dataclasses import dataclass
from datetime import datetime

from intake.triage.fetching.witnessed import UNKNOWN, UnwitnessedError, Witnessed


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the policy is met, and that in words. `asks`: whether it wants any witness at all.

    `is_known`: whether the log was fetched since the policy is this one, or is met without that.
    """

    is_met: bool
    says: str
    asks: bool = True
    is_known: bool = True

    @property
    def mark(self) -> str:
        """How it is marked on a page: nobody should take it for good that nobody is asked."""
        if not (self.asks and self.is_known):
            return "plain"
        return "good" if self.is_met else "bad"


def standing(witnessed: Witnessed, now: datetime) -> Standing:
    """How a log stands `now` (UTC) that is witnessed so."""
    policy = witnessed.policy
    if policy.quorum is None:
        says = "The policy asks for no witness: that everybody sees the same log, nobody vouches for."
        return Standing(True, says, asks=False)
    if witnessed.is_unknown(now):
        return Standing(False, f"{UNKNOWN[0].upper()}{UNKNOWN[1:]}.", is_known=False)
    fresh = sorted(name.decode(errors="replace") for name in witnessed.lately(now))
    said = f"{len(fresh)} of {len(policy.witnesses)} witnesses cosigned it in the last {witnessed.days} days"
    named = f" ({', '.join(fresh)})" if fresh else ""
    if witnessed.is_met(now):
        return Standing(True, f"The policy is met: {said}{named}.")
    return Standing(False, f"The policy is not met: {said}{named}.")


def require_witnessed(witnessed: Witnessed, now: datetime) -> None:
    """Raise `UnwitnessedError` unless the policy is met `now` (UTC)."""
    if lack := witnessed.lack(now):
        raise UnwitnessedError(f"the log is whole, but not witnessed as the policy asks: {lack}")
