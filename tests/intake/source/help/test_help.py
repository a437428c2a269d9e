"""Where else to turn: shipped numbers and cautions, the operator's own file, and a page that sends nobody anywhere."""

import re
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel import Locale

from commands import GUNICORN, environment, run
from intake.languages import written
from intake.report.definition import country_codes
from intake.settings import SettingError
from intake.source import create_app
from intake.source.help.directory import Country, load_countries
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

[IS]
emergency = { any = "112" }
source = "The ministry"

[CN]
[[CN.lines]]
name = "A lawyer"
number = "1"
"""

HOSTS = [
    "AE", "AM", "AT", "AU", "BE", "BG", "CA", "CH", "CO", "CR", "CY", "CZ", "DE", "DK", "EE", "ES",
    "FI", "FR", "GB", "GE", "GR", "HR", "HU", "IE", "IL", "IN", "IT", "JP", "KE", "KG", "KR", "KZ",
    "LT", "LU", "LV", "MT", "MX", "MY", "NL", "NO", "NP", "NZ", "PA", "PL", "PT", "RO", "RS", "SE",
    "SI", "SK", "TH", "TR", "TW", "UA", "UG", "US", "ZA",
]  # fmt: skip
"""Countries in which people live who are reached from elsewhere: all of the European Union among them."""

STATES = [
    "AZ", "BY", "CN", "EG", "ER", "HK", "IR", "KH", "LA", "RU", "RW", "SA", "TJ", "TM", "TR", "UZ",
    "VN",
]  # fmt: skip
"""Some of those that are known to put pressure on people abroad."""


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


def test_each_host_country_has_numbers(shipped: dict[str, Country]) -> None:
    assert [code for code in HOSTS if not shipped[code].emergency] == []


def test_each_shipped_number_has_its_source_and_the_day_of_its_check(shipped: dict[str, Country]) -> None:
    assert shipped.keys() <= set(country_codes())
    for code, country in shipped.items():
        numbers = [*country.emergency.values(), *(number for way, number in country.text.items() if way != "app")]
        assert all(re.fullmatch(r"[0-9]+( / [0-9]+)?|[0-9]+( [0-9]{3}){2}", number) for number in numbers), code
        assert bool(country.source) == bool(country.emergency), code
        assert country.emergency or not country.text, code
        assert country.checked, code
        assert country.checked <= datetime.now(UTC).date(), code


def test_each_shipped_caution_says_who_reports_it(shipped: dict[str, Country]) -> None:
    for code, country in shipped.items():
        assert bool(country.caution) == bool(country.reported), code


def test_there_is_a_caution_wherever_the_police_may_be_part_of_it(shipped: dict[str, Country]) -> None:
    assert [code for code in ("AE", "TH") if shipped[code].caution != "police"] == []
    assert [code for code in STATES if shipped[code].caution != "state"] == []


def test_no_lines_are_shipped(shipped: dict[str, Country]) -> None:
    assert not any(country.lines for country in shipped.values())


def test_the_start_leads_to_the_page(visit: Visit) -> None:
    visit.open("/en/")
    assert "/en/help" in visit.page.links


def test_the_page_lists_all_countries_by_name_with_their_numbers(visit: Visit, shipped: dict[str, Country]) -> None:
    visit.open("/en/help")
    names = re.findall("<summary>(.*?)</summary>", visit.text)
    assert len(names) == len([country for country in shipped.values() if country.emergency])
    assert names == sorted(names)
    japan, country = section(visit, "Japan"), shipped["JP"]
    assert re.findall('<bdi dir="ltr">(.*?)</bdi>', japan) == ["110", "119"]
    assert country.source in japan
    assert country.checked
    assert written.day(country.checked, Locale("en")) in japan


def test_where_messages_are_taken_the_page_says_how(visit: Visit, shipped: dict[str, Country]) -> None:
    visit.open("/en/help")
    france = section(visit, "France")
    assert '<strong>By text message (SMS)</strong> <bdi dir="ltr">114</bdi>' in france
    assert "<strong>By writing in an app</strong> <bdi>Urgence 114</bdi>" in france
    assert "only from a telephone that was registered" in section(visit, "United Kingdom")
    assert "but not everywhere" in section(visit, "United States")
    assert not shipped["CH"].text
    assert not any(str(way) in section(visit, "Switzerland") for way in ("text message", "app"))


@pytest.mark.parametrize(("name", "code"), [("Thailand", "TH"), ("Türkiye", "TR"), ("United Arab Emirates", "AE")])
def test_a_caution_stands_before_the_numbers(visit: Visit, shipped: dict[str, Country], name: str, code: str) -> None:
    visit.open("/en/help")
    text, country = section(visit, name), shipped[code]
    warning = {"police": "the police have helped other states", "state": "the authorities put pressure"}
    assert text.index(warning[country.caution]) < text.index(country.reported) < text.index('<bdi dir="ltr">')


def test_a_country_without_a_caution_shows_none(visit: Visit) -> None:
    visit.open("/en/help")
    assert "Careful." not in section(visit, "Norway")


def test_countries_without_a_number_are_named_with_what_to_be_careful_of(
    visit: Visit, shipped: dict[str, Country]
) -> None:
    visit.open("/en/help")
    _, rest = visit.text.split("<h2>Countries without a number</h2>")
    assert "none has been checked" in rest
    helped, pressed = rest.split("the authorities put pressure")
    assert "<li>Morocco " in helped
    assert "<li>China " in pressed
    assert "<summary>China" not in visit.text
    assert len(re.findall("<li>", rest)) == len([country for country in shipped.values() if not country.emergency])
    assert "dir=" not in rest


def test_the_page_says_first_who_should_leave_it_and_what_a_report_is_not(visit: Visit) -> None:
    visit.open("/en/help")
    words = visit.page.words
    said = [
        "A report is not rescue.",
        "Leave this page now, and call nobody about this from your telephone.",
        "Whoever controls a telephone",
        "You can't speak?",
        "Whoever calls the police may be asked for papers.",
        "Australia",
    ]
    places = [words.index(sentence) for sentence in said]
    assert places == sorted(places)


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


def test_an_operator_adds_to_a_country_without_its_numbers_being_lost(
    tmp_path: Path, shipped: dict[str, Country]
) -> None:
    countries = load_countries(write(tmp_path / "help.toml", OWN))
    assert countries["DE"].emergency == {"police": "110", "ambulance": "112"}
    assert countries["DE"].source == shipped["DE"].source
    assert countries["IS"] == Country(emergency={"any": "112"}, source="The ministry")
    assert len(countries) == len(shipped) + 1


def test_numbers_of_the_operator_go_before_those_shipped_and_keep_nothing_of_their_check(
    tmp_path: Path, shipped: dict[str, Country]
) -> None:
    own = write(tmp_path / "help.toml", '[DE]\nemergency = { any = "113" }\nsource = "A law of next year"')
    countries = load_countries(own)
    assert shipped["DE"].text
    assert countries.pop("DE") == Country(emergency={"any": "113"}, source="A law of next year")
    assert countries == {code: country for code, country in shipped.items() if code != "DE"}


def test_the_operators_own_check_is_shown_with_its_day(visit_with: Callable[[str], Visit]) -> None:
    visit = visit_with('[DE]\nemergency = { any = "113" }\nsource = "A law"\nchecked = 2026-01-02')
    assert "<bdi>A law</bdi><br>January 2, 2026" in section(visit, "Germany")


def test_a_caution_of_the_operator_leaves_the_numbers_as_they_are(tmp_path: Path, shipped: dict[str, Country]) -> None:
    countries = load_countries(
        write(
            tmp_path / "help.toml",
            "[KE]\ncaution = 'state'\nreported = 'A partner'\n[DE]\ncaution = 'police'\nreported = 'B'",
        )
    )
    assert (countries["KE"].caution, countries["KE"].reported) == ("state", "A partner")
    assert (countries["DE"].caution, countries["DE"].reported) == ("police", "B")
    for code in ("KE", "DE"):
        assert countries[code].emergency == shipped[code].emergency
        assert countries[code].checked == shipped[code].checked


def test_a_line_in_a_country_without_a_number_stands_behind_its_caution(visit_with: Callable[[str], Visit]) -> None:
    visit = visit_with(OWN)
    china = section(visit, "China")
    assert china.index("Careful.") < china.index("none has been checked") < china.index("A lawyer")
    assert "<li>China " not in visit.text


NUMBERS = "[DE]\nemergency = { any = '112' }\nsource = 'S'\n"
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
        ("[IS]", "IS says nothing"),
        ("[IS]\nchecked = 2026-01-02", "IS says nothing"),
        ("[DE]\ntext = { sms = '112' }", "DE .*emergency and source"),
        ("[DE]\nsource = 'S'\nemergency = '112'", "DE.emergency "),
        ("[DE]\nsource = 'S'\nemergency = {}", "DE.emergency "),
        ("[DE]\nsource = 'S'\nemergency = { coast = '1' }", "DE.emergency: coast "),
        ("[DE]\nsource = 'S'\nemergency = { any = 112 }", "DE.emergency.any "),
        ("[DE]\nsource = 'S'\nemergency = { any = 'tel:112' }", "DE.emergency.any "),
        ("[DE]\nsource = ' '\nemergency = { any = '112' }", "DE.source "),
        (NUMBERS + "text = { fax = '112' }", "DE.text: fax "),
        (NUMBERS + "text = { sms = 'Signal' }", "DE.text.sms "),
        (NUMBERS + "text = { app = '' }", "DE.text.app "),
        (NUMBERS + "checked = '2026-01-02'", "DE.checked "),
        (NUMBERS + "checked = 2026-01-02T03:04:05", "DE.checked "),
        ("[DE]\ncaution = 'police'", "DE .*caution and reported"),
        ("[DE]\nreported = 'A'", "DE .*caution and reported"),
        ("[DE]\ncaution = 'army'\nreported = 'A'", "DE.caution .*police, state"),
        ("[DE]\ncaution = ['police']\nreported = 'A'", "DE.caution "),
        ("[DE]\ncaution = 'police'\nreported = ''", "DE.reported "),
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


def test_the_site_does_not_start_over_a_malformed_file(site: Site) -> None:
    write(site.server.settings.data / "help.toml", "[XX]")
    with pytest.raises(SettingError, match=re.escape("help.toml: XX")):
        create_app(site.server)


def test_gunicorn_ends_and_prints_which_entry_is_malformed(site: Site) -> None:
    data = site.server.settings.data
    write(data / "help.toml", "[XX]")
    variables = listening("source", data / "socket")
    ended = run([*GUNICORN, "wsgi:source"], environment=environment(data, **variables))
    assert ended.returncode != 0
    assert f"{data / 'help.toml'}: XX" in ended.stderr


def test_the_example_in_the_shipped_file_is_a_valid_one(tmp_path: Path) -> None:
    shipped = (PROJECT / "intake/source/help/help.toml").read_text("utf-8")
    example = "\n".join(re.findall(r"^#   (?! )(.*)$", shipped, re.M)).replace("…", "1")
    assert tomllib.loads(example)
    assert load_countries(write(tmp_path / "help.toml", example))["DE"].lines
