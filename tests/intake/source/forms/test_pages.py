"""The long part in two ways: both ask all of it, and one question a page keeps together what belongs together."""

import pytest

from intake.report.definition import load_form
from intake.source.forms.pages import FOLLOW_UPS, FormPage, by_group, by_question, form_page, pieces

GROUPS = load_form().later_groups


def asked(way: tuple[FormPage, ...]) -> list[str]:
    """Everything that is asked on it, in its order."""
    keys: list[str] = []
    for page in way:
        keys += [f"{page.group.key}/{field.key}" for field in page.group.fields]
        if page.group.entries is not None:
            keys += [f"{page.group.key}/{page.group.entries.key}/{field.key}" for field in page.group.entries.fields]
    return keys


def test_both_ways_ask_all_of_the_long_part_once_in_the_order_of_the_form() -> None:
    assert asked(by_question()) == asked(by_group())
    assert len(set(asked(by_question()))) == len(asked(by_question()))


def test_a_page_asks_one_question_with_what_nobody_understands_without_it_or_one_entry() -> None:
    for page in by_question():
        first, *others = [field.key for field in page.group.fields] or [""]
        assert (page.group.entries is None) == bool(first)
        assert first not in FOLLOW_UPS
        assert FOLLOW_UPS.issuperset(others)
        assert page.group.entries is None or page.group.entries.most == 1


def test_what_follows_up_on_a_question_is_in_the_form_that_is_asked() -> None:
    assert {field.key for group in GROUPS for field in group.fields} >= FOLLOW_UPS


def test_each_page_has_an_address_of_its_own_and_nothing_else_has_one() -> None:
    for page in (*by_group(), *by_question()):
        assert form_page(page.group.key, page.question) == page
    assert len({page.question for page in by_question()}) == len(by_question())
    for key, question in (("now", ""), ("consents", "narrative"), ("contact", "contact_channel"), ("acts", "when")):
        assert form_page(key, question) is None


@pytest.mark.parametrize("way", [by_group(), by_question()], ids=["by group", "by question"])
def test_a_way_leads_from_each_page_to_the_next_and_ends(way: tuple[FormPage, ...]) -> None:
    page: FormPage | None = way[0]
    for number, each in enumerate(way, 1):
        assert page == each
        assert each.number == number
        page = each.after
    assert page is None


def test_the_rest_of_a_part_is_skipped_to_the_first_question_of_the_next() -> None:
    for group, after in zip(GROUPS, [*GROUPS[1:], None], strict=True):
        first = None if after is None else form_page(after.key, next(iter(pieces(after))))
        assert all(page.after_group == first for page in by_question() if page.group.key == group.key)


def test_the_other_way_goes_on_with_the_same_part() -> None:
    for page in (*by_group(), *by_question()):
        assert page.other_way.group.key == page.group.key
        assert bool(page.other_way.question) != bool(page.question)
