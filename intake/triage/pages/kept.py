"""What was typed into a program that had locked: kept whole, also where something in it lacks or is wrong."""

import json
from collections.abc import Callable, Collection

from flask import abort, render_template, request
from werkzeug.datastructures import MultiDict

from intake.report.payloads import TEAM, Payload
from intake.triage.outbox.unsent import OutboxError, TypedForm, Unsent, new_form
from intake.triage.pages.forms import FormError, read_form
from intake.triage.pages.views import Answer, guard, to_unlock
from intake.triage.workspace import Workspace

SEVERAL = "several"
"""What a form writes that is of several reports at once."""

_OURS = ("csrf_token", "form", "draft")
_ALWAYS = ("seen", "language", "on", "part")
"""What the page itself puts into a form, of which nobody misses anything."""


def keep(tip_id: str, of: str, read: Callable[[], Payload]) -> Answer:
    """Where it is locked, what was filled in is sealed to whoever unlocks it, and is there then.

    `tip_id`: `TEAM`, which is no tip, for what is of none alone; `of`: the kind of what is written, or `SEVERAL`. What
    `read` refuses is kept as it came, unless nothing was filled in.
    """
    try:
        payload = read()
    except FormError:
        if not any(value.strip() for name, value in request.form.items(multi=True) if name not in _OURS + _ALWAYS):
            return to_unlock(tip_id=tip_id)
        payload = TypedForm(of, as_json(request.form))
    return seal(Unsent.typed(request.form.get("form") or new_form(), tip_id, payload))


def seal(unsent: Unsent) -> Answer:
    """Keep it, and lead to where it is after unlocking; to the first page, if that is of no report alone."""
    try:
        guard().keep(unsent)
    except OutboxError as error:
        says = f"{error}. Go back: your browser may still have it"
        return render_template("unlock.html", problem=says, kept=False), 409
    if _is_of_none(unsent):
        return to_unlock(kept="yes")
    # What lacks something stands above the page.
    waits = "" if isinstance(unsent.payload, TypedForm) else unsent.kind
    return to_unlock(tip_id=unsent.tip, kept="yes", waits=waits)


def found(workspace: Workspace, tip_id: str, item: str, offered: Collection[str]) -> tuple[str, MultiDict[str, str]]:
    """What a form writes, one of what is `offered`, and the form as it was kept; 404 if it is not here."""
    drafts = (each for each in workspace.sending.drafts if (each.tip, each.item) == (tip_id, item))
    draft = next(drafts, None) or abort(404)
    if not isinstance(draft.payload, TypedForm) or draft.payload.of not in offered:
        abort(404)
    fields = [*from_json(draft.payload.fields), ("form", draft.form), ("draft", item)]
    return draft.payload.of, MultiDict(fields)


def says(kind: str, given: MultiDict[str, str]) -> str:
    """What is said above a form that was kept."""
    try:
        read_form(kind, given)
    except FormError as error:
        return f"This was filled in when the program locked, and is not saved: {error}."
    return "This was filled in when the program locked, and is not saved."


def drop(workspace: Workspace, item: str) -> None:
    """Forget a form that was kept, once what it says is done."""
    if any(draft.item == item and isinstance(draft.payload, TypedForm) for draft in workspace.sending.drafts):
        workspace.discard(item)


def as_json(given: MultiDict[str, str], but: Callable[[str], bool] = lambda _: False) -> str:
    """A form as it came."""
    kept = [(name, value) for name, value in given.items(multi=True) if name not in _OURS and not but(name)]
    return json.dumps(kept, ensure_ascii=False)


def from_json(text: str) -> list[tuple[str, str]]:
    """The fields of a form that was kept."""
    return [(str(name), str(value)) for name, value in json.loads(text)]


def _is_of_none(unsent: Unsent) -> bool:
    return unsent.makes or (
        unsent.tip == TEAM and isinstance(unsent.payload, TypedForm) and unsent.payload.of == SEVERAL
    )
