"""The register of referrals is read from the book, a page at a time, however many there are."""

import secrets
from datetime import UTC, datetime
from time import process_time

import pytest

from intake.report.events import Referral
from intake.triage.book import Book
from intake.triage.book.register import ORDERS, PAGE, UNCHECKED, Sought
from intake.triage.mirror.added import Author
from intake.triage.reading.opentip import OpenTip, Signed

AT = datetime(2026, 11, 1, tzinfo=UTC)


def referred(number: int) -> OpenTip:
    """A report with a referral."""
    referral = Referral(
        referral=f"{number}", to_kind="lawyer" if number % 2 else "un", to_name=f"Name {number:06}",
        consent="consent_lawyer", handed="All.", reference="", answer_due=f"2026-{number % 12 + 1:02}-01", outcome="",
        told="",
    )  # fmt: skip
    tip = OpenTip(secrets.token_hex(16), "2026-11-01")
    tip.written = [Signed(secrets.token_hex(16), Author("amina", AT, number), referral)]
    return tip


@pytest.mark.slow
def test_ten_thousand_reports_cost_no_more_than_a_tenth_of_a_second() -> None:
    book = Book()
    for number in range(10_000):
        book.put(referred(number), b"")
    started = process_time()
    for order in ORDERS:
        page = book.referrals(Sought("2026-06-15", ("lawyer",), (UNCHECKED,), order), 3)
        assert (page.referrals, page.pages, len(page.rows)) == (5000, 5000 // PAGE, PAGE)
    assert (process_time() - started) / len(ORDERS) < 0.1
    book.close()


def test_each_order_is_what_it_says() -> None:
    book = Book()
    for number in range(120):
        book.put(referred(number), b"")
    rows = {order: [row for page in (1, 2, 3) for row in book.referrals(Sought("2026-06-15", order=order), page).rows]
            for order in ORDERS}  # fmt: skip
    assert all(len(found) == 120 for found in rows.values())
    assert [row.to_name for row in rows["name"]] == sorted(row.to_name for row in rows["name"])
    assert [row.answer_due for row in rows["due"]] == sorted(row.answer_due for row in rows["due"])
    assert {row.is_late for row in rows["due"][:50]} == {True}
    book.close()
