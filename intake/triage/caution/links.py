"""What a browser, a mail program or a messenger would make a link of."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from unicodedata import normalize

from intake.report.definition import country_codes
from intake.triage.book.search.letters import Letters, folded

_SIGNS = "-._~:/?#[]@!$&'()*+,;=%"
_DOTS = "。．｡"
_LONGEST = 80
"""Letters of a link that are said."""


def _sign(sign: str) -> str:
    plain = "." if sign in _DOTS else normalize("NFKC", sign)
    return plain if plain and plain in _SIGNS else " "


# Browsers read signs of full width, and letters that only look otherwise, as the plain ones.
_ADDRESS = Letters(folded, _sign)


def links(text: str) -> list[str]:
    """The links in a text, as a browser would read them, each once."""
    found = dict.fromkeys(match[0] for match in _expression().finditer(text.translate(_ADDRESS)))
    return [link[:_LONGEST] for link in found]


@cache
def _expression() -> re.Pattern[str]:
    data = tomllib.loads(files(__package__).joinpath("links.toml").read_text("utf-8"))
    endings = {_plain(ending) for ending in (*data["endings"], *country_codes())}
    schemes = "|".join(map(_plain, data["schemes"]))
    rest = r"(?::[0-9]{1,5})?(?:[/?#][^\s]*)?"
    return re.compile(
        rf"(?<![a-z0-9])(?:[a-z][a-z0-9+-]{{1,20}}://[^\s]+|(?:{schemes}):[^\s]+"
        rf"|www\.[\w-]+(?:\.[\w-]+)*{rest}"
        rf"|(?<![\w.-])(?:[\w-]{{1,63}}\.)+(?:{'|'.join(sorted(endings, key=len, reverse=True))})(?![\w-]|\.\w){rest}"
        rf"|(?<![0-9.])[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}(?![\w]|\.\w){rest}"
        rf"|\[[0-9a-f]*(?::[0-9a-f]*){{2,7}}\]{rest})"
    )


def _plain(ending: str) -> str:
    return ending.translate(_ADDRESS)
