"""Words that are never drawn: what can be read as something else on a slip of paper, in whichever language."""

import hashlib
import re
from collections.abc import Iterator
from itertools import islice
from math import log2
from pathlib import Path

import pytest

import crypto.codename
from crypto.codename import LANGUAGES, Codename, encode, generate, parse
from crypto.codename.lists import places, unsaid, word_list
from crypto.codename.typed import fold

LISTS = Path(crypto.codename.__file__).with_name("words")
EVERY_LANGUAGE = pytest.mark.parametrize("language", list(LANGUAGES))
DAMAGED = "\ufffd"
LEAST_BITS = 78


def numbers(*parts: object) -> Iterator[bytes]:
    """What is drawn, always the same for the same parts."""
    return (hashlib.sha256(repr((parts, attempt)).encode()).digest()[:10] for attempt in range(2**20))


def with_word(language: str, word: str, position: int) -> bytes:
    """What is drawn for a codename that has a word at one of the first seven positions, counted from 0."""
    shift = 80 - 11 * (position + 1)
    others = int.from_bytes(next(numbers(language, word)), "big") & ~(2047 << shift)
    return (others | word_list(language).index(word) << shift).to_bytes(10, "big")


def drawn_for(codename: Codename) -> bytes:
    """What was drawn for a codename, by the places of its words."""
    known = word_list(codename.language)
    bits = "".join(f"{known.index(word):011b}" for word in codename.words)
    return int(bits[:80], 2).to_bytes(10, "big")


def may_be_drawn(language: str) -> set[str]:
    return {word for word in word_list(language) if DAMAGED not in word} - unsaid(language)


def bits_left(language: str) -> float:
    """What is random in a codename that was drawn, for somebody who knows what never is.

    Seven words are 77 of the 80 bits, each of them alike and by itself. The eighth is the last three and the checksum's
    eight: a hash of all that, which spreads as evenly over the list as 2**77 draws do. So a share of `drawn ** 8` is
    left, less what another list holds as well, and 80 bits and the logarithm of that share.
    """
    drawn = may_be_drawn(language)
    elsewhere = [sum(fold(word) in places(other) for word in drawn) for other in LANGUAGES if other != language]
    return 80 + log2((len(drawn) / 2048) ** 8 - sum((count / 2048) ** 8 for count in elsewhere))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-Hans", "敌 反 党 革 命 杀 枪 军 警 狱 毒 习 藏 疆 轮"),
        ("zh-Hant", "敵 反 黨 革 命 殺 槍 軍 警 獄 毒 習 藏 疆 輪"),
        ("tr", "casus ajan silah ihanet zindan tanrı"),
        ("ru", "шпион агент арест оружие секрет церковь"),
        ("es", "matar muerte cárcel espía policía iglesia"),
        ("fr", "munition policier prison espion ennemi diable"),
        ("en", "spy agent secret weapon prison alcohol"),
        ("it", "spia esercito uccisore peccato"),
        ("pt", "arsenal policiar segredo igreja"),
        ("cs", "pistole vrah agrese modlitba"),
        ("ja", "さつじん たいほ ひみつ いのる"),
        ("ko", "간첩 살인 경찰 비밀 마약 태양 귀국 명단 달러"),
        ("ar", "إفادة مذكرة مستعار مصدر وكر مخطط"),
    ],
)
def test_what_would_ruin_somebody_is_never_drawn(language: str, words: str) -> None:
    known = set(word_list(language))
    assert {word for word in words.split() if word in known} <= unsaid(language)


@EVERY_LANGUAGE
def test_a_codename_with_such_a_word_is_drawn_again(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    good = generate(language)
    for number, word in enumerate(sorted(unsaid(language))):
        bad = with_word(language, word, number % 7)
        assert encode(language, bad).words[number % 7] == word
        draws = [drawn_for(good), bad]
        monkeypatch.setattr("secrets.token_bytes", lambda _, left=draws: left.pop())
        assert generate(language).words == good.words
        assert not draws


@EVERY_LANGUAGE
def test_the_checksum_word_is_not_such_a_word_either(language: str) -> None:
    assert all(unsaid(language).isdisjoint(generate(language).words) for _ in range(300))


@EVERY_LANGUAGE
def test_who_was_given_such_a_word_earlier_still_comes_back_with_it(language: str) -> None:
    for word in sorted(unsaid(language)):
        held = encode(language, with_word(language, word, 2))
        if DAMAGED not in "".join(held.words):
            assert parse(" ".join(held.words)).words == held.words


@EVERY_LANGUAGE
def test_every_word_that_is_never_drawn_is_one_of_the_list_and_stands_there_once(language: str) -> None:
    lines = (LISTS / "unsaid" / f"{LANGUAGES[language]}.txt").read_text().splitlines()
    written = [word for line in lines if not line.startswith("#") for word in line.split()]
    assert set(written) <= set(word_list(language))
    assert len(written) == len(set(written)) == len(unsaid(language))


def test_every_list_was_gone_through() -> None:
    assert sorted(path.stem for path in (LISTS / "unsaid").glob("*.txt")) == sorted(LANGUAGES.values())


PAIRS = """
    法轮 民主 自由 台独 藏独 疆独 六四 革命 共产 反党 特务 情报 维吾尔 毛泽
    人权 游行 抗议 罢工 独立 分裂 政变 暴动 起义 圣战 上访 密码 自杀
"""


@pytest.mark.parametrize("said", PAIRS.split())
def test_what_two_characters_say_side_by_side_lacks_one_of_them(said: str) -> None:
    assert set(said) & unsaid("zh-Hans")


def test_the_two_chinese_lists_leave_out_the_same_characters() -> None:
    simplified, traditional = (
        {place for place, word in enumerate(word_list(language)) if word in unsaid(language)}
        for language in ("zh-Hans", "zh-Hant")
    )
    assert simplified == traditional


@EVERY_LANGUAGE
def test_at_least_78_bits_are_left(language: str) -> None:
    assert bits_left(language) >= LEAST_BITS


@EVERY_LANGUAGE
def test_as_many_codenames_are_drawn_again_as_the_bits_that_are_left_say(language: str) -> None:
    drawn, tried = may_be_drawn(language), 4000
    kept = sum(drawn.issuperset(encode(language, number).words) for number in islice(numbers(language), tried))
    share = (len(drawn) / 2048) ** 8
    assert abs(kept / tried - share) <= 5 * (share * (1 - share) / tried) ** 0.5


def test_what_is_said_of_the_lists_is_so() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| ([\d.]+) \|$", (LISTS / "SOURCE.md").read_text(), re.MULTILINE)
    assert rows == [(name, str(len(unsaid(tag))), f"{bits_left(tag):.2f}") for tag, name in LANGUAGES.items()]
