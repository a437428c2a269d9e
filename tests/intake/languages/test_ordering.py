"""Names stand where a reader of the language looks for them."""

import pytest

from intake.languages.ordering import by_alphabet


@pytest.mark.parametrize(
    ("tag", "names"),
    [
        ("en", ["Åland Islands", "Albania", "Côte d’Ivoire", "Cyprus", "São Tomé", "Zimbabwe"]),
        ("es", ["Afganistán", "Albania", "Níger", "Nigeria", "República Checa"]),
        ("ar", ["إثيوبيا", "أرمينيا", "ألمانيا", "إيران", "باكستان", "سوريا", "عُمان", "غانا", "مصر", "هولندا"]),
        ("fa", ["آلمان", "ایران", "بوتان", "پاکستان", "تایلند", "جیبوتی", "چین", "دانمارک", "زیمبابوه", "ژاپن"]),
        ("fa", ["قطر", "کانادا", "گرجستان", "لائوس", "نیوزیلند", "ویتنام", "هند", "یمن"]),
        ("ko", ["가나", "감비아", "노르웨이", "대만", "대한민국", "북한", "불가리아", "중국", "중앙 아프리카"]),
        ("ru", ["Замбия", "Ирак", "Италия", "Йемен", "Казахстан", "Тёркс и Кайкос", "Того"]),
        ("tr", ["Cezayir", "Çad", "Hırvatistan", "Hindistan", "Honduras", "Irak", "İran", "İzlanda", "Kırgızistan"]),
        ("tr", ["Suriye", "Şili", "Tayland", "Uganda", "Ürdün", "Vietnam"]),
        ("ug", ["ئافغانىستان", "ئەرمېنىيە", "بېلگىيە", "پاكىستان", "تايلاند", "گابون", "لائوس", "نېپال", "ھىندىستان"]),
        ("ug", ["ھىندىستان", "ئوتتۇرا", "ئۇكرائىنا", "ۋىيېتنام", "ئېستونىيە", "ئىران", "ياپونىيە"]),
    ],
)
def test_names_stand_in_the_order_of_the_alphabet(tag: str, names: list[str]) -> None:
    keys = [by_alphabet(tag)(name) for name in names]
    assert sorted(set(keys)) == keys


def test_a_word_that_ends_stands_before_one_that_goes_on() -> None:
    names = ["Guinea", "Guinea Ecuatorial", "Guinea-Bisáu", "Guineas"]
    keys = [by_alphabet("es")(name) for name in names]
    assert sorted(set(keys)) == keys
