"""Whom a report is sealed to: what was replayed of the log is used again only while the log has not grown."""

from crypto.age import HybridIdentity
from crypto.note import SigningKey
from intake.accesslog import members
from intake.protocol.card import Role, issue_card
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
