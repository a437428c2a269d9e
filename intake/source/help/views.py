"""The pages that say where else to turn, and what helps somebody for whom it is a matter of hours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from babel import Locale
from flask import Blueprint, current_app
from flask.blueprints import BlueprintSetupState
from flask_babel import force_locale, get_locale

from intake.languages.written import direction
from intake.source.current import read_at_start
from intake.source.help.directory import CAUTIONS, FILE, SERVICES, TEXT, Country, languages_known, load_countries
from intake.source.marks import Cost, marked
from intake.source.pages import render
from intake.source.text.gettext import lazy_gettext as _
from intake.source.text.languages import countries, others

_COUNTRIES = "intake_help"

# For whoever is held or stopped, to the officials of the country where that happens. Each of the four is of use alone:
# no state may send anybody back into danger (Convention on Refugees, article 33; Convention against Torture, article
# 3), which has to be examined once somebody says that they fear it; and a consulate is told of an arrest only if the
# arrested person asks for that (Convention on Consular Relations, article 36 (1) (b)), but where two states agreed
# otherwise.
NOT_BACK = _(
    "I am in danger if I am sent back. I ask for asylum. I need a lawyer and an interpreter. Don't tell my embassy."
)

blueprint = Blueprint("help", __name__)


@blueprint.record_once
def _load(state: BlueprintSetupState) -> None:
    read_at_start(state, _COUNTRIES, lambda server: load_countries(server.settings.data / FILE))


@blueprint.get("/help")
@marked(Cost.PAGE)
def page() -> str:
    """All countries on one page, so that nothing is sent by choosing one."""
    return render("help.html", **_listed())


@blueprint.get("/now")
@marked(Cost.PAGE)
def now() -> str:
    """The emergency card: three sentences, the numbers, and what to do with this browser."""
    return render("now.html", not_back=NOT_BACK, elsewhere=list(_in_other_languages()), **_listed())


def _listed() -> dict[str, Any]:
    """What `countries.html` needs."""
    return {
        "without": _without_a_number(),
        "countries": [(name, country) for name, country in _named() if country.leads_on],
        "services": SERVICES,
        "ways": TEXT,
        "cautions": CAUTIONS,
        "language_name": _language_name,
    }


def _without_a_number() -> dict[str, list[tuple[str, Country]]]:
    """The countries in which there is nothing to turn to, by what to be careful of there."""
    rest = [(name, country) for name, country in _named() if not country.leads_on]
    return {caution: [(name, country) for name, country in rest if country.caution == caution] for caution in CAUTIONS}


def _named() -> list[tuple[str, Country]]:
    known: Mapping[str, Country] = current_app.extensions[_COUNTRIES]
    return [(name, known[code]) for code, name in countries() if code in known]


@dataclass(frozen=True, slots=True)
class _Said:
    """The same words in another language: its tag, its own name, its direction."""

    tag: str
    name: str
    direction: str
    words: str


def _in_other_languages() -> Iterator[_Said]:
    for other in others():
        with force_locale(other.tag.replace("-", "_")):
            yield _Said(other.tag, other.name, direction(other.tag), str(NOT_BACK))


def _language_name(code: str) -> str:
    """In the current page's language if it has a name for it, else in English."""
    here = (get_locale() or Locale.parse("en")).languages
    return str(here.get(code.replace("-", "_")) or languages_known()[code])
