"""What an operator writes becomes text with its structure: nothing that loads, leads elsewhere or runs."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.source.about.markdown import to_html
from source_site import Page

ALLOWED = {"p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "em", "strong", "code", "hr", "br", "bdi"}

PIECES = st.sampled_from(
    [
        "# ", "###### ", "\n===\n", "\n\n", "\n", "- ", "1. ", "7) ", "> ", "    ", "\t", "```", "``", "`", "*", "**",
        "_", "---", "[", "]", "](", ")", "![", "<", ">", "</p>", "<script>", "<img src=x onerror=y>", "<!--", "-->",
        "&lt;", "&#60;b&#62;", "&", '"', "'", "\\", "javascript:alert(1)", "JaVaScRiPt&colon;x", "data:text/html,x",
        "https://example.org/a", "<https://example.org>", "//example.org/x", "mailto:a@example.org", '" onclick="x',
        "[a]: https://example.org 'title'\n", "[a]", "\u202e", "\u0600", "字", "سۆز", "\0",
    ]
)  # fmt: skip
MARKDOWN = st.lists(PIECES | st.text(max_size=8), max_size=30).map("".join)


@settings(max_examples=400, deadline=None)
@given(MARKDOWN)
def test_whatever_is_written_nothing_loads_leads_elsewhere_or_runs(text: str) -> None:
    html = to_html(text)
    page = Page(html)
    assert page.tags <= ALLOWED
    assert page.attributes <= {"dir", "start"}
    assert page.links == []
    assert re.findall(r"<bdi(?! dir=\"ltr\">)|<ol(?!>| start=\"[0-9]+\">)", html) == []


@settings(max_examples=400, deadline=None)
@given(MARKDOWN)
def test_headings_stand_below_that_of_the_page_and_none_is_left_out(text: str) -> None:
    levels = [1, *(int(level) for level in re.findall(r"<h([1-6])>", to_html(text)))]
    assert all(1 < after <= before + 1 for before, after in pairwise(levels))


@settings(deadline=None)
@given(st.text(alphabet=st.characters(categories=("L", "N")), min_size=1))
def test_words_stay_as_they_are(text: str) -> None:
    assert Page(to_html(text)).words.strip() == text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("We are *four* **people**.", "<p>We are <em>four</em> <strong>people</strong>.</p>\n"),
        ("# A\n## B\n# C", "<h2>A</h2>\n<h3>B</h3>\n<h2>C</h2>\n"),
        ("### A\n# B\n###### C", "<h2>A</h2>\n<h2>B</h2>\n<h3>C</h3>\n"),
        ("[ours](https://a.example/x)", '<p>ours <bdi dir="ltr">https://a.example/x</bdi></p>\n'),
        ("<https://a.example>", "<p>https://a.example</p>\n"),
        ("[*a* and `b`](/en/leave)", '<p><em>a</em> and <code>b</code> <bdi dir="ltr">/en/leave</bdi></p>\n'),
        ('[a](https://a.example/"?<b> "t")', '<p>a <bdi dir="ltr">https://a.example/%22?%3Cb%3E</bdi></p>\n'),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
        ("![a](https://a.example/b.png)", '<p>!a <bdi dir="ltr">https://a.example/b.png</bdi></p>\n'),
        ("<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>\n"),
        ("<div>\na\n</div>", "<p>&lt;div&gt;\na\n&lt;/div&gt;</p>\n"),
        ("    a", "<p>a</p>\n"),
        ("```html\na\n```", "<p><code>html a </code></p>\n"),
        ("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>\n"),
    ],
)
def test_what_is_written_and_what_it_becomes(text: str, html: str) -> None:
    assert to_html(text) == html
