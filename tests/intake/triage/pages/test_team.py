"""What a team sets for all: labels, filters, who has duty; offline too, and what two set at once is seen by both."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from open_desk import Desk
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
    for owner, name in ((amina.workspace.me, "Mine"), ("", "Ours")):
        set_for_all(amina, "saved_filter", name=name, address="urgency=now&order=day", owner=owner)
    sync(boris)
    assert 'reports?urgency=now&order=day">Ours</a>' in unescape(boris.get("/reports").text)
    assert ">Mine</a>" not in boris.get("/reports").text
    assert ">Mine</a>" in amina.get("/reports").text


def test_who_has_duty_stands_on_the_first_page_of_all(amina: Program, boris: Program) -> None:
    day = datetime.now(UTC).date()
    values = {"since": day.isoformat(), "until": (day + timedelta(6)).isoformat()}
    assert set_for_all(amina, "duty", member=boris.workspace.me, **values) == 303
    sync(boris)
    assert "Urgent reports are answered by <bdi>boris</bdi> (you)." in boris.get("/").text
    assert "Urgent reports are answered by <bdi>boris</bdi>." in amina.get("/").text


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("label_name", {"name": "", "colour": "red"}),
        ("label_name", {"name": "x", "colour": "invisible"}),
        ("saved_filter", {"name": ""}),
        ("duty", {"since": "2026-12-24", "until": "2026-12-01"}),
        ("duty", {"since": "tomorrow", "until": "2026-12-01"}),
    ],
)
def test_what_makes_no_sense_is_not_set(kind: str, values: dict[str, str], amina: Program) -> None:
    assert set_for_all(amina, kind, **values) == 400
    assert amina.workspace.team().subjects == {}


def test_what_is_set_for_all_is_no_reports_and_the_reverse(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They went to my mother.", {})
    sync(amina)
    assert amina.post(f"{page(tip)}/duty", page(tip), since="2026-12-01", until="2026-12-02").status_code == 404
    assert amina.post("/team/status", "/team", status="closed", reason="x").status_code == 404
