"""What is known of a request before a thread has it agrees with what gunicorn makes of the same bytes."""

from collections.abc import Iterator

import pytest
from gunicorn.config import Config
from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from hypothesis import given
from hypothesis import strategies as st

from fuzz.targets import TARGETS
from intake.serving.head import Head, circuit_of, read_head

LINE = b"PROXY TCP6 fc00:dead:beef:4dad::0:29 ::1 65535 42\r\n"
NAMES = st.sampled_from(
    [b"Content-Length", b"content-length", b"Transfer-Encoding", b"Host", b"X-Content-Length", b"A"]
)
VALUES = st.sampled_from(
    [b"0", b"5", b"007", b"+5", b"-1", b"5, 5", b"x", b"", b"chunked", b"gzip, chunked", b"1" * 30]
)
FIELDS = st.lists(st.tuples(NAMES, st.sampled_from([b":", b": ", b":\t", b" : "]), VALUES), max_size=4)


def by_gunicorn(data: bytes) -> int | None:
    """The length of the body by gunicorn; `None` if chunked; `ValueError` if it takes this for no request."""
    cfg = Config()
    cfg.set("proxy_protocol", "v1")
    pieces: Iterator[bytes] = iter([data])
    try:
        request = next(RequestParser(cfg, pieces, ("127.0.0.1", 1)))
    except (ParseException, StopIteration, OSError):
        raise ValueError from None
    reader = request.body.reader
    assert isinstance(reader, (LengthReader, ChunkedReader))
    return None if isinstance(reader, ChunkedReader) else reader.length


@given(proxied=st.booleans(), empty=st.booleans(), fields=FIELDS, body=st.binary(max_size=20))
def test_the_length_of_a_body_is_what_gunicorn_takes_it_for(
    proxied: bool, empty: bool, fields: list[tuple[bytes, bytes, bytes]], body: bytes
) -> None:
    head = LINE * proxied + b"\r\n" * empty + b"POST / HTTP/1.1\r\n"
    head += b"".join(name + colon + value + b"\r\n" for name, colon, value in fields) + b"\r\n"
    found = read_head(head + body)
    assert found is not None
    assert found.size == len(head)
    try:
        expected = by_gunicorn(head + body)
    except ValueError:
        return
    assert found.body == expected


@given(data=st.binary(max_size=60), cut=st.integers(0, 200))
def test_a_head_is_found_however_it_is_cut(data: bytes, cut: int) -> None:
    head = LINE + b"GET /en/ HTTP/1.1\r\nHost: x\r\n\r\n"
    whole = head + data
    first = read_head(whole[:cut])
    assert (first is not None) == (cut >= len(head))
    assert read_head(whole, 0 if first else min(cut, len(whole))) == Head(len(head), 0)


@pytest.mark.parametrize(
    ("arrived", "circuit"),
    [
        (LINE, "fc00:dead:beef:4dad::0:29"),
        (b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nGET", "127.0.0.1"),
        (LINE[:-1], None),
        (b"PROXY UNKNOWN\r\n", None),
        (b"PROXY TCP6 x ::1 1 2\r\n", None),
        (b"GET / HTTP/1.1\r\n", None),
        (b"", None),
    ],
)
def test_a_circuit_is_known_once_its_line_is_whole(arrived: bytes, circuit: str | None) -> None:
    assert circuit_of(arrived) == circuit


def test_the_parser_is_fuzzed() -> None:
    assert "request-head" in TARGETS
