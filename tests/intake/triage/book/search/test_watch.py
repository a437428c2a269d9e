"""Terms to watch for mark a report when it arrives, as the search would find it."""

from intake.report.told import Account, Told
from intake.triage.book.search import Content, fitting, watching
from intake.triage.reading.conversation import Line
from intake.triage.reading.opentip import OpenTip

TERMS = ["Gulnar", '"service station"', "警察", "plate:34ABC12", "deten*", "from:CN", "", "???", "phone:0555 123 45 67"]


def watched(terms: list[str], tip: OpenTip) -> list[str]:
    """The terms that mark a report."""
    return fitting(watching({term: term for term in terms}), Content.of(tip))


def test_a_report_is_marked_by_the_terms_that_it_is_found_by() -> None:
    account = Account({"origin_state": Told(2, "CN")}, {"acts": (Told(2, {"phones": "+90 555 1234567"}),)})
    tip = OpenTip("1", "2026-01-01", narrative="Gülnar was détenue.", account=account)
    tip.conversation = [Line("2026-01-02", "", "警察来了")]
    assert watched(TERMS, tip) == ["Gulnar", "警察", "deten*", "from:CN", "phone:0555 123 45 67"]


def test_a_report_with_nothing_of_them_and_an_empty_list_mark_nothing() -> None:
    assert watched(TERMS, OpenTip("1", "2026-01-01", narrative="They called.")) == []
    assert watched([], OpenTip("1", "2026-01-01", narrative="Gulnar")) == []
