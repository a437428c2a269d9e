"""The page that says where else to turn."""

from collections.abc import Mapping

from babel import Locale
from flask import Blueprint, current_app
from flask.blueprints import BlueprintSetupState
from flask_babel import get_locale

from intake.settings import SettingError
from intake.source.current import server_of
from intake.source.help.directory import CAUTIONS, FILE, SERVICES, TEXT, Country, languages_known, load_countries
from intake.source.marks import Cost, marked
from intake.source.pages import render
from intake.source.text.languages import countries

_COUNTRIES = "intake_help"

blueprint = Blueprint("help", __name__)


@blueprint.record_once
def _load(state: BlueprintSetupState) -> None:
    """Read the countries once, at start; what is wrong is also logged, for gunicorn hides what exceptions say."""
    try:
        state.app.extensions[_COUNTRIES] = load_countries(server_of(state.app).settings.data / FILE)
    except SettingError as error:
        state.app.logger.critical("%s", error)
        raise


@blueprint.get("/help")
@marked(Cost.PAGE)
def page() -> str:
    """All countries on one page, so that nothing is sent by choosing one."""
    known: Mapping[str, Country] = current_app.extensions[_COUNTRIES]
    named = [(name, known[code]) for code, name in countries() if code in known]
    return render(
        "help.html",
        countries=[(name, country) for name, country in named if country.leads_on],
        without={
            caution: [(name, country) for name, country in named if not country.leads_on and country.caution == caution]
            for caution in CAUTIONS
        },
        services=SERVICES,
        ways=TEXT,
        cautions=CAUTIONS,
        language_name=_language_name,
    )


def _language_name(code: str) -> str:
    """In the current page's language if it has a name for it, else in English."""
    here = (get_locale() or Locale.parse("en")).languages
    return str(here.get(code.replace("-", "_")) or languages_known()[code])
