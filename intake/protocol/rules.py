"""Rules: numbers that the team's members go by. The operator sets them, in the log, where everybody sees it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_RULE = re.compile(r"([a-z]+)/([1-9][0-9]{0,3})")


class RuleError(ValueError):
    """A rule that there isn't, or that the log so far does not allow."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a rule can be set to. `at_first`: what it is before anybody sets it, if it is anything then.

    `only_more`: what protects reports; the operator, who may be whoever took the server, can't make it less.
    """

    least: int
    most: int
    at_first: int | None = None
    only_more: bool = False


VOUCHES, DELETERS, COUNTDOWN, RETENTION, REKEYING = "vouches", "deleters", "countdown", "retention", "rekeying"

RULES: Mapping[str, Range] = {
    VOUCHES: Range(1, 9, only_more=True),
    DELETERS: Range(2, 9, at_first=2, only_more=True),
    COUNTDOWN: Range(1, 90, at_first=7, only_more=True),
    RETENTION: Range(1, 240),
    # No more than a season: it is the server's operator who sets it, and who may keep copies of what is deleted.
    REKEYING: Range(7, 90, at_first=30),
}
"""How many reviewers must vouch for a new one, which without a rule nobody has to; how many must want a deletion, and
for how many days it then counts down; after how many months without a change closed reports are proposed for it, which
without a rule they never are; for how many days reports are sealed to the same key of a reviewer, until their program
exchanges it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and its number. As text it is the object that an entry of the log names."""

    name: str
    number: int

    def __str__(self) -> str:
        return f"{self.name}/{self.number}"


def parse_rule(objects: Sequence[str]) -> Rule:
    """The rule that an entry of the log sets; `RuleError` if there is none of this name, or not with this number."""
    found = _RULE.fullmatch(objects[0]) if len(objects) == 1 else None
    if found is None or found[1] not in RULES:
        raise RuleError(f"a rule is one of {', '.join(RULES)}, and a number")
    rule, allowed = Rule(found[1], int(found[2])), RULES[found[1]]
    if not allowed.least <= rule.number <= allowed.most:
        raise RuleError(f"{rule.name} must be a number from {allowed.least} to {allowed.most}")
    return rule


class Rules:
    """The rules in force, after every entry that set one."""

    def __init__(self, numbers: Mapping[str, int] | None = None) -> None:
        at_first = {name: each.at_first for name, each in RULES.items() if each.at_first is not None}
        self._numbers: Mapping[str, int] = at_first if numbers is None else numbers

    def __getitem__(self, name: str) -> int | None:
        return self._numbers.get(name)

    def after(self, rule: Rule) -> "Rules":
        """The rules once this one was set; `RuleError` if it can't be."""
        before = self._numbers.get(rule.name)
        if RULES[rule.name].only_more and before is not None and rule.number <= before:
            raise RuleError(f"{rule.name} is {before}, and can't be made less")
        return Rules({**self._numbers, rule.name: rule.number})
