"""The languages that sources read, by name."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from babel import Locale

from crypto.codename import LANGUAGES

ANOTHER = "und"
_OTHERS = ("fa", "ug", "bo", "ar", "de")


@cache
def languages() -> Mapping[str, str]:
    """By tag, the name of each in its order; whatever is none of them comes last."""
    named = {tag: str(Locale.parse(tag, sep="-").get_display_name("en")) for tag in (*LANGUAGES, *_OTHERS)}
    ordered = dict(sorted(named.items(), key=lambda item: item[1]))
    return MappingProxyType({**ordered, ANOTHER: "Another language, or not known"})
