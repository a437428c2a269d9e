"""What a source has told so far, put together from its report and all that it added to the form."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from intake.report.definition import UNANSWERED, Answers, Choice, Entry

T = TypeVar("T", Choice, Entry)


@dataclass(frozen=True, slots=True, repr=False)
class Told(Generic[T]):
    """An answer or an entry, and the version of the form that it was given to: its keys have that one's words.

    `day`: the one on which it came, in ISO 8601; `item`: the id of what it came with; empty where that isn't known.
    """

    form: int
    value: T
    day: str = ""
    item: str = ""


@dataclass(slots=True, repr=False)
class Account:
    """Everything told to the form, by key: answers to what is asked `once`, and `entries`.

    `before`: what was answered to the same question before, oldest first, where it was something else.
    """

    once: dict[str, Told[Choice]] = field(default_factory=dict)
    entries: dict[str, tuple[Told[Entry], ...]] = field(default_factory=dict)
    before: dict[str, tuple[Told[Choice], ...]] = field(default_factory=dict)

    def take(self, form: int, answers: Answers, day: str = "", item: str = "") -> None:
        """Take in the answers of one more document: later ones replace earlier ones, entries are added to those before.

        Nothing is left out, also what no version of the form that is known here asks.
        """
        for key, answer in answers.items():
            choice = answer if isinstance(answer, str) else tuple(part for part in answer if isinstance(part, str))
            if entries := [part for part in answer if isinstance(part, dict)]:
                self.entries[key] = (*self.entries.get(key, ()), *(Told(form, entry, day, item) for entry in entries))
            elif choice not in (UNANSWERED, ()):
                self._answer(key, Told(form, choice, day, item))

    def _answer(self, key: str, told: Told[Choice]) -> None:
        last = self.once.get(key)
        if last is not None and last.value == told.value and last.form == told.form:
            # Saved again with all the others of its page: it was so before.
            return
        if last is not None:
            self.before[key] = (*self.before.get(key, ()), last)
        self.once[key] = told
