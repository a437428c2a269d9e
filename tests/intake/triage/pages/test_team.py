"""What a team sets for all: labels, filters, who has duty; offline too, and what two set at once is seen by both."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from bad_connection import unreachable
from intake.report.events import LabelName, SavedFilter
from intake.triage.mirror.added import Author
from intake.triage.reading.opentip import Signed
from intake.triage.reading.standing import Change
from intake.triage.workspace.team import Team
from open_desk import Desk, Stored
from program import Program
from told import page, shown, sync

pytestmark = pytest.mark.slow


def set_for_all(program: Program, kind: str, **values: str) -> int:
    """Set something on the team's page; the status of the answer."""
    return program.post(f"/team/{kind}", "/team", **values).status_code


def test_a_label_of_the_teams_list_marks_a_report_for_all_and_finds_it(
    desk: Desk, amina: Program, boris: Program
) -> None:
    tip = desk.store_tip("They went to my mother.", {})
    assert set_for_all(amina, "label_name", name="Uyghur speakers", colour="green") == 303
    sync(amina)
    found = re.search(r'name="label" value="([^"]+)">Uyghur speakers</button>', shown(amina, tip))
    assert found
    amina.post(f"{page(tip)}/label", page(tip), label=found[1], on="yes")
    sync(boris)
    listed = unescape(boris.get("/reports").text)
    assert '<span class="label green">Uyghur speakers</span>' in listed
    assert "Uyghur speakers (1)</label>" in listed
    assert "1 report</h1>" in boris.get(f"/reports?label={found[1]}").text
    boris.post(f"{page(tip)}/label", page(tip), label=found[1])
    assert "0 reports</h1>" in boris.get(f"/reports?label={found[1]}").text


def test_two_labels_of_one_name_are_not_set_by_one_who_knows_of_both(amina: Program) -> None:
    assert set_for_all(amina, "label_name", name="Urgent", colour="red") == 303
    assert set_for_all(amina, "label_name", name="URGENT", colour="blue") == 400
    (label,) = amina.workspace.team.standing().outcomes(LabelName)
    assert set_for_all(amina, "label_name", label=label.label, name="Urgent", colour="red", retired="yes") == 303
    assert set_for_all(amina, "label_name", name="Urgent", colour="blue") == 303


def test_a_label_that_is_offered_no_more_stays_where_it_is(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They went to my mother.", {})
    set_for_all(amina, "label_name", name="Urgent", colour="red")
    sync(amina)
    found = re.search(r'name="label" value="([^"]+)">Urgent</button>', shown(amina, tip))
    assert found
    amina.post(f"{page(tip)}/label", page(tip), label=found[1], on="yes")
    set_for_all(amina, "label_name", label=found[1], name="Urgent", colour="red", retired="yes")
    assert '<span class="label red">Urgent</span>' in shown(amina, tip)
    other = desk.store_tip("Another.", {})
    sync(amina)
    assert ">Urgent</button>" not in shown(amina, other)


def test_a_filter_is_saved_for_oneself_or_for_all(desk: Desk, amina: Program, boris: Program) -> None:
    desk.store_tip("They went to my mother.", {"urgency": "now"})
    sync(amina)
    for owner, name in ((amina.workspace.people.me, "Mine"), ("", "Ours")):
        set_for_all(amina, "saved_filter", name=name, address="urgency=now&order=day", owner=owner)
    sync(boris)
    assert 'reports?urgency=now&order=day">Ours</a>' in unescape(boris.get("/reports").text)
    assert ">Mine</a>" not in boris.get("/reports").text
    assert ">Mine</a>" in amina.get("/reports").text


def test_of_ones_own_filters_nothing_counts_that_somebody_else_wrote(
    desk: Desk, amina: Program, boris: Program
) -> None:
    desk.store_tip("They went to my mother.", {"urgency": "now"})
    sync(amina)
    me = amina.workspace.people.me
    set_for_all(amina, "saved_filter", name="Mine", address="urgency=now", owner=me)
    set_for_all(amina, "saved_filter", name="Ours", address="urgency=now", owner="")
    mine, ours = (each.filter for each in amina.workspace.team.standing().outcomes(SavedFilter))
    sync(boris)
    set_for_all(boris, "saved_filter", name="Planted", address="urgency=past", owner=me)
    for which in (mine, ours):
        set_for_all(boris, "saved_filter", filter=which, name="Changed", address="urgency=past", owner=me)
    set_for_all(boris, "saved_filter", filter=mine, name="Mine", address="urgency=past", owner="", retired="yes")
    sync(amina)
    listed = amina.get("/reports").text
    assert (">Mine</a>" in listed, ">Ours</a>" in listed) == (True, True)
    assert ("Planted" in listed, "Changed" in listed) == (False, False)


def test_a_filter_of_the_teams_is_nobodys_to_take_away_and_who_changes_it_is_said(
    amina: Program, boris: Program
) -> None:
    sync(amina)
    set_for_all(amina, "saved_filter", name="Ours", address="urgency=now", owner="")
    (ours,) = amina.workspace.team.standing().outcomes(SavedFilter)
    sync(boris)
    for retired in ("", "yes"):
        taken = {"name": "Taken", "address": "urgency=past", "owner": boris.workspace.people.me, "retired": retired}
        seen = " ".join(boris.workspace.team.standing().seen("saved_filter"))
        set_for_all(boris, "saved_filter", filter=ours.filter, seen=seen, **taken)
    sync(boris)
    sync(amina)
    for program in (amina, boris):
        assert program.workspace.team.standing().outcomes(SavedFilter) == [ours]
    set_for_all(boris, "saved_filter", filter=ours.filter, name="Ours, now", address="urgency=now", owner="")
    sync(boris)
    sync(amina)
    assert "Ours, now" in amina.get("/team").text.partition('<section id="news">')[2].partition("</section>")[0]


def test_what_is_set_while_the_page_of_the_team_is_made_is_news_afterwards(
    amina: Program, boris: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(amina)
    set_for_all(amina, "label_name", name="Urgent", colour="red")
    sync(boris)
    honest = Team.news

    def held(team: Team) -> list[Change]:
        found = honest(team)
        monkeypatch.undo()
        set_for_all(amina, "label_name", name="Late", colour="red")
        sync(boris)
        return found

    monkeypatch.setattr(Team, "news", held)
    assert boris.get("/team", waits=False).status_code == 200
    assert [change.event.says()["name"] for change in boris.workspace.team.news()] == ["Late"]
    assert "Late" in boris.get("/team").text
    assert boris.workspace.team.news() == []


def test_however_much_a_colleague_sets_the_pages_are_short_and_others_can_set_more(amina: Program) -> None:
    set_for_all(amina, "label_name", name="First", colour="red")
    sync(amina)
    (dossier,) = amina.workspace.book.team()
    label, author = LabelName("", "A colleague's", "red", retired=False), Author("boris", datetime.now(UTC), 1 << 20)
    dossier.written += [
        Signed(each, author, replace(label, label=each)) for each in (f"{number:032x}" for number in range(2_000))
    ]
    amina.workspace.book.put(dossier, bytes(32))
    text = amina.get("/team").text
    assert len(text) < 3_000_000
    (form,) = re.findall("<form[^>]*>((?:(?!</form>).)*)<button>Add a label", text, re.DOTALL)
    (seen,) = re.findall('name="seen" value="([^"]*)"', form)
    assert set_for_all(amina, "label_name", name="Urgent", colour="green", seen=seen) == 303
    assert "Urgent" in amina.get("/team").text


def test_what_others_set_for_all_is_said_until_one_has_looked(desk: Desk, amina: Program, boris: Program) -> None:
    desk.store_tip("They went to my mother.", {})
    sync(amina)
    set_for_all(amina, "label_name", name="Urgent", colour="red")
    set_for_all(amina, "saved_filter", name="Mine", address="urgency=now", owner=amina.workspace.people.me)
    sync(boris)
    assert "One thing was set for all reports by others since you last looked: a label of the team" in (
        unescape(boris.get("/").text)
    )
    assert "for all reports by others" not in amina.get("/").text, "it was amina's own"
    news = boris.get("/team").text.partition('<section id="news">')[2].partition("</section>")[0]
    assert ("Urgent" in news, "Mine" in news, "<bdi>amina</bdi>" in news) == (True, False, True)
    assert "for all reports by others" not in boris.get("/").text
    assert 'id="news"' not in boris.get("/team").text


def test_who_has_duty_stands_on_the_first_page_of_all(amina: Program, boris: Program) -> None:
    day = datetime.now(UTC).date()
    values = {"since": day.isoformat(), "until": (day + timedelta(6)).isoformat()}
    assert set_for_all(amina, "duty", member=boris.workspace.people.me, **values) == 303
    sync(boris)
    assert "Urgent reports are answered by <bdi>boris</bdi> (you)." in boris.get("/").text
    assert "Urgent reports are answered by <bdi>boris</bdi>." in amina.get("/").text
    off = amina.get("/team").text.partition('<section id="duty">')[2].partition("</form>")[0]
    assert '<button name="member" value="">Not any more</button>' in off
    seen = " ".join(amina.workspace.team.standing().seen("duty"))
    assert set_for_all(amina, "duty", member="", **values, seen=seen) == 303
    assert "Urgent reports are answered" not in amina.get("/").text


def marked(program: Program) -> list[str]:
    """The days of the reports that hold anything on the watch list."""
    return re.findall(r'data-head="Arrived">([^<]*)<', program.get("/reports?watched=yes").text)


def shown_terms(program: Program, tip: Stored) -> list[str]:
    """The terms by which a report's page says that it is marked."""
    return [term.strip('"') for term in re.findall("<mark><bdi>([^<]*)</bdi></mark>", shown(program, tip))]


def test_what_is_watched_for_marks_reports_of_all_that_were_there_that_come_and_that_grow(
    desk: Desk, amina: Program, boris: Program
) -> None:
    there = desk.store_tip("My cousin <b>Gülnar</b> was called.", {})
    other = desk.store_tip("Nothing.", {})
    sync(amina)
    assert set_for_all(amina, "watch_term", term='gulnar* "service station"') == 303
    assert set_for_all(amina, "watch_term", term="gulnar") == 303
    assert len(marked(amina)) == 1, "it was there already"
    sync(boris)
    assert len(marked(boris)) == 1
    desk.store_message(other, "Gülnar was there too.")
    sync(boris)
    assert len(marked(boris)) == 2
    text = shown(boris, there)
    assert "On the watch list: <mark><bdi>gulnar</bdi></mark></summary>" in text
    assert "&lt;b&gt;<mark>Gülnar</mark>&lt;/b&gt;" in boris.get(page(there)).text
    assert "Message of the source" in shown(boris, other)
    today = boris.get("/").text
    assert "On the watch list, and new since your last look" not in today, "he has looked at both"
    desk.store_tip("Gulnar again.", {})
    sync(boris)
    assert "On the watch list, and new since your last look" in boris.get("/").text


def test_no_more_is_watched_for_than_each_report_can_be_read_for(
    desk: Desk, amina: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.store_tip("Gülnar was called.", {})
    sync(amina)
    monkeypatch.setattr("intake.triage.workspace.team.MOST_WATCHED", 2)
    for term in ("nobody", "somebody", "gulnar"):
        assert set_for_all(amina, "watch_term", term=term) == 303
    assert marked(amina) == [], "a program without the limit sent a third one"
    monkeypatch.setattr("intake.triage.pages.team.MOST_WATCHED", 2)
    assert "only the first 2 are" in amina.get("/team").text
    assert set_for_all(amina, "watch_term", term="another") == 400
    first = next(iter(amina.workspace.team.watch_terms()))
    seen = " ".join(amina.workspace.team.standing().seen("watch_term"))
    assert set_for_all(amina, "watch_term", watch=first, term="nobody", retired="yes", seen=seen) == 303
    assert len(marked(amina)) == 1


def test_a_term_that_is_watched_for_no_more_marks_nothing_also_after_a_lock(desk: Desk, amina: Program) -> None:
    desk.store_tip("Gülnar was called.", {})
    sync(amina)
    set_for_all(amina, "watch_term", term="gulnar")
    amina.guard.lock()
    amina.unlock()
    assert len(marked(amina)) == 1
    (watch,) = amina.workspace.team.watch_terms()
    assert "gulnar (1)</label>" in unescape(amina.get(f"/reports?watched={watch}").text)
    seen = " ".join(amina.workspace.team.standing().seen("watch_term"))
    set_for_all(amina, "watch_term", watch=watch, term="gulnar", retired="yes", seen=seen)
    assert marked(amina) == []
    assert "gulnar" not in amina.get("/team").text


def test_what_is_watched_for_offline_marks_at_once_and_two_who_retire_and_add_see_both(
    desk: Desk, amina: Program, boris: Program
) -> None:
    tip = desk.store_tip("Gülnar was called at the service station.", {})
    set_for_all(amina, "watch_term", term="gulnar")
    sync(boris)
    away = unreachable(desk)
    set_for_all(amina, "watch_term", term='"service station"')
    assert shown_terms(amina, tip) == ["gulnar", "service station"]
    (watch,) = boris.workspace.team.watch_terms()
    set_for_all(boris, "watch_term", watch=watch, term="gulnar", retired="yes")
    assert shown_terms(boris, tip) == []
    away.clear()
    for program in (amina, boris, amina, boris):
        sync(program)
    for program in (amina, boris):
        assert list(program.workspace.team.watch_terms().values()) == ['"service station"']
        assert shown_terms(program, tip) == ["service station"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("label_name", {"name": "", "colour": "red"}),
        ("label_name", {"name": "x", "colour": "invisible"}),
        ("saved_filter", {"name": ""}),
        ("duty", {"since": "2026-12-24", "until": "2026-12-01"}),
        ("duty", {"since": "tomorrow", "until": "2026-12-01"}),
        ("template", {"name": "A lawyer", "language": "en", "text": "Go to {lawyer on Monday."}),
        ("watch_term", {"term": ""}),
        ("watch_term", {"term": "???"}),
        ("watch_term", {"term": "gulnar NOT police"}),
        ("watch_term", {"term": "from:nowhere gulnar"}),
    ],
)
def test_what_makes_no_sense_is_not_set(kind: str, values: dict[str, str], amina: Program) -> None:
    assert set_for_all(amina, kind, **values) == 400
    assert amina.workspace.team.standing().subjects == {}


def test_a_duty_that_ends_before_it_begins_is_said_to_and_a_due_date_is_not(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They came.", {})
    sync(amina)
    says = "another on which it ends"
    assert says in amina.post("/team/duty", "/team", since="2026-12-24", until="2026-12-01").text
    due = amina.post(f"{page(tip)}/due", page(tip), reason="Call her.", day="").text
    assert "Not saved: a day is needed, such as 2026-05-17." in due
    assert says not in due


def test_what_is_set_for_all_is_no_reports_and_the_reverse(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They went to my mother.", {})
    sync(amina)
    assert amina.post(f"{page(tip)}/duty", page(tip), since="2026-12-01", until="2026-12-02").status_code == 404
    assert amina.post("/team/status", "/team", status="closed", reason="x").status_code == 404


FILLED = {
    "label_name": {"name": "Speaks <Uyghur>", "colour": "green"},
    "saved_filter": {"name": "Ours", "address": "urgency=now", "owner": ""},
    "duty": {"since": "2026-12-01", "until": "2999-12-02"},
    "watch_term": {"term": '"service station"'},
}
"""By kind, what is typed on the team's page."""


def typed_while_locked(program: Program, kind: str) -> str:
    """Send a form of the team's page after the lock has come, and unlock; the page then."""
    values = {**program.hidden("/team"), **FILLED[kind]}
    if kind == "duty":
        values["member"] = program.workspace.people.me
    program.guard.lock()
    answer = program.send(f"/team/{kind}", values)
    assert answer.status_code == 303
    assert "kept=yes" in answer.headers["Location"]
    assert "then=/team" in answer.headers["Location"].replace("%2F", "/")
    program.unlock()
    return program.get("/team").text


@pytest.mark.parametrize("kind", FILLED)
def test_what_was_typed_for_all_and_met_a_lock_is_there_to_be_sent_or_discarded(kind: str, amina: Program) -> None:
    text = typed_while_locked(amina, kind)
    assert text.count("Written and not sent.") == 1
    assert "<Uyghur>" not in text
    assert amina.workspace.team.standing().subjects == {}, "nobody has sent it"
    assert "Written while this was locked, and not sent" in amina.get("/").text
    (waiting,) = re.findall('<div class="unsent">.*?</form>', text, re.DOTALL)
    fields = {name: unescape(value) for name, value in re.findall('name="([^"]+)" value="([^"]*)"', waiting)}
    assert amina.send(f"/team/{kind}", fields).status_code == 303
    (event,) = [merged.outcome.event for merged in amina.workspace.team.standing().subjects.values()]
    assert {name: str(getattr(event, name)) for name in FILLED[kind]} == FILLED[kind]
    assert "Written and not sent." not in amina.get("/team").text
    assert amina.workspace.sending.drafts == []


def test_a_draft_for_all_that_is_discarded_is_gone_and_the_team_page_is_there(amina: Program) -> None:
    text = typed_while_locked(amina, "watch_term")
    (discard,) = re.findall('formaction="[^"]*(/tips/team/unsent/[^"]*)"', text)
    answer = amina.post(discard, "/team")
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/team#watch_term")
    assert amina.workspace.sending.drafts == []
    assert amina.post(discard, "/team").status_code == 409


def test_what_makes_no_sense_is_there_after_a_lock_as_it_was_typed_and_is_set_for_nobody(amina: Program) -> None:
    values = {**amina.hidden("/team"), "term": "???"}
    amina.guard.lock()
    assert "kept=yes" in amina.send("/team/watch_term", values).headers["Location"]
    amina.unlock()
    (go_on,) = re.findall(r'href="[^"]*(/team/unsent/[0-9a-f]{32})"', amina.get("/team").text)
    text = unescape(amina.get(go_on).text)
    assert "is not saved: " in text
    assert 'value="???"' in text
    assert amina.workspace.team.standing().subjects == {}


def test_what_is_on_its_way_for_all_is_said_and_can_be_taken_back(desk: Desk, amina: Program) -> None:
    unreachable(desk)
    set_for_all(amina, "watch_term", term="gulnar")
    text = amina.get("/team").text
    assert "This program goes on trying." in text
    (discard,) = re.findall('action="[^"]*(/tips/[0-9a-f]+/unsent/[^"]*)"', text)
    assert amina.post(discard, "/team").status_code == 303
    assert amina.workspace.team.watch_terms() == {}


def test_what_two_set_at_once_is_said_with_both_until_one_decides(amina: Program, boris: Program) -> None:
    days = {"since": "2026-12-01", "until": "2026-12-07"}
    set_for_all(amina, "duty", member=amina.workspace.people.me, **days)
    sync(boris)
    seen = {program: " ".join(program.workspace.team.standing().seen("duty")) for program in (amina, boris)}
    for program in (amina, boris):
        # Neither has fetched what the other sets.
        set_for_all(program, "duty", member=boris.workspace.people.me, **days, seen=seen[program])
        set_for_all(program, "label_name", label="a" * 32, name=f"{program.workspace.people.me[:4]}", colour="red")
    for program in (amina, boris, amina):
        sync(program)
    for program in (amina, boris):
        team = unescape(program.get("/team").text)
        assert team.count("Changed by two who had not seen each other's change.") == 1, "two who agree are no news"
        for who in (amina, boris):
            assert f"{who.workspace.people.me[:4]}; Red" in team
    seen_by_all = " ".join(amina.workspace.team.standing().seen("label_name"))
    set_for_all(amina, "label_name", label="a" * 32, name="Both", colour="red", seen=seen_by_all)
    set_for_all(amina, "duty", member="", **days, seen=" ".join(amina.workspace.team.standing().seen("duty")))
    sync(boris)
    assert "Changed by two" not in boris.get("/team").text
    assert "Nobody is named." in boris.get("/team").text


def test_it_is_said_whose_duty_two_do_not_agree_on(amina: Program, boris: Program) -> None:
    days = {"since": "2026-12-01", "until": "2026-12-07"}
    for program in (amina, boris):
        set_for_all(program, "duty", member=program.workspace.people.me, **days)
    for program in (amina, boris, amina):
        sync(program)
    for program in (amina, boris):
        team = unescape(program.get("/team").text)
        for name in ("amina", "boris"):
            assert f">{name}, 2026-12-01 to 2026-12-07</span>" in team
