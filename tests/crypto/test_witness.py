"""What a log sends a witness and what comes back, with the examples of tlog-witness."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.note import Note, SigningKey
from crypto.witness import LONGEST, AddCheckpoint, WitnessFormatError, parse_add_checkpoint, parse_cosignatures

# The example of the specification.
EXAMPLE = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
""".encode()  # noqa: E501 - as it stands there
ANSWER = """— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==
— witness.example/w1 I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/lCAsmlw==
— witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==
""".encode()  # noqa: E501

KEY = SigningKey.from_seed("example.com/log", bytes(32))
NOTE = Note("a text\n", (KEY.sign("a text\n"),))
REQUESTS = st.builds(
    AddCheckpoint,
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
    st.just(NOTE),
)


def test_the_example_of_the_specification_is_read() -> None:
    request = parse_add_checkpoint(EXAMPLE)
    assert (request.old, len(request.proof), len(request.checkpoint.signatures)) == (20_852_014, 4, 2)
    assert bytes(request) == EXAMPLE


def test_the_answer_of_the_specification_is_read() -> None:
    assert [line.name for line in parse_cosignatures(ANSWER)] == ["witness.example/w1"] * 2 + ["witness.example/w2"]


@given(REQUESTS)
def test_every_request_is_read_as_it_is_written(request: AddCheckpoint) -> None:
    assert parse_add_checkpoint(bytes(request)) == request


HASH = base64.b64encode(hashlib.sha256().digest())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n" + EXAMPLE,
        EXAMPLE[:-1],
        EXAMPLE.replace(b"old 20852014", b"old 020852014"),
        EXAMPLE.replace(b"old 20852014", b"old -1"),
        EXAMPLE.replace(b"old 20852014", b"old %d" % 2**63),
        EXAMPLE.replace(b"old 20852014", b"size 20852014"),
        EXAMPLE.replace(b"old 20852014\n", b""),
        EXAMPLE.replace(b"\n\n", b"\n", 1),
        EXAMPLE.replace(b"=\n\n", b"\n\n", 1),
        EXAMPLE.replace(b"\n", b"\r\n"),
        EXAMPLE.partition(b"\n\n")[0] + b"\n\n",
        b"old 0\nYQ==\n\n" + bytes(NOTE),
        b"old 0\n" + (HASH + b"\n") * 64 + b"\n" + bytes(NOTE),
        b"a" * (LONGEST + 1),
    ],
)
def test_a_malformed_request_is_refused(data: bytes) -> None:
    with pytest.raises(WitnessFormatError):
        parse_add_checkpoint(data)


@pytest.mark.parametrize("data", [b"", b"\n", ANSWER[:-1], ANSWER + b"\n", b"OK\n", b"\xff\n", ANSWER * 1000])
def test_a_malformed_answer_is_refused(data: bytes) -> None:
    with pytest.raises(WitnessFormatError):
        parse_cosignatures(data)


@given(st.binary() | REQUESTS.map(bytes), st.data())
def test_bytes_are_a_request_that_serialises_back_or_an_error(data: bytes, drawn: st.DataObject) -> None:
    at = drawn.draw(st.integers(0, len(data)))
    changed = data[:at] + drawn.draw(st.sampled_from([b"", b"\n", b" ", b"=", b"A", b"\n\n", b"\x80"])) + data[at:]
    try:
        request = parse_add_checkpoint(changed)
    except WitnessFormatError:
        return
    assert bytes(request) == changed
