"""What a language calls the countries, in the order in which its readers look for them."""

import unicodedata
from collections.abc import Iterable

from babel import Locale

_ENGLISH = Locale("en")

_OWN = {
    "ug": {
        "CN": "خىتاي (جۇڭگو)",
        "GB": "ئەنگلىيە (بىرلەشمە پادىشاھلىق)",
        "HK": "خوڭكوڭ",
        "KP": "شىمالىي كورېيە",
        "KR": "جەنۇبىي كورېيە",
        "MO": "ماكاۋ",
    },
}
"""Where Babel (CLDR) has a name that was taken over from Chinese, or one that people who live abroad don't use."""

_ALPHABETS = {
    "fa": "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی",
    "tr": "abcçdefgğhıijklmnoöpqrsştuüvwxyz",
    "ug": "اەبپتجچخدرزژسشغفقكگڭلمنھوۇۆۈۋېىي",
}
"""Where letters stand in another order than their code points, or count as other letters than those without a mark."""

_CARRIERS = {"ug": "ئ"}
"""What stands before a vowel and is no letter by itself."""

# Private use: behind a space and every sign, which come first.
_RANKS = 0xE000


def named(codes: Iterable[str], locale: Locale) -> tuple[tuple[str, str], ...]:
    """Codes (ISO 3166-1 alpha-2) with their names, sorted by these; in English where the language has none."""
    names = {**_ENGLISH.territories, **locale.territories, **_OWN.get(locale.language, {})}
    return tuple(sorted(((code, names[code]) for code in codes), key=lambda country: _rank(country[1], locale)))


def _rank(name: str, locale: Locale) -> str:
    alphabet = _ALPHABETS.get(locale.language, "")
    if "ı" in alphabet:
        name = name.translate({ord("I"): "ı", ord("İ"): "i"})
    ranks: dict[int, str | None] = {ord(letter): chr(_RANKS + place) for place, letter in enumerate(alphabet)}
    ranks |= dict.fromkeys(map(ord, _CARRIERS.get(locale.language, "")))
    ranked = name.casefold().translate(ranks)
    # Elsewhere Åland belongs beside Albania, not behind Zimbabwe.
    return "".join(c for c in unicodedata.normalize("NFKD", ranked) if not unicodedata.combining(c))
