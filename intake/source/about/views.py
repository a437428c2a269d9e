"""The page that says where a report goes."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, current_app
from flask.blueprints import BlueprintSetupState
from markupsafe import Markup

from intake.languages.written import direction
from intake.server import Server, read_policy
from intake.source.about.earlier import EarlierReports
from intake.source.about.written import DIRECTORY, chosen, load_written
from intake.source.current import read_at_start
from intake.source.marks import Cost, marked
from intake.source.pages import render
from intake.source.text.gettext import gettext as _
from intake.source.text.gettext import number
from intake.source.text.languages import language, own_name

_ABOUT = "intake_about"

blueprint = Blueprint("about", __name__)


@dataclass(frozen=True, slots=True)
class Record:
    """What a source can compare of the log: its name, the fingerprint of its keys, how many witnesses it must have.

    Of all keys these alone stay as they are, and who can open reports is who the log says. Those of the reviewers
    change each month: a fingerprint of theirs could be compared with nothing, and would show on which day one of them
    was at work, came or went.
    """

    name: str
    fingerprint: str
    witnesses: int


@dataclass(frozen=True, slots=True)
class About:
    """What the page is made of, by what was there when the site started."""

    written: Mapping[str, Markup]
    record: Record
    earlier: EarlierReports


@blueprint.record_once
def _load(state: BlueprintSetupState) -> None:
    read_at_start(state, _ABOUT, _about)


def _about(server: Server) -> About:
    policy = read_policy(server.settings.policy)
    witnesses = 0 if policy.quorum is None else len(policy.witnesses)
    return About(
        load_written(server.settings.data / DIRECTORY),
        Record(policy.log.name, policy.log.fingerprint, witnesses),
        EarlierReports(server.store, server.log),
    )


@blueprint.get("/about")
@marked(Cost.PAGE)
def page() -> str:
    """Who the team is, what happened with earlier reports, and how to recognise the site."""
    about: About = current_app.extensions[_ABOUT]
    tag = chosen(about.written, language())
    return render(
        "about.html",
        written=about.written[tag] if tag else None,
        written_in=tag or language(),
        written_direction=direction(tag or language()),
        own_name=own_name,
        quarters=about.earlier.quarters(),
        counted=_counted,
        record=about.record,
    )


def _counted(count: int) -> str:
    return _("at least %(num)s", num=number(count)) if count else _("fewer than five")
