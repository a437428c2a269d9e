"""Who gives way when something runs out: the circuit that has most."""

from hypothesis import given
from hypothesis import strategies as st

from intake.serving.fairness import Crowd, Turns


def test_turns_go_round_among_circuits_however_long_a_line_is() -> None:
    turns: Turns[str] = Turns(places=4, of_one=4)
    for number in range(10):
        turns.wait("a", f"a{number}")
    turns.wait("b", "b0")
    turns.wait("c", "c0")
    assert [turns.next() for _ in range(5)] == ["a0", "b0", "c0", "a1", None]
    turns.give_back("a")
    turns.wait("d", "d0")
    assert turns.next() == "d0"


def test_a_circuit_has_so_many_places_and_no_more_though_others_are_free() -> None:
    turns: Turns[str] = Turns(places=4, of_one=2)
    for number in range(3):
        turns.wait("a", f"a{number}")
    assert [turns.next() for _ in range(3)] == ["a0", "a1", None]
    turns.leave("a", "a2")
    turns.give_back("a")
    assert turns.next() is None
    assert turns.taken == 1


def test_room_is_made_by_the_circuit_that_has_most_rather_by_what_is_over() -> None:
    crowd: Crowd[str] = Crowd()
    for who in ("b0", "a0", "a1", "a2"):
        crowd.add(who, who[0])
    assert crowd.to_close() == "a0"
    crowd.idle("a2", over=True)
    assert crowd.to_close() == "a2"
    crowd.busy("a2")
    crowd.busy("a0")
    assert crowd.to_close() == "a1"
    crowd.busy("a1")
    assert crowd.to_close() == "b0"


def test_bytes_are_given_up_by_the_circuit_that_holds_most_and_never_by_one_that_holds_little() -> None:
    crowd: Crowd[str] = Crowd()
    for who, size in (("a0", 60), ("b0", 100), ("b1", 50), ("c0", 5)):
        crowd.add(who, who[0])
        crowd.hold(who, size)
    assert crowd.held == 215
    assert crowd.to_empty(10) == "b0"
    crowd.busy("b0")
    assert crowd.to_empty(10) == "b1"
    for who in ("a0", "b0", "b1"):
        crowd.remove(who)
    assert crowd.to_empty(10) is None
    assert crowd.held == 5


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.integers(0, 50)), max_size=60))
def test_what_is_counted_is_what_is_there(steps: list[tuple[str, int, int]]) -> None:
    crowd: Crowd[int] = Crowd()
    there: dict[int, tuple[str, int]] = {}
    for circuit, who, size in steps:
        if who not in there:
            crowd.add(who, None)
            crowd.hold(who, size)
            crowd.identify(who, circuit)
            there[who] = (circuit, size)
        elif size % 2:
            crowd.remove(who)
            del there[who]
        else:
            crowd.hold(who, size)
            there[who] = (there[who][0], size)
    assert crowd.held == sum(size for _, size in there.values())
    assert len(crowd) == len(there)
    assert sorted(crowd.waiting()) == sorted(there)
    assert all(crowd.circuit(who) == circuit for who, (circuit, _) in there.items())
