"""What a reviewer is shown of a source's page is what that page says, in every language."""

import re
from datetime import date
from html import unescape

import pytest

from intake.languages.catalogues import tags, translations
from intake.languages.shown import shown
from intake.replies.preview import Answered, Asked, Shown, preview
from intake.report.events import ConsentRequest


@pytest.mark.parametrize("tag", tags())
def test_a_page_has_its_language_and_its_direction(tag: str) -> None:
    seen = preview(tag, Answered([Shown(date(2026, 5, 3), "Hold out."), Shown(date(2026, 5, 4), None)], None))
    assert (seen.language, seen.direction) == (tag, "rtl" if tag in ("ar", "fa", "ug") else "ltr")
    assert f"<h2>{translations(tag).gettext('Replies')}</h2>" in seen.html
    assert seen.html.count("<article") == 2


def test_days_have_the_digits_of_the_language() -> None:
    assert "۳ مهٔ ۲۰۲۶" in preview("fa", Answered([Shown(date(2026, 5, 3), "")], None)).html
    assert "3 مايو 2026" in preview("ar", Answered([Shown(date(2026, 5, 3), "")], None)).html


@pytest.mark.parametrize("tag", ["und", "he", "de", "", "../en", "x" * 1000])
def test_where_there_are_no_words_the_page_is_english(tag: str) -> None:
    seen = preview(tag, Answered([Shown(date(2026, 5, 3), "سلام")], None))
    assert seen.language == "en"
    assert "Replies" in seen.html


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "%(day)s {{ 7 * 7 }}", "\u202eabc\u2066", "x" * 50_000, "\u0301" * 9_000],
)
def test_a_reply_is_text_and_what_would_turn_it_around_or_cover_others_stands_as_marks(text: str) -> None:
    html = preview("fa", Answered([Shown(date(2026, 5, 3), text)], None)).html
    found = re.search('<p class="text" dir="auto">(.*)</p>', html)
    assert found
    assert unescape(found[1]) == shown(text)
    assert "<script" not in html


@pytest.mark.parametrize("tag", tags())
def test_a_question_stands_before_the_replies_with_what_comes_first_and_its_three_answers(tag: str) -> None:
    request = ConsentRequest("a" * 32, "en", "<b>May we?</b>", "Who am I?", "For colleagues.", taken_back=False)
    answered = Answered([Shown(date(2026, 5, 3), "Hold out.")], None, (), [Asked(date(2026, 5, 4), request)])
    text = unescape(preview(tag, answered).html)
    words = translations(tag).gettext
    places = [
        text.index(each) for each in (words("We ask for your consent"), "<b>May we?</b>", "Who am I?", words("Replies"))
    ]
    assert places == sorted(places)
    assert "<b>May we?</b>" not in preview(tag, answered).html
    assert all(words(answer) in text for answer in ("Yes", "No", "Ask me again later"))
    assert "For colleagues." not in text


def test_nobody_is_asked_where_there_is_no_question() -> None:
    assert "consent" not in preview("en", Answered([Shown(date(2026, 5, 3), "Hold out.")], None)).html
