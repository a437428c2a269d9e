"""What several members must say before it holds: who has said it, and when."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LASTING = timedelta(days=30)
"""How long a voice counts, by the log's clock."""


@dataclass(frozen=True, slots=True)
class Voices:
    """By what it is about, who has said it (key ids) and when last (UTC). Never changed: each voice makes another."""

    said: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)

    def with_voice(self, subject: str, who: str, at: datetime) -> "Voices":
        """With one more. Whoever says the same again is one voice still, which lasts from then on."""
        return Voices({**self.said, subject: {**self.said.get(subject, {}), who: at}})

    def without(self, subject: str) -> "Voices":
        """Without all that was said of something."""
        return Voices({other: said for other, said in self.said.items() if other != subject})

    def without_voice(self, subject: str, who: str) -> "Voices":
        """Without what one of them has said of something."""
        left = {other: spoke for other, spoke in self.said.get(subject, {}).items() if other != who}
        return Voices({**self.said, subject: left}) if left else self.without(subject)

    def counting(self, subject: str, at: datetime, among: Collection[str]) -> Sequence[str]:
        """Who among these has said it, and not too long ago for a time; in the order of their first voice."""
        said = self.said.get(subject, {})
        return [who for who, spoke in said.items() if who in among and at - spoke <= LASTING]
