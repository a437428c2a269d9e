"""The places of a template that whoever uses it fills: what stands in braces."""

import re
from collections.abc import Iterable

_PLACE = re.compile(r"[{｛]([^{}｛｝\n]{1,100})[}｝]")
_BRACE = re.compile("[{}｛｝]")


def places(text: str) -> list[str]:
    """What is to be filled, each once."""
    return list(dict.fromkeys(_PLACE.findall(text)))


def is_filled(text: str) -> bool:
    """Whether nothing is left that is a place, or looks like the rest of one."""
    return _BRACE.search(text) is None


def is_fillable(text: str) -> bool:
    """Whether each brace belongs to a place: with any other, nothing could ever leave."""
    return is_filled(_PLACE.sub("", text))


def fill(text: str, fillings: Iterable[tuple[str, str]]) -> str:
    """The text with each place filled that something is given for."""
    given = {place: filling for place, filling in fillings if filling.strip()}
    return _PLACE.sub(lambda place: given.get(place[1], place[0]), text)
