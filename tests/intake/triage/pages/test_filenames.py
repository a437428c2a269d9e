"""Names of files: what they can't pretend on a page or on a disk."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from intake.triage.pages.filenames import parts, saved_name, shown_name
from open_desk import Desk
from program import Reviewer

TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
PERSIAN = "می‌خواهم‌نامه.jpg"
NAMES = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    st.sampled_from(TURNING + "\u200c\u200d\u200e\u200f aAنb.. /\\:\0\n\u3000\ufeffé\u0301conCOM1"), max_size=300
)
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])")


@given(NAMES)
@example("CON")
@example("com1 .tar.gz")
@example(f"{'a' * 176}.exe{'b' * 30}")
@example("a" * 400 + ".jpg")
@example("...")
@example("photo.jpg" + " " * 100 + ".exe")
def test_a_saved_name_leads_nowhere_and_hides_nothing_on_any_system(name: str) -> None:
    saved = saved_name(name)
    assert saved
    assert saved == saved_name(saved)
    assert len(saved.encode()) <= 200
    assert not set(saved) & set('/\\:<>"|?*' + TURNING + "\u200e\u200f\u061c\ufeff\u200b\u2028")
    assert not any(unicodedata.category(character) == "Cc" for character in saved)
    assert saved[0] not in ". "
    assert saved[-1] not in ". "
    assert not RESERVED.fullmatch(saved.partition(".")[0].strip())
    assert "  " not in saved


@given(st.text(st.characters(categories=["L", "N"]), min_size=1), st.sampled_from(["jpg", "exe", "mp4", "7z"]))
def test_a_saved_name_has_the_ending_that_the_page_showed(stem: str, ending: str) -> None:
    assert saved_name(f"{stem}.{ending}").endswith(f".{ending}")
    assert parts(f"{stem}.{ending}") == (stem, f".{ending}")


def test_joiners_stay_and_overrides_go() -> None:
    assert saved_name(PERSIAN) == PERSIAN
    assert shown_name(PERSIAN) == PERSIAN
    assert saved_name("photo\u202egpj.exe") == "photogpj.exe"
    assert shown_name("photo\u202egpj.exe") == "photo⟦RLO⟧gpj.exe"
    assert shown_name("a\u200f\u200bb") == "a⟦U+200F⟧⟦U+200B⟧b"


@pytest.mark.parametrize("sign", ["\u0301", "\u0301\u0323", "\u20dd"])
def test_no_stack_of_accents_in_a_name_grows_over_what_stands_around_it(sign: str) -> None:
    runs = re.findall(r"[\u0301\u0323\u20dd]+", shown_name(f"e{sign * 10_000}.jpg"))
    assert max(map(len, runs)) <= 30


def test_a_page_shows_the_mark_the_true_ending_and_saves_under_a_name_that_says_it(
    desk: Desk, reviewer: Reviewer
) -> None:
    amina = reviewer("amina")
    tip = desk.store_tip("I said\u202e nothing \u200fat all", {})
    name = "jpg.عکس‌ها\u202egpj.exe"
    file = desk.store_file(tip, name, b"MZ")
    amina.unlock()
    page = amina.get(f"/tips/{tip.id.hex()}").text
    assert "\u202e" not in page
    assert "I said⟦RLO⟧ nothing \u200fat all" in page
    assert '<span class="name" dir="ltr"><bdi>jpg.عکس‌ها⟦RLO⟧gpj</bdi><bdi>.exe</bdi></span>' in page
    assert "⟦RLO⟧" in amina.get("/").text
    answer = amina.save(f"/tips/{tip.id.hex()}/files/{file}")
    disposition = answer.headers["Content-Disposition"]
    assert disposition.endswith("gpj.exe")
    assert "%E2%80%8C" in disposition, "the joiner is spelt"
    assert "%E2%80%AE" not in disposition


@pytest.mark.parametrize("name", ["a.jpg", "عکس.jpg"])
def test_an_ordinary_name_stays_as_it_is(name: str) -> None:
    assert shown_name(name) == name
    assert saved_name(name) == name
