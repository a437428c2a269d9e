"""Languages by name, and those that sources read."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from babel import Locale

from crypto.codename import LANGUAGES, NUMBERS
from intake.languages.catalogues import tags

ANOTHER = "und"
_OTHERS = ("de",)


def language_name(tag: str) -> str:
    """A language in words; empty for what is none."""
    return str(Locale("en").languages.get(tag.replace("-", "_"), "")) if tag != ANOTHER else ""


@cache
def languages() -> Mapping[str, str]:
    """By tag, the name of each in its order; whatever is none of them comes last."""
    named = {tag: language_name(tag) for tag in (*LANGUAGES, *tags(), *_OTHERS) if tag != NUMBERS}
    ordered = dict(sorted(named.items(), key=lambda item: item[1]))
    return MappingProxyType({**ordered, ANOTHER: "Another language, or not known"})
