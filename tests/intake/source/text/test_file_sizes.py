"""Sizes of files, as both sites say them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.report.sizes import in_units
from intake.source.text.gettext import size as said_to_the_source
from intake.triage.pages.phrases import size as said_to_reviewers
from source_site import Site


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (13, "13 bytes"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (1_234, "1.2 kB"),
        (12_300, "12.3 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1 MB"),
        (1_234_567, "1.2 MB"),
        (500_000_000, "500 MB"),
        (1_234_567_890, "1,234.6 MB"),
    ],
)
def test_source_and_reviewer_are_told_a_size_alike(site: Site, size: int, said: str) -> None:
    with site.app.test_request_context("/en/"):
        assert said_to_the_source(size) == said_to_reviewers(size) == said


@given(st.integers(0, 10**12))
def test_a_size_is_exact_if_it_is_small_and_never_far_off(size: int) -> None:
    number, unit = in_units(size)
    whole = number * {"bytes": 1, "kB": 1_000, "MB": 1_000_000}[unit]
    assert abs(whole - size) <= (0 if size < 1_000 else 0.06 * size)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("ru", ["1 байт", "3 байта", "13 байт", "1,2 КБ"]),
        ("fr", ["1 octet", "3 octets", "13 octets", "1,2 ko"]),
        ("fa", ["۱ بایت", "۳ بایت", "۱۳ بایت", "۱٫۲ کیلوبایت"]),
        ("ar", ["بايت واحد", "3 بايتات", "13 بايتًا", "1.2 كيلوبايت"]),
    ],
)
def test_sizes_are_said_in_the_language_of_the_page(site: Site, locale: str, said: list[str]) -> None:
    with site.app.test_request_context(f"/{locale}/"):
        assert [re.sub(r"\s", " ", said_to_the_source(size)) for size in (1, 3, 13, 1_234)] == said
