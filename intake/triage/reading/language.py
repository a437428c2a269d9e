"""Which language a text looks like: a guess of this machine's, which asks nobody.

Lingua knows 75 languages, but neither Uyghur nor Tibetan: those are told by their letters. Where a text has letters of
a language that it doesn't know either, such as Kurdish or Pashto, it would take it for a neighbour: nothing is said.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingua import LanguageDetector

MOST_READ = 1000
"""Characters of a text that are looked at."""

_ARABIC, _TIBETAN = range(0x0620, 0x0700), range(0x0F40, 0x0FBD)
_UYGHUR_ALONE = frozenset("ېڭۈ")
"""Letters of Uyghur. Each is that of another language too, but hardly two of them together."""

_OTHERS = frozenset("ەۆۇۈۋېڭێڵڕڤۍښږځڅړټډګ")
"""Letters of the Arabic script that neither Arabic nor Persian nor Urdu has: of Uyghur, Kurdish, Pashto."""

_FEW = 0.03
"""Of the letters of a script: names and words of others may stand in any text."""

_CLEARLY = 0.25
"""How much likelier the likeliest language is than the next one."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A language, as a code of ISO 639; whether it was told `by_letters` alone."""

    language: str
    by_letters: bool


def guess(text: str) -> Guess | None:
    """Which language a text looks like, if it clearly looks like one."""
    text = text[:MOST_READ]
    letters = [letter for letter in text if letter.isalpha()]
    if 2 * sum(ord(letter) in _TIBETAN for letter in letters) > len(letters):
        return Guess("bo", by_letters=True)
    arabic = [letter for letter in letters if ord(letter) in _ARABIC]
    if 2 * len(arabic) > len(letters) and sum(letter in _OTHERS for letter in arabic) > _FEW * len(arabic):
        return Guess("ug", by_letters=True) if len(_UYGHUR_ALONE.intersection(arabic)) > 1 else None
    found = _detector().detect_language_of(text) if letters else None
    return None if found is None else Guess(found.iso_code_639_1.name.lower(), by_letters=False)


@cache
def _detector() -> "LanguageDetector":
    # Only here: nothing of it is in memory before a report is shown.
    from lingua import LanguageDetectorBuilder  # noqa: PLC0415

    builder = LanguageDetectorBuilder.from_all_spoken_languages()
    return builder.with_low_accuracy_mode().with_minimum_relative_distance(_CLEARLY).build()
