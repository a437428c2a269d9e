"""A report that came by phone, in person, by letter: entered on the same form, and its eight words handed over."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import delete, select

from bad_connection import unreachable
from forms import tokens
from intake.report.definition import Field, load_form
from intake.report.events import Note
from intake.report.payloads import Handed
from intake.source import create_app as create_source
from intake.storage.tables import Hidden, Tip
from intake.triage.pages.entering import _form_class
from intake.triage.reading.opentip import OpenTip
from open_desk import Desk
from opened import opened_tips
from program import Program
from source_site import Visit

pytestmark = pytest.mark.slow

NARRATIVE = "They took him <b>on Monday</b>.\nHis mother called."
TYPED = {"how": "phone", "remark": "She calls again on Friday.", "language": "fr", "narrative": NARRATIVE}


def enter(program: Program, **typed: Any) -> Any:
    """Send the form with this in it."""
    return program.send("/enter", {**tokens(program.get("/enter").text), **TYPED, **typed})


def entered(program: Program) -> OpenTip:
    """The only report that a program shows."""
    (tip,) = opened_tips(program.workspace.book)
    return tip


def words_page(program: Program, tip: str) -> str:
    return unescape(program.post(f"/tips/{tip}/words", f"/tips/{tip}").text)


def words_on(page: str) -> list[str]:
    return re.findall(r"<li>([^<]+)</li>", page.partition('<ol class="words"')[2])


def field_of(page: str, name: str) -> str:
    """What stands in a text area of a page."""
    found = re.search(rf'<textarea[^>]* name="{name}"[^>]*>\n([^<]*)</textarea>', page)
    assert found
    return unescape(found[1])


def test_the_form_asks_all_that_the_source_is_asked(amina: Program) -> None:
    page = unescape(amina.get("/enter").text)
    groups = [group for group in load_form().groups if group.place != "file"]
    asked: list[Field] = [field for group in groups for field in group.fields]
    asked += [field for group in groups if group.entries for field in group.entries.fields]
    for question in asked:
        assert question.question in page
        assert all(label in page for label in question.choices.values())
    assert "sign in with them too" in page


def test_what_is_entered_is_a_report_for_everybody_with_who_entered_it_and_how_it_came(
    amina: Program, boris: Program
) -> None:
    answer = enter(
        amina, urgency="now", consent_lawyer="yes", **{"acts-0-when": "Monday", "acts-0-words": "Come back."}
    )
    assert answer.status_code == 303
    for program, mark in ((amina, 0), (boris, 1)):
        program.post("/sync", "/")
        assert program.get("/reports").text.count('class="unread"') == mark, "to its maker it is nothing new"
    tip = entered(boris)
    assert (tip.narrative, tip.language, tip.warnings) == (NARRATIVE, "fr", [])
    assert tip.account.once["consent_lawyer"].value == "yes"
    assert "consent_police_host" not in tip.account.once, "nobody asked"
    (act,) = tip.account.entries["acts"]
    assert (act.value["when"], act.value["words"]) == ("Monday", "Come back.")
    page = unescape(boris.get(f"/tips/{tip.id}").text)
    assert "Entered by <bdi>amina</bdi>" in page
    assert "How it came: By phone." in page
    assert "She calls again on Friday." in page
    assert "They took him ⟦" not in page
    answered = len(load_form().consents) - 1
    assert page.partition('<section id="consents">')[2].count("not answered") == answered
    assert "1 report" in boris.get("/reports?urgency=now").text


@pytest.mark.parametrize(
    ("spoilt", "says"),
    [
        ({"narrative": " "}, "Please write something here."),
        ({"how": ""}, "Please choose one of these."),
        ({"urgency": "yesterday"}, "Please choose again."),
        ({"acts-0-when": "x" * 1000}, "This text is too long."),
    ],
)
def test_what_can_not_be_entered_so_stays_on_the_page_with_everything_else(
    spoilt: dict[str, str], says: str, desk: Desk, amina: Program
) -> None:
    answer = enter(amina, **{"acts-0-words": "Come back. \u202e", **spoilt})
    page = unescape(answer.text)
    assert answer.status_code == 400
    assert says in page
    assert field_of(answer.text, "acts-0-words") == "Come back. \u202e", "not a character of it is changed"
    assert field_of(answer.text, "remark") == TYPED["remark"]
    with desk.server.store.reading() as session:
        assert session.execute(select(Tip.id)).all() == []


def test_another_entry_keeps_what_is_typed(amina: Program) -> None:
    answer = enter(amina, **{"acts-0-when": "Monday", "another-acts": "1"})
    assert answer.status_code == 200
    assert 'id="acts-entry-2"' in answer.text
    assert 'value="Monday"' in answer.text
    assert field_of(answer.text, "narrative") == NARRATIVE


def test_what_is_sent_to_a_locked_program_is_there_after_unlocking(desk: Desk, amina: Program) -> None:
    sent = {**tokens(amina.get("/enter").text), **TYPED, "acts-0-when": "Monday"}
    amina.guard.lock()
    assert "kept=yes" in amina.send("/enter", sent).location
    amina.unlock()
    queue = amina.get("/").text
    assert "typed and not sent" in queue
    (draft,) = amina.workspace.sending.drafts
    page = amina.get(f"/enter/{draft.item}").text
    assert field_of(page, "narrative") == NARRATIVE
    assert 'value="Monday"' in page
    answer = amina.send("/enter", {**sent, **tokens(page), "draft": draft.item, "narrative": "Corrected."})
    assert answer.status_code == 303
    amina.post("/sync", "/")
    assert entered(amina).narrative == "Corrected."
    assert amina.workspace.sending.drafts == []


def test_sent_twice_it_is_there_once(amina: Program) -> None:
    sent = {**tokens(amina.get("/enter").text), **TYPED}
    places = {amina.send("/enter", sent).location for _ in range(2)}
    amina.post("/sync", "/")
    places.add(amina.send("/enter", sent).location)
    assert len(places) == 1
    assert entered(amina).narrative == NARRATIVE


def test_without_the_desk_it_is_shown_as_under_way_and_can_be_taken_back(desk: Desk, amina: Program) -> None:
    unreachable(desk)
    place = enter(amina).location.removeprefix(amina.place.path)
    page = unescape(amina.get(place).text)
    assert "You entered this report. Not sent yet" in page
    assert "His mother called." in page
    assert "Show its eight words" not in page
    assert "His mother called." in unescape(amina.get("/").text)
    (making,) = amina.workspace.sending.making
    assert "may have arrived" in amina.post(f"{place}/unsent/{making.item}/discard", place).text
    (draft,) = amina.workspace.sending.drafts
    assert field_of(amina.get(f"/enter/{draft.item}").text, "narrative") == NARRATIVE


def test_a_form_in_which_everything_is_as_long_as_it_may_be_is_stored(amina: Program) -> None:
    assert enter(amina, **full("é")).status_code == 303
    amina.post("/sync", "/")
    tip = entered(amina)
    assert (len(tip.narrative), len(tip.account.entries["acts"])) == (50_000, 20)
    assert tip.warnings == []


def test_what_is_more_than_the_desk_takes_is_kept_and_said(amina: Program) -> None:
    answer = enter(amina, **full("🙂"))
    assert answer.status_code == 400
    assert "this is more than can be sent at once" in answer.text
    (draft,) = amina.workspace.sending.drafts
    assert len(field_of(amina.get(f"/enter/{draft.item}").text, "narrative")) == 50_000


def full(letter: str) -> dict[str, Any]:
    """Every answer, with as many of this letter as fit."""
    typed: dict[str, Any] = {}
    for part in _form_class()().parts:
        typed |= {field.key: longest(field, letter) for field in part.group.fields}
        if (entries := part.group.entries) is not None:
            typed |= {
                f"{entries.key}-{number}-{field.key}": longest(field, letter)
                for number in range(entries.most)
                for field in entries.fields
            }
    return typed


def longest(field: Field, letter: str) -> Any:
    if field.is_text:
        return letter * field.longest
    choices = [key for key in field.choices if key not in field.alone]
    return choices if field.kind == "several" else choices[-1]


def test_with_its_words_the_person_comes_back_reads_the_answer_and_writes(
    desk: Desk, amina: Program, boris: Program
) -> None:
    enter(amina)
    boris.post("/sync", "/")
    tip = entered(boris).id
    page = words_page(boris, tip)
    words = words_on(page)
    assert len(words) == 8
    assert 'lang="fr"' in page
    assert "do not lead to this report" not in page
    boris.write(f"/tips/{tip}", "reply", text="Where can we reach you?")
    person = Visit(create_source(desk.server).test_client())
    person.open("/en/return")
    assert person.send("/return", codename=" ".join(words)).status_code == 200
    assert "Where can we reach you?" in person.text
    assert person.send("/tip/message", text="Here, on Fridays.").status_code == 200
    with desk.server.store.writing() as session:
        # As if its gate had opened.
        session.execute(delete(Hidden))
    amina.post("/sync", "/")
    report = entered(amina)
    assert report.warnings == []
    assert [line.text for line in report.conversation] == ["Where can we reach you?", "Here, on Fridays."]


def test_who_was_shown_the_words_is_noted_once_a_page(amina: Program, boris: Program) -> None:
    enter(amina)
    boris.post("/sync", "/")
    tip = entered(boris).id
    form = tokens(boris.get(f"/tips/{tip}").text)
    for _ in range(2):
        assert boris.send(f"/tips/{tip}/words", form).status_code == 200
    amina.post("/sync", "/")
    (handed,) = entered(amina).written_as(Handed)
    assert handed.author.name == "boris"
    assert "The eight words were shown to <bdi>boris</bdi>" in amina.get(f"/tips/{tip}").text


def test_a_report_of_a_sources_has_no_words_to_show(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("First.", {}).id.hex()
    amina.post("/sync", "/")
    assert amina.post(f"/tips/{tip}/words", f"/tips/{tip}").status_code == 404
    assert "Show its eight words" not in amina.get(f"/tips/{tip}").text


def test_after_a_restart_all_of_it_is_as_it_was(amina: Program, restarted: Callable[[], Program]) -> None:
    enter(amina)
    amina.post("/sync", "/")
    tip = entered(amina)
    amina.post(f"/tips/{tip.id}/note", f"/tips/{tip.id}", text="Called back.")
    amina.guard.lock()
    again = restarted()
    assert [note.payload for note in entered(again).written_as(Note)] == [Note("Called back.")]
    assert entered(again).entered == tip.entered
    assert entered(again).made == tip.made
