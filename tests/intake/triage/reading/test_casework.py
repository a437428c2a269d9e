"""What reviewers make of a tip: however much one of them writes, it is put together for the others at once."""

from datetime import UTC, datetime
from time import process_time

import pytest

from intake.report.events import THE_LAST, Act, ConsentRequest, Event, HarmCheck, Referral, SecondReading, Verification
from intake.report.payloads import ConsentAnswer
from intake.triage.mirror.added import Author
from intake.triage.reading.casework import acts, referrals
from intake.triage.reading.consents import strays, uses
from intake.triage.reading.opentip import DatedAnswer, OpenTip
from intake.triage.reading.standing import Change, Standing

MANY = 6_000
ACT = Act("a", "threatened", "", "", "", "2026", "", "", "", dropped=False)
NOW = Act("a", "threatened", "", "", "", "2027", "", "", "", dropped=False)


def changes(*events: Event) -> list[Change]:
    """What boris wrote, each in its place in the log, and in the end amina."""
    at = datetime(2026, 11, 27, tzinfo=UTC)
    last = len(events) - 1
    return [
        Change(f"{place:032x}", event, Author("boris" if place < last else "amina", at, place))
        for place, event in enumerate(events)
    ]


@pytest.mark.parametrize("of", [THE_LAST, f"{0:032x}", "none"])
def test_whoever_codes_and_judges_an_act_without_end_holds_nobody_up(of: str) -> None:
    said = [Verification("a", of, "documented", "I saw it.", "") for _ in range(MANY)]
    standing = Standing(changes(*[ACT] * MANY, *said, NOW, SecondReading("a", THE_LAST, "confirms", "")))
    began = process_time()
    (judged,) = acts(standing)
    assert process_time() - began < 2
    assert (judged.act, judged.verification, len(judged.readings), len(judged.passed)) == (NOW, None, 1, 1)


def test_whoever_registers_and_checks_a_referral_without_end_holds_nobody_up() -> None:
    registered = [Referral("r", "un", "x", "none", f"{number}", "", "", "", "") for number in range(MANY)]
    checks = [HarmCheck("r", f"{number:032x}", "", "", "", "", "agrees", "") for number in range(MANY)]
    own = HarmCheck("r", f"{MANY - 1:032x}", "", "", "", "", "agrees", "")
    standing = Standing(changes(*registered, *checks, own))
    began = process_time()
    (referred,) = referrals(standing, {})
    assert process_time() - began < 2
    assert [check.author.name for check in referred.checks if check.author] == ["amina"]


def test_whoever_asks_without_end_holds_nobody_up() -> None:
    request = ConsentRequest("q", "en", "May we?", "", "", taken_back=False)
    standing = Standing(changes(*[request] * MANY))
    answer = ConsentAnswer(f"{0:032x}", request.digest, "yes", "", "")
    answers = [DatedAnswer(f"{number:032x}", "2026-11-27", answer, is_sure=True) for number in range(MANY)]
    tip = OpenTip("0" * 32, "2026-11-27", consent_answers=answers)
    began = process_time()
    asked, lost = uses(tip, standing), strays(tip, standing)
    assert process_time() - began < 2
    assert ([use.state for use in asked], lost) == (["yes", *["waiting"] * (MANY - 1)], [])
