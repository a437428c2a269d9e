"""How long answers are on the wire, heads included: whoever measures them learns next to nothing.

Every route is visited in every state and language, through gunicorn, and what comes back is counted to the last byte.
With `pytest -s` each test prints what it measured.
"""

import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text as sql
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from intake.languages.catalogues import drafts
from intake.report.definition import load_form
from intake.report.events import ConsentRequest
from intake.report.payloads import Reply
from intake.serving.filled import HEAD_SIZE
from intake.serving.worker import MOST_IN_PROGRESS
from intake.source.forms.pages import by_question
from intake.source.pages import PAGE_SIZE, REDIRECT_SIZE, STYLE_SIZE
from intake.source.text.catalogues import languages
from servers import Server, rest
from source_site import UNLIMITED, OpenSite, Site, StartSource, Visit
from visitor import FORM, Answer, head, proxy_line
from walker import Measured, Walker, table

pytestmark = pytest.mark.slow

DRAFTS = " ".join(drafts())
NOBODY = "0" * 32

SIZES: Mapping[int, str] = {
    HEAD_SIZE: "head alone",
    STYLE_SIZE: "style sheet",
    PAGE_SIZE: "page",
    2 * PAGE_SIZE: "two pages",
    4 * PAGE_SIZE: "four pages",
}

VALUES: Mapping[str, Sequence[Mapping[str, str]]] = {
    "static": ({"filename": "style.css"}, {"filename": "nothing"}),
    "thread.more": [
        *({"key": key} for key in (*(group.key for group in load_form().groups), "nothing")),
        *({"key": page.group.key, "question": page.question} for page in by_question()),
    ],
    "thread.answer": ({"item_id": NOBODY}, {"item_id": "nothing"}),
    "leaving.forget_reply": ({"reply_id": NOBODY}, {"reply_id": "nothing"}),
}
"""What stands in the address of a route besides the language."""

ASKED = ConsentRequest("a" * 32, "en", "May we give this to a lawyer? " * 9, "", "", taken_back=False, number=1)


@pytest.fixture
def running(site: Site, gunicorn: StartSource) -> Server:
    """gunicorn over the site."""
    return gunicorn(site.server.settings.data)


def addresses(site: Site, language: str) -> list[str]:
    """Where every route of the site is to be visited; and some addresses at which there is none."""
    found = ["/nowhere", f"/{language}/nowhere", "/xx/", "/favicon.ico"]
    for rule in site.app.url_map.iter_rules():
        others = rule.arguments - {"language"}
        assert not others or rule.endpoint in VALUES, f"{rule} needs a row in VALUES: what is to be visited there"
        found += [_address(site, rule, {"language": language, **values}) for values in VALUES.get(rule.endpoint, ({},))]
    return found


def _address(site: Site, rule: Rule, values: Mapping[str, str]) -> str:
    named = {name: value for name, value in values.items() if name in rule.arguments}
    return site.app.url_map.bind("x").build(rule.endpoint, named)


def name_of(site: Site, each: Measured) -> str:
    """What was asked for, by its route."""
    routes = site.app.url_map.bind("x")
    for method in ("GET", "POST"):
        with suppress(HTTPException):
            return f"{each.method:7} {routes.match(each.path, method=method)[0]}"
    return f"{each.method:7} no such route"


def expected(each: Measured) -> int:
    """How long an answer has to be."""
    if each.method == "HEAD":
        return HEAD_SIZE
    if (each.method, each.path, each.status) == ("GET", "/static/style.css", 200):
        return STYLE_SIZE
    return REDIRECT_SIZE if each.status == 303 else PAGE_SIZE


def judge(site: Site, walked: Sequence[Measured]) -> None:
    """Print what was measured, and fail if anything had another length than its kind has."""
    print(f"\n{table(walked, lambda each: name_of(site, each), SIZES)}")  # noqa: T201 - what the test is for
    assert [each for each in walked if each.size != expected(each)] == []


def visit_everything(site: Site, walker: Walker) -> None:
    """Ask for every address in every way, first in those that change nothing."""
    everywhere = addresses(site, walker.start.strip("/"))
    walker.open("/return")
    token = {"csrf_token": walker.page.hidden(f"{walker.start}/return")["csrf_token"], "token": "A" * 22}
    for address in everywhere:
        walker.ask("GET", address)
    for address in everywhere:
        walker.send_from_elsewhere(address)
        walker.post(address, {})
        walker.post_bytes(address, b"{}", "application/json")
    for address in everywhere:
        walker.post(address, token)


def write_a_report(walker: Walker) -> str:
    """From the start to the report, with everything refused on the way that can be; the eight words."""
    words = walker.begin()
    walker.open("/words/check")
    walker.press("/words/check", first="x", second="x")
    walker.press("/words/check", **walker.asked(words))
    refused: list[dict[str, str]] = [
        {},
        {"narrative": " ".join(words)},
        {"narrative": "x", "host_country": "XX", "urgency": "x"},
        {"narrative": "x", "csrf_token": "x"},
        {"narrative": "x", "token": "x"},
        {"narrative": "x", "owner": ""},
        {"narrative": "x", "owner": "", "codename": "x"},
        {"narrative": "x", "unknown": "x"},
        {"narrative": "x" * 9_000, "urgency": "x"},
    ]
    for values in refused:
        walker.open("/report")
        assert walker.press("/report", **values).status == 400
    walker.open("/report")
    form = walker.page.hidden(f"{walker.start}/report")
    walker.press("/report", narrative="Two men came.")
    assert walker.page.path == f"{walker.start}/tip"
    assert walker.post(f"{walker.start}/report", {**form, "token": "B" * 22, "narrative": "Another."}).status == 409
    return " ".join(words)


def write_more(walker: Walker) -> None:
    """Messages, the rest of the form, and files."""
    walker.open("/tip")
    assert walker.press("/tip/message", text="").status == 400
    assert walker.press("/tip/message", text="They came again.").status == 200
    for group in load_form().later_groups:
        action = f"/tip/more/{group.key}"
        walker.open(action)
        walker.press(action, another="1")
        assert walker.press(action, unknown="x").status == 400
        walker.press(action)
    walker.open("/tip/more/reporter")
    walker.press("/tip/more/reporter", reporter_role="relative")
    for content, values, status in (
        (b"x" * 100_000, {}, 200),
        (b"x", {"csrf_token": ""}, 400),
        (b"x", {"unknown": "x"}, 400),
        (b"x" * 100_000, {"owner": ""}, 400),
        (b"", {"shows": "x" * 20_000}, 400),
    ):
        walker.open("/tip/file")
        assert walker.send_file(content, **values).status == status


def read_and_answer(site: Site, walker: Walker) -> None:
    """What the team writes, read, answered and deleted."""
    reply = site.write(Reply("Thank you. " * 20, 1))
    question = site.write(ASKED)
    other = site.write(replace(ASKED, request="b" * 32, check="What did your aunt give you?", number=2))
    walker.open("/tip")
    assert walker.press(f"/tip/question/{question}", condition="Not before June. " * 20).status == 400
    assert walker.press(f"/tip/question/{question}", answer="yes").status == 200
    assert walker.press(f"/tip/question/{other}", answer="yes").status == 400
    walker.press(f"/tip/question/{other}", answer="no")
    gone = walker.page.hidden(f"{walker.start}/tip/question/{question}")
    walker.press(f"/tip/reply/{question}/delete")
    assert walker.post(f"{walker.start}/tip/question/{question}", {**gone, "answer": "yes"}).status == 400
    walker.open("/tip")
    walker.press(f"/tip/reply/{reply}/delete")


def come_back(walker: Walker, words: str) -> None:
    """From a browser that had nothing open."""
    walker.open("/return")
    for typed in ("", "x", "one two three four five six seven eight", " ".join(reversed(words.split()))):
        assert walker.press("/return", codename=typed).status == 400
    assert walker.press("/return", codename=words).path == f"{walker.start}/tip"


def go_on_after_leaving(walker: Walker) -> None:
    """Send what was begun before the visit ended."""
    walker.begin()
    walker.open("/report")
    form, cookies = walker.page.hidden(f"{walker.start}/report"), dict(walker.cookies)
    walker.press("/leave")
    walker.cookies = cookies
    assert walker.post(f"{walker.start}/report", {**form, "narrative": "Late."}).status == 400
    assert walker.press("/report", narrative="Late.").status == 400
    assert walker.press("/report", narrative="Late.", new_words="yes").status == 400
    assert walker.press("/report", narrative="Late.").path == f"{walker.start}/tip"
    form, cookies = walker.page.hidden(f"{walker.start}/tip/message"), dict(walker.cookies)
    walker.press("/leave")
    walker.cookies = cookies
    walker.post(f"{walker.start}/tip/message", {**form, "text": "Late."})
    assert walker.press("/tip/message", text="Late.").status == 400
    walker.cookies = {}
    assert walker.post(f"{walker.start}/tip/message", {**form, "text": "Late."}).status == 400


def withdraw(walker: Walker) -> None:
    """At once; ask for it and stay; end the code; have none, and leave by the dot."""
    walker.report()
    walker.open("/tip/withdraw")
    assert walker.press("/tip/withdraw").status == 400
    assert walker.press("/tip/withdraw", sure="yes").path == f"{walker.start}/withdrawn"
    walker.report(back="slowly")
    walker.open("/tip/withdraw")
    walker.press("/tip/withdraw", sure="yes")
    walker.press("/tip/keep")
    walker.open("/tip/end")
    assert walker.press("/tip/end").status == 400
    assert walker.press("/tip/end", sure="yes").path == f"{walker.start}/ended"
    walker.report(back="without")
    walker.press("/tip/message", text="They rang again.")
    walker.open("/page")


def accepted_forms(site: Site, walked: Iterable[Measured]) -> set[str]:
    """The routes whose form was taken."""
    routes = site.app.url_map.bind("x")
    return {routes.match(each.path, method="POST")[0] for each in walked if each.method == "POST" and each.status < 400}


def walk(site: Site, running: Server, language: str) -> list[Measured]:
    """All journeys of all people in one language."""
    people = [Walker(running.connect, language) for _ in range(7)]
    sender, stranger, writer, slow, late, leaving, back = people
    words = write_a_report(sender)
    write_more(sender)
    read_and_answer(site, sender)
    assert accepted_forms(site, sender.measured) >= {"report.report", "upload.file", "thread.answer"}
    come_back(back, words)
    go_on_after_leaving(late)
    withdraw(leaving)
    visit_everything(site, stranger)
    for address in addresses(site, language):
        for method in ("HEAD", "OPTIONS", "PUT"):
            stranger.ask(method, address)
    writer.begin()
    visit_everything(site, writer)
    slow.report(back="slowly")
    slow.open("/tip/withdraw")
    slow.press("/tip/withdraw", sure="yes")
    visit_everything(site, slow)
    visit_everything(site, sender)
    return [each for walker in people for each in walker.measured]


@pytest.mark.parametrize("language", languages(DRAFTS))
def test_whatever_a_source_does_each_answer_is_as_long_as_all_of_its_kind(
    open_site: OpenSite, gunicorn: StartSource, language: str
) -> None:
    site = open_site(draft_languages=DRAFTS, **UNLIMITED)
    walked = walk(site, gunicorn(site.server.settings.data), language)
    judge(site, walked)
    forms = {rule.endpoint for rule in site.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert forms - accepted_forms(site, walked) == set(), "no journey sends these forms so that they are taken"


def too_many_pages(walker: Walker) -> Answer:
    return [walker.open("/return") for _ in range(3)][-1]


def words_twice(walker: Walker) -> Answer:
    walker.report()
    walker.open("/")
    return walker.press("/words")


def a_message(walker: Walker) -> Answer:
    walker.report()
    return walker.press("/tip/message", text="They came again.")


def first_words(walker: Walker) -> Answer:
    walker.open("/")
    return walker.press("/words")


def a_report(walker: Walker) -> Answer:
    walker.begin()
    walker.open("/report")
    return walker.press("/report", narrative="Two men came.")


def a_file(walker: Walker) -> Answer:
    walker.report()
    walker.open("/tip/file")
    return walker.send_file(b"x" * 100_000)


def the_start(walker: Walker) -> Answer:
    return walker.open("/")


@pytest.mark.parametrize(
    ("settings", "variables", "deed", "status"),
    [
        ({"limit_pages": "2 per hour"}, {}, too_many_pages, 429),
        ({"limit_codenames": "1 per hour"}, {}, words_twice, 429),
        ({"limit_sends": "1 per hour"}, {}, a_message, 429),
        ({"reviewers": 0}, {}, first_words, 503),
        ({}, {"INTAKE_RESERVE_TEXT": str(1 << 60)}, a_report, 503),
        ({}, {"INTAKE_RESERVE_FILES": str(1 << 60)}, a_file, 503),
        ({}, {"INTAKE_LARGEST_FILE": "50000"}, a_file, 413),
        ({"onion": True}, {}, the_start, 403),
    ],
)
def test_what_the_site_can_not_take_is_answered_at_the_same_length(
    open_site: OpenSite,
    gunicorn: StartSource,
    settings: dict[str, Any],
    variables: dict[str, str],
    deed: Callable[[Walker], Answer],
    status: int,
) -> None:
    site = open_site(**{**UNLIMITED, **settings})
    walker = Walker(gunicorn(site.server.settings.data, **variables).connect, "en")
    assert deed(walker).status == status
    for address in addresses(site, "en"):
        walker.ask("GET", address)
        walker.post(address, {})
    judge(site, walker.measured)


@pytest.mark.parametrize("table", ["item", "tip"])
def test_a_store_that_fails_is_told_of_at_the_same_length(site: Site, gunicorn: StartSource, table: str) -> None:
    walker = Walker(gunicorn(site.server.settings.data).connect, "en")
    walker.begin()
    walker.open("/report")
    with site.server.store.writing() as session:
        session.execute(sql(f"DROP TABLE {table}"))
    assert walker.press("/report", narrative="Two men came.").status == 503
    walker.open("/tip")
    judge(site, walker.measured)


def test_a_fault_of_ours_has_the_body_of_every_page(site: Site, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_options: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("intake.source.report.views.receive_report", fail)
    visit.get_codename()
    visit.open("/en/report")
    answer = visit.send("/report", narrative="Two men came.")
    assert (answer.status_code, len(answer.get_data())) == (500, PAGE_SIZE - HEAD_SIZE)


REQUEST = b"GET /en/left HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("sent", "size"),
    [
        (b"no HTTP\r\n\r\n", HEAD_SIZE),
        (b"GET /en/left\r\n\r\n", HEAD_SIZE),
        (b"GET /en/left HTTP/2.0\r\n\r\n", HEAD_SIZE),
        (REQUEST + b"a b: c\r\n\r\n", HEAD_SIZE),
        (REQUEST + b"Content-Length: x\r\n\r\n", HEAD_SIZE),
        (REQUEST + b"Transfer-Encoding: x\r\n\r\n", HEAD_SIZE),
        (REQUEST + b"Expect: x\r\n\r\n", HEAD_SIZE),
        (REQUEST + b"A: b\r\n" * 200 + b"\r\n", HEAD_SIZE),
        (REQUEST + b"A: " + b"b" * 10_000 + b"\r\n\r\n", HEAD_SIZE),
        (REQUEST + b"A: " + b"b" * 40_000 + b"\r\n\r\n", 0),
        (b"GET /en/left HTTP/1.0\r\n\r\n", PAGE_SIZE),
        (REQUEST + b"\r\n" + REQUEST + b"\r\n", PAGE_SIZE),
        (REQUEST + b"Connection: keep-alive\r\n\r\n", PAGE_SIZE),
        (REQUEST + b"Range: bytes=0-9\r\nAccept-Encoding: gzip\r\n\r\n", PAGE_SIZE),
        (REQUEST + b"Cookie: session=x\r\n\r\n", PAGE_SIZE),
        (REQUEST + b"Content-Length: 5\r\n\r\nhello", PAGE_SIZE),
        (b"GET //x.onion/en/ HTTP/1.1\r\nHost: x\r\n\r\n", PAGE_SIZE),
        (b"GET /en HTTP/1.1\r\nHost: x\r\n\r\n", PAGE_SIZE),
        (b"BREW /en/left HTTP/1.1\r\nHost: x\r\n\r\n", PAGE_SIZE),
        (b"GET / HTTP/1.1\r\nHost: x\r\nAccept-Language: ug, ru\r\n\r\n", REDIRECT_SIZE),
        (b"GET /static/style.css HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\n\r\n", STYLE_SIZE),
        (b"GET /static/style.css HTTP/1.1\r\nHost: x\r\nRange: bytes=90000-\r\n\r\n", STYLE_SIZE),
        (b"GET /static/style.css HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n", STYLE_SIZE),
        (b"GET /static/style.css?x HTTP/1.0\r\n\r\n", STYLE_SIZE),
        (b"POST /en/report HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\ncut", PAGE_SIZE),
        (b"POST /en/report HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 9_000, PAGE_SIZE),
        (b"POST /en/report HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", PAGE_SIZE),
        (b"POST /en/report HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n", PAGE_SIZE),
    ],
)  # fmt: skip
def test_odd_requests_are_answered_at_one_of_these_lengths(running: Server, sent: bytes, size: int) -> None:
    with running.connect() as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert len(rest(connection)) == size


def test_a_body_that_is_waited_for_is_asked_for_in_one_line_more(running: Server) -> None:
    request = head("/en/report", {}, FORM, 1, "Expect: 100-continue")
    assert running.ask(request + b"x").partition(b"\r\n\r\n")[0] == b"HTTP/1.1 100 Continue"
    assert len(running.ask(request + b"x")) == PAGE_SIZE + len("HTTP/1.1 100 Continue\r\n\r\n")


def test_what_comes_too_slowly_or_from_too_many_is_answered_at_the_same_length(
    open_site: OpenSite, gunicorn: StartSource
) -> None:
    running = gunicorn(open_site(onion=True).server.settings.data, INTAKE_STALL_SECONDS="1")
    begun = proxy_line(1) + head("/en/report", {}, FORM, 100)
    with ExitStack() as stack:
        slow = [stack.enter_context(running.connect()) for _ in range(MOST_IN_PROGRESS)]
        for connection in slow:
            connection.sendall(begun)
        assert len(running.ask(begun + b"x" * 100)) == PAGE_SIZE
        slow[0].sendall(b"x")
        assert {len(rest(connection)) for connection in slow} == {0, PAGE_SIZE}


def test_what_shows_much_takes_one_of_few_lengths(site: Site, running: Server) -> None:
    walker = Walker(running.connect, "en")
    walker.report()
    sizes = []
    for number, text in ((0, ""), (1, "Thank you. " * 20), (20, "Thank you. " * 20), (3, "x" * 40_000)):
        for count in range(number):
            site.write(Reply(text, count))
        sizes.append(walker.open("/tip").size)
    assert sizes == [PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, 4 * PAGE_SIZE]


def test_a_text_that_is_shown_again_takes_one_of_few_lengths(running: Server) -> None:
    walker = Walker(running.connect, "zh-Hant")
    walker.begin()
    walker.open("/report")
    texts = ["x", "\N{CJK UNIFIED IDEOGRAPH-9000}" * 9_000, "x" * 40_000, "x" * 300_000]
    sizes = [walker.press("/report", narrative=text, urgency="x").size for text in texts]
    assert sizes == [PAGE_SIZE, PAGE_SIZE, 2 * PAGE_SIZE, 8 * PAGE_SIZE]
