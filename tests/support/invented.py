"""As many reports as a team gets in months, in eight languages: the demo's ten, and variations. None of it happened.

The same number and seed make the same reports; only keys and ids are new each time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import samples
from intake.demo.reports import demo_reports
from intake.report.definition import Choice, Entry, Field, Group, load_form
from intake.report.payloads import Addition, Message
from open_desk import Desk, Stored

SENTENCES: Mapping[str, Sequence[str]] = {
    "en": (
        "Two men in a grey van waited outside my parents' shop.",
        "My cousin was made to call me with an officer listening.",
        "They asked for my address, my school and the name of my landlord.",
        "The account wrote again after midnight: come home before the festival.",
    ),
    "zh-Hans": (
        "派出所的人又去了我父母家。",
        "他们说如果我不回国，妹妹的工作就没有了。",
        "母亲在视频里哭了，旁边有人在说话。",
        "那个账号每天晚上都给我发消息。",
    ),
    "zh-Hant": (
        "領事館的人打電話到我的宿舍。",
        "我父親被叫去問話，直到晚上才回家。",
        "他們要我刪掉照片，並寫一份保證書。",
    ),
    "fr": (
        "Un homme s'est présenté à l'école de ma fille.",
        "Ma tante a été convoquée trois fois ; on lui a retiré son passeport.",
        "Ils savaient déjà où j'avais déménagé l'été dernier.",
    ),
    "ru": (
        "К матери пришли двое в штатском и сфотографировали документы.",
        "Брата уволили и сказали, что причина — это я.",
        "Мне звонят с незнакомых номеров и молчат.",
    ),
    "fa": (
        "برادرم را به ستاد خبری احضار کردند.",
        "می‌گویند اگر برنامه را قطع نکنم، نوبت مادرم است.",
        "شماره‌اش ۰۲۰ ۷۹۴۶ ۰۱۲۳ است و هر شب زنگ می‌زند.",
    ),
    "tr": (
        "Ağabeyimi karakola çağırıp beni aramasını istediler.",
        "Kız kardeşim artık telefonu açmıyor. ئانام بىلەن سۆزلىشەلمىدىم.",
        "Şehirdeki dernek adres listesini başkonsolosluğa vermiş.",
    ),
    "es": (
        "Un hombre del consulado vino a mi tienda y preguntó por mi hijo.",
        "A mi padre le cerraron la cuenta del banco. ང་ཚོའི་ཨ་མ་ལ་འདྲི་རྩད་བྱས།",
        "Me dijeron por teléfono que la próxima vez no sería una visita.",
    ),
}
"""By language of the site; Uyghur and Tibetan stand within, as people mix them."""

OLDEST = 200
"""Days."""

LINES = (
    "Ürümqi, 天山区",
    "خیابان انقلاب",
    "མགྲོན་ཁང་",
    "ул. Ленина, 5",
    "Markham",
    "18 rue des Écoles",
    "+44 20 7946 0321",
)
FILES: Sequence[tuple[str, bytes]] = (
    ("photo.jpg", samples.photo()),
    ("传唤通知.pdf", samples.pdf(3, "Summons")),
    ("نامه.txt", "می‌گویند برگرد.".encode()),
)


@dataclass(frozen=True)
class Invented:
    """One report: the answers to all groups, what its source wrote afterwards, its files, and how old it is in days."""

    language: str
    answers: Mapping[str, Any]
    messages: Sequence[str]
    files: Sequence[tuple[str, bytes]]
    age: int

    @property
    def narrative(self) -> str:
        return str(self.answers["narrative"])

    def of(self, group: Group) -> dict[str, Any]:
        """The answers to a group of the form."""
        keys = [field.key for field in group.fields] + ([group.entries.key] if group.entries else [])
        return {key: self.answers[key] for key in keys if key in self.answers}


def reports(number: int = 300, seed: int = 1) -> list[Invented]:
    """The ten, then variations of them, each with something of its own."""
    draw = Random(seed)  # noqa: S311 - the same again and again is what is wanted
    ten = [
        Invented(report.language, {key: _frozen(value) for key, value in report.answers.items()}, (), (), 1)
        for report in demo_reports()
    ]
    return [*ten, *(_variation(draw, draw.choice(ten), place) for place in range(len(ten), number))][:number]


def store(desk: Desk, invented: Sequence[Invented]) -> list[Stored]:
    """Put them into a desk's store, sealed to its reviewers, as the source site does."""
    return [_store(desk, each) for each in invented]


def _store(desk: Desk, each: Invented) -> Stored:
    form = load_form()
    first = each.of(form.first_group)
    narrative = first.pop("narrative")
    day = desk.server.today() - timedelta(each.age)
    tip = desk.store_tip(narrative, first, language=each.language, day=day)
    for group in form.later_groups:
        if answers := each.of(group):
            desk.send(tip, Addition(form.version, group.key, answers))
    for name, data in each.files:
        desk.store_file(tip, name, data)
    for text in each.messages:
        desk.send(tip, Message(text))
    return tip


def _variation(draw: Random, of: Invented, place: int) -> Invented:
    answers = {**of.answers, **dict(_answers(draw))}
    answers["narrative"] = f"{_text(draw, of.language, draw.choice((1, 2, 4, 30)))}\n({place})"
    for entries in load_form().entries:
        if draw.random() < 0.1:
            several = range(draw.choice((1, 2, 6)))
            answers[entries.key] = tuple(_entry(draw, entries.fields) for _ in several)
    return Invented(
        of.language,
        answers,
        [_text(draw, of.language, 1) for _ in range(draw.choice((0, 0, 0, 1, 3)))],
        draw.sample(FILES, draw.choice((0,) * 8 + (1, 2))),
        draw.randrange(1, OLDEST),
    )


def _answers(draw: Random) -> Iterator[tuple[str, Choice]]:
    """What a source answers of all that is asked once: on the first page most of it, later little."""
    form = load_form()
    first = {field.key for field in form.first_group.fields}
    for field in form.fields:
        if field.key != "narrative" and draw.random() < (0.7 if field.key in first else 0.05):
            yield field.key, _choice(draw, field)


def _entry(draw: Random, fields: Sequence[Field]) -> Entry:
    return {field.key: _choice(draw, field) for field in fields if draw.random() < 0.6} or {
        fields[0].key: _choice(draw, fields[0])
    }


def _choice(draw: Random, field: Field) -> Choice:
    if field.is_text:
        return draw.choice(LINES)
    if field.kind == "country":
        return draw.choice(("CA", "DE", "FR", "GB", "TR", "US", "CN", "IR", "RU", "BY", "KZ", "NP"))
    keys = sorted(field.choices)
    apart = [key for key in keys if key not in field.alone]
    return tuple(draw.sample(apart, min(2, len(apart)))) if field.kind == "several" else draw.choice(keys)


def _text(draw: Random, language: str, sentences: int) -> str:
    return "\n".join(" ".join(draw.choices(SENTENCES[language], k=3)) for _ in range(sentences))


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
