"""Every fuzz target accepts its seeds, and whatever a seed becomes under a few changes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_passes_on_its_seeds(name: str) -> None:
    assert TARGETS[name].seeds
    for seed in TARGETS[name].seeds:
        TARGETS[name].check(seed)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=40, deadline=None)
@given(drawn=st.data())
def test_a_target_passes_on_changed_seeds(name: str, drawn: st.DataObject) -> None:
    data = bytearray(drawn.draw(st.sampled_from(TARGETS[name].seeds)))
    for _ in range(drawn.draw(st.integers(1, 4))):
        place = drawn.draw(st.integers(0, max(len(data) - 1, 0)))
        data[place : place + drawn.draw(st.integers(0, 3))] = drawn.draw(st.binary(max_size=3))
    TARGETS[name].check(bytes(data))
