"""What a language calls the countries, in the order in which its readers look for them."""

from collections.abc import Iterable

from babel import Locale

from intake.languages.ordering import by_alphabet

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


def named(codes: Iterable[str], locale: Locale) -> tuple[tuple[str, str], ...]:
    """Codes (ISO 3166-1 alpha-2) with their names, sorted by these; in English where the language has none."""
    names = {**_ENGLISH.territories, **locale.territories, **_OWN.get(locale.language, {})}
    key = by_alphabet(locale.language)
    return tuple(sorted(((code, names[code]) for code in codes), key=lambda country: key(country[1])))
