"""What a source was asked in particular: only a plain yes to exactly the words that still stand allows anything."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from intake.report.events import ConsentCheck, ConsentRequest
from intake.report.payloads import ConsentAnswer, words_digest
from intake.source.tip.correspondence import Answered, Dated
from intake.triage.reading.consents import grounds, strays, uses
from intake.triage.reading.opentip import DatedAnswer, OpenTip
from intake.triage.reading.standing import Change, Standing

WORDS = ("May we?", "May we now?")


def item(number: int) -> str:
    return f"{number:032x}"


@st.composite
def asked(draw: Any) -> list[Change]:
    """Questions of several reviewers in the log's order, each of whom had seen any of what came before."""
    changes: list[Change] = []
    for number in range(draw(st.integers(0, 8))):
        seen = tuple(change.item for change in changes if draw(st.booleans()))
        request = ConsentRequest(
            item(draw(st.integers(100, 102))),
            "en",
            draw(st.sampled_from(WORDS)),
            draw(st.sampled_from(["", "Who are you?"])),
            "",
            taken_back=draw(st.booleans()),
            number=number,
            seen=seen,
        )
        changes.append(Change(item(number), request))
    return changes


ANSWERS = st.lists(
    st.builds(
        ConsentAnswer,
        st.integers(0, 9).map(item),
        st.sampled_from(WORDS).map(words_digest),
        st.sampled_from(["yes", "no", "later", "YES", ""]),
        st.sampled_from(["", "Not before June."]),
        st.sampled_from(["", "It is me."]),
    ),
    max_size=10,
)
CHECKS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["fits", "differs", ""])), max_size=5)


def tip_with(answers: list[ConsentAnswer], unsure: Collection[int] = ()) -> OpenTip:
    dated = [
        DatedAnswer(item(200 + number), "2026-11-26", answer, number not in unsure)
        for number, answer in enumerate(answers)
    ]
    return OpenTip("0" * 32, "2026-11-25", consent_answers=dated)


@given(asked(), ANSWERS, CHECKS, st.sets(st.integers(0, 9), max_size=2))
def test_nothing_but_a_last_plain_yes_to_the_standing_words_allows_a_use(
    changes: list[Change], answers: list[ConsentAnswer], checks: list[tuple[int, str]], unsure: set[int]
) -> None:
    tip = tip_with(answers, unsure)
    said = [
        Change(item(300 + number), ConsentCheck(item(200 + of), fits, "")) for number, (of, fits) in enumerate(checks)
    ]
    standing = Standing([*changes, *said])
    for use in uses(tip, standing):
        to_this = [each for each in tip.consent_answers if each.answer.question == use.asked.item]
        found = {fits for of, fits in checks if to_this and item(200 + of) == to_this[-1].item}
        plain = (
            bool(to_this)
            and (to_this[-1].answer.answer, to_this[-1].answer.words) == ("yes", use.request.digest)
            and to_this[-1].is_sure
            and use.stands
            and (not use.request.check or found == {"fits"})
        )
        assert use.allows is plain
        assert grounds(tip, standing)[use.name].allows is plain


@given(asked(), ANSWERS)
def test_every_answer_is_one_to_a_question_or_said_to_be_to_none(
    changes: list[Change], answers: list[ConsentAnswer]
) -> None:
    tip, standing = tip_with(answers), Standing(changes)
    placed = [each.item for use in uses(tip, standing) for each in use.answers]
    placed += [each.item for each in strays(tip, standing)]
    assert sorted(placed) == sorted(each.item for each in tip.consent_answers)


@given(asked())
def test_a_source_is_asked_exactly_what_stands_for_its_reviewers(changes: list[Change]) -> None:
    written = [
        Dated(bytes.fromhex(change.item), date(2026, 11, 26), change.event)
        for change in changes
        if isinstance(change.event, ConsentRequest)
    ]
    on_the_page = {name.hex() for name in Answered(written, None).questions}
    assert on_the_page == {use.asked.item for use in uses(OpenTip("", ""), Standing(changes)) if use.stands}


def test_since_when_is_the_day_of_the_first_of_the_same_answers_and_before_is_what_was_else() -> None:
    request = ConsentRequest(item(100), "en", WORDS[0], "", "", taken_back=False)
    yes = ConsentAnswer(item(1), request.digest, "yes", "", "")
    told = [yes, yes, replace(yes, answer="no"), replace(yes, condition="In June."), yes, yes]
    days = [f"2026-11-0{number}" for number in range(1, 7)]
    answers = [
        DatedAnswer(item(200 + at), day, each, is_sure=True)
        for at, (day, each) in enumerate(zip(days, told, strict=True))
    ]
    (use,) = uses(OpenTip("", "", consent_answers=answers), Standing([Change(item(1), request)]))
    assert use.since == "2026-11-05"
    assert [each.day for each in use.before] == ["2026-11-04", "2026-11-03", "2026-11-01"]
