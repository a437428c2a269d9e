"""What a language calls the countries, in the order in which its readers look for them."""

from collections.abc import Iterable

from babel import Locale

from intake.languages.ordering import by_alphabet

_ENGLISH = Locale("en")

_OWN = {
    "ar": {"HK": "هونغ كونغ", "MO": "ماكاو"},
    "az": {"HK": "Honkonq", "MO": "Makao"},
    "en": {"HK": "Hong Kong", "MO": "Macao"},
    "es": {"HK": "Hong Kong", "MO": "Macao"},
    "fa": {"HK": "هنگ‌کنگ", "MO": "ماکائو"},
    "fr": {"HK": "Hong Kong", "MO": "Macao"},
    "ru": {"HK": "Гонконг", "MO": "Макао"},
    "tr": {"HK": "Hong Kong", "MO": "Makao"},
    "vi": {"HK": "Hồng Kông", "MO": "Ma Cao"},
    "zh_Hans": {"HK": "香港", "MO": "澳门"},
    "zh_Hant": {"HK": "香港", "MO": "澳門"},
    "ug": {
        "CN": "خىتاي (جۇڭگو)",
        "GB": "ئەنگلىيە (بىرلەشمە پادىشاھلىق)",
        "HK": "خوڭكوڭ",
        "KP": "شىمالىي كورېيە",
        "KR": "جەنۇبىي كورېيە",
        "MO": "ماكاۋ",
    },
}
"""Where Babel (CLDR) has a name that was taken over from Chinese, or one that people who live there or abroad
don't use: they don't look for Hong Kong under C.
"""


def named(codes: Iterable[str], locale: Locale) -> tuple[tuple[str, str], ...]:
    """Codes (ISO 3166-1 alpha-2) with their names, sorted by these; in English where the language has none."""
    names = {**_ENGLISH.territories, **locale.territories, **_OWN.get(str(locale), {})}
    key = by_alphabet(locale.language)
    return tuple(sorted(((code, names[code]) for code in codes), key=lambda country: key(country[1])))
