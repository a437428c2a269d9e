"""Whatever is in the fields of a form: a page and never an error of ours, and nothing stored that was refused."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.report.definition import load_form

GROUPS = [group.key for group in load_form().later_groups]
PATHS = [
    "/en/codename/check",
    "/en/report",
    "/en/return",
    "/en/tip/message",
    "/en/tip/withdraw",
    *(f"/en/tip/more/{key}" for key in GROUPS),
]
SHOWN_ON = {"/en/tip/message": "/en/tip"}
VALUES = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(["yes", "no", "unknown", "CN", "\0", "١"])
ODD = st.just({}) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=20), VALUES, max_size=2)


def state(site: Any) -> tuple[int, int]:
    return len(site.tips()), len(site.items())


def prepare(visit: Any, path: str) -> Any:
    """The page's form, reached as a source would reach it."""
    if path in ("/en/report", "/en/codename/check"):
        visit.get_codename()
    elif path != "/en/return":
        visit.report()
    visit.open(SHOWN_ON.get(path, path))
    return visit.page.form(path)


@pytest.fixture
def unlimited(open_site: Any) -> Any:
    """A site that lets one source send as much as a test does."""
    return open_site(**dict.fromkeys(("limit_codenames", "limit_sends", "limit_pages"), "99999 per minute"))


@pytest.mark.parametrize("path", PATHS)
def test_any_values_get_a_page_and_a_refusal_stores_nothing(unlimited: Any, path: str) -> None:
    visit = unlimited.visit()
    form = prepare(visit, path)
    pairs = st.lists(st.tuples(st.sampled_from(sorted(form.names)), VALUES), max_size=8)
    hidden = st.just(form.hidden) | st.fixed_dictionaries(dict.fromkeys(form.hidden, VALUES))

    @settings(max_examples=25, deadline=None)
    @given(pairs, ODD, hidden)
    def send(chosen: list[tuple[str, str]], odd: dict[str, str], hidden: dict[str, str]) -> None:
        before = state(unlimited)
        answer = visit.client.post(path, data=urlencode([*hidden.items(), *chosen, *odd.items()]), content_type=FORM)
        assert answer.status_code in (200, 303, 400, 409)
        if answer.status_code >= 400:
            assert state(unlimited) == before
            assert "</html>" in answer.get_data(as_text=True)

    send()


FORM = "application/x-www-form-urlencoded"


def test_any_bytes_get_a_page_and_store_nothing(unlimited: Any) -> None:
    visit = unlimited.visit()
    visit.report()
    before = state(unlimited)

    @settings(max_examples=40, deadline=None)
    @given(st.binary(max_size=300), st.sampled_from([FORM, "multipart/form-data; boundary=b", "text/plain", "x"]))
    def send(body: bytes, content_type: str) -> None:
        for path in ("/en/report", "/en/tip/message", "/en/tip/file", "/en/return", "/en/tip/more/acts"):
            answer = visit.client.post(path, data=body, content_type=content_type)
            assert 400 <= answer.status_code < 500
        assert state(unlimited) == before

    send()


def test_ten_thousand_fields_are_refused(site: Any, visit: Any) -> None:
    visit.report()
    before = state(site)
    body = "&".join(f"field{number}=1" for number in range(10_000))
    for path in ("/en/report", "/en/tip/message", "/en/tip/more/acts"):
        assert visit.client.post(path, data=body, content_type=FORM).status_code in (400, 413)
    assert state(site) == before
