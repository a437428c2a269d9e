"""What fills up the head of an answer: always there, one header, and exactly as long as it has to be."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from intake.serving.filled import HEAD_SIZE, filler


@given(st.integers(50, 3 * HEAD_SIZE))
@example(HEAD_SIZE - 10)
@example(HEAD_SIZE - 9)
def test_a_head_takes_its_size_or_twice_as_much_whatever_is_in_it(size: int) -> None:
    line = filler(size, HEAD_SIZE)
    assert re.fullmatch(r"[A-Za-z]+: \.*\r\n", line)
    assert size + len(line) in (HEAD_SIZE, 2 * HEAD_SIZE, 4 * HEAD_SIZE)
    assert (size + len(line) == HEAD_SIZE) == (size <= HEAD_SIZE - len("Filler: \r\n"))
