"""What a browser or a messenger makes a link of is found, as they read it; and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.triage.caution.links import links


@pytest.mark.parametrize(
    "link",
    [
        "http://example.com", "https://example.com/a?b=c#d", "HTTPS://EXAMPLE.COM", "ftp://example.com",
        "www.example.zz", "example.com", "sub.example.co.uk/path", "example.onion", "t.me/somebody", "пример.рф",
        "例子.中国", "mailto:a@b.org", "tel:+49170", "192.0.2.1", "192.0.2.1:8080/x", "a.b@example.org",
        "ｅｘａｍｐｌｅ．ｃｏｍ", "example。com", "ex\u200bample.com", "http\u200b://example.com",
        "http：//example.com",
        "𝐞𝐱𝐚𝐦𝐩𝐥𝐞.𝐜𝐨𝐦", "[2001:db8::1]",
        "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion",
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "See {} for more", "({})", "“{}”.", "看{}"])
def test_a_link_is_found(link: str, around: str) -> None:
    if around == "看{}" and not link.isascii():
        return
    assert links(around.format(link))


@pytest.mark.parametrize(
    "text",
    [
        "Thank you. We have read it.", "e.g. at home", "on 10.5.2026 at 12.30", "What is this: a letter?", "1.2.3",
        "3.14", "Mr. Smith", "and/or", "hxxp", "example[.]com", "…", "a... b", "v2.0.1-beta",
    ],
)  # fmt: skip
def test_what_is_none_is_not(text: str) -> None:
    assert links(text) == []


@given(st.text())
def test_whatever_is_typed_there_is_an_answer(text: str) -> None:
    assert all(len(link) <= 80 for link in links(text))
