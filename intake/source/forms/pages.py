"""The pages of the form's long part: a group on each or, for whoever prefers that, a question on each.

Either way a page shows a `Group`, a whole one or a piece of it, and what is saved of it is one addition: reviewers read
the same in the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from intake.report.definition import Field, Group, load_form

FOLLOW_UPS = frozenset({"they_know", "contact_channel", "contact_not", "deadline_date", "reported_outcome"})
"""Keys of questions that nobody understands without the one before. Here, since a form that was in force never changes;
nor does what a key means, in any version.
"""


@dataclass(frozen=True, slots=True)
class FormPage:
    """A page of the long part. `question`: the key of what it asks first, if it asks only that of its group."""

    group: Group
    question: str = ""

    @property
    def way(self) -> tuple["FormPage", ...]:
        """All pages of its way through the long part, in their order."""
        return by_question() if self.question else by_group()

    @property
    def number(self) -> int:
        """Its place on that way, from 1."""
        return self.way.index(self) + 1

    @property
    def after(self) -> "FormPage | None":
        """The next one on its way; None at the end."""
        return next(iter(self.way[self.number :]), None)

    @property
    def after_group(self) -> "FormPage | None":
        """The next one that is about something else; None at the end."""
        return next((page for page in self.way[self.number :] if page.group.key != self.group.key), None)

    @property
    def other_way(self) -> "FormPage":
        """Where the other way asks the same: the whole group, or its first question."""
        way = by_group() if self.question else by_question()
        return next(page for page in way if page.group.key == self.group.key)

    @property
    def offers_skipping_first(self) -> bool:
        """Whether to offer to skip it before it is read: it is one question, which is hard."""
        return bool(self.question) and any(question.apart for question in self.group.fields)


def pieces(group: Group) -> Mapping[str, Group]:
    """A group in what it is asked in one question a page, by the key of what each asks first.

    That is a question with those that follow up on it. Of what can be told several times over it is all that belongs
    to one entry: entries are added to those before, so that one that came in parts would be as many.
    """
    runs: list[tuple[Field, ...]] = []
    for field in group.fields:
        if field.key in FOLLOW_UPS:
            runs[-1] = (*runs[-1], field)
        else:
            runs.append((field,))
    found = {run[0].key: replace(group, fields=run, entries=None) for run in runs}
    if group.entries is not None:
        found[group.entries.key] = replace(group, fields=(), entries=replace(group.entries, most=1))
    return found


@cache
def by_group() -> tuple[FormPage, ...]:
    """The long part, a group a page."""
    return tuple(FormPage(group) for group in load_form().later_groups)


@cache
def by_question() -> tuple[FormPage, ...]:
    """The long part, one question a page."""
    return tuple(
        FormPage(piece, question) for group in load_form().later_groups for question, piece in pieces(group).items()
    )


def form_page(key: str, question: str = "") -> FormPage | None:
    """The page of a group, or of one question of it; None if there is no such page."""
    way = by_question() if question else by_group()
    return next((page for page in way if (page.group.key, page.question) == (key, question)), None)
