"""In which order names stand in a language's lists."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

Key = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Alphabet:
    """`letters` in their order, those that count as one side by side; `instead`: what others are read as, if at all."""

    letters: str = ""
    instead: Mapping[str, str] = field(default_factory=dict)


# Where letters stand in another order than their codes do, or one with a mark on it is a letter of its own.
_ALPHABETS = {
    "az": _Alphabet("a b c ç d e ə f g ğ h x ı i j k q l m n o ö p r s ş t u ü v w y z", {"I": "ı", "İ": "i"}),
    "fa": _Alphabet("آ اأ ب پ ت ث ج چ ح خ د ذ ر ز ژ س ش ص ض ط ظ ع غ ف ق کك گ ل م ن وؤ هۀة یيئى"),
    "ru": _Alphabet("а б в г д её ж з и й к л м н о п р с т у ф х ц ч ш щ ъ ы ь э ю я"),
    "tr": _Alphabet("aâ b c ç d e f g ğ h ı iî j k l m n o ö p q r s ş t uû ü v w x y z", {"I": "ı", "İ": "i"}),
    # The sign that carries a vowel at the beginning of a word is no letter.
    "ug": _Alphabet("ا ە ب پ ت ج چ خ د ر ز ژ س ش غ ف ق ك گ ڭ ل م ن ھ و ۇ ۆ ۈ ۋ ې ى ي", {"ئ": ""}),
    "vi": _Alphabet("a b c d đ e f g h i j k l m n o p q r s t u v w x y z"),
}


@cache
def by_alphabet(tag: str) -> Callable[[str], Key]:
    """What names are sorted by in a language: letter by letter, without capitals and what only stands on a letter."""
    alphabet = _ALPHABETS.get(tag, _Alphabet())
    places = {letter: place for place, alike in enumerate(alphabet.letters.split()) for letter in alike}
    instead = str.maketrans(dict(alphabet.instead))

    def key(name: str) -> Key:
        small = unicodedata.normalize("NFC", name).translate(instead).casefold()
        return tuple(part for letter in small for part in _letter(letter, places))

    return key


def _letter(letter: str, places: Mapping[str, int]) -> Key:
    """Where a letter stands: signs first, then those of the alphabet, then others."""
    if letter in places:
        return ((1, places[letter]),)
    # Åland belongs beside Albania, not behind Zimbabwe.
    plain = [part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part)]
    return tuple((1, places[part]) if part in places else (2 if part.isalpha() else 0, ord(part)) for part in plain)
