"""The cookie: of one size whatever a source does, and small enough for browsers; and no time in what is given out."""

import base64
import re
import secrets
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Response, current_app
from flask import session as flask_session
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer

from crypto.codename import LANGUAGES, WORDS, Codename
from crypto.codename.lists import word_list
from intake.languages.catalogues import drafts
from intake.report.definition import load_form
from intake.source.forms.pages import by_question
from intake.source.session import visits
from intake.source.session.cookie import CONTENT_SIZE, KEY_SIZE, CookieError, CookieSeal, TooMuchError
from intake.source.text.catalogues import languages
from long_part import GROUPS, OF_EACH_SORT
from source_site import OpenSite, Site, Visit

pytestmark = pytest.mark.slow

LARGEST = 4096
SEAL = CookieSeal(bytes(KEY_SIZE))
DRAFTS = " ".join(drafts())
ALL = languages(DRAFTS)
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


def longest_words(language: str) -> Codename:
    """A codename of the longest word of a list."""
    return Codename(language, bytes(10), (max(word_list(language), key=lambda word: len(word.encode())),) * WORDS)


def set_cookie() -> str:
    response = Response()
    current_app.session_interface.save_session(current_app, flask_session, response)
    return str(response.headers["Set-Cookie"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fullest_cookie_is_as_long_as_an_empty_one_and_browsers_keep_it(site: Site, language: str) -> None:
    with site.app.test_request_context("/en/"):
        visits.browser()
        empty = set_cookie()
        visits.show_words(longest_words(language))
        visits.asked_words()
        for group in load_form().later_groups:
            visits.note_saved(group.key)
        visits.note_question(max((page.question for page in by_question()), key=len))
        for number in range(50):
            visits.tell(f"{number} {'字' * (visits.MOST_TOLD // 3 - 10)}")
        full = set_cookie()
    assert len(full) == len(empty) < LARGEST


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("name", ["🏔" * 40, '"' * 40, "<&\\\u202e\u0001" * 10 + ".jpeg", "字" * 40])
def test_whatever_is_told_of_files_in_whatever_language_the_cookie_keeps_its_size(
    open_site: OpenSite, language: str, name: str
) -> None:
    site = open_site(draft_languages=DRAFTS)
    visit = site.visit()
    visit.report()
    visit.open(f"/{language}/tip/file")
    hidden = visit.page.form("/tip/file").hidden
    body = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in hidden.items())
    quoted = name.replace('"', "%22")
    for field in ("file", "file_2", "file_3"):
        body += f'--b\r\nContent-Disposition: form-data; name="{field}"; filename="{quoted}"\r\n\r\nx\r\n'
    sizes = set()
    for _ in range(3):
        answer = visit.client.post(
            f"/{language}/tip/file", data=(body + "--b--\r\n").encode(), content_type="multipart/form-data; boundary=b"
        )
        assert answer.status_code == 303
        sizes.add(len(answer.headers["Set-Cookie"]))
    assert len(sizes) == 1
    assert max(sizes) < LARGEST
    visit.open(f"/{language}/tip")
    assert visit.path.endswith("/tip")
    assert visit.text.count('class="received"') == 1


@given(st.dictionaries(TEXT, st.integers() | TEXT, max_size=5))
def test_what_is_sealed_opens_again_and_always_takes_the_same(content: dict[str, Any]) -> None:
    cookie = SEAL.seal(content)
    assert SEAL.open(cookie) == content
    assert len(cookie) == len(SEAL.seal({}))
    assert re.fullmatch("[A-Za-z0-9_-]+", cookie)


@given(st.text() | st.binary(max_size=2000).map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_nothing_else_opens(cookie: str) -> None:
    with pytest.raises(CookieError):
        SEAL.open(cookie)


@given(st.integers(0, 2085), st.integers(1, 63))
def test_a_cookie_in_which_anything_is_changed_does_not_open(place: int, by: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    cookie = SEAL.seal({"a": "b"})
    changed = alphabet[(alphabet.index(cookie[place]) + by) % 64]
    with pytest.raises(CookieError):
        SEAL.open(cookie[:place] + changed + cookie[place + 1 :])


def test_more_than_a_cookie_takes_is_refused_and_not_cut() -> None:
    with pytest.raises(TooMuchError):
        SEAL.seal({"a": "x" * CONTENT_SIZE})


PATHS = [
    "/", "/en/", "/en/words", "/en/words/check", "/en/report", "/en/return", "/en/help", "/en/now", "/en/about",
    "/en/left", "/en/tip", "/en/tip/file", "/en/tip/withdraw", "/en/withdrawn", "/en/nowhere", "/static/style.css",
    *(f"/en{path}" for path in (*GROUPS, *OF_EACH_SORT)),
]  # fmt: skip


def given_out(answer: Any) -> dict[str, str]:
    """Everything in an answer that is no text for people: headers, and values of fields."""
    headers = {f"header {name} {number}": value for number, (name, value) in enumerate(answer.headers)}
    values = re.findall(r'value="([^"]*)"', answer.get_data(as_text=True)) if answer.mimetype == "text/html" else []
    return headers | {f"value {number}": value for number, value in enumerate(values)}


NEAR = 3600
"""Seconds before and after the present that count as it."""

# The earlier time is also the one whose bytes sort first.
PACKED: dict[str, Callable[[float], bytes]] = {
    "seconds": lambda when: int(when).to_bytes(4, "big"),
    "milliseconds": lambda when: int(when * 10**3).to_bytes(8, "big"),
    "microseconds": lambda when: int(when * 10**6).to_bytes(8, "big"),
    "nanoseconds": lambda when: int(when * 10**9).to_bytes(8, "big"),
    "floating": lambda when: struct.pack(">d", when),
}


def times_in(text: str) -> Iterator[tuple[Any, ...]]:
    """Where something in a text, however encoded, could be read as the present time."""
    for number in re.finditer("[0-9]{10,20}", text):
        if abs(int(number[0][:10]) - time.time()) < NEAR:
            yield "decimal", number.start()
    if time.strftime("%H:%M", time.gmtime()) in text:
        yield ("words",)
    for part in re.finditer("[A-Za-z0-9+/_-]{6,}", text):
        for way, data in decoded(part[0]):
            for reading in readings(data):
                yield way, part.start(), *reading


def readings(data: bytes) -> Iterator[tuple[str, int]]:
    """As what some of these bytes could be the present time, and from which of them on."""
    now = time.time()
    for name, packed in PACKED.items():
        first, last = packed(now - NEAR), packed(now + NEAR)
        for place in places(data, first, last):
            yield f"{name} big", place
        for place in places(data[::-1], first, last):
            yield f"{name} little", len(data) - place - len(first)


def places(data: bytes, first: bytes, last: bytes) -> Iterator[int]:
    """Where bytes begin that sort between these two."""
    for begin in {first[:1], last[:1]}:
        place = data.find(begin)
        while place >= 0:
            if first <= data[place : place + len(first)] <= last:
                yield place
            place = data.find(begin, place + 1)


def decoded(text: str) -> Iterator[tuple[str, bytes]]:
    """The text read as base64 from each of four places, and as hexadecimal."""
    plain = text.translate(str.maketrans("-_", "+/"))
    for skipped in range(4):
        rest = plain[skipped:] if len(plain[skipped:]) % 4 != 1 else plain[skipped:-1]
        yield f"base64 {skipped}", base64.b64decode(rest + "=" * (-len(rest) % 4))
    if re.fullmatch("(?:[0-9a-fA-F]{2})+", text):
        yield "hex", bytes.fromhex(text)


def always(samples: list[str]) -> set[tuple[Any, ...]]:
    """What could be the time at the same place of every sample: random bytes can look like it, but not each time."""
    first, *others = samples
    # Hardly any sample looks like it anywhere: then the others need no search.
    found = set(times_in(first))
    return found.intersection(*map(times_in, others)) if found else found


def test_this_search_finds_the_time_in_what_used_to_be_given_out() -> None:
    fernet, form = Fernet(Fernet.generate_key()), URLSafeTimedSerializer("key", salt="wtf-csrf-token")
    assert always([fernet.encrypt(b"x").decode() for _ in range(2)])
    assert always([str(form.dumps("0" * 40)) for _ in range(2)])
    assert always([time.strftime("Wed, 25 Nov 2026 %H:%M:%S GMT", time.gmtime())] * 2)


@pytest.mark.parametrize("reading", PACKED)
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("encoded", [bytes.hex, lambda data: base64.urlsafe_b64encode(data).decode().rstrip("=")])
def test_this_search_finds_the_time_however_it_is_written(
    reading: str, order: int, encoded: Callable[[bytes], str]
) -> None:
    written = PACKED[reading](time.time())[::order]
    assert always([encoded(secrets.token_bytes(5) + written + secrets.token_bytes(11)) for _ in range(2)])


@pytest.mark.parametrize("stage", ["stranger", "with a codename", "with a tip"])
@pytest.mark.parametrize("path", PATHS)
def test_no_answer_holds_a_time_that_could_be_read(site: Site, stage: str, path: str) -> None:
    visit = site.visit()
    if stage == "with a codename":
        visit.get_codename()
    if stage == "with a tip":
        visit.report()
    jar = visit.client.get_cookie("session")
    samples = []
    for _ in range(2):
        # Each from the same cookie, so that they are alike but for what is new in each.
        if jar is not None:
            visit.client.set_cookie("session", jar.value)
        samples.append(given_out(visit.client.get(path, buffered=True)))
    for name in samples[0]:
        assert not always([sample.get(name, "") for sample in samples]), name


def test_refusals_and_redirects_hold_no_time_either(site: Site, visit: Visit) -> None:
    visit.report()
    form = visit.page.form("/message")
    for values in ({}, {"text": ""}, {"text": "x"}):
        samples = [given_out(visit.client.post(form.action, data={**form.hidden, **values})) for _ in range(2)]
        for name in samples[0]:
            assert not always([sample.get(name, "") for sample in samples]), name
