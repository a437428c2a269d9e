"""Whether a log has the cosignatures that the policy of its reader asks for."""

from dataclasses import dataclass
from datetime import datetime

from intake.triage.fetching.witnessed import UnwitnessedError, Witnessed


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


def standing(witnessed: Witnessed, now: datetime) -> Standing:
    """How a log stands `now` (UTC) that is witnessed so."""
    policy = witnessed.policy
    if policy.quorum is None:
        says = "The policy asks for no witness: that everybody sees the same log, nobody vouches for."
        return Standing(True, says, asks=False)
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
