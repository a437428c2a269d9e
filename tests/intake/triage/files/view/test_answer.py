"""What a child answers, which may be whatever the file's maker wants it to: read strictly, or not at all."""

import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from intake.triage.files.view.answer import (
    MOST_PARTS,
    AnswerError,
    Entry,
    Fact,
    Failure,
    Note,
    Order,
    Picture,
    Rendered,
    RenderError,
    Size,
    Tells,
    failed,
    parse_answer,
    parse_order,
)
from intake.triage.files.view.kinds import SORTS, Renderer
from intake.triage.files.view.png import png

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER = st.integers(0, 1 << 63)


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    width, height = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    return Picture(width, height, draw(st.binary(min_size=3 * width * height, max_size=3 * width * height)))


ANSWERS = st.builds(
    Rendered,
    sort=st.sampled_from(["", *SORTS]),
    pages=st.integers(0, 1_000_000),
    facts=st.lists(st.builds(Fact, TEXT, TEXT, st.sampled_from(Tells)), max_size=3).map(tuple),
    notes=st.lists(st.tuples(st.sampled_from(Note), NUMBER), max_size=3).map(tuple),
    text=TEXT,
    entries=st.lists(st.builds(Entry, TEXT, NUMBER, NUMBER), max_size=3).map(tuple),
    plays=st.booleans(),
    picture=st.none(),
    media=st.binary(max_size=30),
) | st.builds(Rendered, picture=pictures())


@given(ANSWERS)
def test_what_is_answered_is_read(rendered: Rendered) -> None:
    assert parse_answer(rendered.to_bytes()) == rendered


@given(st.binary() | st.builds(lambda head: struct.pack(">I", len(head)) + head, st.binary()))
def test_whatever_else_comes_is_no_answer(answer: bytes) -> None:
    try:
        read = parse_answer(answer)
    except (AnswerError, RenderError):
        return
    assert read.to_bytes() == answer


@given(ANSWERS, st.data())
def test_no_answer_that_is_cut_or_goes_on_is_taken_for_another(rendered: Rendered, data: st.DataObject) -> None:
    answer = rendered.to_bytes()
    cut = answer[: data.draw(st.integers(0, len(answer) - 1))]
    if not rendered.media:
        with pytest.raises(AnswerError):
            parse_answer(cut)
    if rendered.picture is not None:
        with pytest.raises(AnswerError):
            parse_answer(answer + b"\0")


def framed(**values: object) -> bytes:
    head = json.loads(Rendered().to_bytes()[4:])
    data = json.dumps(head | values).encode()
    return struct.pack(">I", len(data)) + data


@pytest.mark.parametrize(
    "values",
    [
        {"sort": "a safe file"},
        {"notes": [["safe to open", 0]]},
        {"facts": [["name", "value", "nothing bad"]]},
        {"facts": [["", "", ""]] * (MOST_PARTS + 1)},
        {"pages": -1},
        {"pages": 1.0},
        {"pages": True},
        {"text": "\ud800"},
        {"text": ["not", "text"]},
        {"picture": [1, 1]},
        {"picture": [0, 0]},
        {"picture": [1 << 40, 1 << 40]},
        {"entries": [["name", "1", 1]]},
        {"more": 1},
    ],
)
def test_it_can_say_nothing_in_the_programs_own_voice(values: dict[str, object]) -> None:
    with pytest.raises(AnswerError):
        parse_answer(framed(**values))


@pytest.mark.parametrize("why", Failure)
def test_that_there_is_nothing_is_said_by_a_key(why: Failure) -> None:
    with pytest.raises(RenderError) as raised:
        parse_answer(failed(why))
    assert raised.value.why is why


def test_an_order_is_one_line() -> None:
    order = Order(Renderer.PDF, 3, Size.COPY, 9, 15)
    assert parse_order(order.to_line()) == order
    assert order.to_line().count(b"\n") == 1


def test_what_is_plaintext_shows_nothing_of_itself() -> None:
    assert "secret" not in repr((Rendered(text="secret"), Fact("secret", "secret"), Entry("secret", 1, 1)))


@given(pictures())
def test_pixels_are_a_png_with_nothing_else_in_it(picture: Picture) -> None:
    with Image.open(io.BytesIO(png(picture))) as image:
        assert image.format == "PNG"
        assert image.size == (picture.width, picture.height)
        assert image.tobytes() == picture.pixels
        assert image.info == {}
