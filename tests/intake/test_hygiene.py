"""The servers' logs: whatever clients do, they stay short, and don't tell when somebody came."""

import logging
import re
from pathlib import Path

import pytest

from commands import GUNICORN, environment
from intake.hygiene import Sparing
from intake.keeper import Keeper
from ports import free_port
from servers import listening, serving
from visitor import proxy_line

FLOOD = 1_000
NO_HTTP = (
    b"Marker\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nMarker\r\n\r\n",
    b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\nHost: x\r\n\r\n",
)  # fmt: skip


class Log:
    """A logger whose lines are spared, at a time that the test sets."""

    def __init__(self) -> None:
        self.now = 3_600_000.0
        self.lines: list[str] = []
        self.sparing = Sparing(lambda: self.now)
        self.logger = logging.getLogger("spared")
        handler = logging.Handler()
        handler.emit = lambda record: self.lines.append(logging.Formatter().format(record))  # type: ignore[method-assign]
        handler.addFilter(self.sparing)
        self.logger.handlers = [handler]

    def say_sums(self, *, ends: bool = False) -> None:
        self.sparing.say_sums(self.logger.warning, ends=ends)


@pytest.fixture
def log() -> Log:
    return Log()


def test_a_line_is_said_at_once_and_how_often_it_came_again_when_the_hour_is_over(log: Log) -> None:
    for _ in range(1000):
        log.logger.error("the store fails: %s", "here")
        log.say_sums()
    assert log.lines == ["the store fails: here"]
    log.now += 3600
    log.say_sums()
    assert log.lines[1:] == ["999 times within an hour: the store fails: here"]
    log.logger.error("the store fails: %s", "here")
    assert log.lines[2:] == ["the store fails: here"]


def test_what_clients_cause_is_said_only_when_the_hour_of_the_clock_is_over(log: Log) -> None:
    log.now += 1234
    for _ in range(5):
        log.sparing.count("a request failed")
    log.say_sums()
    assert log.lines == []
    log.now += 3599 - 1234
    log.say_sums()
    assert log.lines == []
    log.now += 1
    log.say_sums()
    log.now += 7200
    log.say_sums()
    assert log.lines == ["5 times within an hour: a request failed"]


def test_no_number_of_different_lines_fills_the_log(log: Log) -> None:
    for number in range(10_000):
        log.logger.error("line %d", number)
    log.say_sums(ends=True)
    assert len(log.lines) == 102
    assert log.lines[-1] == "9899 times within an hour: something else"


def test_what_an_exception_says_is_not_said(log: Log) -> None:
    def fail() -> None:
        raise LookupError("the words of a source")

    try:
        fail()
    except LookupError:
        log.logger.exception("Failed to rate limit.")
    (line,) = log.lines
    assert re.fullmatch(r"Failed to rate limit\.: LookupError in fail \(.*", line)


@pytest.mark.slow
@pytest.mark.parametrize("application", ["source", "desk"])
def test_a_flood_of_what_is_no_http_leaves_a_few_lines_that_say_how_much_it_was(
    application: str, server: Keeper, tmp_path: Path
) -> None:
    port = free_port()
    variables = environment(server.settings.data, INTAKE_ONION="true", **listening(application, port))
    with serving([*GUNICORN, f"wsgi:{application}"], port, tmp_path / "printed", variables) as running:
        for number in range(FLOOD):
            with running.connect() as connection:
                connection.sendall(proxy_line(number % 200) + NO_HTTP[number % len(NO_HTTP)])
                assert connection.recv(1 << 16).startswith(b"HTTP/1.1 400 ")
        printed = running.stop()
    lines = printed.splitlines()
    sums = [re.search(r"([0-9]+) times within an hour: a request failed before it reached", line) for line in lines]
    # Twice as many if the hour ended meanwhile.
    assert len(lines) <= 2 * len(NO_HTTP)
    assert sum(int(found[1]) if found else 0 for found in sums) == FLOOD
    assert None not in sums
    assert "Marker" not in printed
    assert "fc00" not in printed
