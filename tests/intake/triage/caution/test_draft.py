"""What a reviewer is warned of before a reply leaves: names, details of reports, links, words about relatives."""

import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.protocol.names import require_plain
from intake.report.definition import Entry
from intake.report.told import Account
from intake.triage.book import Book
from intake.triage.caution import Caution, cautions
from intake.triage.reading.conversation import Line
from intake.triage.reading.opentip import OpenTip

MEMBERS = ("amina", "Boris Smith", "王小明")
OTHER = {"region": "Gaziantep", "contact_channel": "Signal, +49 170 1234567; aygul.t@example.org"}
ACT: Entry = {
    "place": "Kashgar",
    "phones": "0998 765 43 21",
    "accounts": "@blue_dove_88",
    "relayed_by": "Dilnur",
    "plates": "34 ABC 789",
}
OFFICE: Entry = {"name": "Officer Karimov", "certainty": "certain"}


def tip(number: int, narrative: str = "", once: dict[str, str] | None = None, **entries: Entry) -> OpenTip:
    account = Account()
    account.take(2, {**(once or {}), **{kind: (entry,) for kind, entry in entries.items()}})
    return OpenTip(f"{number:032x}", "2026-05-03", narrative=narrative, account=account)


OWN = tip(
    1,
    "They called my mother.",
    {"region": "Lyon", "contact_channel": "+33 6 12 34 56 78"},
    acts={"place": "Café Orient"},
)


def book(*others: OpenTip) -> Book:
    made = Book()
    for each in (OWN, *others):
        made.put(each, bytes(32))
    return made


BOOK = book(
    tip(2, "My name is Aygul Tursun. My number is 0555 123 45 67.", OTHER, acts=ACT, actor_details=OFFICE),
    tip(3, "我叫艾山，住在伊斯坦布尔。", {"region": "伊斯坦布尔"}),
)


def warned(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for caution in cautions(text, OWN, BOOK, MEMBERS):
        found.setdefault(caution.kind, []).append(caution.found)
    return found


@pytest.mark.parametrize("name", ["-", "...", "'"])
def test_a_member_whose_name_is_a_sign_alone_keeps_nobody_from_answering(name: str) -> None:
    require_plain(name)
    found = cautions("Ask amina - or ... 'Boris'.", OWN, BOOK, (name, *MEMBERS))
    assert [each.found for each in found] == ["amina", "Boris"]


def odd(text: str) -> list[str]:
    """The same as somebody could write it, who looks for a way round or has another keyboard."""
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    arabic = text.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    persian = text.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    hidden = "\u200b".join(text)
    return [text, text.upper(), wide, arabic, persian, hidden, unicodedata.normalize("NFD", text), "\u00ad".join(text)]


@pytest.mark.parametrize(
    "detail",
    [
        "Gaziantep", "Kashgar", "+49 170 1234567", "0170-1234567", "01701234567", "(0170) 123 45 67", "0998 7654321",
        "aygul.t@example.org", "@blue_dove_88", "Dilnur", "34 ABC 789", "Officer Karimov", "Karimov", "Aygul",
        "Aygul Tursun", "05551234567", "艾山", "伊斯坦布尔",
    ],
)  # fmt: skip
def test_a_detail_of_another_report_is_said_however_it_is_written(detail: str) -> None:
    for written in odd(detail):
        found = warned(f"We know that {written} is there.")
        assert found.get("other"), written
        assert "source" not in found


@pytest.mark.parametrize("detail", ["Lyon", "0612345678", "+33 612 345 678", "Café Orient", "Cafe Orient"])
def test_what_the_source_wrote_of_itself_is_said_to_be_that_and_of_no_other_report(detail: str) -> None:
    for written in odd(detail):
        found = warned(f"Are you still in {written} today?")
        assert found.get("source"), written
        assert "other" not in found


def test_what_both_sources_wrote_is_none_of_another_report() -> None:
    shared = book(tip(2, "", {"region": "Lyon"}, acts={"place": "Café Orient"}))
    assert {each.kind for each in cautions("Lyon, Café Orient", OWN, shared, ())} == {"source"}
    told = tip(4, "I met Dilnur in Kashgar.")
    with_it = book(tip(2, "", OTHER, acts=ACT), told)
    assert cautions("Dilnur was in Kashgar.", told, with_it, ()) == []


def test_a_report_that_is_gone_from_the_book_warns_of_nothing_any_more() -> None:
    other = tip(2, "", OTHER)
    made = book(other)
    assert cautions("Gaziantep", OWN, made, ())
    made.put(tip(2, "", {"region": "Ankara"}), bytes(32))
    assert cautions("Gaziantep", OWN, made, ()) == []
    assert cautions("Ankara", OWN, made, ())
    made.remove(other.id)
    assert cautions("Ankara", OWN, made, ()) == []


@pytest.mark.parametrize(
    "text",
    ["I am Amina.", "Boris answers you", "B. Smith", "AMINA", "Амина", "Борису", "阿米娜", "我是王小明", "amina'ya"],
)
def test_a_members_name_is_said_in_every_script(text: str) -> None:
    for written in odd(text):
        assert warned(written).get("member"), written


@pytest.mark.parametrize("text", ["examination", "We thank you.", "Саша", "这是我们的回答"])
def test_what_is_nobodys_name_is_not(text: str) -> None:
    assert "member" not in warned(text)


@pytest.mark.parametrize("place", ["At home", "police station", "家里", "Дома", "my brother", "WeChat", "France"])
def test_what_everybody_says_is_no_detail(place: str) -> None:
    own = book(
        tip(2, "", {"region": place}, acts={"place": place, "relayed_by": place, "accounts": f"{place}: someone_1"})
    )
    assert cautions(f"Are you there: {place}?", OWN, own, ()) == []


def planted(*phrases: str) -> OpenTip:
    """A report whose people are called like phrases that replies hold."""
    account = Account()
    people: tuple[Entry, ...] = tuple({"pseudonym": phrase} for phrase in phrases)
    account.take(2, {"people": people})
    return OpenTip(f"{99:032x}", "2026-05-03", account=account)


def test_a_report_full_of_ordinary_phrases_hides_nothing_that_another_one_names() -> None:
    words = [f"word{number:03}" for number in range(300)]
    phrases = [" ".join(words[at : at + 5]) for at in range(0, 300, 5)]
    other = tip(2, "", OTHER, acts=ACT)
    draft = " ".join(words) + " Dilnur 0998 7654321 aygul.t@example.org"
    said = [each.found for each in cautions(draft, OWN, book(other, planted(*phrases)), ())]
    assert {"Dilnur", "0998 7654321", "aygul.t@example.org"} <= set(said)


def test_a_phrase_of_another_report_does_not_swallow_a_name_that_stands_in_it() -> None:
    other, hostile = tip(2, "", OTHER, acts=ACT), planted("tell Dilnur that we")
    said = [each.found for each in cautions("Please tell Dilnur that we wait.", OWN, book(other, hostile), ())]
    assert "Dilnur" in said


def test_a_number_or_a_name_is_said_once_as_a_whole() -> None:
    other = book(tip(2, "My name is Aygul Tursun, 020 7946 0321.", actor_details={"name": "Aygul Tursun"}))
    said = [each.found for each in cautions("Ask Aygul Tursun at 020 7946 0321.", OWN, other, ())]
    assert said == ["020 7946 0321", "Aygul Tursun"]


def test_a_name_in_han_is_a_name_whatever_its_letters_are() -> None:
    assert cautions("安学友在吗", OWN, book(tip(2, "", {"region": "安学友"})), ())


def test_an_ordinary_answer_warns_of_nothing() -> None:
    text = "Thank you for your report. We have read it. Is anybody in danger now? Keep the letter. Answer no calls."
    assert warned(text) == {}


@given(st.text(max_size=300))
def test_whatever_is_typed_there_is_an_answer_and_it_is_the_same_twice(text: str) -> None:
    first = cautions(text, OWN, BOOK, MEMBERS)
    assert [each.id for each in first] == [each.id for each in cautions(text, OWN, BOOK, MEMBERS)]
    assert len({each.id for each in first}) == len(first)


@given(
    st.text(max_size=60),
    st.sampled_from(["Kashgar", "05551234567", "amina", "http://example.com"]),
    st.text(max_size=60),
)
def test_a_warning_is_not_lost_by_what_stands_around_it(before: str, said: str, after: str) -> None:
    assert warned(f"{before}\n\n{said}\n\n{after}"), said


@pytest.mark.parametrize(
    "text",
    [
        "x" * 50_000,
        "a " * 25_000,
        "1" * 50_000,
        "a.b " * 12_500,
        "mother call " * 4_000,
        "王" * 50_000,
        "\u0301" * 50_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    assert took(lambda: cautions(text, OWN, BOOK, MEMBERS)) < 3


@pytest.mark.slow
def test_ten_thousand_reports_take_no_longer_than_a_page() -> None:
    many = [
        tip(
            number,
            f"They came. My number is 05{number:09}.",
            {"region": f"Town{number}"},
            acts={"place": f"Street {number}", "relayed_by": f"Cousin {number}"},
        )
        for number in range(2, 10_002)
    ]
    large = book(*many)
    text = (
        "Thank you. We have read what you wrote, and would like to know when that was. " * 25
        + "Town77 and 05000000078."
    )
    found: list[Caution] = []
    assert min(took(lambda: found.extend(cautions(text, OWN, large, MEMBERS))) for _ in range(5)) < 0.1
    assert {each.found for each in found} == {"Town77", "05000000078"}


def took(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def test_messages_of_the_source_are_its_words_too() -> None:
    own = tip(5, "First.")
    own.conversation = [
        Line("2026-05-04", "", "My name is Rena. Write to rena@example.net."),
        Line("2026-05-05", "amina", "Kashgar?"),
    ]
    made = book(own)
    assert {each.found for each in cautions("Dear Rena, rena@example.net", own, made, ()) if each.kind == "source"} == {
        "Rena",
        "rena@example.net",
    }


def test_more_of_a_kind_than_were_acknowledged_are_another_warning() -> None:
    few, many = (
        cautions(" ".join(f"http://{number}.example/" for number in range(count)), tip(1), book(), [])
        for count in (25, 40)
    )
    assert few[-1].more != many[-1].more
    assert few[-1].id != many[-1].id
