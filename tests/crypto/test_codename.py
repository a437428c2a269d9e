"""Codenames: generated in every language, read back however they were typed, derived slowly, shown to nobody."""

import hashlib
import json
import sys
import time
import traceback
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import crypto.codename
from crypto.codename import (
    CURRENT_VERSION,
    LANGUAGES,
    LONGEST,
    NUMBERS,
    PARAMETERS,
    ChecksumError,
    Codename,
    CodenameError,
    LengthError,
    Marks,
    Seed,
    UnknownWordError,
    WordCountError,
    WordListError,
    encode,
    generate,
    is_word,
    parse,
    stands_in,
)
from crypto.codename.lists import places, unsaid, word_list
from crypto.codename.typed import _ALIKE, _as_in_the_south, fold

LISTS = Path(crypto.codename.__file__).with_name("words")
VECTORS = json.loads(Path(__file__).with_name("data").joinpath("codename-vectors.json").read_text())

# A codename is an index into these lists: should one change, those who hold its words could not come back.
LIST_DIGESTS = {
    "en": "187db04a869dd9bc7be80d21a86497d692c0db6abd3aa8cb6be5d618ff757fae",
    "fr": "b8caec12319d0ffb127c84e42c8866c86a54ac9951fe2cfbf902d35552c65e4f",
    "es": "2f06d28020d49115a2e502fb6042aaa593e90773edb947685482d05ee2af6a03",
    "it": "ffefe450a4be8015d9c291d6ae305ab7e814e822113fa874268c3074af42b27e",
    "pt": "882265ece9ce1178b9fe47463d571dfa399c6fc7cb17895eb2767f1930c945eb",
    "cs": "63a3babb46c556473cd58ddf195dcd2a91aff3674a9656efa6e0ad8598875f3e",
    "tr": "13ec2e577c73f61aa9dc156e2d16fb4262c95a38e9cd86c7982a8ed030dad2bb",
    "ru": "cdc7d5258285b324cfe4fd769fe29ff0b0c053e4afe6314c1305f2f4877e22f2",
    "zh-Hans": "106cc8387ac3fc7d44ca1072e30a0b27ed017b1d377501bb909c2833ef60c186",
    "zh-Hant": "407312f9014543242bd157c255125a753ac60128fc15883a33b8685a9328b0cc",
    "ja": "a3c2aa5c689341519e8a579e28d2956910313e372b04cf0f31baef40dc44d69c",
    "ko": "e7375c57574d3f2db755dedda43ff20d6166e2f0cad4c9618b6f7929b8b39aed",
    "fa": "e6a1211765b96823a027490d73ee4a010060533472950de2af02685d65a86b1a",
    "ar": "6c936b462c47158bdd3c246121ef32297859102adf0a00b88c76d8568f8722bc",
    "zxx": "bf14e605e4f2585eafbaa56abf02d73337a2804ef65a49336989745985bf80ef",
}
WORD_LISTS = {language: (LISTS / f"{name}.txt").read_text().splitlines() for language, name in LANGUAGES.items()}
# The one word, in the Russian list, that lost its letters on the way into the package that the list is from.
DAMAGED = "\ufffd"

EVERY_LANGUAGE = pytest.mark.parametrize("language", list(LANGUAGES))


def plain(word: str) -> str:
    """The word as somebody types it who has neither accents nor shift nor a Turkish keyboard."""
    letters = unicodedata.normalize("NFKD", word.lower())
    return "".join(char for char in letters if unicodedata.category(char) != "Mn").replace("ı", "i")


PLAIN_LISTS = {language: {plain(word) for word in words} for language, words in WORD_LISTS.items()}


def entropy(*parts: object) -> bytes:
    """10 bytes that are always the same for the same parts."""
    return hashlib.sha256(repr(parts).encode()).digest()[:10]


def typable(codename: Codename) -> bool:
    """Whether all words are whole and not all of them are in a second list as well."""
    words = {plain(word) for word in codename.words}
    return DAMAGED not in "".join(words) and sum(words <= known for known in PLAIN_LISTS.values()) == 1


def sample(language: str, *parts: object) -> Codename:
    """A codename that is always the same for the same parts, and could have been generated."""
    return next(filter(typable, (encode(language, entropy(language, parts, attempt)) for attempt in range(100))))


def drawable(language: str) -> bytes:
    """The 10 bytes, always the same, of a codename that is drawn."""
    tries = (entropy(language, "drawable", attempt) for attempt in range(100))
    return next(
        number
        for number in tries
        if typable(encode(language, number)) and unsaid(language).isdisjoint(encode(language, number).words)
    )


CODENAMES = st.builds(encode, st.sampled_from(list(LANGUAGES)), st.binary(min_size=10, max_size=10)).filter(typable)


def fullwidth(word: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in word)


def katakana(word: str) -> str:
    return "".join(chr(ord(char) + 0x60) if "ぁ" <= char <= "ゖ" else char for char in word)


def turkish_capitals(word: str) -> str:
    return word.replace("i", "İ").upper()


SPELLINGS: list[Callable[[str], str]] = [
    str,
    str.upper,
    str.capitalize,
    plain,
    fullwidth,
    katakana,
    turkish_capitals,
    lambda word: unicodedata.normalize("NFD", word),
    lambda word: unicodedata.normalize("NFKD", word.upper()),
]
SEPARATORS = [" ", "   ", "\u3000", "\u00a0", "\t", "\n", "\r\n\r\n", *",，、・.。-–_;/", ", ", " - "]


def test_every_list_is_offered() -> None:
    assert sorted(LANGUAGES.values()) == sorted(path.stem for path in LISTS.glob("*.txt"))


@EVERY_LANGUAGE
def test_the_words_seeds_and_lookup_keys_are_those_of_codenames_that_people_hold(language: str) -> None:
    for held in VECTORS[language]:
        codename = encode(language, bytes.fromhex(held["entropy"]))
        seed = codename.derive()
        assert " ".join(codename.words) == held["words"]
        assert (seed.to_bytes().hex(), seed.lookup_key().hex()) == (held["seed"], held["lookup"])
        if typable(codename):
            assert parse(held["words"]).derive().to_bytes() == seed.to_bytes()


@EVERY_LANGUAGE
@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_a_list_in_which_one_byte_is_another_is_not_drawn_from(language: str, data: st.DataObject) -> None:
    name = f"{LANGUAGES[language]}.txt"
    changed = bytearray((LISTS / name).read_bytes())
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        (Path(folder) / name).write_bytes(changed)
        patched.setattr("crypto.codename.lists._FOLDER", Path(folder))
        with pytest.raises(WordListError, match="install the program anew"):
            word_list.__wrapped__(language)


@EVERY_LANGUAGE
def test_a_list_is_read_and_compared_once(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = word_list(language)
    monkeypatch.setattr("crypto.codename.lists._FOLDER", Path("nowhere"))
    assert word_list(language) is words
    assert places(language) is places(language)


@EVERY_LANGUAGE
def test_the_lists_are_those_that_codenames_were_issued_from(language: str) -> None:
    assert hashlib.sha256("\n".join(WORD_LISTS[language]).encode()).hexdigest() == LIST_DIGESTS[language]


@EVERY_LANGUAGE
def test_words_of_a_list_stay_different_however_plainly_they_are_typed(language: str) -> None:
    assert len(PLAIN_LISTS[language]) == len(WORD_LISTS[language]) == 2048


@EVERY_LANGUAGE
def test_every_word_is_read_as_itself_however_plainly_it_is_typed(language: str) -> None:
    for index, word in enumerate(WORD_LISTS[language]):
        if DAMAGED in word:
            continue
        fillers = (int.from_bytes(entropy(language, index, attempt), "big") % (1 << 69) for attempt in range(100))
        numbers = ((index << 69 | filler).to_bytes(10, "big") for filler in fillers)
        codename = next(filter(typable, (encode(language, number) for number in numbers)))
        assert codename.words[0] == unicodedata.normalize("NFC", word)
        read = parse(" ".join(map(plain, codename.words)))
        assert (read.language, read.words) == (language, codename.words)


@EVERY_LANGUAGE
def test_a_codename_is_eight_words_of_its_language_ready_to_be_shown(language: str) -> None:
    for _ in range(50):
        codename = generate(language)
        assert codename.language == language
        assert len(codename.words) == 8
        assert all(word == unicodedata.normalize("NFC", word) and word.isalnum() for word in codename.words)


def test_no_two_codenames_are_alike() -> None:
    assert len({generate("en").words for _ in range(200)}) == 200


@EVERY_LANGUAGE
def test_what_is_generated_is_read_back(language: str) -> None:
    for _ in range(50):
        codename = generate(language)
        read = parse(" ".join(codename.words))
        assert (read.language, read.words) == (language, codename.words)


@settings(deadline=None)  # the first one of each language reads its list
@given(CODENAMES, st.data())
def test_a_codename_is_read_however_it_is_typed(codename: Codename, drawn: st.DataObject) -> None:
    separators = SEPARATORS + ([""] if codename.language.startswith("zh") else [])
    numbered = drawn.draw(st.booleans())
    numberings = (" {}. ",) if codename.language == NUMBERS else (" {}. ", " {}")
    typed = drawn.draw(st.sampled_from(["", " ", "\n", "«", "\ufeff"]))
    for number, word in enumerate(codename.words, 1):
        typed += drawn.draw(st.sampled_from(numberings)).format(number) if numbered else ""
        typed += drawn.draw(st.sampled_from(SPELLINGS))(word)
        typed += drawn.draw(st.sampled_from(separators if number < 8 else ["", " ", ".", "\n", "»"]))
    read = parse(typed)
    assert (read.language, read.words) == (codename.language, codename.words)


def test_turkish_capitals_and_missing_dots_do_not_matter() -> None:
    codename = encode("tr", entropy("Turkish", 5))
    words = " ".join(codename.words)
    assert {"ı", "i"} <= set(words)
    for typed in (words.upper(), turkish_capitals(words), words.replace("ı", "i"), words.replace("i", "ı")):
        assert parse(typed).words == codename.words


KOREAN_SPELLINGS = {
    "로동": "노동", "록음": "녹음", "락엽": "낙엽", "랭면": "냉면", "래일": "내일",
    "력사": "역사", "려행": "여행", "리용": "이용", "료금": "요금", "륙군": "육군", "녀성": "여성", "녀동생": "여동생",
    "년세": "연세", "비률": "비율", "환률": "환율", "고추가루": "고춧가루", "내물": "냇물", "해볕": "햇볕",
    "초불": "촛불", "수자": "숫자", "회수": "횟수", "차잔": "찻잔",
}  # fmt: skip


def test_korean_words_are_read_as_they_are_spelt_in_the_north_and_in_china() -> None:
    words = WORD_LISTS["ko"]
    places_of = {unicodedata.normalize("NFC", word): place for place, word in enumerate(words)}
    for spelt, word in KOREAN_SPELLINGS.items():
        number = (places_of[word] << 69 | int.from_bytes(drawable("ko"), "big") % (1 << 69)).to_bytes(10, "big")
        codename = encode("ko", number)
        typed = (spelt, *codename.words[1:])
        for written in (" ".join(typed), " ".join(f"{place}.{one}" for place, one in enumerate(typed, 1))):
            assert parse(written).words == codename.words, spelt
            assert parse(unicodedata.normalize("NFD", written)).words == codename.words, spelt
        assert is_word(word, spelt)


def test_no_two_words_of_a_list_are_read_as_one() -> None:
    assert {len(places(language)) for language in LANGUAGES} == {2048}


def test_a_chinese_codename_needs_no_spaces() -> None:
    for language in ("zh-Hans", "zh-Hant"):
        codename = generate(language)
        assert parse("".join(codename.words)).words == codename.words


# Found by trying: every character is in both Chinese lists, and may be drawn.
AMBIGUOUS = bytes.fromhex("1d28c120568c10e19b9d")


def test_a_codename_that_is_valid_in_two_lists_is_not_generated(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse("".join(encode("zh-Hant", AMBIGUOUS).words)).language == "zh-Hans"
    assert unsaid("zh-Hant").isdisjoint(encode("zh-Hant", AMBIGUOUS).words)
    good = drawable("zh-Hant")
    draws = iter([AMBIGUOUS, good])
    monkeypatch.setattr("secrets.token_bytes", lambda _: next(draws))
    assert generate("zh-Hant").words == encode("zh-Hant", good).words


def test_a_codename_with_a_damaged_word_is_not_generated(monkeypatch: pytest.MonkeyPatch) -> None:
    index = next(index for index, word in enumerate(WORD_LISTS["ru"]) if DAMAGED in word)
    damaged = (index << 69 | int.from_bytes(drawable("ru"), "big") % (1 << 69)).to_bytes(10, "big")
    good = drawable("ru")
    draws = iter([damaged, good])
    monkeypatch.setattr("secrets.token_bytes", lambda _: next(draws))
    assert generate("ru").words == encode("ru", good).words


def test_there_is_no_codename_in_a_language_without_a_list() -> None:
    with pytest.raises(KeyError):
        generate("de")


@pytest.mark.parametrize("length", [0, 9, 11])
def test_a_codename_is_made_of_10_bytes(length: int) -> None:
    with pytest.raises(CodenameError):
        encode("en", bytes(length))


def detected(words: list[str]) -> bool:
    try:
        parse(" ".join(words))
    except ChecksumError:
        return True
    return False


@EVERY_LANGUAGE
def test_a_wrong_word_is_noticed_98_times_in_100(language: str) -> None:
    noticed = 0
    for trial in range(500):
        words = list(sample(language, trial).words)
        other = sample(language, "replacement", trial).words[0]
        at = trial % 8
        noticed += words[at] == other or detected([*words[:at], other, *words[at + 1 :]])
    assert noticed >= 490


@EVERY_LANGUAGE
def test_two_swapped_words_are_noticed_98_times_in_100(language: str) -> None:
    noticed = 0
    for trial in range(500):
        words = list(sample(language, trial).words)
        one, other = trial % 8, (trial + 1 + trial // 8 % 7) % 8
        words[one], words[other] = words[other], words[one]
        noticed += detected(words)
    assert noticed >= 490


@EVERY_LANGUAGE
@pytest.mark.parametrize("position", range(1, 9))
def test_an_unknown_word_is_told_by_its_position(language: str, position: int) -> None:
    words = list(generate(language).words)
    words[position - 1] = "xyzzy"
    with pytest.raises(UnknownWordError) as caught:
        parse(" ".join(words))
    assert caught.value.position == position


@pytest.mark.parametrize("count", [0, 1, 7, 9, 16, 24])
def test_a_wrong_number_of_words_is_told(count: int) -> None:
    with pytest.raises(WordCountError) as caught:
        parse(" ".join(["abandon"] * count))
    assert caught.value.count == count


@EVERY_LANGUAGE
def test_the_longest_codename_fits_decomposed_numbered_and_widely_spaced(language: str) -> None:
    longest = max((unicodedata.normalize("NFKD", word) for word in WORD_LISTS[language]), key=len)
    text = "\r\n\r\n".join(f"   {number}.\u3000{longest.capitalize()} ,  " for number in range(1, 9))
    with suppress(ChecksumError):
        parse(text)


def test_a_text_longer_than_any_codename_is_refused_before_it_is_looked_at() -> None:
    began = time.process_time()
    with pytest.raises(LengthError):
        parse("\u0301" * 100_000 + "\u0327" * 100_000)
    assert time.process_time() - began < 1, "putting these marks in order takes minutes"
    with pytest.raises(LengthError):
        parse(" ".join(sample("en", "long").words) + " " * LONGEST)


def test_words_in_a_wrong_order_are_told_from_unknown_ones() -> None:
    with pytest.raises(ChecksumError):
        parse("abandon " * 8)


def test_words_of_several_languages_are_no_codename() -> None:
    words = [*encode("cs", entropy("mixed")).words[:7], encode("ko", entropy("mixed")).words[7]]
    with pytest.raises(UnknownWordError) as caught:
        parse(" ".join(words))
    assert caught.value.position == 8


@given(st.text() | st.lists(st.sampled_from(sorted(PLAIN_LISTS["en"] | PLAIN_LISTS["fr"])), min_size=8).map(" ".join))
def test_text_is_a_codename_or_an_error_of_ours(text: str) -> None:
    try:
        codename = parse(text)
    except CodenameError:
        return
    assert parse(" ".join(codename.words)).words == codename.words


@pytest.mark.parametrize("damage", ["count", "unknown", "checksum"])
def test_no_error_repeats_what_was_typed(damage: str) -> None:
    words = list(sample("cs", "hygiene").words)
    if damage == "count":
        words.pop()
    elif damage == "unknown":
        words[2] = "hunter"
    else:
        words[0], words[1] = next(
            pair for pair in ((words[at], words[0]) for at in range(1, 8)) if detected([*pair, *words[2:]])
        )
    with pytest.raises(CodenameError) as caught:
        parse(" ".join(words))
    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(error) + repr(vars(error))
    assert not any(f"{quote}{word}" in shown for word in words for quote in "'\" ")
    assert error.__context__ is None
    assert error.__cause__ is None


def test_codenames_and_seeds_show_nothing_of_themselves() -> None:
    codename = generate("cs")
    seed = codename.derive()
    assert {repr(codename), str(codename), f"{codename}"} == {"<Codename>"}
    assert {repr(seed), str(seed), f"{seed}"} == {"<Seed>"}
    assert not hasattr(codename, "__dict__")
    assert not hasattr(seed, "__dict__")


def test_a_derivation_gives_what_it_always_gave() -> None:
    codename = encode("en", bytes(range(10)))
    seed = codename.derive(version=1)
    assert " ".join(codename.words) == "abandon amount liar amount expire adjust cage disease"
    assert seed.to_bytes().hex() == "92dbd371fa7408766e2a8f6effcdd67d59528cffe05736bebf8ffbc3fb932d07"
    assert seed.identity_seed().hex() == "0876371b181413faa2e427e3976f8806dd64de2abb2cab41bdb3d127274c18df"
    assert seed.lookup_key().hex() == "6997729549e99eed0d0318db621058a75f49dde66633e1e14c11207c305bc0b7"
    assert seed.signing_seed().hex() == "ed37c654363cd0a51ecd840bbe48ced1c94426ec7bc4ddf74a14ea2aece954a6"


def test_a_derivation_does_not_depend_on_the_typing() -> None:
    codename = generate("fr")
    typed = parse("\n".join(plain(word).upper() for word in codename.words))
    assert typed.derive().to_bytes() == codename.derive().to_bytes()


def test_different_codenames_and_different_lists_give_different_seeds() -> None:
    codenames = [encode("en", bytes(10)), encode("en", bytes(9) + b"\x01"), encode("fr", bytes(10))]
    assert len({codename.derive().to_bytes() for codename in codenames}) == 3


def test_no_key_of_a_seed_is_another() -> None:
    seed = generate("en").derive()
    keys = {seed.lookup_key(), seed.identity_seed(), seed.signing_seed(), seed.to_bytes()}
    assert {len(key) for key in keys} == {32}
    assert len(keys) == 4


@given(st.binary(min_size=32, max_size=32))
def test_a_seed_is_read_as_it_was_written(data: bytes) -> None:
    assert Seed.from_bytes(data).to_bytes() == data


@given(st.binary(max_size=80))
def test_a_seed_of_another_length_is_refused(data: bytes) -> None:
    assume(len(data) != 32)
    with pytest.raises(CodenameError):
        Seed.from_bytes(data)


def test_new_codenames_cost_16_mib_a_guess() -> None:
    parameters = PARAMETERS[CURRENT_VERSION]
    assert (parameters.memory, parameters.passes, parameters.lanes) == (16_384, 1, 1)


def test_derivations_run_one_at_a_time() -> None:
    codename = encode("en", bytes(10))
    threads = [Thread(target=codename.derive) for _ in range(12)]
    for thread in threads:
        thread.start()
    most = 0
    while any(thread.is_alive() for thread in threads):
        frames = list(sys._current_frames().values())
        most = max(most, sum(frame.f_code.co_name == "_argon2id" for frame in frames))
    assert most == 1


@given(st.text())
def test_folding_each_character_by_itself_comes_to_the_same_as_the_text_as_a_whole(text: str) -> None:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    whole = "".join(str(unicodedata.decimal(char, char)) for char in folded if not unicodedata.combining(char))
    assert fold(text) == _as_in_the_south(whole.translate(_ALIKE))


@EVERY_LANGUAGE
def test_a_codename_is_noticed_on_a_line_of_a_longer_text(language: str) -> None:
    words = " ".join(generate(language).words)
    assert stands_in(f"Something before.\n{words}\nsomething after.")


@EVERY_LANGUAGE
@given(entropy=st.binary(min_size=10, max_size=10), order=st.permutations(range(8)))
@settings(max_examples=10)
def test_marks_tell_six_of_the_words_in_any_order_and_five_of_them_do_not(
    language: str, entropy: bytes, order: list[int]
) -> None:
    codename = encode(language, entropy)
    assume(len({plain(word) for word in codename.words}) == 8)
    assume(DAMAGED not in "".join(codename.words))
    seed = Seed(bytes(32))
    marks = Marks.from_bytes(seed, Marks.of(codename, seed).to_bytes())
    shuffled = [codename.words[place] for place in order]
    assert marks.in_text(" zzz ".join(shuffled[:6]))
    assert not marks.in_text(" ".join(shuffled[:5]))
    assert not marks.in_text(" ".join(" ".join([word] + ["zzz"] * 20) for word in shuffled))


def test_marks_show_nothing() -> None:
    codename = generate("en")
    assert repr(Marks.of(codename, codename.derive())) == "<Marks>"
