"""Whom a report is sealed to: whoever the signed log says, at once; and to nobody where that can't be told."""

from pathlib import Path

import pytest

from commands import GUNICORN, run
from crypto.age import HybridIdentity
from crypto.note import SigningKey
from ghost import add_ghost
from intake.accesslog import members
from intake.cli.trouble import Status
from intake.keeper import open_keeper
from intake.protocol.card import Role, issue_card
from intake.settings import load
from place import Place, in_one_line
from project import PROJECT
from source_site import Site


def test_whoever_is_enrolled_or_revoked_between_two_reports_counts_at_once(site: Site) -> None:
    def sealed_to() -> int:
        before = {tip.id for tip in site.tips()}
        site.visit(f"10.0.0.{len(before) + 1}").report()
        (summary,) = (tip.summary for tip in site.tips() if tip.id not in before)
        return int(summary.count(b"-> mlkem768x25519 "))

    store, log = site.server.store, site.server.log
    assert (sealed_to(), sealed_to()) == (2, 2)
    card = issue_card(Role.REVIEWER, SigningKey.generate("third"), HybridIdentity.generate())
    members.enrol(store, log, card)
    assert sealed_to() == 3
    members.revoke(store, log, "third", Role.REVIEWER)
    assert sealed_to() == 2


def test_where_somebody_wrote_into_the_list_no_report_is_taken_and_nothing_typed_is_lost(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    before, began, comes_later = site.visit(), site.visit("10.0.0.2"), site.visit("10.0.0.3")
    before.report()
    began.get_codename()
    began.open("/en/report")
    add_ghost(site.server)
    answer = began.send("/report", narrative="They came again.")
    assert answer.status_code == 503
    assert "Reports can't be taken at the moment. Nothing was sent." in began.page.words
    assert "They came again." in began.text
    comes_later.open("/en/words")
    assert comes_later.send("/words").status_code == 503
    assert len(site.tips()) == 1
    assert "no report is taken: the list of reviewers does not verify" in caplog.text


def test_the_site_does_not_start_on_a_list_that_does_not_verify(tmp_path: Path) -> None:
    place = Place(tmp_path)
    server = open_keeper(load(place.environment))
    add_ghost(server)
    server.store.close()
    in_one_line(place.run("serve", "source"), Status.DAMAGED, "the list of reviewers does not verify")
    gunicorn = run([*GUNICORN, "wsgi:source"], directory=PROJECT, environment=place.environment)
    assert gunicorn.returncode != 0
    assert "intake: the list of reviewers does not verify" in gunicorn.stderr
    (place.data / "log.policy").unlink()
    in_one_line(place.run("serve", "source"), Status.USAGE, "log.policy is missing; run 'intake init'")
