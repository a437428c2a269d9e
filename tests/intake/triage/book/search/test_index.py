"""The index: what is in a report is found, what isn't is not, and what was removed is nowhere."""

import json
import re
import sqlite3
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.demo.reports import demo_reports
from intake.report.definition import Answers, Choice, Entry, load_form
from intake.report.events import Note, Referral, Status, Translation
from intake.report.payloads import TEAM, About
from intake.report.told import Account
from intake.triage.book import Book
from intake.triage.book.extracts import MOST_OF_FILE, MOST_OF_TIP, FilePage
from intake.triage.book.queue import PAGE, Wanted
from intake.triage.book.search import Content, How, Names, fitting, hits, parse
from intake.triage.mirror.added import Author
from intake.triage.reading.conversation import Line
from intake.triage.reading.opentip import Attachment, OpenTip, Signed
from opened import GIVEN, OTHER, restored, stored

UYGHUR = "ساقچىلار ئانامنىڭ ئۆيىگە كېلىپ، مېنىڭ قەيەردە ئىكەنلىكىمنى سورىدى."
TIBETAN = "ཉེན་རྟོག་པས་ངའི་ཨ་མའི་ཁྱིམ་དུ་སླེབས་ནས་ང་གང་དུ་ཡོད་དྲིས་སོང་།"
NARRATIVES = {report.name: str(report.answers["narrative"]) for report in demo_reports()}
TEXTS = {**NARRATIVES, "ug": UYGHUR, "bo": TIBETAN}
WORDS = sorted(
    {word for text in TEXTS.values() for word in text.split()} | {"北京", "习近平", "été", "ete", "Été", "a", "ё"}
)
SHORT = st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=6).map(" ".join)
FORM = load_form().version


def tip(number: int, narrative: str = "", day: str = "2026-01-01", *, lines: tuple[str, ...] = ()) -> OpenTip:
    conversation = [Line(day, "", line) for line in lines]
    return OpenTip(f"{number:032x}", day, narrative=narrative, conversation=conversation)


def filled(*tips: OpenTip) -> Book:
    book = Book()
    for each in tips:
        book.put(each, GIVEN)
    return book


def found(book: Book, typed: str, how: How = How.USUAL) -> list[int]:
    return [int(name, 16) for name in book.search(parse(typed, how), 1).found]


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("how", How)
def test_every_word_of_a_text_is_found_by_searching_for_it(language: str, how: How) -> None:
    book, others = filled(tip(1, TEXTS[language])), [text for name, text in TEXTS.items() if name != language]
    book.put(tip(2, "Nothing of the kind."), GIVEN)
    for number, text in enumerate(others, 3):
        book.put(tip(number, text), GIVEN)
    for word in TEXTS[language].split():
        query = parse(json.dumps(word, ensure_ascii=False), how)
        if any(unicodedata.category(letter)[0] in "LN" for letter in word):
            assert tip(1).id in book.search(query, 1).found, word


@given(st.sampled_from([text for name, text in NARRATIVES.items() if "zh" in name]), st.data())
def test_every_part_of_a_chinese_sentence_is_found(text: str, data: st.DataObject) -> None:
    sentence = data.draw(st.sampled_from(re.findall("[\u4e00-\u9fff]+", text)))
    start = data.draw(st.integers(0, len(sentence) - 1))
    part = sentence[start : data.draw(st.integers(start + 1, len(sentence)))]
    assert found(filled(tip(1, text), tip(2, "police")), part) == [1]


@given(SHORT, SHORT)
def test_nothing_that_is_not_there_is_found_exactly(text: str, typed: str) -> None:
    typed = re.sub('["“”„‟«»「」『』＂]', " ", typed)
    book = filled(tip(1, text), tip(2, "été ete علی"))
    if 1 in found(book, f'"{typed}"', How.EXACT):
        assert spelt(typed) in spelt(text)


def spelt(text: str) -> str:
    """The letters of a text alone, small, and put together in one way."""
    letters = (letter for letter in text.lower() if unicodedata.category(letter)[0] in "LMN" and letter != "\u0640")
    return unicodedata.normalize("NFC", "".join(letters))


@given(st.lists(st.tuples(SHORT, SHORT), min_size=1, max_size=5), SHORT, st.sampled_from(How))
def test_what_the_index_finds_is_what_reading_each_report_again_finds(
    texts: list[tuple[str, str]], typed: str, how: How
) -> None:
    tips = [tip(number, narrative, lines=(line,)) for number, (narrative, line) in enumerate(texts)]
    query = parse(typed, how)
    read = {number for number, each in enumerate(tips) if fitting({"": query}, Content.of(each))}
    assert query.is_empty or set(found(filled(*tips), typed, how)) == read


@given(
    st.text()
    | st.lists(st.sampled_from(['"', "«", "¶", "±", "*", "NEAR(a b)", "note:", "}", "a", "\0", "北"])).map("".join)
)
def test_nothing_that_is_typed_is_an_error_of_the_index(typed: str) -> None:
    book = filled(tip(1, "a b", lines=("北",)))
    for how in How:
        book.search(parse(typed, how), 1)


def entry(**told: Choice) -> Entry:
    """One of several things told of a kind."""
    return told


ANSWERS: Answers = {
    "narrative": "inreport", "region": "inregion", "origin_state": "CN", "host_country": "CA", "urgency": "now",
    "actor_kind": ("police", "consulate"), "reported_outcome": "inanswer",
    "acts": (entry(words="inevent", place="inactsplace", phones="0555 123 45 67", accounts="inaccount",
                   emails="in@email.example", plates="34 ABC 12", documents="indocument"),),
    "places": (entry(kind="service_station", name="inplace"),),
    "actor_details": (entry(name="inactor"),),
    "people": (entry(happened="inperson", age="unanswered"),),
}  # fmt: skip


def everything() -> OpenTip:
    """A report with a word in each part of it."""
    author, account = Author("amina", datetime(2026, 3, 7, tzinfo=UTC), 1), Account()
    account.take(FORM, ANSWERS)
    about = About("0" * 32, "infilename.jpg", "image/jpeg", 1, "", "infileshows", FORM, {"made_by": "infilemaker"})
    return OpenTip(
        id="1".zfill(32),
        day="2026-03-04",
        narrative="inreport",
        account=account,
        conversation=[Line("2026-03-05", "", "inmessage"), Line("2026-03-06", "amina", "inreply")],
        files={"a": Attachment("2026-03-04", about, 1)},
        written=[
            Signed("b", author, Note("innote")),
            Signed("c", author, Status("closed", "inreason")),
            Signed("d", author, Translation("0", "en", "inanearliertranslation")),
            Signed("e", author, Translation("0", "en", "intranslation", seen=("d",))),
            Signed("f", author, Referral("1", "lawyer", "inreferral", "", "", "", "", "", "")),
        ],
    )


PART_OF = {
    "inreport": "report", "inregion": "place", "inanswer": "answer", "inevent": "event", "inactsplace": "place",
    "0555 123 45 67": "phone", "inaccount": "account", "in@email.example": "email", "34 ABC 12": "plate",
    "indocument": "document", "inplace": "place", "inactor": "actor", "inperson": "person", "infilename": "file",
    "infileshows": "file", "infilemaker": "file", "inmessage": "message", "inreply": "reply", "innote": "note",
    "inreason": "reason", "intranslation": "translation", "inreferral": "referral",
}  # fmt: skip


@pytest.mark.parametrize("word", PART_OF)
def test_each_part_of_a_report_is_found_and_by_its_name_alone(word: str) -> None:
    book = filled(tip(2, "nothing"), everything())
    assert found(book, f'"{word}"') == [1]
    for part in set(PART_OF.values()):
        assert found(book, f'{part}:"{word}"') == ([1] if part == PART_OF[word] else [])


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ("from:China", True),
        ("from:CN in:CA urgency:now", True),
        ("from:CA", False),
        ("actor:police", True),
        ("actor:inactor", True),
        ("actor:party", False),
        ("place:service_station", True),
        ('place:"service station"', True),
        ("places.kind:consulate", False),
        ("actor_kind:consulate", True),
        ("from:CN inmessage", True),
        ("from:CN absent", False),
        ("phone:05551234567", True),
        ("phone:+905551234567", True),
        ("1234567", True),
        ("phone:1234568", False),
        ("after:2026-03-03 before:2026-03-05", True),
        ("after:2026-02 before:2026-04", True),
        ("after:2026-03", False),
        ("before:2026-03-04", False),
    ],
)
def test_answers_numbers_and_days_narrow_what_is_found(typed: str, is_found: bool) -> None:
    assert found(filled(everything()), typed) == [1] * is_found


NAMES: Names = {"status": {"closed": "Closed", "new": "New"}, "by": {"amina": "amina"}}


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("status:closed", [1]),
        ("status:new", [3, 2]),
        ("status:new police", [3]),
        ("status:new police before:2026-01", []),
        ("by:amina status:closed inreport", [1]),
        ("by:amina status:new", []),
    ],
)
def test_what_reviewers_settled_narrows_what_is_found_in_the_search_and_in_the_queue(
    typed: str, numbers: list[int]
) -> None:
    book = filled(everything(), tip(2, "mother"), tip(3, "police", "2026-01-02"))
    query = parse(typed, names=NAMES)
    results = book.search(query, 1)
    assert [int(name, 16) for name in results.found] == numbers
    assert results.tips == len(numbers)
    queue = book.queue(Wanted(text=query, order="day"))
    assert [int(row.tip, 16) for row in queue.rows] == numbers
    assert sum(queue.counts["status"].values()) == len(numbers)


def test_words_may_stand_in_different_parts_but_a_phrase_may_not_go_from_one_to_the_next() -> None:
    book = filled(tip(1, "They took my", lines=("brother away",)))
    assert found(book, "took brother") == [1]
    assert found(book, '"my brother"') == []
    assert found(book, '"brother away"') == [1]


def test_what_is_written_otherwise_is_found_exactly_only_where_it_is_written_so() -> None:
    book = filled(tip(1, "été"), tip(2, "ete"), tip(3, "ete", lines=("été",)), tip(4, "ete", lines=("Ünal",)))
    assert sorted(found(book, "été")) == sorted(found(book, "ete")) == [1, 2, 3, 4]
    assert sorted(found(book, "été", How.EXACT)) == [1, 3]
    assert sorted(found(book, "ete", How.EXACT)) == [2, 3, 4]


def test_in_any_script_a_name_is_found_in_each_of_them() -> None:
    names = ("Gulnar", "Gülnar", "Гульнар", "گۈلنار")
    book = filled(*(tip(number, f"… {name}!") for number, name in enumerate(names)), tip(9, "Gulistan"))
    for name in names:
        assert sorted(found(book, name, How.ANY)) == [0, 1, 2, 3]
    book = filled(tip(1, "习近平"), tip(2, "習近平"), tip(3, "Xi Jinping"), tip(4, "XIJINPING"), tip(5, "近平"))
    for name in ("习近平", "習近平", "Xi Jinping", "xijinping", "xi jin ping"):
        assert sorted(found(book, f'"{name}"', How.ANY)) == [1, 2, 3, 4], name


def test_the_newest_come_first_and_fifty_stand_on_a_page() -> None:
    days = [f"2026-{month:02}-{day:02}" for month in range(1, 5) for day in range(1, 29)]
    tips = [tip(number, "police", day) for number, day in enumerate(days)]
    book = filled(*reversed(tips[::2]), *tips[1::2])
    pages = [book.search(parse("police"), number) for number in (1, 2, 3)]
    assert [(page.number, page.pages, page.tips, len(page.found)) for page in pages] == [
        (1, 3, 112, PAGE), (2, 3, 112, PAGE), (3, 3, 112, 12)
    ]  # fmt: skip
    assert [int(name, 16) for page in pages for name in page.found] == list(reversed(range(112)))
    assert book.search(parse("police"), 99).number == book.search(parse("police"), 1 << 100).number == 3
    assert book.search(parse("nothing"), -1).found == []
    assert book.search(parse("after:2026-04-26"), 1).found == [tips[-1].id, tips[-2].id]


def test_a_dossier_of_the_whole_team_is_no_report_that_is_found() -> None:
    dossier = everything()
    dossier.dossier = TEAM
    book = filled(dossier)
    assert found(book, "innote") == found(book, "after:2020") == []
    book.put(everything(), GIVEN)
    assert found(book, "innote") == [1]
    book.put(dossier, GIVEN)
    assert found(book, "innote") == found(book, "after:2020") == []


def test_of_a_translation_the_one_that_counts_is_found() -> None:
    assert found(filled(everything()), "inanearliertranslation") == []


def remaining(book: Book, *sought: str) -> set[str]:
    """Those of some words that are anywhere in what a snapshot would hold of a book, and those that its index knows."""
    data = stored(book)
    terms = sqlite3.connect(":memory:")
    terms.deserialize(data[8 : 8 + int.from_bytes(data[:8], "big")])
    terms.execute("CREATE VIRTUAL TABLE temp.term USING fts5vocab(main, word, row)")
    known = {term.lstrip("«±¬") for (term,) in terms.execute("SELECT term FROM term")}
    terms.close()
    return {word for word in sought if word.encode() in data or word in known}


def test_nothing_of_what_was_removed_or_replaced_is_left_in_a_snapshot() -> None:
    others = [tip(number, f"{WORDS[number]} {WORDS[number + 1]}") for number in range(3, 60)]
    book = filled(tip(1, "zzwithdrawn 秘密 café"), *others, tip(2, "zzkept", lines=("zzdeleted",)))
    sought = ("zzwithdrawn", "秘密", "zzdeleted", "cafe", "zzkept")
    assert remaining(book, *sought) == set(sought)
    book.remove(tip(1).id)
    book.put(tip(2, "zzkept"), OTHER)
    assert remaining(book, *sought) == {"zzkept"}
    assert found(book, "zzdeleted") == found(book, "秘密") == []
    assert found(book, "zzkept") == [2]


def test_who_has_no_time_gets_nothing_rather_than_what_was_removed() -> None:
    book, now = filled(tip(1, "withdrawn"), tip(2, "kept")), Event()
    now.set()
    book.remove(tip(1).id)
    changes = book.changes
    assert book.serialize(now) == ()
    assert len(book.serialize(Event())) > 0
    assert book.changes == changes, "to tidy up is no change"


def with_file(number: int, *sha256: str) -> OpenTip:
    """A report with files of these contents."""
    opened = tip(number, "mother")
    for each in sha256:
        about = About("0" * 32, f"{each}.txt", "text/plain", 1, each, "", FORM, {})
        opened.files[each] = Attachment("2026-01-01", about, 1)
    return opened


def test_what_was_read_of_a_file_is_found_as_long_as_the_file_is_there_and_nowhere_after() -> None:
    book = filled(with_file(1, "one", "two"), with_file(2))
    book.watch_for({"x": "zzver*"})
    book.read(tip(1).id, FilePage("one", 3), "The zzverdict of 北京.")
    book.read(tip(1).id, FilePage("two", 1), "zzsecond")
    book.read(tip(2).id, FilePage("one", 1), "of a file that is not there")
    book.read(tip(9).id, FilePage("one", 1), "of a report that is not here")
    assert found(book, "zzverdict mother") == found(book, "file:北京 zzsecond") == [1]
    assert found(book, "not there") == found(book, "report not") == []
    assert book.queue(Wanted({"watched": ("x",)})).tips == 1
    (hit,) = hits(parse("zzverdict"), book.content(with_file(1, "one", "two")))
    assert (hit.text.part, hit.text.of) == ("file", "page 3 of one.txt")
    again = restored(stored(book))
    again.put(with_file(1, "one"), OTHER)
    assert (found(again, "zzverdict"), found(again, "zzsecond")) == ([1], [])
    assert again.pages_read(tip(1).id, "one") == [3]
    assert remaining(again, "zzverdict", "zzsecond") == {"zzverdict"}
    assert remaining(book, "that is not there") == set()
    again.remove(tip(1).id)
    assert remaining(again, "zzverdict") == set()
    again.put(with_file(1, "one"), OTHER)
    assert found(again, "zzverdict") == []


def test_no_more_is_read_of_files_than_can_be_searched() -> None:
    book = filled(with_file(1, "one", "two", "three"))
    half = "word " * (MOST_OF_FILE // 10)
    for number, file in enumerate(("one", "one", "one", "two", "three"), 1):
        book.read(
            tip(1).id,
            FilePage(file, number),
            f"{half[:-10]} number{number} " + ("and on " * 5000 if file == "two" else ""),
        )
    assert [found(book, f"number{number}") for number in range(1, 6)] == [[1], [1], [], [1], []]
    texts = [
        text.text
        for text in book.content(with_file(1, "one", "two", "three")).texts
        if " page" in text.of or "page " in text.of
    ]
    assert sum(map(len, texts)) <= MOST_OF_TIP


def test_a_page_that_is_looked_at_again_changes_nothing() -> None:
    book = filled(with_file(1, "one"))
    book.read(tip(1).id, FilePage("one", 1), "text")
    changes = book.changes
    book.read(tip(1).id, FilePage("one", 1), "text")
    assert book.changes == changes


def test_what_only_grew_has_nothing_to_be_tidied_up() -> None:
    book = filled(*(tip(number, f"words {number}") for number in range(50)))
    before = stored(book)
    book.put(tip(7, "words 7", lines=("more",)), OTHER)
    assert book._unsettled is False
    assert len(stored(book)) >= len(before)


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.integers(0, 5), SHORT | st.none() | st.tuples(st.integers(1, 2), SHORT)), max_size=12), SHORT
)
def test_after_any_changes_what_is_found_is_what_is_there(
    changes: list[tuple[int, str | tuple[int, str] | None]], typed: str
) -> None:
    book, left = Book(), dict[int, OpenTip]()
    for number, text in changes:
        if text is None:
            book.remove(tip(number).id)
            left.pop(number, None)
        elif isinstance(text, str):
            read = [line.text for line in left[number].conversation] if number in left else []
            left[number] = tip(number, text, lines=tuple(read))
            book.put(replace(with_file(number, "one"), narrative=text), GIVEN)
        elif number in left and len(left[number].conversation) < text[0]:
            # What is read in a file is found as any other text of its report is.
            left[number].conversation.append(Line("2026-01-01", "", text[1]))
            book.read(tip(number).id, FilePage("one", len(left[number].conversation)), text[1] or " ")
    again = restored(stored(book))
    for how in How:
        if not parse(typed, how).is_empty:
            there = set(found(filled(*left.values()), typed, how))
            assert set(found(book, typed, how)) == set(found(again, typed, how)) == there
    again.put(tip(6, "one more"), GIVEN)
    assert 6 in found(again, "more")
    book._database.execute("INSERT INTO word (word) VALUES ('integrity-check')")


def test_what_was_found_shows_nothing_of_it() -> None:
    page = filled(everything()).search(parse("inreport"), 1)
    content = Content.of(everything())
    for each in (page, content, *content.texts):
        assert "inreport" not in repr(each)
        assert everything().id not in repr(each)
