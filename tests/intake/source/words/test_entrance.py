"""The way in and out: a codename that is shown once, a return that tells typing errors apart, a visit that ends."""

import re
from typing import Any

import pytest
from sqlalchemy import event

import crypto.codename.seed
from crypto.codename import NUMBERS, generate, parse
from intake.source.text.gettext import gettext
from source_site import OpenSite, Site, Visit

NO_LIST = (
    "There is no list of words in your language: yours are numbers. Where you are asked for words, write the numbers, "
    "in whichever digits you are used to."
)


def test_the_start_leads_to_guidance_and_two_ways_on(visit: Visit) -> None:
    visit.open("/")
    assert visit.path == "/en/"
    page = visit.page
    assert page.form("/words")
    assert "/en/return" in page.links
    for point in ("emergency number", "Tor", "7 days", "24 months", "this team", "recover", "withdraw"):
        assert point in page.words


def test_a_codename_is_eight_words_that_can_be_typed_back(visit: Visit) -> None:
    assert parse(visit.get_codename()).language == "en"
    assert visit.path == "/en/words"


@pytest.mark.parametrize(
    ("page", "drawn_in", "told"),
    [
        ("fa", "fa", False),
        ("ar", "ar", False),
        ("tr", "tr", False),
        ("zh-Hant", "zh-Hant", False),
        ("ko", "ko", False),
        ("az", NUMBERS, True),
        ("ug", NUMBERS, True),
        ("vi", NUMBERS, True),
    ],
)
def test_words_are_of_the_pages_language_and_numbers_where_there_are_none(
    open_site: OpenSite, page: str, drawn_in: str, told: bool
) -> None:
    site = open_site(draft_languages="az ko ug vi")
    visit = site.visit()
    visit.open(f"/{page}/")
    visit.send("/words")
    codename = " ".join(re.findall(r"<li>(\w+)</li>", visit.text))
    assert parse(codename).language == drawn_in
    assert f'<ol class="codename" lang="{drawn_in}"' in visit.text
    with site.app.test_request_context(f"/{page}/"):
        assert (gettext(NO_LIST) in visit.page.words) is told
    visit.open(f"/{page}/report")
    visit.send("/report", narrative="Two men came to my father.")
    other = site.visit()
    other.open(f"/{page}/return")
    assert other.send("/return", codename=codename).status_code == 200
    assert other.path == f"/{page}/tip"


def test_words_of_another_language_stay_words_on_the_page_of_one_without_a_list(open_site: OpenSite) -> None:
    site = open_site(draft_languages="ug")
    visit = site.visit()
    visit.open("/ru/")
    visit.send("/words")
    visit.open("/ug/words")
    assert parse(" ".join(re.findall(r"<li>(\w+)</li>", visit.text))).language == "ru"
    with site.app.test_request_context("/ug/"):
        assert gettext(NO_LIST) not in visit.page.words


def test_asking_again_while_the_codename_is_shown_gives_the_same_one(visit: Visit) -> None:
    first = visit.get_codename()
    assert visit.get_codename() == first


def test_a_codename_is_in_no_response_once_the_report_is_sent(visit: Visit) -> None:
    words = visit.report().split()
    sent = len(visit.responses) - 1
    for path in ("/en/words", "/en/report", "/en/", "/en/tip"):
        visit.open(path)
    shown = [all(f"<li>{word}</li>" in each.get_data(as_text=True) for word in words) for each in visit.responses]
    assert shown[1:sent] == [True, True]
    assert not any(shown[sent:])
    assert visit.client.get("/en/words").status_code == 303


def test_neither_words_nor_seed_can_be_read_from_the_cookie(visit: Visit) -> None:
    words = visit.get_codename().split()
    cookie = visit.cookie
    assert not any(word in cookie for word in words)


def test_a_codename_leads_back_to_the_tip(site: Site, visit: Visit) -> None:
    codename = visit.report()
    other = site.visit()
    other.open("/en/return")
    assert other.send("/return", codename=codename.upper()).status_code == 200
    assert other.path == "/en/tip"


def test_typing_errors_are_told_apart_and_can_be_mended(site: Site, visit: Visit) -> None:
    words = visit.report().split()
    other = site.visit()
    swapped = [words[1], words[0], *words[2:]]
    for typed, said in (
        (words[:7], "There must be eight words. Here are 7."),
        ([*words[:3], "zzzz", *words[4:]], "Word 4 is not one"),
        (swapped if words[0] != words[1] and _unknown(swapped) else [words[0]] * 8, "don't belong together"),
        ([], "Please write your eight words here."),
    ):
        other.open("/en/return")
        answer = other.send("/return", codename=" ".join(typed))
        assert answer.status_code == 400
        assert said in other.page.words
        assert other.page.filled["codename"] == [" ".join(typed)]


def _unknown(words: list[str]) -> bool:
    try:
        parse(" ".join(words))
    except crypto.codename.ChecksumError:
        return True
    return False


def test_an_unknown_codename_is_called_so_and_not_shown_again(visit: Visit) -> None:
    visit.open("/en/return")
    assert visit.send("/return", codename=" ".join(generate("fr").words)).status_code == 400
    assert "We don't know these words" in visit.page.words
    assert visit.page.filled["codename"] == [""]


def test_a_known_and_an_unknown_codename_cost_the_same(
    site: Site, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = visit.report()
    derived: list[object] = []
    real = crypto.codename.seed._argon2id

    def counted(*args: Any) -> bytes:
        derived.append(args)
        return real(*args)

    monkeypatch.setattr(crypto.codename.seed, "_argon2id", counted)
    queries: list[str] = []
    event.listen(site.server.store.engine, "before_cursor_execute", lambda *args: queries.append(args[2]))

    costs = []
    for codename in (known, " ".join(generate("en").words)):
        derived.clear()
        queries.clear()
        other = site.visit()
        other.open("/en/return")
        form = other.page.form("/return")
        other.client.post(form.action, data={**form.hidden, "codename": codename})
        costs.append((len(derived), list(queries)))
    assert costs[0] == costs[1]
    assert costs[0][0] == 1


def test_leaving_ends_the_visit_and_works_without_a_token(visit: Visit) -> None:
    visit.report()
    assert visit.post("/en/leave", {}).status_code == 200
    assert visit.path == "/en/left"
    assert visit.client.get_cookie("session") is None
    visit.open("/en/tip")
    assert visit.path == "/en/return"


def test_every_page_of_a_visit_has_the_way_out(visit: Visit) -> None:
    visit.report()
    for path in ("/en/", "/en/tip", "/en/tip/file", "/en/tip/more/family", "/en/return", "/en/nowhere"):
        visit.open(path)
        assert visit.page.form("/leave")


def test_two_words_can_be_tested_and_forgive_how_they_are_typed(visit: Visit) -> None:
    words = visit.get_codename().split()
    visit.open("/en/words/check")
    first, second = (int(number) - 1 for number in re.findall(r"Word (\d)", visit.page.words))
    assert first < second
    assert visit.send("/words/check", first=words[first], second="wrong").status_code == 400
    assert "#second" in visit.page.links
    assert "#first" not in visit.page.links
    assert f">{words[first]}<" not in visit.text
    visit.send("/words/check", first=f" {words[first].upper()} ", second=words[second])
    assert visit.path == "/en/report"
    assert "You have kept your eight words" in visit.page.words


def test_the_test_can_be_skipped_and_is_over_once_the_words_are_gone(visit: Visit) -> None:
    visit.get_codename()
    visit.open("/en/words/check")
    assert "/en/report" in visit.page.links
    visit.open("/en/report")
    visit.send("/report", narrative="They went to my mother.")
    visit.open("/en/words/check")
    assert visit.path == "/en/tip"


def test_no_address_and_no_place_in_one_says_what_documents_call_the_words(site: Site, visit: Visit) -> None:
    assert [rule.rule for rule in site.app.url_map.iter_rules() if "codename" in rule.rule] == []
    visit.open("/en/return")
    visit.send("/return", codename="x")
    assert "#eight-words" in visit.page.links
    assert not any("codename" in name for name in (*visit.page.links, *visit.page.ids))
