"""What a source wrote, paragraph by paragraph, and each with its translation, if somebody has made one."""

from collections.abc import Iterator
from dataclasses import dataclass

from intake.report.events import Subject, Translation
from intake.triage.reading.opentip import OpenTip
from intake.triage.reading.standing import Merged, Standing

NARRATIVE = "narrative"


@dataclass(frozen=True, slots=True, repr=False)
class Paragraph:
    """A paragraph: `of` what it is (the narrative, or the id of its item), where in it, and what it says.

    `translated`: every translation of it that was ever saved; None if there is none.
    """

    of: str
    number: int
    text: str
    translated: Merged | None

    @property
    def part(self) -> str:
        """Its name: what a source wrote never changes, so its place says which it is."""
        return f"{self.of}/{self.number}"

    @property
    def translation(self) -> str:
        """The translation that counts; empty if there is none."""
        event = None if self.translated is None else self.translated.outcome.event
        return event.text if isinstance(event, Translation) else ""


def paragraphs(tip: OpenTip, standing: Standing) -> list[Paragraph]:
    """What the source wrote in its own words: the narrative, its messages, and what it answered with a consent."""
    written = [(NARRATIVE, tip.narrative), *((line.item, line.text) for line in tip.conversation if not line.author)]
    written += [(each.item, f"{each.answer.check}\n{each.answer.condition}") for each in tip.consent_answers]
    return [
        Paragraph(of, number, text, standing.subjects.get(Subject(Translation.kind, f"{of}/{number}")))
        for of, whole in written
        for number, text in enumerate(_parts(whole), 1)
    ]


def _parts(text: str) -> Iterator[str]:
    """Its paragraphs. A line is one: on a telephone nobody leaves lines empty."""
    return (line for line in text.splitlines() if line.strip())
