"""Inviting somebody to get in touch with a relative is noticed in every language of the form."""

import tomllib
from importlib.resources import files

import pytest

from intake.languages.catalogues import tags
from intake.triage import caution
from intake.triage.book.details import Words
from intake.triage.caution.relatives import invitations

INVITING = {
    "en": ["Please call your mother.", "Could you ask your brother about it?", "Your father may know. Write to him."],
    "fr": ["Appelez votre mère.", "Pouvez-vous demander à votre frère ?", "Contactez vos parents"],
    "es": ["Llame a su madre.", "Pregunte a su hermano.", "¿Puede escribir a su familia?"],
    "zh-Hans": ["请给您的母亲打电话。", "问一下您的弟弟", "联系家人"],
    "zh-Hant": ["請給您的母親打電話。", "問一下您的弟弟", "聯絡家人"],
    "ru": ["Позвоните матери.", "Спросите у брата", "Свяжитесь с родителями"],
    "tr": ["Annenizi arayın.", "Kardeşinize sorun", "Ailenizle iletişime geçin"],
    "az": ["Ananıza zəng edin.", "Qardaşınızdan soruşun", "Ailənizlə əlaqə saxlayın"],
    "ko": ["어머니께 전화해 보세요.", "동생에게 물어보실 수 있나요?", "가족과 연락해 주세요", "딸에게 편지를 쓰세요"],
    "fa": ["به مادرتان زنگ بزنید.", "از برادرتان بپرسید", "با خانواده تماس بگیرید"],
    "ar": ["اتصلوا بأمّكم.", "اسألوا أخاكم عن ذلك", "هل يمكنكم أن تكتبوا إلى والدكم؟", "تواصلوا مع أهلكم"],
    "ug": ["ئاناڭىزغا تېلېفون قىلىڭ.", "ئاكىڭىزدىن سوراڭ", "ئائىلىڭىز بىلەن ئالاقىلىشىڭ"],
    "vi": ["Xin gọi điện cho mẹ của bạn.", "Bạn hỏi anh trai xem", "Liên lạc với gia đình", "Xin viết cho người thân"],
    "bo": ["ཨ་མར་ཁ་པར་གཏོང་རོགས།", "ནང་མི་ལ་འབྲེལ་བ་གནོངས།"],
}


@pytest.mark.parametrize("tag", tags())
def test_every_language_of_the_site_has_its_words(tag: str) -> None:
    for text in INVITING[tag]:
        assert invitations(text), text


@pytest.mark.parametrize("text", INVITING["en"])
def test_capitals_and_signs_that_do_not_show_hide_nothing(text: str) -> None:
    for written in (text.upper(), "\u200b".join(text), "\u00ad".join(text), text.replace("t", "ｔ")):
        assert invitations(written), written


@pytest.mark.parametrize(
    "text",
    [
        "Your mother is safe.",
        "Call us again.",
        "Call a lawyer. " + "We wait. " * 30 + "Your mother is safe.",
        "Nous vous remercions.",
        "我们已经收到。",
    ],
)
def test_one_of_the_two_alone_says_nothing(text: str) -> None:
    assert invitations(text) == []


def test_every_entry_of_the_vocabulary_is_a_word() -> None:
    data = tomllib.loads(files(caution).joinpath("relatives.toml").read_text("utf-8"))
    for vocabulary in data.values():
        assert vocabulary.keys() == {"relatives", "touch"}
        for entry in (*vocabulary["relatives"], *vocabulary["touch"]):
            assert Words(entry).words, entry
