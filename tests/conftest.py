"""Fixtures that more than one part of the tests needs: a real store, real members, real servers."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck

from enrolled import Members
from intake.keeper import Keeper, open_keeper
from new_server import new_server

# Whatever runs the tests in the background may ignore Ctrl-C, and what tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("any machine")


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: half of what the tests take goes to disks, deadlines, and processes that begin or end."""
    return 2 * len(os.sched_getaffinity(0))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Keeper]:
    """An initialised server with nobody enrolled."""
    opened = open_keeper(new_server(tmp_path / "server", {"desk_authority": "desk.test"}))
    yield opened
    opened.store.close()


@pytest.fixture
def members_of(server: Keeper) -> Members:
    """Enrols members on the server."""
    return Members(server)
