"""What was typed to be searched for, read with the words that reviewers have for what they settled."""

from intake.report.events import STATUSES
from intake.triage.book.search import How, Names, Query, parse
from intake.triage.book.traits import BY
from intake.triage.pages.phrases import labels_by_id
from intake.triage.workspace import Workspace


def sought(typed: str, workspace: Workspace, how: How = How.USUAL) -> Query:
    """What can be searched for in it."""
    return parse(typed, how, _names(workspace))


def _names(workspace: Workspace) -> Names:
    keys = {*workspace.people.reviewers(), *workspace.book.choices("assigned")}
    return {
        "status": STATUSES,
        "label": {key: label.name for key, label in labels_by_id(workspace).items()},
        # Those whose work it is are known by their keys, those who wrote by their names.
        BY: {each: workspace.people.name(each) if each in keys else each for each in workspace.book.choices(BY)},
    }
