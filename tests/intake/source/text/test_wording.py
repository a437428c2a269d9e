"""What the site once said, and could hurt or mislead by, is said nowhere any more, in no language.

Each line is a form that somebody who was frightened could read otherwise than it was meant. What it is said by now is
free to change; the old form may not come back, neither there nor in a new sentence.
"""

from collections.abc import Iterator

import pytest

from i18n.catalogues import messages, paths, read, wanted

GONE: dict[str, tuple[str, ...]] = {
    "en": (),
    "zh_Hans": ("打电话或写信", "两者都是", "被控告", "次数太多", "出面指责"),
    "zh_Hant": ("打電話或寫信", "兩者都是", "被控告", "次數太多", "出面指責", "不要用公司的"),
    "ru": ("Кто-то сейчас", "другой человек", "Я свидетель", "Принуждение", "не стоит пытаться", "%(num)s ваш"),
    "tr": (
        "el konuldu", "bildirim", "Bildirim", "mühür", "cevap", "Cevap", "topluluk derneği", "baskı yaptılar ki",
        "iletmesi mi", "Hiç kimse", "bir ziyaret",
    ),
    "fa": (
        "جواب‌ها", "این تیم", "تیم آنچه", "خویشاوند", "یک دیدار", "نگاهش", "متنتان را نگاه", "نوشته‌اید نگاه",
        "تا آن‌ها بازگشت",
    ),
    "es": ("contarlo en", "Obligada", "Obligación", "informar sobre", "informe sobre", "atraer a otro"),
    "fr": (
        "Sûreté de l’État", "Contraint ", "Obligation", "informations sur d’autres", "y a-t-il besoin", "sauf là où",
    ),
    "ug": ("خەت يېزىشقا", "پېچەت", "ھېچ نېمە", "مەلۇم قىلىش", "بىر زىيارەت"),
    "bo": ("སྤུན་མཆེད།",),
}  # fmt: skip
"""By language, what may not be found in any of its words."""


def said(language: str) -> Iterator[str]:
    """Everything that the site says in a language."""
    if language == "en":
        return (text for message in messages(wanted()) for text in texts(message.id))
    (path,) = (path for path in paths() if path.parts[-3] == language)
    return (text for message in messages(read(path)) for text in texts(message.string))


def texts(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]


def test_every_language_is_looked_through() -> None:
    assert GONE.keys() == {"en", *(path.parts[-3] for path in paths())}


@pytest.mark.parametrize("language", GONE)
def test_what_could_hurt_stands_nowhere(language: str) -> None:
    everything = list(said(language))
    assert len(everything) > 300
    assert {gone: [text for text in everything if gone in text] for gone in GONE[language]} == {
        gone: [] for gone in GONE[language]
    }
