"""Names that somebody could take for each other are alike, and others are not."""

import hashlib
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.protocol.names import TABLE, UnfitNameError, alike, require_plain

INVISIBLE = [
    chr(code)
    for code in (
        *(0x3164, 0x115F, 0x1160, 0xFFA0, 0x34F, 0xFE0F, 0x200B, 0x200D, 0x2060, 0xAD, 0x180E, 0x17B4, 0x2800, 0xFEFF),
        *(0xE0041, 0xE0100),
    )
]
NAMES = st.text(st.characters(codec="utf-8"), max_size=12)
# As Unicode 14 has it, which is the oldest that is in use.
PLAIN = st.text(st.sampled_from("aAiIlL1oO0mnrévʙаАіІΑαاأيىअ阿米é\u0301ß\u0131İ-'"), min_size=1, max_size=8)


@pytest.mark.parametrize(
    "other",
    ["Amina", "AMINA", "ＡＭＩＮＡ", "аmina", "аміnа", "ΑΜΙΝΑ", "АМІNА", "arnina", "𝐚𝐦𝐢𝐧𝐚"],
)
def test_another_case_width_or_script_of_a_name_is_like_it(other: str) -> None:
    assert alike("amina", other)
    assert alike(other, "amina")


@pytest.mark.parametrize(
    ("one", "other"),
    [("Igor", "lgor"), ("paypal", "paypa1"), ("Bob", "B0b"), ("café", "cafe\u0301")],
)
def test_letters_and_digits_that_look_alike_are_alike(one: str, other: str) -> None:
    assert alike(one, other)


@pytest.mark.parametrize("letter", INVISIBLE, ids=ascii)
def test_a_letter_that_shows_as_nothing_makes_no_other_name_and_none_that_may_be_enrolled(letter: str) -> None:
    for name in (f"am{letter}ina", f"amina{letter}", f"{letter}amina"):
        assert alike("amina", name)
        with pytest.raises(UnfitNameError, match="none that don't show"):
            require_plain(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nika", "Vika"),
        ("Ivan", "Inan"),
        ("René", "Rene"),
        ("boris", "doris"),
        ("阿米娜", "阿米那"),
        ("أمينة", "أميرة"),
        ("ali", "all"),
    ],
)
def test_names_that_people_tell_apart_are_not_alike(one: str, other: str) -> None:
    assert not alike(one, other)


@pytest.mark.parametrize("name", ["amina", "阿米娜", "Đặng", "O'Neil-2", "أمينة", "Аміна", "བསོདནམས", "Ayşe"])
def test_names_of_every_script_may_be_enrolled(name: str) -> None:
    require_plain(name)


@pytest.mark.parametrize("name", ["\ue000", "a\u0378", "\U0001e4d0", "🙂", "a b", "a\u202eb", "\ud800"], ids=ascii)
def test_private_unassigned_newer_and_blank_characters_may_not(name: str) -> None:
    with pytest.raises(UnfitNameError):
        require_plain(name)


@given(NAMES, NAMES)
def test_likeness_is_mutual_and_a_name_is_like_itself(one: str, other: str) -> None:
    assert alike(one, one)
    assert alike(one, other) == alike(other, one)


@given(PLAIN)
def test_no_normal_form_and_no_case_makes_another_name(name: str) -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert alike(name, unicodedata.normalize(form, name))
    assert alike(name, name.casefold())


def test_the_table_is_the_one_that_enrolments_were_judged_by() -> None:
    """Changed, it would make a log false that was true: another table is another version of the entries."""
    digest = "4b4956801173f87f9a542edd95c4a2895533a8535d428f8394dac6e0c3da56c2"
    assert hashlib.sha256(TABLE.read_bytes()).hexdigest() == digest


def test_no_character_of_the_table_is_in_two_ways_of_it() -> None:
    rows = [line.split() for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
    spans = [row[1].split("..") for row in rows if row[0] in "+-"]
    ends = sorted((int(first, 16), int(last, 16)) for first, last in spans)
    assert all(last < following for (_, last), (following, _) in pairwise(ends))
    looks = {row[1]: row[2:] for row in rows if row[0] == "="}
    assert len(looks) == sum(row[0] == "=" for row in rows) > 6000
    # What a character looks like looks like nothing else in turn.
    assert all(code not in looks for codes in looks.values() for code in codes)
