"""The lists of words that codenames are drawn from.

A codename is a row of places in a list: were one word to change, those who hold it could not come back. So the lists
stand here and not in a package that is brought up to date, and each is compared with its digest when it is read.
"""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

from crypto.codename.typed import fold

_FOLDER = Path(__file__).with_name("words")

# Language tags (BCP 47) and the word lists for them.
LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "en": "english",
        "fr": "french",
        "es": "spanish",
        "it": "italian",
        "pt": "portuguese",
        "cs": "czech",
        "tr": "turkish",
        "ru": "russian",
        "zh-Hans": "chinese_simplified",
        "zh-Hant": "chinese_traditional",
        "ja": "japanese",
        "ko": "korean",
        "fa": "persian",
        "ar": "arabic",
        # No linguistic content: four digits each, in any script's.
        "zxx": "numbers",
    }
)
NUMBERS = "zxx"
"""What anybody can write: for whoever has no list of words in their language."""
UNSPACED = frozenset({"zh-Hans", "zh-Hant"})
"""Written without spaces, and every character is a word."""

# SHA-256 of each file.
_DIGESTS: Mapping[str, str] = MappingProxyType(
    {
        "english": "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda",
        "french": "ebc3959ab7801a1df6bac4fa7d970652f1df76b683cd2f4003c941c63d517e59",
        "spanish": "46846a5a0139d1e3cb77293e521c2865f7bcdb82c44e8d0a06a2cd0ecba48c0b",
        "italian": "d392c49fdb700a24cd1fceb237c1f65dcc128f6b34a8aacb58b59384b5c648c2",
        "portuguese": "2685e9c194c82ae67e10ba59d9ea5345a23dc093e92276fc5361f6667d79cd3f",
        "czech": "7e80e161c3e93d9554c2efb78d4e3cebf8fc727e9c52e03b83b94406bdcc95fc",
        "turkish": "a7dc9c77913726106c7b8baa022b7e17601d118acf40aa60ab1fbc9c91b383ac",
        "russian": "07f11af3f07fd13d8d74859f4448d8bca8f1d9d336dc4842531ecea083103a26",
        "chinese_simplified": "5c5942792bd8340cb8b27cd592f1015edf56a8c5b26276ee18a482428e7c5726",
        "chinese_traditional": "417b26b3d8500a4ae3d59717d7011952db6fc2fb84b807f3f94ac734e89c1b5f",
        "japanese": "2eed0aef492291e061633d7ad8117f1a2b03eb80a29d0e4e3117ac2528d05ffd",
        "korean": "9e95f86c167de88f450f0aaf89e87f6624a57f973c67b516e338e8e8b8897f60",
        "persian": "b0d0cf92d452e9ed7cabffaaf6768d4e1c6d224b618a9e4f1070ef27afc5f624",
        "arabic": "c4cbacae39e159ddb1289bc9234d475e2fdef5f7c63dfc61cbd16fbd6ad2684d",
        "numbers": "a3566cbf6015612ff119b9882fb41be36e852f9aa75c257dd87e03a8b85c89b5",
    }
)


class WordListError(RuntimeError):
    """A list is not the one that codenames were issued from: this installation of the program is damaged."""


def drawn_for(language: str) -> str:
    """The one of `LANGUAGES` that somebody who reads a language gets a codename in."""
    return language if language in LANGUAGES else NUMBERS


@cache
def word_list(language: str) -> Sequence[str]:
    """The 2,048 words of one of `LANGUAGES`, composed (NFC); `WordListError` if the file is another."""
    name = LANGUAGES[language]
    data = (_FOLDER / f"{name}.txt").read_bytes()
    if hashlib.sha256(data).hexdigest() != _DIGESTS[name]:
        raise WordListError(f"words/{name}.txt is not the list that codenames are drawn from; install the program anew")
    # Some lists come decomposed: composed, every font shows them as they should be.
    return tuple(unicodedata.normalize("NFC", data.decode()).splitlines())


@cache
def unsaid(language: str) -> frozenset[str]:
    """The words of a list that are never drawn: found on a slip of paper, one of them can be read as something else.

    These may change at any time, as a codename that was drawn is read with them or without.
    """
    lines = (_FOLDER / "unsaid" / f"{LANGUAGES[language]}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def places(language: str) -> Mapping[str, int]:
    """The place of each word in its list, by the word as `fold` gives it."""
    return {fold(word): place for place, word in enumerate(word_list(language))}
