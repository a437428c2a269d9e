"""The source site, and gunicorn over its data."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from commands import GUNICORN, environment
from compiled import COMPILED
from intake.keeper import Keeper, open_keeper
from intake.source import create_app
from new_server import new_server
from ports import free_port
from servers import Server, listening, serving
from source_site import UNLIMITED, OpenSite, Site, StartSource, Visit, enrol


@pytest.fixture
def open_site(tmp_path: Path) -> Iterator[OpenSite]:
    """Makes sites."""
    opened: list[Keeper] = []

    def open_one(reviewers: int = 2, **settings: Any) -> Site:
        server = open_keeper(new_server(tmp_path / f"site{len(opened)}", settings))
        opened.append(server)
        identities = tuple(enrol(server, f"reviewer{number}") for number in range(reviewers))
        app = create_app(server)
        app.jinja_env.bytecode_cache = COMPILED
        return Site(server, app, identities)

    yield open_one
    for server in opened:
        server.store.close()


@pytest.fixture
def unlimited(open_site: OpenSite) -> Site:
    """A site that lets one source send as much as a test does."""
    return open_site(**UNLIMITED)


@pytest.fixture
def site(open_site: OpenSite) -> Site:
    """A site with two reviewers and the settings as they are by default."""
    return open_site()


@pytest.fixture
def visit(site: Site) -> Visit:
    """A source who has just opened a browser."""
    return site.visit()


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where gunicorn puts what it takes for temporary."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    return directory


@pytest.fixture
def gunicorn(temporary: Path, tmp_path: Path) -> Iterator[StartSource]:
    """Starts gunicorn over the data of a site."""
    with ExitStack() as started:

        def start(data: Path, **variables: str) -> Server:
            port = free_port()
            variables = {"TMPDIR": str(temporary), **listening("source", port), **variables}
            return started.enter_context(
                serving(
                    [*GUNICORN, "wsgi:source"], port, tmp_path / f"gunicorn-{port}.log", environment(data, **variables)
                )
            )

        yield start
