"""The search as a reviewer sees it: hits with what stands around them, and no error, whatever was typed."""

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page
from sqlalchemy import delete

from chromium import enter
from intake.report.definition import Entry
from intake.report.payloads import Addition
from intake.storage.tables import Tip
from intake.triage.book.queue import PAGE
from look import faults_in
from open_desk import Desk
from program import Program, Reviewer
from told import page, sync
from window import show

pytestmark = pytest.mark.slow

MARKED = re.compile("<mark>([^<]*)</mark>")


def search(program: Program, typed: str, **others: str) -> str:
    """The page of a search."""
    answer = program.get(f"/search?{urlencode({'q': typed, **others}, errors='surrogatepass')}")
    assert answer.status_code == 200
    return answer.text


def found(page: str) -> list[str]:
    """The hits that are marked on it."""
    return [unescape(hit) for hit in MARKED.findall(page)]


@pytest.fixture
def amina(desk: Desk, reviewer: Reviewer) -> Program:
    """A program with reports in several languages, and a reviewer's words."""
    program = reviewer("amina")
    first = desk.store_tip("They went to my mother's house in May.", {"urgency": "now", "origin_state": "CN"})
    desk.store_tip("警察去了我母亲的家。", {"host_country": "CA"})
    desk.store_tip("پلیس به خانهٔ مادرم در تهران رفت.", {})
    desk.store_message(first, "My mother is Gülnar.")
    desk.store_file(first, "mother \u202egpj.exe", b"data")
    act: Entry = {"phones": "+90 555 123 45 67", "words": "Come <b>back</b>"}
    desk.send(first, Addition(2, "acts", {"acts": (act,)}))
    program.unlock()
    for kind in ("note", "reply"):
        program.write(page(first), kind, text=f"A {kind} of Amina's.")
    sync(program)
    return program


def test_hits_are_marked_with_what_stands_around_them_and_where_that_is(amina: Program) -> None:
    shown = search(amina, "mother")
    assert "Found in 1 report<" in shown
    assert "They went to my <mark>mother</mark>&#39;s house in May." in shown
    assert found(shown) == ["mother"] * 3
    for part in ("Report", "Message of the source", "File"):
        assert f'<p class="hint">{part}' in shown
    assert "⟦RLO⟧" in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("typed", "how", "hits"),
    [
        ("母亲", "", ["母亲"]),
        ("خانه", "", ["خانهٔ"]),
        ("tehran", "", []),
        ("tehran", "any", ["تهران"]),
        ("gulnar", "", ["Gülnar"]),
        ("gulnar", "exact", []),
        ('"my mother" from:China', "", ["my mother", "My mother"]),
        ("phone:05551234567", "", ["+90 555 123 45 67"[1:]]),
        ("note:amina", "", ["Amina"]),
        ("amina", "", ["Amina", "Amina"]),
        ("mother", "nonsense", ["mother"] * 3),
    ],
)
def test_it_finds_what_was_typed_in_every_script_and_part(
    amina: Program, typed: str, how: str, hits: list[str]
) -> None:
    assert found(search(amina, typed, how=how)) == hits


def test_markup_in_a_report_stays_text(amina: Program) -> None:
    assert "Come &lt;b&gt;<mark>back</mark>&lt;/b&gt;" in search(amina, "back")


def test_the_way_leads_to_where_the_first_hit_is_and_the_status_is_said(amina: Program, desk: Desk) -> None:
    shown = search(amina, "note:amina")
    (link,) = re.findall(r'<h2><a href="[^"]*(/tips/[0-9a-f]{32}#note)">', shown)
    assert amina.get(link.partition("#")[0]).status_code == 200
    assert '<span class="status new">New</span>' in shown


@pytest.mark.parametrize(
    "typed",
    ['"', '"unbalanced', "a OR b AND NOT c", "NEAR(a b)", "note:", "*", "()", "\0", "a" * 10_000, "\ud800", "col:",
     "-mother", "{report}: x", "^mother", "before:never", "' OR 1=1 --", "<script>alert(1)</script>", "\u202e", "🙂",
     "«", "¶ ¤"],
)  # fmt: skip
def test_whatever_is_typed_is_no_error_and_stands_in_the_form_again(amina: Program, typed: str) -> None:
    shown = search(amina, typed)
    assert "<script>" not in shown
    if "\0" not in typed and "\ud800" not in typed:
        (again,) = re.findall('name="q" value="([^"]*)"', shown)
        assert unescape(again) == typed


def test_what_was_left_out_is_said(amina: Program) -> None:
    shown = search(amina, 'mother OR "father')
    assert "are no commands here" in shown
    assert "A quotation mark has no other" in shown


def test_many_reports_are_paged_and_the_address_says_all(amina: Program, desk: Desk) -> None:
    for number in range(PAGE + 3):
        desk.store_tip(f"Police, number {number}.", {})
    sync(amina)
    first = search(amina, "police", how="exact")
    assert f"Found in {PAGE + 3} reports" in first
    (following,) = re.findall(r'href="[^"]*(/search\?[^"]*)" rel="next"', first)
    second = amina.get(unescape(following)).text
    assert "Page 2 of 2" in second
    assert len(found(first) + found(second)) == PAGE + 3


def test_what_was_withdrawn_is_found_no_more(amina: Program, desk: Desk) -> None:
    tip = desk.store_tip("Withdraw-this-one.", {})
    sync(amina)
    assert found(search(amina, '"withdraw this one"'))
    with desk.server.store.writing() as session:
        session.execute(delete(Tip).where(Tip.id == tip.id))
    sync(amina)
    assert not found(search(amina, '"withdraw this one"'))


def test_a_locked_program_finds_nothing_and_leads_back_to_the_search(amina: Program, reviewer: Reviewer) -> None:
    amina.guard.lock()
    other = reviewer("amina")
    answer = other.get("/search?q=mother")
    assert answer.status_code == 303
    assert "then=/search?q%3Dmother" in answer.headers["Location"]


def test_it_is_reached_from_the_queue_by_keyboard_and_reads_well_at_any_width(
    amina: Program, window: Page, photograph: Callable[[Page, str], None]
) -> None:
    show(window, amina, "/reports")
    window.get_by_label("Search in everything").fill("mother OR 母亲 after:2025")
    enter(window)
    window.get_by_label("Search in everything").fill("mother")
    window.get_by_label("How").select_option("any")
    enter(window)
    window.get_by_text("Found in 1 report").wait_for()
    assert window.locator("mark").all_inner_texts() == ["mother"] * 3
    for width in (320, 1024, 2560):
        window.set_viewport_size({"width": width, "height": 900})
        photograph(window, f"triage-search-{width}")
        assert faults_in(window) == []
    window.go_back()
    assert window.get_by_label("Search in everything").input_value() == "mother OR 母亲 after:2025"
