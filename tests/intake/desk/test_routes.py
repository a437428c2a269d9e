"""One table of endpoints: a route that has no row in it, or a row that nobody serves, lets no desk start."""

import pytest
from flask import Flask, Response

from enrolled import Members
from intake.desk import create_app
from intake.desk.routes import Routes
from intake.keeper import Keeper
from intake.protocol import endpoints
from intake.protocol.actions import Action
from intake.protocol.endpoints import ENDPOINTS, Endpoint
from intake.protocol.queries import Made, made_query
from signed_client import ClientOf

EXAMPLES = {
    "tip": "0" * 32,
    "item": "1" * 32,
    "day": "2026-01-01",
    "resource": "tile/0/000",
    "keys": "2" * 32,
    "member": "2" * 32,
    "sha256": "2" * 64,
    "finding": "0" * 32,
}


def answer(**_: str) -> Response:
    return Response()


def served(*rows: Endpoint) -> Routes:
    routes = Routes()
    for row in rows:
        routes.serves(row)(answer)
    return routes


def test_a_desk_serves_every_row_and_nothing_else(server: Keeper) -> None:
    rules = {
        (method, rule.rule.replace("<path:", "<"))
        for rule in create_app(server).url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert rules == {(row.method, row.path.replace("{", "<").replace("}", ">")) for row in ENDPOINTS}


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: f"{row.method} {row.path}")
def test_a_row_without_a_route_lets_no_desk_start(row: Endpoint) -> None:
    with pytest.raises(ValueError, match="table of endpoints"):
        served(*(each for each in ENDPOINTS if each != row)).register(Flask(__name__))


def test_a_route_without_a_row_lets_no_desk_start() -> None:
    other = Endpoint("GET", "/v1/everything", frozenset(), Action.READ, 1)
    with pytest.raises(ValueError, match="table of endpoints"):
        served(*ENDPOINTS, other).register(Flask(__name__))


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: f"{row.method} {row.path}")
def test_no_body_is_read_that_is_larger_than_its_row_says(row: Endpoint, client: ClientOf, members_of: Members) -> None:
    queries = {endpoints.ADD: "?kind=reply", endpoints.MAKE: made_query(Made("0" * 64, "f" * 64))}
    path = row.at(**{name: EXAMPLES[name] for name in EXAMPLES if f"{{{name}}}" in row.path})
    answer = client(members_of.enrol("amina"))(row.method, path + queries.get(row, ""), bytes(row.largest_body + 1))
    assert answer.status_code == 413
