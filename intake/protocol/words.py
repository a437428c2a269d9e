"""What members say for and against one another, of which several words are needed before it holds."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta

from intake.protocol.card import Card

LASTING = timedelta(days=30)
"""How long a word counts, by the log's clock."""


class Counts:
    """How often each member (key id) has done something, on the last day (UTC) on which they did."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[date, int]] = {}

    def copy(self) -> "Counts":
        """The same, to go on from by itself."""
        other = Counts()
        other._counts = dict(self._counts)
        return other

    def count(self, who: str, at: datetime) -> int:
        """How often a member has done it by now on a day (UTC), with the one that is done now."""
        day, count = self._counts.get(who, (at.date(), 0))
        count = count + 1 if day == at.date() else 1
        self._counts[who] = at.date(), count
        return count


class Words:
    """What was said, and was not enough yet: for a card, or against the key with an id. Members go by their key ids."""

    def __init__(self) -> None:
        self._said: dict[str, dict[str, datetime]] = {}
        """By the text of a card or a key id, who said it and when last (UTC)."""
        self._cards: dict[str, Card] = {}
        self._counts = Counts()

    def copy(self) -> "Words":
        """The same, to go on from by itself."""
        other = Words()
        other._said = {subject: dict(said) for subject, said in self._said.items()}
        other._cards, other._counts = dict(self._cards), self._counts.copy()
        return other

    @property
    def cards(self) -> Iterator[Card]:
        """Those for which somebody has spoken, in the order in which anybody first did."""
        return (self._cards[subject] for subject in self._said if subject in self._cards)

    def said_by(self, who: str, key: str) -> Sequence[str]:
        """Of what a member has said something: cards of a key, and the key itself, if they spoke against it."""
        subjects = [*(card.text for card in self.cards if card.key_id == key), key]
        return [subject for subject in subjects if who in self._said.get(subject, {})]

    def counting(self, subject: str, at: datetime, among: Collection[str]) -> Sequence[str]:
        """Who among these has said it, and not too long ago for a time; in the order of their first word."""
        return [who for who, spoke in self._said.get(subject, {}).items() if who in among and at - spoke <= LASTING]

    def say_for(self, card: Card, who: str, at: datetime) -> None:
        """One more for a card. Whoever says the same again has one word still, which lasts from then on."""
        self._cards[card.text] = card
        self._said.setdefault(card.text, {})[who] = at

    def say_against(self, key: str, who: str, at: datetime) -> None:
        """One more against a key; as `say_for`."""
        self._said.setdefault(key, {})[who] = at

    def take_back(self, who: str, subject: str) -> None:
        """One less."""
        self._said[subject].pop(who)
        if not self._said[subject]:
            self.settle(subject)

    def settle(self, subject: str) -> None:
        """It was enough: nothing is left to be said of it."""
        self._said.pop(subject)
        self._cards.pop(subject, None)

    def count(self, who: str, at: datetime) -> int:
        """How many words a member has said by now on a day (UTC), with the one that is said now."""
        return self._counts.count(who, at)
