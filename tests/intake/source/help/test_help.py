"""Where else to turn: the shipped numbers, the operator's own file, and that the page leads nowhere by itself."""

import logging
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import GUNICORN, environment, run
from intake.report.definition import country_codes
from intake.settings import SettingError
from intake.source import create_app
from intake.source.help.directory import SERVICES, Country, load_countries
from project import PROJECT
from servers import listening
from source_site import Site, Visit

OWN = """
[[DE.lines]]
name = "Clinic <for> exiles"
number = "+49 (30) 123-45"
hours = "Monday, 9 to 17"
languages = ["de", "ug", "zh-Hant"]
note = "Ask for Mina."

[[DE.lines]]
name = "Listening line"
number = "0800 1"

[KZ]
emergency = { any = "112", police = "102" }
source = "The ministry"
"""


@pytest.fixture
def shipped(tmp_path: Path) -> dict[str, Country]:
    return load_countries(tmp_path / "there is none")


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def visit_with(site: Site) -> Callable[[str], Visit]:
    """A visit to a site whose operator has written such a file."""

    def start(text: str) -> Visit:
        write(site.server.settings.data / "help.toml", text)
        visit = Site(site.server, create_app(site.server), ()).visit()
        visit.open("/en/help")
        return visit

    return start


def section(visit: Visit, country: str) -> str:
    found = re.search(f"<summary>{country}</summary>(.*?)</details>", visit.text, re.S)
    assert found
    return str(found[1])


def test_each_of_25_shipped_countries_has_numbers_and_their_source(shipped: dict[str, Country]) -> None:
    assert len(shipped) == 25
    assert shipped.keys() <= set(country_codes())
    for country in shipped.values():
        assert country.emergency.keys() <= SERVICES.keys()
        assert "any" in country.emergency or {"police", "ambulance"} <= country.emergency.keys()
        assert all(re.fullmatch(r"\d{2,3}( / \d{3})?", number) for number in country.emergency.values())
        assert country.source


def test_no_lines_are_shipped(shipped: dict[str, Country]) -> None:
    assert not any(country.lines for country in shipped.values())


def test_the_start_leads_to_the_page(visit: Visit) -> None:
    visit.open("/en/")
    assert "/en/help" in visit.page.links


def test_the_page_lists_all_countries_by_name_with_their_numbers(visit: Visit, shipped: dict[str, Country]) -> None:
    visit.open("/en/help")
    names = re.findall("<summary>(.*?)</summary>", visit.text)
    assert len(names) == len(shipped)
    assert names == sorted(names)
    assert re.findall('<bdi dir="ltr">(.*?)</bdi>', section(visit, "Japan")) == ["110", "119"]
    assert shipped["JP"].source in section(visit, "Japan")


def test_the_page_says_first_what_a_report_is_not(visit: Visit) -> None:
    visit.open("/en/help")
    words = visit.page.words
    assert (
        words.index("A report is not rescue.") < words.index("Whoever controls a telephone") < words.index("Australia")
    )


def test_numbers_are_no_links_and_opening_a_country_sends_nothing(visit_with: Callable[[str], Visit]) -> None:
    page = visit_with(OWN).page
    assert all(link.startswith("/en/") for link in page.links)
    assert [form.action for form in page.forms] == ["/en/leave"]
    assert not page.inputs
    assert not page.tags & {"script", "style", "img", "iframe", "object"}


def test_the_page_lists_the_lines_of_the_operator(visit_with: Callable[[str], Visit]) -> None:
    visit = visit_with(OWN)
    germany = section(visit, "Germany")
    assert '<bdi>Clinic &lt;for&gt; exiles</bdi></strong> <bdi dir="ltr">+49 (30) 123-45</bdi>' in germany
    assert "Monday, 9 to 17" in germany
    assert re.findall("<bdi>(German|Uyghur|Traditional Chinese)</bdi>", germany) == [
        "German",
        "Uyghur",
        "Traditional Chinese",
    ]
    assert "Ask for Mina." in germany
    assert "0800 1" in germany


def test_an_operator_adds_to_a_country_without_its_numbers_being_lost(tmp_path: Path) -> None:
    countries = load_countries(write(tmp_path / "help.toml", OWN))
    assert countries["DE"].emergency == {"police": "110", "ambulance": "112"}
    assert countries["KZ"] == Country({"any": "112", "police": "102"}, "The ministry")
    assert len(countries) == 26


def test_numbers_of_the_operator_go_before_those_shipped(tmp_path: Path, shipped: dict[str, Country]) -> None:
    own = write(tmp_path / "help.toml", '[DE]\nemergency = { any = "113" }\nsource = "A law of next year"')
    countries = load_countries(own)
    assert countries.pop("DE") == Country({"any": "113"}, "A law of next year")
    assert countries == {code: country for code, country in shipped.items() if code != "DE"}


LINE = '[[DE.lines]]\nname = "A"\nnumber = "1"\n'


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("[DE", "TOML"),
        ("[XX]", "XX "),
        ("DE = 1", "DE "),
        ("[DE]\nphone = '1'", "DE: phone "),
        ("[DE]\nemergency = { any = '1' }", "DE .*source"),
        ("[DE]\nsource = 'S'", "DE .*emergency"),
        ("[KZ]\n[[KZ.lines]]\nname = 'A'\nnumber = '1'", "KZ.emergency "),
        ("[DE]\nsource = 'S'\nemergency = '112'", "DE.emergency "),
        ("[DE]\nsource = 'S'\nemergency = {}", "DE.emergency "),
        ("[DE]\nsource = 'S'\nemergency = { coast = '1' }", "DE.emergency: coast "),
        ("[DE]\nsource = 'S'\nemergency = { any = 112 }", "DE.emergency.any "),
        ("[DE]\nsource = 'S'\nemergency = { any = 'tel:112' }", "DE.emergency.any "),
        ("[DE]\nsource = ' '\nemergency = { any = '112' }", "DE.source "),
        ("[DE]\nlines = 'A'", "DE.lines "),
        ("[DE]\nlines = ['A']", "DE.lines, number 1 "),
        (LINE + "[[DE.lines]]\nnumber = '1'", "DE.lines, number 2: name "),
        (LINE + "[[DE.lines]]\nname = 'A'", "DE.lines, number 2: number "),
        (LINE + "link = 'https://a.example'", "DE.lines, number 1: link "),
        (LINE + "hours = 9", "DE.lines, number 1: hours "),
        (LINE + f"note = '{'a' * 501}'", "DE.lines, number 1: note "),
        (LINE + 'note = "a\\nb"', "DE.lines, number 1: note "),
        (LINE + "languages = 'de'", "DE.lines, number 1: languages "),
        (LINE + "languages = ['de', 'German']", "DE.lines, number 1: languages "),
        (LINE + "languages = [['de']]", "DE.lines, number 1: languages "),
    ],
)
def test_a_malformed_file_is_refused_with_its_name_and_the_entry(tmp_path: Path, text: str, entry: str) -> None:
    own = write(tmp_path / "help.toml", text)
    with pytest.raises(SettingError, match=f"^{re.escape(str(own))}.*{entry}"):
        load_countries(own)


def test_bytes_that_are_no_text_are_refused_with_the_name_of_the_file(tmp_path: Path) -> None:
    own = tmp_path / "help.toml"
    own.write_bytes(b"\xff")
    with pytest.raises(SettingError, match=re.escape(str(own))):
        load_countries(own)


def test_a_file_that_cannot_be_read_is_refused_with_its_name(tmp_path: Path) -> None:
    own = tmp_path / "help.toml"
    own.mkdir()
    with pytest.raises(SettingError, match=re.escape(str(own))):
        load_countries(own)


def test_the_site_does_not_start_over_a_malformed_file(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    write(site.server.settings.data / "help.toml", "[XX]")
    with caplog.at_level(logging.ERROR), pytest.raises(SettingError, match="XX"):
        create_app(site.server)
    assert "help.toml: XX" in caplog.text


def test_gunicorn_ends_and_prints_which_entry_is_malformed(site: Site) -> None:
    data = site.server.settings.data
    write(data / "help.toml", "[XX]")
    variables = listening("source", data / "socket")
    ended = run([*GUNICORN, "wsgi:source"], environment=environment(data, **variables))
    assert ended.returncode != 0
    assert f"{data / 'help.toml'}: XX" in ended.stderr


def test_the_example_in_the_shipped_file_is_a_valid_one(tmp_path: Path) -> None:
    shipped = (PROJECT / "intake/source/help/help.toml").read_text("utf-8")
    example = "\n".join(re.findall(r"^#   (.*)$", shipped, re.M)).replace("…", "1")
    assert tomllib.loads(example)
    assert load_countries(write(tmp_path / "help.toml", example))["DE"].lines
