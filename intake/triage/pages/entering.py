"""Reports that came otherwise than by the source site: entered on the same form, and their eight words handed over."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form

from crypto.codename import CodenameError, parse
from intake.questions.fields import Words, leaves, question_field
from intake.questions.parts import Part, fields_of
from intake.report import definition
from intake.report.beginning import identity_of
from intake.report.definition import CONSENTS, Answer, Group, load_form
from intake.report.labels import countries
from intake.report.payloads import WAYS, Entered, Handed, Report
from intake.triage.outbox.making import Told
from intake.triage.outbox.sending import SealError
from intake.triage.outbox.unsent import OutboxError, TypedReport, Unsent, new_form
from intake.triage.pages import kept
from intake.triage.pages.languages import languages
from intake.triage.pages.views import Answer as Page
from intake.triage.pages.views import to_unlock, unlocked
from intake.triage.reading.opentip import OpenTip
from intake.triage.workspace import Workspace

blueprint = Blueprint("entering", __name__)

WORDS = Words(now=str, lazy=str, language=lambda: "en", countries=countries)
"""How the questions are put here: as the definition has them."""

_ANOTHER = "another-"
_CHOOSE = "Please choose one of these."
_NOT_ASKED = (
    "Leave out what you have not asked the person: it counts as no, and stands in the report as not answered. With the "
    "eight words they can answer it themselves."
)

_HOW = definition.Field("how", "one", "How did it come?", WAYS)
_REMARK = definition.Field(
    "remark",
    "text",
    "More about that",
    {},
    hint="For reviewers only: from whom, when, what you promised.",
    longest=10_000,
)


@cache
def _language() -> definition.Field:
    return definition.Field(
        "language",
        "one",
        "Which language does the person read?",
        languages(),
        hint="The eight words are in this language where there is a list of them, and in English otherwise.",
        default="en",
    )


class EnterForm(Form):  # type: ignore[misc]
    """Everything that is asked for a report, on one page; made by `_form_class`."""

    @property
    def parts(self) -> Sequence[Part]:
        """The groups of the form definition, in their order."""
        return [Part(group, self, f"{_ANOTHER}{group.key}") for group in _groups()]

    @property
    def wrong(self) -> list[Field]:
        """The fields to look at again."""
        return [field for field in leaves(self) if field.errors]

    def grow(self) -> str:
        """Add an entry to the group whose button was pressed, and return the id of that entry; empty if none was."""
        grown = (f"{part.group.key}-entry-{len(part.entries)}" for part in self.parts if part.grow())
        return next(grown, "")

    def is_told(self) -> bool:
        """Whether all of it can be used; what is wrong is in `errors`."""
        valid = bool(self.validate())
        if self["how"].data not in WAYS:
            self["how"].errors = [_CHOOSE]
            return False
        return valid

    def told(self) -> Told:
        """What was told."""
        answers: dict[str, Answer] = {key: answer for part in self.parts for key, answer in part.answers().items()}
        report = Report(self["language"].data, load_form().version, answers)
        return Told(self["how"].data, (self["remark"].data or "").strip(), report)


@blueprint.get("/enter")
@unlocked
def enter(workspace: Workspace) -> Page:
    """The empty form."""
    return _page(workspace, _form(None), new_form())


@blueprint.get("/enter/<item>")
@unlocked
def go_on(workspace: Workspace, item: str) -> Page:
    """The form as it was kept when the program was locked, or what was typed was taken back."""
    draft = next((each for each in workspace.sending.drafts if each.item == item), None)
    if draft is None or not isinstance(draft.payload, TypedReport):
        abort(404)
    return _page(workspace, _form(MultiDict(kept.from_json(draft.payload.fields))), draft.form, draft=draft.item)


def _keep() -> Page:
    """Where it is locked, what was typed is sealed to whoever unlocks it, and is there then."""
    if request.form.get("form"):
        return kept.seal(_typed())
    return to_unlock()


def _send(workspace: Workspace) -> Page:
    """Make a report of what was typed, or show the form again, with everything in it."""
    form, token, draft = _form(request.form), request.form.get("form") or new_form(), request.form.get("draft", "")
    if grown := form.grow():
        return _page(workspace, form, token, draft=draft, grown=grown)
    if not form.is_told():
        return _page(workspace, form, token, draft=draft), 400
    unsent = _typed(token)
    try:
        workspace.make(unsent, form.told(), draft)
    except OutboxError as error:
        return _page(workspace, form, token, f"{error}.", draft=draft), 500
    except SealError as error:
        return _page(workspace, form, token, f"{error}. What you wrote is kept, sealed.", draft=unsent.item), 400
    return redirect(url_for("triage.tip", tip_id=unsent.tip), 303)


blueprint.post("/enter", endpoint="send")(unlocked(_send, otherwise=_keep))


@blueprint.post("/tips/<tip_id>/words")
@unlocked
def words(workspace: Workspace, tip_id: str) -> Page:
    """The eight words of a report that a member entered, to be handed over. Who was shown them, an event says first."""
    tip = workspace.book.tip(tip_id) or abort(404)
    entered = tip.entered or abort(404)
    try:
        workspace.write(Unsent.typed(request.form.get("form") or new_form(), tip_id, Handed()))
    except (OutboxError, SealError) as error:
        return render_template(
            "problem.html", says=f"The words are not shown, since this can't be noted: {error}."
        ), 500
    return render_template("words.html", workspace=workspace, tip=tip, entered=entered, fit=_fit(tip, entered))


def _fit(tip: OpenTip, entered: Entered) -> bool:
    """Whether these words lead to this report."""
    try:
        seed = parse(" ".join(entered.words)).derive()
    except CodenameError:
        return False
    return str(identity_of(seed).recipient) == tip.source


def _page(
    workspace: Workspace, form: EnterForm, token: str, problem: str = "", *, draft: str = "", grown: str = ""
) -> str:
    return render_template(
        "enter.html", workspace=workspace, entered=form, form=token, draft=draft, problem=problem, grown=grown
    )


def _typed(token: str = "") -> Unsent:
    """What was typed, as it came, so that the form can be filled with it again."""
    fields = kept.as_json(request.form, but=lambda name: name.startswith(_ANOTHER))
    return Unsent.making(token or request.form["form"], TypedReport(fields))


def _form(values: MultiDict[str, str] | None) -> EnterForm:
    form: EnterForm = _form_class()(values)
    return form


@cache
def _form_class() -> type[EnterForm]:
    fields = {field.key: question_field(field, WORDS) for field in (_HOW, _REMARK, _language())}
    for group in _groups():
        fields |= fields_of(group, WORDS, f"{_ANOTHER}{group.key}")
    return type("enter_form", (EnterForm,), fields)


def _groups() -> Sequence[Group]:
    form = load_form()
    return (form.first_group, *(_unasked(group) if group.key == CONSENTS else group for group in form.later_groups))


def _unasked(group: Group) -> Group:
    """The consents as they are asked of somebody who isn't here: what nobody asked the person has no answer."""
    return replace(group, hint=_NOT_ASKED, fields=tuple(replace(each, unsaid="Not asked") for each in group.fields))
