"""Every page takes the same on the wire, with its headers, in every language, for everybody, whatever went wrong."""

import secrets

import pytest
from werkzeug.test import TestResponse

from crypto.age import parse_recipient, seal
from intake.languages.catalogues import drafts
from intake.protocol.kinds import Kind
from intake.report.events import ConsentRequest
from intake.report.payloads import Reply
from intake.source.pages import PAGE_SIZE, REDIRECT_SIZE
from intake.source.text.catalogues import languages
from intake.storage.tables import Item
from long_part import GROUPS, QUESTIONS
from source_site import UNLIMITED, OpenSite, Site, StartSource, Visit
from visitor import Visitor

pytestmark = pytest.mark.slow

DRAFTS = " ".join(drafts())
ALL = languages(DRAFTS)
PATHS = [
    "/", "/codename", "/codename/check", "/report", "/return", "/help", "/now", "/about", "/left", "/tip", "/tip/file",
    "/tip/withdraw", "/withdrawn", "/nowhere", "/leave", *GROUPS, *QUESTIONS,
]  # fmt: skip


def size(answer: TestResponse) -> int:
    """Bytes of the answer with its headers, but for those that gunicorn writes on every answer alike."""
    headers = sum(len(f"{name}: {value}\r\n") for name, value in answer.headers if name != "Content-Length")
    return len(answer.status) + headers + len(answer.get_data())


def reply(site: Site, text: str) -> None:
    (tip,) = site.tips()
    sealed = seal(Reply(text, 1).padded(), [parse_recipient(tip.recipient), parse_recipient(site.summary()["source"])])
    with site.server.store.writing() as session:
        session.add(
            Item(id=secrets.token_bytes(16), tip_id=tip.id, kind=Kind.REPLY, day=tip.day, size=1, sealed=sealed)
        )


@pytest.fixture
def every_language(open_site: OpenSite) -> Site:
    """A site that also shows the drafts, without limits."""
    return open_site(draft_languages=DRAFTS, **UNLIMITED)


@pytest.mark.parametrize("language", ALL)
def test_every_page_of_every_language_takes_the_same_for_everybody(every_language: Site, language: str) -> None:
    stranger, writer, sender = (every_language.visit() for _ in range(3))
    writer.get_codename()
    sender.report()
    found: dict[tuple[bool, int], str] = {}
    for visit in (stranger, writer, sender):
        for path in PATHS:
            answer = visit.client.get(f"/{language}{path}")
            found.setdefault((answer.status_code == 303, size(answer)), path)
    assert found.keys() == {(False, PAGE_SIZE), (True, REDIRECT_SIZE)}


@pytest.mark.parametrize("language", ALL)
def test_what_is_refused_takes_the_same_too(every_language: Site, language: str) -> None:
    visit = every_language.visit()
    codename = visit.get_codename()
    visit.open(f"/{language}/report")
    form = visit.page.form("/report")
    answers = [
        visit.client.post(form.action, data=values)
        for values in (
            {},
            form.hidden,
            {**form.hidden, "narrative": codename},
            {**form.hidden, "owner": "", "urgency": "x"},
            {**form.hidden, "owner": "", "new_words": "yes"},
            {**form.hidden, "csrf_token": "x", "narrative": "x" * 1000},
        )
    ]
    answers.append(visit.client.post(f"/{language}/nowhere"))
    answers.append(visit.client.post(f"/{language}/return", data={}, headers={"Sec-Fetch-Site": "cross-site"}))
    answers.append(every_language.app.test_client().post(form.action, data=form.hidden))
    assert {size(answer) for answer in answers} == {PAGE_SIZE}


def test_what_shows_much_takes_one_of_few_sizes(site: Site, visit: Visit) -> None:
    visit.report()
    sizes = []
    for count, text in ((0, ""), (1, "Thank you. " * 20), (19, "Thank you. " * 20), (3, "x" * 40_000)):
        for _ in range(count):
            reply(site, text)
        sizes.append(size(visit.open("/en/tip")))
    assert sizes == [PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, 4 * PAGE_SIZE]


@pytest.mark.parametrize("language", ALL)
def test_a_page_with_questions_takes_the_same_answered_or_refused(every_language: Site, language: str) -> None:
    visit = every_language.visit()
    visit.report()
    words = "May we give this to a lawyer in the country in which you live? " * 3
    for number in range(3):
        item = every_language.write(
            ConsentRequest(f"{number:032}", language, words, words, "", taken_back=False, number=number)
        )
    asked = visit.open(f"/{language}/tip")
    refused = visit.send(f"/tip/question/{item}", answer="yes", condition="Not before June. " * 20)
    answered = visit.client.post(
        f"/{language}/tip/question/{item}",
        data={**visit.page.form(f"/tip/question/{item}").hidden, "answer": "no", "condition": "", "check": ""},
    )
    assert {size(asked), size(refused)} == {PAGE_SIZE}
    assert size(answered) == REDIRECT_SIZE


def test_a_text_that_is_shown_again_takes_one_of_few_sizes(visit: Visit) -> None:
    visit.get_codename()
    visit.open("/en/report")
    answers = [visit.send("/report", narrative="x" * length, host_country="XX") for length in (1, 9_000, 30_000)]
    assert [size(answer) for answer in answers] == [PAGE_SIZE, PAGE_SIZE, 2 * PAGE_SIZE]


def test_on_the_wire_all_pages_have_one_length_and_all_redirects_another(site: Site, gunicorn: StartSource) -> None:
    running = gunicorn(site.server.settings.data)
    visitor = Visitor(running.connect)
    lengths: dict[bool, set[int]] = {True: set(), False: set()}

    def measure() -> None:
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        for path in PATHS:
            for language in ("en", "ru", "zh-Hant"):
                head = f"GET /{language}{path} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n"
                answer = running.ask(head.encode())
                lengths[answer.startswith(b"HTTP/1.1 303")].add(len(answer))

    measure()
    visitor.report()
    measure()
    assert len(lengths[False]) == 1
    assert len(lengths[True]) == 1
    assert PAGE_SIZE <= lengths[False].pop() < PAGE_SIZE + 100
