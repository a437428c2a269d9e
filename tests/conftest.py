"""Fixtures that more than one part of the tests needs: a real store, real members, real servers."""

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
