"""What all pages share: headers, size, language, and that everybody can use them."""

import re

import pytest

from intake.report.definition import load_form
from long_part import GROUPS, OF_EACH_SORT
from source_site import OpenSite, Visit

pytestmark = pytest.mark.slow

PATHS = [
    "/",
    "/en/",
    "/en/words",
    "/en/report",
    "/en/return",
    "/en/left",
    "/en/help",
    "/en/now",
    "/en/about",
    "/en/tip",
    "/en/tip/file",
    *(f"/en{path}" for path in (*GROUPS, *OF_EACH_SORT)),
    "/en/nowhere",
    "/static/style.css",
    "/favicon.ico",
]


@pytest.fixture(params=["stranger", "with a codename", "with a tip"])
def anybody(request: pytest.FixtureRequest, visit: Visit) -> Visit:
    """Somebody at each stage of a visit."""
    if request.param == "with a codename":
        visit.get_codename()
    if request.param == "with a tip":
        visit.report()
    return visit


@pytest.mark.parametrize("path", PATHS)
def test_every_response_bears_the_headers_and_no_other_cookie(anybody: Visit, path: str) -> None:
    headers = anybody.client.get(path, buffered=True).headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Server" not in headers
    assert all(cookie.startswith("session=") for cookie in headers.getlist("Set-Cookie"))
    assert headers.get("Location", "/").startswith("/")


@pytest.mark.parametrize("path", PATHS[:-2])
def test_every_page_is_well_formed_and_asks_for_nothing_from_elsewhere(anybody: Visit, path: str) -> None:
    anybody.open(path)
    page = anybody.page
    assert len(page.ids) == len(set(page.ids))
    assert not page.tags & {"script", "style", "img", "iframe", "object", "svg", "base"}
    assert "style" not in page.attributes
    assert not any(name.startswith("on") for name in page.attributes)
    assert all(link.startswith(("/", "#")) for link in page.links)
    assert all(form.action.startswith("/") for form in page.forms)
    assert '<html lang="en" dir="ltr">' in anybody.text


@pytest.mark.parametrize("path", PATHS[:-2])
def test_every_control_has_a_label_and_what_describes_it_is_there(anybody: Visit, path: str) -> None:
    anybody.open(path)
    page = anybody.page
    for control in page.inputs:
        assert control["id"] in page.labelled
        assert set(control.get("aria-describedby", "").split()) <= set(page.ids)


def test_a_page_with_errors_leads_to_each_of_them(visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/demands")
    visit.send("/more/demands", demand=["return", "none_said"])
    page = visit.page
    anchors = [link[1:] for link in page.links if link.startswith("#")]
    assert anchors == ["demand"]
    assert set(anchors) <= set(page.ids)
    assert "demand-error" in page.ids


def test_countries_are_sorted_by_name_and_all_there(visit: Visit) -> None:
    visit.get_codename()
    visit.open("/en/report")
    options = visit.text.partition('id="host_country"')[2].partition("</select>")[0]
    assert options.count("<option") == 249 + 3
    assert options.index(">Åland Islands<") < options.index(">Albania<") < options.index(">Zimbabwe<")
    visit.open("/fa/report")
    assert visit.text.index(">بوتان<") < visit.text.index(">پاکستان<") < visit.text.index(">تایلند<")


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("de-DE,de;q=0.9", "en"),
        ("", "en"),
        ("*", "en"),
        ("zh-CN,*", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("zh-SG", "zh-Hans"),
        ("zh-Hans-TW", "zh-Hans"),
        ("zh-TW,zh;q=0.9,en-US;q=0.8", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-MO", "zh-Hant"),
        ("zh-hant", "zh-Hant"),
        ("zh-Hant-US", "zh-Hant"),
        ("zh-Hant-x-private", "zh-Hant"),
        ("fr-CA", "fr"),
        ("es-419", "es"),
        ("tr-CY,fr", "tr"),
        ("fa-AF", "fa"),
        ("ar", "ar"),
        ("ar-EG,ar;q=0.9,en;q=0.8", "ar"),
        ("ar-SA", "ar"),
        ("ar-001", "ar"),
        ("de,ru;q=0.5,fr;q=0.6", "fr"),
        ("fr;q=0,ru;q=0.1", "ru"),
        ("fr;q=0", "en"),
        ("ug-CN,zh-CN;q=0.5", "ug"),
        ("ug-Arab", "ug"),
        ("bo-CN,zh-CN;q=0.5", "zh-Hans"),
        ("not a tag, -, --, zh--TW", "zh-Hans"),
        ("-" * 3000, "en"),
        ("a-" * 3000, "en"),
    ],
)
def test_the_start_chooses_a_language_that_there_is(open_site: OpenSite, wanted: str, language: str) -> None:
    client = open_site(draft_languages="ug").app.test_client()
    answer = client.get("/", headers={"Accept-Language": wanted})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/{language}/")


def test_a_draft_that_is_off_is_not_chosen(visit: Visit) -> None:
    answer = visit.client.get("/", headers={"Accept-Language": "ug-CN,zh-CN;q=0.5"})
    assert answer.headers["Location"] == "/zh-Hans/"


def test_the_start_leads_to_the_languages_that_are_on_in_this_site_and_no_other(open_site: OpenSite) -> None:
    always = {"ar", "en", "es", "fa", "fr", "ru", "tr", "zh-Hans", "zh-Hant"}
    sites = {drafts: open_site(draft_languages=drafts).app.test_client() for drafts in ("", "ug")}
    for tag in ("en", "fr", "en"):
        for drafts, client in sites.items():
            found = re.findall(r'<a href="/([^/"]+)/" lang="[^"]+" hreflang="([^"]+)">', client.get(f"/{tag}/").text)
            assert {address for address, _ in found} == {other for _, other in found}
            assert {other for _, other in found} == (always | set(drafts.split())) - {tag}


@pytest.mark.parametrize("key", [group.key for group in load_form().later_groups if group.entries is not None])
def test_the_button_for_another_entry_leads_to_that_entry(visit: Visit, key: str) -> None:
    visit.report()
    visit.open(f"/en/tip/more/{key}")
    for entry in (2, 3):
        # The policy's form-action allows the page itself, whatever the fragment is.
        (button,) = re.findall(r'<button [^>]*name="another"[^>]*>', visit.text)
        assert f'formaction="/en/tip/more/{key}#entry-{entry}"' in button
        assert f"entry-{entry}" not in visit.page.ids
        visit.send(f"/more/{key}", another="1", **visit.page.filled)
        assert f'<fieldset class="entry" id="entry-{entry}" tabindex="-1">' in visit.text


@pytest.mark.parametrize("path", ["/en", "//en/", "/en/report/"])
def test_no_address_is_answered_with_the_name_that_the_browser_used(visit: Visit, path: str) -> None:
    answer = visit.client.get(path, headers={"Host": "somewhere.example"})
    assert "somewhere" not in answer.get_data(as_text=True) + str(answer.headers)


@pytest.mark.parametrize("path", PATHS[:-2])
def test_no_way_and_no_heading_stands_twice_on_a_page(anybody: Visit, path: str) -> None:
    anybody.open(path)
    found = re.findall(r"<(h[123]|a|button)\b[^>]*>([^<]+)</\1>", anybody.text)
    said = [words for _, words in found]
    assert sorted(set(said)) == sorted(said)


def test_numbers_are_written_in_the_digits_of_the_page(visit: Visit) -> None:
    visit.report()
    visit.open("/fa/tip/file")
    # Of the names of the fields and of the table with sizes and times: no Latin digit is left in any.
    assert "۲ ثانیه" in visit.page.words
    assert not re.search("[0-9]", visit.page.words)
    hidden = visit.page.form("/tip/file").hidden
    names = ("file", "file_2")
    parts = [f'name="{name}"\r\n\r\n{text}' for name, text in hidden.items()]
    parts += [f'name="{name}"; filename="photo"\r\n\r\ncontent' for name in names]
    body = "".join(f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--b--\r\n"
    visit.post("/fa/tip/file", body.encode(), content_type="multipart/form-data; boundary=b")
    told = re.findall(r'role="status">([^<]*)<', visit.text)
    assert len(told) == 1
    assert "۲" in told[0]
    assert not re.search("[0-9]", told[0])


def test_a_team_whose_name_runs_the_other_way_keeps_its_brackets_and_stops(open_site: OpenSite) -> None:
    team = "The Desk (Berlin) e.V."
    visit = open_site(team=team).visit()
    visit.open("/ar/")
    assert visit.page.words.count(team) == visit.page.words.count(f"\u2068{team}\u2069") > 1


def test_team_days_and_months_come_from_the_settings(open_site: OpenSite) -> None:
    visit = open_site(team="Haven & <Co>", answer_days=1, keep_months=3).visit()
    visit.open("/en/")
    assert "Haven & <Co>" in visit.page.words
    assert "within 1 day." in visit.page.words
    assert "3 months" in visit.page.words
