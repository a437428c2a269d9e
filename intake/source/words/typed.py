"""Reading a codename that somebody typed, and saying which word to look at again."""

from dataclasses import dataclass

from wtforms import Field

from crypto.codename import ChecksumError, Codename, CodenameError, Seed, UnknownWordError, WordCountError, parse
from intake.server import Server
from intake.source.forms.base import OwnedForm
from intake.source.session.visits import (
    begin_visit,
    go_without_words,
    have_ended,
    is_without_words,
    kept_seed,
    owner_tag,
    wordless,
)
from intake.source.text.gettext import gettext as _
from intake.source.text.gettext import number
from intake.source.tip.chain import KnownTip
from intake.source.tip.correspondence import find


@dataclass(frozen=True, slots=True, repr=False)
class Visitor:
    """Somebody whose words are known, and their tip."""

    seed: Seed
    tip: KnownTip


def signed_in(server: Server) -> Visitor | None:
    """Who is here: the seed of this visit and its tip, if there are both."""
    seed = kept_seed()
    tip = None if seed is None else find(server, seed)
    return None if seed is None or tip is None else Visitor(seed, tip)


def takes_up_wordless(server: Server) -> bool:
    """Whether this visit sent a report without words, though the answer to that never came; it goes on so now."""
    seed = kept_seed()
    if seed is None or is_without_words() or find(server, wordless(seed)) is None:
        return False
    go_without_words(wordless(seed))
    return True


def sender(server: Server, form: OwnedForm) -> Visitor | None:
    """Whose form this is: of the codename that was typed in it, otherwise of the visit that its page was made in.

    None if neither is there: another tip may have been opened in the meantime, in another window, and what was meant
    for one must not go to the other. Then the field for the codename says what to do.
    """
    if not _typed(form.codename) and form.is_here:
        here = signed_in(server)
        if here is not None:
            return here
    return sign_in(server, form.codename)


def author(server: Server, form: OwnedForm) -> Seed | None:
    """The same for a first report, whose codename has no tip yet: its page tells that it is one of ours."""
    here = kept_seed()
    if not _typed(form.codename) and here is not None and form.is_here:
        return here
    codename = _read(form.codename)
    if codename is None:
        return None
    seed = codename.derive()
    if find(server, seed) is None and (not form.is_of(seed) or have_ended(owner_tag(seed))):
        # Not even where every word is right: a slip would make a report that nobody could come back to.
        _refuse_unknown(form.codename)
        return None
    begin_visit(codename, seed)
    return seed


def sign_in(server: Server, field: Field) -> Visitor | None:
    """The tip of the codename in a field, from now on that of the visit; or None, and the field says why.

    Whether the codename is known or not, this derives one seed and makes one look-up.
    """
    codename = _read(field)
    if codename is None:
        return None
    seed = codename.derive()
    tip = find(server, seed)
    if tip is None:
        _refuse_unknown(field)
        return None
    begin_visit(codename, seed)
    return Visitor(seed, tip)


def _typed(field: Field) -> bool:
    return bool((field.data or "").strip())


def _read(field: Field) -> Codename | None:
    try:
        return parse(field.data or "")
    except CodenameError as error:
        _refuse(field, _fault(error))
        return None


def _refuse_unknown(field: Field) -> None:
    # A codename that is not known is not shown again: it may be a real one, of another service.
    field.data = ""
    _refuse(
        field,
        _(
            "We don't know these words. Please check them and their order. "
            "If you never sent a report with them, please begin a new one."
        ),
    )


def _fault(error: CodenameError) -> str:
    match error:
        case WordCountError(count=0):
            return _("Please write your eight words here.")
        case WordCountError(count=count):
            return _("There must be eight words. Here are %(count)s.", count=number(count))
        case UnknownWordError(position=position):
            place = number(position)
            return _("Word %(position)s is not one that we use. Is it spelt right?", position=place)
        case ChecksumError():
            return _("These words don't belong together. One of them is another word, or two have changed places.")
    return _("These are not eight words of ours.")


def _refuse(field: Field, words: str) -> None:
    field.errors = [words]
