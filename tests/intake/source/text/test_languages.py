"""Countries stand where a reader of the page's language looks for them."""

import pytest

from intake.source.text.languages import countries
from source_site import OpenSite


@pytest.mark.parametrize(
    ("page", "before", "name", "after"),
    [
        ("en", "Afghanistan", "Åland Islands", "Albania"),
        ("az", "Efiopiya", "Əfqanıstan", "Fələstin Əraziləri"),
        ("az", "Esvatini", "Əlcəzair", "Farer adaları"),
        ("ko", "노르웨이", "대만", "대한민국"),
        ("ko", "북마케도니아", "북한", "불가리아"),
        ("tr", "Hindistan", "Hırvatistan", "Hollanda"),
    ],
)
def test_a_country_stands_where_its_name_is_looked_for(
    open_site: OpenSite, page: str, before: str, name: str, after: str
) -> None:
    site = open_site(draft_languages="az ko")
    with site.app.test_request_context(f"/{page}/"):
        names = [name for _, name in countries()]
    assert names.index(before) < names.index(name) < names.index(after)
