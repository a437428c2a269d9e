"""Withdrawing at once or after seven days, taking that back, and ending a code while the report stays."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from intake.protocol.kinds import Kind
from intake.report.signed import source_key, verify_withdrawal
from intake.source.session.visits import kept_seed
from intake.storage.removal import delete_leaving, finish
from intake.storage.tables import Tip, Withdrawal
from source_site import Site, Visit

WEEK = timedelta(days=7)


def come_back(site: Site, codename: str) -> Visit:
    """Whoever has the code, in another browser."""
    visit = site.visit()
    visit.open("/en/return")
    visit.send("/return", codename=codename)
    return visit


def withdraw(visit: Visit) -> None:
    visit.open("/en/tip/withdraw")
    assert visit.send("/tip/withdraw", sure="yes").status_code == 200


def decided(site: Site) -> list[str]:
    """What the only source decided about leaving, as reviewers read it; in no order."""
    return sorted(each["says"] for each in site.opened(Kind.ADDITION) if each["kind"] == "leaving")


def pass_days(site: Site, days: int) -> None:
    """The server deletes what is due by now, as it does at the first fetch of a day."""
    with site.server.store.in_order() as session:
        today = site.server.log.time(session).date() + timedelta(days=days)
        deleted = delete_leaving(session, today, Tip.id.is_not(None))
    if deleted is not None:
        finish(site.server.store, site.server.blobs, deleted.blobs)


def test_who_has_chosen_nothing_withdraws_at_once(site: Site, visit: Visit) -> None:
    codename = visit.report()
    withdraw(visit)
    assert visit.path == "/en/withdrawn"
    assert "deleted by their programs, too" in visit.text
    assert site.tips() == []
    assert "switched off" not in come_back(site, codename).text


def test_who_has_chosen_so_withdraws_after_seven_days_and_is_told_on_which(site: Site, visit: Visit) -> None:
    codename = visit.report(back="slowly")
    visit.open("/en/tip/withdraw")
    assert "after seven days, as you chose when you sent it" in visit.text
    assert "deleted here at once" not in visit.text
    withdraw(visit)
    due = datetime.now(UTC).date() + WEEK
    assert visit.path == "/en/tip"
    assert "You have asked to withdraw your report. It will be deleted on" in visit.text
    assert str(due.day) in visit.text
    pass_days(site, 6)
    assert "It will be deleted on" in come_back(site, codename).text
    (tip,) = site.tips()
    pass_days(site, 7)
    assert site.tips() == []
    with site.server.store.reading() as session:
        (left,) = session.execute(select(Withdrawal.tip_id, Withdrawal.signature)).all()
    assert left.tip_id == tip.id
    assert left.signature == tip.word
    assert "It will be deleted on" not in come_back(site, codename).text


def test_the_signature_that_is_left_is_the_sources(site: Site, visit: Visit) -> None:
    with visit.client:
        visit.report(back="slowly")
        seed = kept_seed()
        assert seed is not None
    withdraw(visit)
    (tip,) = site.tips()
    assert tip.word is not None
    verify_withdrawal(source_key(seed).verifier, tip.id.hex(), tip.word.hex())


def test_until_then_the_source_takes_it_back_by_signing_in_again(site: Site, visit: Visit) -> None:
    codename = visit.report(back="slowly")
    assert decided(site) == ["slowly"]
    # Somebody who has forced the code out of them.
    withdraw(come_back(site, codename))
    again = come_back(site, codename)
    again.open("/en/tip")
    again.send("/tip/keep")
    assert "Your report stays. It will not be deleted." in again.text
    assert "It will be deleted on" not in again.text
    assert decided(site) == ["asked", "slowly", "stays"]
    pass_days(site, 99)
    (tip,) = site.tips()
    assert (tip.leaving, tip.word) == (None, None)


def test_to_ask_twice_moves_nothing(site: Site, visit: Visit) -> None:
    visit.report(back="slowly")
    withdraw(visit)
    (before,) = site.tips()
    withdraw(visit)
    (after,) = site.tips()
    assert (after.leaving, decided(site)) == (before.leaving, ["asked", "slowly"])


def test_a_report_that_reviewers_never_saw_leaves_nothing(site: Site, visit: Visit) -> None:
    visit.report(back="slowly")
    withdraw(visit)
    with site.server.store.in_order() as session:
        assert delete_leaving(session, datetime.now(UTC).date() + WEEK, Tip.id.is_(None)) is not None
    with site.server.store.reading() as session:
        assert session.scalars(select(Withdrawal.tip_id)).all() == []


def test_the_same_form_sent_twice_chooses_once(site: Site, visit: Visit) -> None:
    visit.get_codename()
    visit.open("/en/report")
    form = visit.page.form("/report")
    for _ in range(2):
        visit.post(form.action, {**form.hidden, "narrative": "Two men came.", "back": "slowly"})
    assert decided(site) == ["slowly"]


def test_a_source_keeps_the_report_and_ends_the_code(site: Site, visit: Visit) -> None:
    codename = visit.report()
    (before,) = site.tips()
    visit.open("/en/tip/end")
    assert "nobody who forces you" in visit.text
    assert visit.send("/tip/end").status_code == 400
    assert "Please tick this if you want to switch off your eight words." in visit.text
    visit.send("/tip/end", sure="yes")
    assert visit.path == "/en/ended"
    (tip,) = site.tips()
    assert (tip.id, tip.payload) == (before.id, before.payload)
    assert tip.lookup != before.lookup
    assert tip.chain is None
    assert decided(site) == ["ended"]
    again = come_back(site, codename)
    assert "Your page" not in again.text
    visit.open("/en/tip")
    assert "Write more" not in visit.text


def test_ending_the_code_takes_a_withdrawal_back_that_waits(site: Site, visit: Visit) -> None:
    """Else whoever extorts a code could ask to withdraw, and then keep its source from taking that back."""
    visit.report(back="slowly")
    withdraw(visit)
    visit.open("/en/tip/end")
    visit.send("/tip/end", sure="yes")
    pass_days(site, 99)
    (tip,) = site.tips()
    assert (tip.leaving, tip.word) == (None, None)


@pytest.mark.parametrize("action", ["/tip/keep", "/tip/end", "/tip/withdraw"])
def test_a_page_of_another_visit_decides_nothing(site: Site, visit: Visit, action: str) -> None:
    first = visit.report(back="slowly")
    withdraw(visit)
    visit.open("/en/tip" if action == "/tip/keep" else f"/en{action}")
    form = visit.page.form(action)
    other = site.visit()
    other.report("Another report.")
    answer = other.post(form.action, {**form.hidden, "sure": "yes"})
    assert answer.status_code in (200, 400, 403)
    assert len(site.tips()) == 2
    come_back(site, first)
    assert sum(tip.leaving is not None for tip in site.tips()) == 1


@pytest.mark.parametrize(("method", "path"), [("POST", "/en/leave"), ("GET", "/en/page")])
def test_a_browser_is_told_to_forget_the_site_whichever_way_it_leaves(visit: Visit, method: str, path: str) -> None:
    visit.get_codename()
    before = visit.cookie
    answer = visit.client.open(path, method=method)
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    visit.client.set_cookie("session", before)
    visit.open("/en/words")
    assert visit.path == "/en/"


def test_the_page_that_looks_like_nothing_names_nothing_of_the_site(visit: Visit) -> None:
    answer = visit.client.get("/zh-Hans/page")
    assert answer.status_code == 404
    assert answer.get_data(as_text=True).split("</html>")[0].count("404 Not Found") == 1
    assert "report" not in answer.get_data(as_text=True).lower()


@pytest.mark.parametrize("path", ["/en/page", "/en/left"])
def test_a_link_from_another_site_ends_no_visit(visit: Visit, path: str) -> None:
    words = visit.get_codename()
    answer = visit.client.get(path, headers={"Sec-Fetch-Site": "cross-site"})
    assert "Clear-Site-Data" not in answer.headers
    visit.open("/en/words")
    assert all(f"<li>{word}</li>" in visit.text for word in words.split())


def test_a_goodbye_that_is_loaded_again_ends_nothing_that_was_begun_since(visit: Visit) -> None:
    visit.get_codename()
    visit.send("/leave")
    assert "Clear-Site-Data" in visit.client.get("/en/left").headers
    visit.get_codename()
    assert "Clear-Site-Data" not in visit.client.get("/en/left").headers
