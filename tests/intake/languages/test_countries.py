"""Names of countries, as a list on a page shows them: everybody finds theirs where their own alphabet puts it."""

import re

import pytest
from babel import Locale

from intake.languages.catalogues import tags
from intake.languages.countries import named
from intake.report.definition import country_codes


def names(tag: str) -> list[str]:
    return [name for _, name in named(country_codes(), Locale.parse(tag, sep="-"))]


@pytest.mark.parametrize("tag", tags())
def test_every_country_is_there_once_and_none_as_a_code(tag: str) -> None:
    countries = named(country_codes(), Locale.parse(tag, sep="-"))
    assert sorted(code for code, _ in countries) == sorted(country_codes())
    assert len({name for _, name in countries}) == len(countries)
    assert [name for _, name in countries if re.fullmatch("[A-Z]{2}", name)] == []


ORDERS = {
    "en": "Afghanistan Åland+Islands Albania Zambia Zimbabwe",
    "az": "Efiopiya Esvatini Əfqanıstan Əlcəzair Farer+adaları Fələstin+Əraziləri",
    "tr": "Çad Çekya Danimarka Gürcistan Hırvatistan Hindistan Hollanda Irak İran "
    "Kuzey+Kore Sırbistan Sierra+Leone Suriye Şili Tacikistan",
    "fa": "آرژانتین آلمان اتریش بوتسوانا پاکستان تاجیکستان جیبوتی چین دانمارک ژاپن سنگاپور کانادا گرجستان هند یمن",
    "ug": "ئافغانىستان ئاۋسترالىيە ئەزەربەيجان بېلگىيە پاكىستان تۈركىيە جەنۇبىي+كورېيە چىلى خىتاي+(جۇڭگو) دانىيە "
    "رۇسىيە سىنگاپور شىۋېتسىيە غەربىي+ساخارا فىرانسىيە قىرغىزىستان كانادا گېرمانىيە لىۋان مالايسىيا نورۋېگىيە "
    "ھىندىستان ئومان ئۇكرائىنا ئۆزبېكىستان ۋېنگىرىيە ئېستونىيە ئىتالىيە ياپونىيە يېڭى+زېلاندىيە",
}


@pytest.mark.parametrize(("tag", "order"), ORDERS.items(), ids=ORDERS)
def test_countries_stand_in_the_order_of_the_language_s_alphabet(tag: str, order: str) -> None:
    held = names(tag)
    places = [held.index(name.replace("+", " ")) for name in order.split()]
    assert places == sorted(places)


def test_what_a_language_has_no_name_for_is_named_in_english() -> None:
    assert {"Taiwan", "Thailand", "Tajikistan", "Syria"} <= set(names("bo"))


def test_uyghur_names_are_not_those_that_came_with_chinese() -> None:
    held = names("ug")
    assert {"خىتاي (جۇڭگو)", "خوڭكوڭ", "ماكاۋ", "شىمالىي كورېيە", "جەنۇبىي كورېيە"} <= set(held)
    assert [name for name in held if re.search("چاۋشيەن|شياڭگاڭ|ئاۋمېن|مەمۇرىي", name)] == []
