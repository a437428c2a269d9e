"""Keys come back from as many sheets of paper as were said to be needed, from fewer not at all."""

import json
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shamir_mnemonic import generate_mnemonics

from crypto.age import HybridIdentity, seal
from intake.protocol.card import Role
from intake.triage.keys.keyfile import KeyFileError, make_keys
from intake.triage.keys.opening import Identities, OpeningKeys
from intake.triage.keys.recovery import Paper, SheetError, Sheets, open_keys, seal_keys, split


@pytest.fixture(scope="module")
def paper() -> Paper:
    return split(5, 3)


def typed(*sheets: str) -> Sheets:
    found = Sheets()
    for sheet in sheets:
        found.add(sheet)
    return found


def test_any_three_of_five_open_what_was_sealed_to_them(paper: Paper) -> None:
    keys = replace(make_keys(Role.REVIEWER, "amina"), recovery=paper.recipient)
    sealed = seal_keys(keys, paper.recipient)
    for chosen in combinations(paper.sheets, 3):
        opened = open_keys(sealed, typed(*chosen).identity())
        assert (opened.card, opened.recovery) == (keys.card, paper.recipient)


def test_a_recovery_in_the_middle_of_an_exchange_brings_all_identities_back(paper: Paper) -> None:
    new, old = HybridIdentity.generate(), HybridIdentity.generate()
    opening = OpeningKeys(Identities((new, old), "a log", unsent=True))
    sealed = seal_keys(replace(make_keys(Role.REVIEWER, "amina"), opening=opening), paper.recipient)
    opened = open_keys(sealed, typed(*paper.sheets[:3]).identity()).opening
    assert opened is not None
    assert list(map(str, opened.identities)) == [str(new), str(old)]
    assert (str(opened.unsent), str(opened.current), opened.kept.log) == (str(new), str(old), "a log")


def test_a_recovery_file_of_the_first_version_opens(paper: Paper) -> None:
    identity = HybridIdentity.generate()
    document = {"role": "reviewer", "name": "amina", "signing": "07" * 32, "identity": str(identity)}
    sealed = seal(json.dumps({**document, "recovery": str(paper.recipient)}).encode(), [paper.recipient])
    opened = open_keys(sealed, typed(*paper.sheets[:3]).identity())
    assert (str(opened.identity), opened.recovery) == (str(identity), paper.recipient)


def test_fewer_are_known_to_be_too_few(paper: Paper) -> None:
    sheets = Sheets()
    assert sheets.lacking == 1, "nobody knows how many before the first"
    for sheet, lacking in zip(paper.sheets, (2, 1, 0), strict=False):
        with pytest.raises(SheetError, match="don't go together"):
            sheets.identity()
        sheets.add(sheet)
        assert sheets.lacking == lacking


def test_two_sheets_of_one_secret_and_any_other_make_no_key(paper: Paper) -> None:
    with pytest.raises(SheetError, match="belongs to other ones"):
        typed(*paper.sheets[:2], split(5, 3).sheets[2])
    with pytest.raises(SheetError, match="typed already"):
        typed(paper.sheets[0], paper.sheets[0])


def test_four_letters_of_each_word_are_enough_and_numbers_may_stand_beside_them(paper: Paper) -> None:
    short = " ".join(f"{place}. {word[:4].upper()}" for place, word in enumerate(paper.sheets[0].split(), 1))
    assert typed(short).holds(paper.sheets[0])
    assert not typed(short).holds(paper.sheets[1])


@given(place=st.integers(0, 32), data=st.data())
def test_a_word_that_is_not_the_one_on_paper_is_noticed_and_never_repeated(
    paper: Paper, place: int, data: st.DataObject
) -> None:
    words = paper.sheets[0].split()
    other = data.draw(st.sampled_from([*paper.sheets[1].split(), "zzzz", "", "word-that-is-secret"]))
    words[place], changed = other, other != words[place]
    if not changed:
        return
    with pytest.raises(SheetError) as refused:
        typed(" ".join(words))
    assert not set(str(refused.value).split()) & {"zzzz", "word-that-is-secret"}


def test_which_word_is_none_is_said_by_its_place(paper: Paper) -> None:
    words = paper.sheets[0].split()
    words[6] = "zzzz"
    with pytest.raises(SheetError, match=r"number 7$"):
        typed(" ".join(words))
    with pytest.raises(SheetError, match="33 words, and this has 32"):
        typed(" ".join(paper.sheets[0].split()[:32]))


@given(st.text())
def test_whatever_is_typed_is_a_sheet_or_refused(text: str) -> None:
    with pytest.raises(SheetError):
        typed(text)


@pytest.mark.parametrize(("threshold", "groups"), [(2, [(1, 1), (1, 1)]), (1, [(1, 1)])])
def test_sheets_of_other_programs_are_refused(threshold: int, groups: list[tuple[int, int]]) -> None:
    foreign = generate_mnemonics(threshold, groups, bytes(32))
    with pytest.raises(SheetError, match="not made by this program"):
        typed(foreign[0][0])


def test_what_is_no_recovery_file_is_said_to_be_none(paper: Paper) -> None:
    identity = typed(*paper.sheets[:3]).identity()
    keys = make_keys(Role.REVIEWER, "amina")
    for sealed in (b"", b"text", seal_keys(keys, split(2, 2).recipient), seal_keys(keys, paper.recipient)[:-1]):
        with pytest.raises(KeyFileError, match="no recovery file, or not the one of these sheets"):
            open_keys(sealed, identity)


def test_neither_sheets_nor_paper_show_what_they_hold(paper: Paper) -> None:
    shown = repr(paper) + repr(typed(*paper.sheets[:2])) + str(paper)
    assert not any(word in shown for word in paper.sheets[0].split() if len(word) > 5)
