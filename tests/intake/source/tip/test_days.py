"""Whatever a source sends bears the day of the log, which it will be compared with."""

from dataclasses import replace
from datetime import timedelta

from crypto.note import SigningKey
from intake.accesslog import clock, members
from intake.accesslog.append import LogAppender
from intake.keeper import Keeper, read_log_key
from intake.protocol.card import Role, issue_card
from source_site import Site


def by_clock(server: Keeper, off: timedelta) -> Keeper:
    log = LogAppender(read_log_key(server.settings.log_key), lambda: server.log.now() + off)
    return replace(server, log=log)


def test_a_report_and_what_belongs_to_it_bear_the_day_of_the_log_even_where_its_clock_was_ahead(site: Site) -> None:
    today = site.server.today()
    ahead = by_clock(site.server, timedelta(days=1))
    members.enrol(
        ahead.store, ahead.log, issue_card(Role.AUDITOR, SigningKey.generate("carla"), None), clock_is_right=True
    )
    site.visit().report("In the wrong hours.")
    assert {tip.day for tip in site.tips()} | {item.day for item in site.items()} == {today + timedelta(days=1)}
    clock.correct(site.server.store, site.server.log)
    site.visit().report("After the correction.")
    assert sorted({row.day for row in site.tips()}) == [today, today + timedelta(days=1)]
