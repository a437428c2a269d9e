"""Made-up texts in the languages of the source site: words of its pages, as often as words are used, and rarer ones.

Nobody could read them; what matters is how many different words there are, in which script, and how often each comes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from itertools import accumulate
from random import Random

from babel.messages.pofile import read_po

LENGTH = 1500
"""Characters of a text."""

_TRANSLATIONS = files("intake.languages") / "translations"
_RARE = 40_000
"""Words of a language; two letters of Han at most make a tenth of that, as do syllables of Tibetan."""

_LETTERS = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f\u064b-\u065f\u0f71-\u0fbc]+[^\W\d_]*)*")


@dataclass(frozen=True)
class Language:
    """The words of one language, from the most common to the rarest, and what stands between them."""

    name: str
    words: Sequence[str]
    between: str

    @cached_property
    def _often(self) -> Sequence[float]:
        # Zipf's law, with Mandelbrot's correction.
        return list(accumulate(1 / (place + 2.7) for place in range(len(self.words))))

    def some(self, chance: Random, count: int) -> list[str]:
        """Words as they come in a text."""
        return chance.choices(self.words, cum_weights=self._often, k=count)

    def text(self, chance: Random, length: int = LENGTH) -> str:
        """A text of so many characters."""
        return self.between.join(self.some(chance, length // 2))[:length]


def languages(chance: Random) -> Mapping[str, Language]:
    """All languages of the source site, by name."""
    return {name: _language(name, translated, chance) for name, translated in _translated()}


def _translated() -> Iterator[tuple[str, str]]:
    english = ""
    for folder in sorted(_TRANSLATIONS.iterdir(), key=lambda folder: folder.name):
        with (folder / "LC_MESSAGES" / "messages.po").open("rb") as file:
            messages = [message for message in read_po(file) if message.id and isinstance(message.string, str)]
        english = " ".join(str(message.id) for message in messages)
        yield folder.name, " ".join(str(message.string) for message in messages)
    yield "en", english


def _language(name: str, translated: str, chance: Random) -> Language:
    is_han, is_tibetan = name.startswith("zh"), name == "bo"
    words = sorted(word for word in set(_LETTERS.findall(translated)) if not (is_han and word[0].isascii()))
    if is_han:
        words = sorted({word[at : at + 2] for word in words for at in range(len(word) - 1)})
    chance.shuffle(words)
    # In the order of the places at which they came first, so that each run makes the same.
    made = dict.fromkeys(words)
    while len(made) < (_RARE // 10 if is_han or is_tibetan else _RARE):
        one, other = chance.choice(words), chance.choice(words)
        made[one[:1] + other[-1:] if is_han else one[:3] + other[-4:]] = None
    return Language(name, list(made), "" if is_han else "\u0f0b" if is_tibetan else " ")
