"""Limits: for each circuit by itself."""

from collections.abc import Callable
from typing import Any

import pytest

CIRCUIT = {"PROXY_PROTOCOL": "TCP6", "REMOTE_ADDR": "fc00:dead:beef:4dad::0:29"}


def test_codenames_and_returns_share_one_limit(open_site: Callable[..., Any]) -> None:
    visit = open_site(limit_codenames="2 per hour").visit()
    visit.get_codename()
    visit.open("/en/return")
    assert visit.send("/return", codename="x").status_code == 400
    assert visit.send("/return", codename="still here").status_code == 429
    assert visit.page.filled["codename"] == ["still here"]
    visit.open("/en/")
    assert visit.send("/codename").status_code == 429


def test_another_circuit_is_not_held_up(open_site: Callable[..., Any]) -> None:
    site = open_site(limit_codenames="1 per hour")
    for number in range(3):
        assert site.visit(address=f"fc00:dead:beef:4dad::0:{number}").report()


def test_pages_have_a_limit_for_all_of_them_together(open_site: Callable[..., Any]) -> None:
    visit = open_site(limit_pages="2 per hour").visit()
    assert [visit.open(path).status_code for path in ("/en/left", "/en/return", "/en/")] == [200, 200, 429]


def test_without_an_address_there_is_still_a_limit(open_site: Callable[..., Any]) -> None:
    visit = open_site(limit_pages="1 per hour").visit(address="")
    assert [visit.open("/en/").status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("environ", [{}, {"REMOTE_ADDR": ""}, {"PROXY_PROTOCOL": "UNKNOWN"}])
def test_behind_an_onion_a_request_without_a_circuit_is_refused(
    open_site: Callable[..., Any], environ: dict[str, str]
) -> None:
    client = open_site(onion=True).app.test_client()
    assert client.get("/en/", environ_overrides=environ).status_code == 403
    assert client.get("/en/", environ_overrides=CIRCUIT).status_code == 200
