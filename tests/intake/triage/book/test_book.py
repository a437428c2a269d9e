"""The book: what goes in comes out, whatever went before; it is counted right, and never on a disk."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import run
from crypto.age import HybridIdentity
from intake.protocol.index import ItemRow
from intake.report.definition import load_form, offered
from intake.report.events import STATUSES, Note, Status
from intake.report.payloads import About, Opened, Reply
from intake.report.told import Account, Told
from intake.triage.book import COLUMNS, ORDERS, PAGE, Book, Wanted
from intake.triage.book.traits import UNSAID
from intake.triage.mirror.added import Author
from intake.triage.reading.conversation import Line
from intake.triage.reading.opentip import Attachment, OpenTip, Signed
from opened import GIVEN, OTHER, contents, restored, stored, told

ENTRIES = [kind.key for kind in load_form().entries]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
DAYS = st.dates().map(str)
NAMES = st.integers(0, 7).map(lambda number: f"{number:032x}")
CHOICES = TEXTS | st.lists(TEXTS, max_size=3).map(tuple)
FORMS = st.integers(0, 9)
ACCOUNTS = st.builds(
    Account,
    st.dictionaries(st.sampled_from([*COLUMNS, "narrative", "another"]), st.builds(Told, FORMS, CHOICES)),
    st.dictionaries(
        st.sampled_from(ENTRIES),
        st.lists(st.builds(Told, FORMS, st.dictionaries(TEXTS, CHOICES, max_size=2)), max_size=2).map(tuple),
    ),
)
PAYLOADS = (
    st.builds(Note, TEXTS)
    | st.builds(Status, st.sampled_from([*STATUSES, "another"]))
    | st.builds(Reply, TEXTS, st.integers(0, 99))
    | st.just(Opened())
)
AUTHORS = st.builds(Author, TEXTS, st.datetimes(timezones=st.just(UTC)), st.integers(0, 1 << 40))
ABOUTS = st.builds(
    About,
    TEXTS,
    TEXTS,
    TEXTS,
    st.integers(0, 1 << 50),
    TEXTS,
    TEXTS,
    st.integers(0, 9),
    st.dictionaries(TEXTS, CHOICES),
)
WATCH_LISTS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["a", "b c", "0", "phone:1", "after:2020", "?"]))
ROWS = st.builds(ItemRow, TEXTS, TEXTS, TEXTS, DAYS, st.integers(0, 1 << 50), st.booleans())
TIPS = st.builds(
    OpenTip,
    id=NAMES,
    day=DAYS,
    source=TEXTS,
    signer=TEXTS,
    language=TEXTS,
    identities=st.lists(st.binary(min_size=32, max_size=32).map(HybridIdentity.from_seed), max_size=2).map(tuple),
    account=ACCOUNTS,
    narrative=st.text(st.characters(exclude_categories=["Cs"])),
    conversation=st.lists(st.builds(Line, DAYS, TEXTS, TEXTS), max_size=3),
    files=st.dictionaries(TEXTS, st.builds(Attachment, DAYS, ABOUTS, st.integers(0, 1 << 50)), max_size=2),
    written=st.lists(st.builds(Signed, TEXTS, AUTHORS, PAYLOADS), max_size=3),
    rows=st.lists(ROWS, max_size=2).map(tuple),
    deleted=st.sets(TEXTS, max_size=2),
    replies=st.integers(0, 1 << 40),
    warnings=st.lists(TEXTS, max_size=2),
    remarks=st.lists(TEXTS, max_size=2),
    spoilt=st.lists(NAMES, max_size=2),
)


def tip(number: int, day: str = "2026-01-01", narrative: str = "", **answers: Any) -> OpenTip:
    once = {key: Told(load_form().version, answer) for key, answer in answers.items()}
    return OpenTip(f"{number:032x}", day, narrative=narrative, account=Account(once))


def filled(*tips: OpenTip) -> Book:
    book = Book()
    for each in tips:
        book.put(each, GIVEN)
    return book


@given(TIPS)
def test_a_tip_comes_out_as_it_was_put_in(opened: OpenTip) -> None:
    book = filled(opened)
    found = book.tip(opened.id)
    assert found is not None
    assert told(found) == told(opened)
    assert book.day(opened.id) == opened.day
    assert book.tip("another") is None
    assert book.day("another") is None


@pytest.mark.slow
@given(st.lists(st.tuples(TIPS, st.binary(min_size=32, max_size=32)) | NAMES | WATCH_LISTS, max_size=30))
def test_a_book_after_any_changes_is_one_filled_at_once(
    changes: list[tuple[OpenTip, bytes] | str | dict[str, str]],
) -> None:
    book, left, terms = Book(), dict[str, tuple[OpenTip, bytes]](), dict[str, str]()
    for change in changes:
        if isinstance(change, str):
            book.remove(change)
            left.pop(change, None)
        elif isinstance(change, dict):
            book.watch_for(terms := change)
        else:
            book.put(*change)
            left[change[0].id] = change
    at_once = Book()
    for each, digest in left.values():
        at_once.put(each, digest)
    at_once.watch_for(terms)
    assert contents(book) == contents(at_once)
    assert contents(restored(stored(book))) == contents(at_once)


def test_the_urgent_come_first_then_the_newest() -> None:
    book = filled(
        tip(1, urgency="past", day="2026-03-01"),
        tip(2, urgency="now", day="2026-01-01"),
        tip(3, urgency="now", day="2026-02-01"),
        tip(4, day="2026-04-01"),
        tip(5, urgency="within_72h"),
        tip(6, urgency="ongoing"),
    )
    assert [int(row.tip, 16) for row in book.queue(Wanted()).rows] == [3, 2, 5, 6, 4, 1]


def test_fifty_stand_on_a_page_and_every_page_can_be_reached_under_a_filter() -> None:
    tips = [tip(number, host_country="CA" if number % 2 else "FR") for number in range(4 * PAGE + 1)]
    book = filled(*tips)
    pages = [book.queue(Wanted({"host_country": ("FR",)}), number) for number in (1, 2, 3)]
    assert [(page.number, page.pages, page.tips, len(page.rows)) for page in pages] == [
        (1, 3, 101, 50), (2, 3, 101, 50), (3, 3, 101, 1)
    ]  # fmt: skip
    assert {row.tip for page in pages for row in page.rows} == {each.id for each in tips[::2]}
    assert book.queue(Wanted(), 99).number == 5
    assert book.queue(Wanted(), -1).number == 1


def test_each_choice_that_occurs_is_counted_and_only_what_the_form_could_offer_is_a_choice() -> None:
    book = filled(
        tip(1, urgency="now", host_country="CA"),
        tip(2, urgency="now", host_country=("CA", "FR")),
        tip(3, urgency="past"),
    )
    book.remove(tip(3).id)
    counts = {field: choices for field, choices in book.queue(Wanted()).counts.items() if choices}
    unanswered = {path: {UNSAID: 2} for path in offered() if "." not in path}
    assert counts == unanswered | {
        "urgency": {"now": 2}, "host_country": {"CA": 2, "FR": 1}, "status": {"new": 2}, "assigned": {"nobody": 2},
        "language": {"other": 2}, "unread": {"new": 2}, "translation": {"none": 2},
    }  # fmt: skip
    assert book.queue(Wanted({"host_country": ("FR", "BY"), "urgency": ("now",)})).tips == 1


def test_the_status_by_which_tips_are_found_is_the_latest() -> None:
    author, opened = Author("amina", datetime(2026, 1, 1, tzinfo=UTC), 1), tip(1)
    opened.written = [Signed("a", author, Status("working")), Signed("b", author, Status("closed"))]
    book = filled(opened)
    assert [book.queue(Wanted({"status": (status,)})).tips for status in ("new", "in_review", "closed")] == [0, 0, 1]


def watched(book: Book) -> dict[str, int]:
    """How many tips each term marks."""
    return {term: tips for term, tips in book.queue(Wanted()).counts.get("watched", {}).items() if tips}


def test_a_watched_term_marks_what_is_there_and_what_comes_until_nobody_watches_for_it() -> None:
    book = filled(tip(1, narrative="My cousin Gülnar called."), tip(2, narrative="Nothing."))
    book.watch_for({"x": "gulnar", "y": '"service station"'})
    assert watched(book) == {"x": 1, "yes": 1}
    book.put(tip(2, narrative="At a service station, with Gulnar."), OTHER)
    assert watched(book) == {"x": 2, "y": 1, "yes": 2}
    again = restored(stored(book))
    again.put(tip(3, narrative="gulnar"), GIVEN)
    assert watched(again) == {"x": 3, "y": 1, "yes": 3}
    assert set(again.watched(tip(2).id)) == {"x", "y"}
    again.watch_for({"y": "nothing"})
    assert (watched(again), set(again.watched(tip(1).id)), again.watched(tip(9).id)) == ({}, set(), {})


def test_a_new_term_is_looked_for_in_the_index_and_no_tip_is_opened_for_it() -> None:
    def costs(size: int) -> int:
        book = filled(*(tip(number, narrative="word") for number in range(size)), tip(size, narrative="gulnar"))
        return steps(book, lambda: book.watch_for({"x": "gulnar"}))

    assert costs(2000) < 3 * costs(20), "the index has some more parts, and that is all"
    book = filled(tip(1, narrative="gulnar"))
    book.watch_for({"x": "gulnar"})
    changes = book.changes
    assert steps(book, lambda: book.watch_for({"x": "gulnar"})) == 0, "it is looked for once"
    assert book.changes == changes


def test_no_id_of_a_term_stands_for_all_of_them() -> None:
    book = filled(tip(1, narrative="gulnar"), tip(2, narrative="other"))
    book.watch_for({"yes": "other", "x": "gulnar"})
    assert watched(book) == {"x": 1, "yes": 1}


def steps(book: Book, ask: Callable[[], object]) -> int:
    """How many steps SQLite's machine takes for it."""
    taken = []
    book._database.set_progress_handler(lambda: taken.append(1), 1)
    ask()
    book._database.set_progress_handler(None, 1)
    return len(taken)


def test_a_change_and_what_is_asked_for_cost_the_same_among_few_and_many_tips() -> None:
    def costs(size: int) -> list[int]:
        book = filled(*(tip(number, host_country="CA", urgency="now") for number in range(size)))
        middle = tip(size // 2, host_country="CA", urgency="now")
        asked = (lambda: book.day(middle.id), book.spoilt)
        changed = (lambda: book.put(middle, OTHER), lambda: book.remove(middle.id))
        return [steps(book, ask) for ask in (*asked, *changed)]

    few = costs(20)
    assert costs(2000) == few
    assert min(few) > 0, "they are counted"


@pytest.mark.parametrize("order", ORDERS)
def test_a_page_of_the_queue_is_read_in_the_order_of_an_index(order: str) -> None:
    book = filled(*map(tip, range(500)))
    queries: list[str] = []
    book._database.set_trace_callback(queries.append)
    book.queue(Wanted(order=order))
    plans = [step for query in queries for *_, step in book._database.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert plans[0] == f"SCAN queue USING COVERING INDEX by_{order}"
    assert set(plans[1:]) == {"SEARCH queue USING INTEGER PRIMARY KEY (rowid=?)"}


def test_what_is_removed_or_replaced_is_not_carried_on_in_a_snapshot() -> None:
    # Words of an answer that the queue shows, and so that are in the book as they are.
    book = filled(tip(1, host_country="taken-back"), tip(2, narrative="first-version"), *map(tip, range(3, 200)))
    assert b"taken-back" in stored(book)
    assert b"first-version" in stored(book)
    book.remove(tip(1).id)
    book.put(tip(2, narrative="another"), GIVEN)
    assert b"taken-back" not in stored(book)
    assert b"first-version" not in stored(book)


def test_a_book_shows_nothing_of_what_it_holds() -> None:
    opened = tip(1, narrative="They went to my mother.", host_country="CA")
    book = filled(opened)
    found = book.tip(opened.id)
    for each in (book, found, book.queue(Wanted()), book.queue(Wanted()).rows[0]):
        assert "mother" not in repr(each)
        assert "CA" not in repr(each)


IN_MEMORY = """
import io, resource, sqlite3, sys, tempfile
from intake.report.told import Account, Told
from intake.triage.book import Book, Wanted
from intake.triage.reading.opentip import OpenTip

resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    tempfile.TemporaryFile(buffering=0).write(b"a byte")
except OSError:
    pass
else:
    sys.exit("a byte can be written, so this shows nothing")
book = Book()
for number in range(2000):
    account = Account({"host_country": Told(1, f"{number % 250:03}")})
    book.put(OpenTip(f"{number:032x}", "2026-01-01", narrative="words " * 300, account=account), bytes(32))
for number in range(0, 2000, 2):
    book.remove(f"{number:032x}")
    book.queue(Wanted(), number)
book._database.execute("SELECT shown FROM queue ORDER BY shown DESC").fetchall()
book._database.execute("CREATE TEMP TABLE other AS SELECT * FROM queue")
data = io.BytesIO(b"".join(book.serialize()))
assert Book.deserialize(lambda size: bytearray(data.read(size))).queue(Wanted()).tips == 1000
"""
"""Works with a book, and sorts what is larger than SQLite's cache, where the system lets no byte into any file."""


@pytest.mark.slow
def test_no_byte_of_a_book_reaches_a_file() -> None:
    ended = run([sys.executable, "-c", IN_MEMORY])
    assert (ended.returncode, ended.stderr) == (0, "")
