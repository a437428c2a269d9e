"""What a server, a reviewer or a witness can do to deceive the others, each done for real: who finds it, and where.

Amina and Boris are reviewers whose programs have fetched the log; Carla is an auditor who has verified it once; a
partner's witness has cosigned it, as their policy asks; the source site has proven it. `CASES` says of each deed by
whom it is found and where: all others are looked at as well, and find nothing. What parts of this come to in every
variation is tested where they are made; here, nobody may be deceived.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crypto.age import HybridIdentity
from crypto.checkpoint import Checkpoint
from crypto.note import Note, SigningKey, parse_note
from deceived import (
    AMINA,
    BORIS,
    CARLA,
    TWO_HISTORIES,
    Banner,
    Closed,
    Compared,
    Exit,
    Found,
    Line,
    Page,
    Refused,
    Team,
    Uncosigned,
    nobody_else_finds_anything,
    open_site,
)
from intake.accesslog import members
from intake.cli.trouble import Status
from intake.keeper import read_log_key
from intake.protocol.actions import Action
from intake.protocol.audit import open_checkpoint
from intake.protocol.card import Card, Role, issue_card
from intake.protocol.entry import OPERATOR, Entry, parse_entry
from intake.protocol.rules import VOUCHES, Rule
from intake.triage.desk.client import DeskClient, DeskRefusedError
from intake.triage.home import Home
from open_desk import Desk
from program import ORIGIN, Enrol, Reviewer
from rewriting import lines, rewrite
from set_back import back_up, set_back
from signed_client import Client
from signed_head import signed
from witnesses import policy_text, starting

pytestmark = pytest.mark.slow


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def team(desk: Desk, enrol: Enrol, reviewer: Reviewer, stack: ExitStack, tmp_path: Path) -> Team:
    start = starting(tmp_path, desk.log, stack)
    partner = start("partner")
    partner.clock.time = datetime.now(UTC).timestamp()
    desk.policy_file.write_text(policy_text(desk.log, partner=partner), "utf-8")
    programs = {name: reviewer(name) for name in (AMINA, BORIS)}
    enrol(CARLA, Role.AUDITOR)
    tip = desk.store_tip("They went to my mother.", {"urgency": "now"}).id.hex()
    made = Team(desk, programs, reviewer, open_site(desk.server), partner, start, tmp_path, stack, desk.policy, tip)
    made.have_cosigned()
    for program in programs.values():
        program.unlock()
    made.fetch()
    assert made.audit("verify").exit_code == Status.DONE
    made.have_cosigned()
    with desk.server.store.reading() as session:
        desk.server.members.roster(session)
    return made


def now(after: timedelta = timedelta(0)) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + after


def new_card(name: str) -> Card:
    return issue_card(Role.REVIEWER, SigningKey.generate(name), HybridIdentity.generate())


def first_of(held: list[bytes], action: Action) -> int:
    return next(place for place, line in enumerate(held) if parse_entry(line).action is action)


def reviewers_must_vouch(team: Team) -> None:
    members.rule(team.desk.server.store, team.desk.server.log, Rule(VOUCHES, 2))


# What a server does, with the log's key.


def drops_an_entry(team: Team) -> None:
    def without(held: list[bytes]) -> list[bytes]:
        place = first_of(held, Action.READ)
        return [*held[:place], *held[place + 1 :]]

    team.rewrite(without)


def edited(held: list[bytes]) -> list[bytes]:
    place = first_of(held, Action.READ)
    entry = parse_entry(held[place])
    return [*held[:place], replace(entry, objects=(f"item/{'0' * 32}",)).to_bytes(), *held[place + 1 :]]


def edits_an_entry(team: Team) -> None:
    team.rewrite(edited)


def edits_an_entry_unsigned(team: Team) -> None:
    """Whoever goes on from what they verified asks for it no more."""
    rewrite(team.desk.server, edited(lines(team.desk.server)))


def is_set_back(declared: bool) -> Callable[[Team], None]:
    def put_back(team: Team) -> None:
        made = back_up(team.desk, team.directory / "scratch")
        team.fetch()
        assert team.audit("verify").exit_code == Status.DONE
        team.have_cosigned()
        team.stack.enter_context(set_back(team.desk, made, team.directory / "again", declared=declared))

    return put_back


def invents_an_access(team: Team) -> None:
    def more(held: list[bytes]) -> list[bytes]:
        real = parse_entry(held[first_of(held, Action.READ)])
        return [*held, replace(real, at=now(), objects=(f"item/{'0' * 32}",)).to_bytes()]

    team.rewrite(more)


def logs_a_request_again(team: Team) -> None:
    team.rewrite(lambda held: [*held, replace(parse_entry(held[first_of(held, Action.READ)]), at=now()).to_bytes()])


def forges_a_deletion(team: Team) -> None:
    forged = Entry(now(), OPERATOR, Action.DELETE, (f"tip/{team.tip}", f"item/{'1' * 32}"))
    team.rule_falsely(lambda held: [*held, forged.to_bytes()])


def withholds_the_newest(team: Team) -> None:
    with team.desk.server.store.reading() as session:
        before = team.desk.server.log.shown(session)
    team.desk.lie("/v1/log/checkpoint", lambda _: before)
    team.fetch()
    assert team.audit("verify").exit_code == Status.DONE, "what she read just now, it may hold the next time"


def answers_without_logging(team: Team) -> None:
    honest = team.desk.wsgi

    def unlogged(body: bytes) -> bytes:
        team.desk.cut(1)
        return body

    team.desk.lie("/v1/read", unlogged)
    team.desk.store_tip("A second one.", {"urgency": "now"})
    team.programs[AMINA].post("/sync", "/")
    team.desk.wsgi = honest


def forks_for_one_reviewer(team: Team) -> None:
    team.fork(BORIS)
    for _ in range(2):
        team.fetch()
    nobody_else_finds_anything(team, (Uncosigned(),))


def forks_for_one_auditor(team: Team) -> None:
    team.fork(CARLA)
    assert team.audit("verify").exit_code == Status.DONE
    team.fetch()
    nobody_else_finds_anything(team, (Uncosigned(),))


def claims_a_huge_tree(team: Team) -> None:
    key = read_log_key(team.desk.server.settings.log_key)
    huge = signed(key, Checkpoint(key.verifier.name, 1 << 40, bytes(32)).text)
    team.desk.lie("/v1/log/checkpoint", lambda _: huge)


def goes_by_an_old_policy(team: Team) -> None:
    """Everybody is handed another, by which a second witness is asked, too; the server goes on as before."""
    second = team.start_witness("second")
    policy = policy_text(team.desk.log, 2, partner=team.partner, second=second)
    team.desk.policy_file.write_text(policy, "utf-8")
    for name in team.programs:
        team.programs[name].guard.lock()
        home = Home.open(team.directory / f"{name}-home", desk=team.desk.url, policy=policy, proxy=None)
        team.programs[name] = team.reviewer(name, home=home)
        team.programs[name].unlock()


def enrols_a_ghost_and_revokes_it(team: Team) -> None:
    """As long as nobody has to vouch."""
    members.enrol(team.desk.server.store, team.desk.server.log, new_card("ghost"))
    members.revoke(team.desk.server.store, team.desk.server.log, "ghost", Role.REVIEWER)


def enrols_a_ghost_where_reviewers_must_vouch(team: Team) -> None:
    reviewers_must_vouch(team)
    ghost = new_card("ghost")
    enrolled = Entry(now(), OPERATOR, Action.ENROL, (f"member/{ghost.key_id}",), card=ghost.text)
    revoked = Entry(now(), OPERATOR, Action.REVOKE, (f"member/{ghost.key_id}",))
    team.rule_falsely(lambda held: [*held, enrolled.to_bytes(), revoked.to_bytes()])


def dates_a_vouching_back(team: Team) -> None:
    """Amina's word for Dora, by an hour, which her own program has not fetched yet."""
    reviewers_must_vouch(team)
    with closing(team.member_client(AMINA)) as client:
        client.vouch(new_card("dora"))
    team.rule_falsely(
        lambda held: [
            *held[:-1],
            replace(parse_entry(held[-1]), at=parse_entry(held[-1]).at - timedelta(hours=1)).to_bytes(),
        ]
    )


def enrols_a_name_again(team: Team) -> None:
    members.enrol(team.desk.server.store, team.desk.server.log, new_card("dora"))
    team.fetch()
    members.revoke(team.desk.server.store, team.desk.server.log, "dora", Role.REVIEWER)
    members.enrol(team.desk.server.store, team.desk.server.log, new_card("dora"))


# What others do.


def replays_a_request(team: Team) -> int:
    """Whoever saw a signed request on its way sends it once more."""
    client = Client(team.desk.server, team.key(AMINA).signing)
    team.stack.callback(client.close)
    request = client.request("GET", "/v1/log/checkpoint")
    client.send(request)
    return client.send(request).status_code


def reads_with_a_colleagues_key(team: Team) -> None:
    stolen = Home.open(team.directory / "stolen-home", desk=team.desk.url, policy=team.desk.policy, proxy=None)
    with closing(DeskClient(stolen, team.key(BORIS).signing, Role.REVIEWER)) as client:
        client.days("")


def takes_a_colleagues_session(team: Team) -> int:
    """From another user's listener on the same machine, which gets the cookie but not the path."""
    boris = team.programs[BORIS]
    place = boris.place.path
    cookie = boris.browser.get_cookie("triage", "127.0.0.1", f"{place}/")
    assert cookie is not None
    thief = boris.app.test_client()
    thief.set_cookie("triage", cookie.value, domain="127.0.0.1", path="/")
    assert thief.get(f"{place}/reports", base_url=ORIGIN).status_code == 200, "with both, it is Boris"
    guessed = ("", f"/{secrets.token_urlsafe(16)}", team.programs[AMINA].place.path)
    (status,) = {thief.get(f"{path}/reports", base_url=ORIGIN).status_code for path in guessed}
    return status


def reads_everything(team: Team) -> None:
    boris = team.programs[BORIS]
    tips = [team.desk.store_tip(f"The {number}th.", {}) for number in range(30)]
    boris.post("/sync", "/")
    for tip in tips:
        assert boris.get(f"/tips/{tip.id.hex()}").status_code == 200


def hands_files_out_unapproved(team: Team) -> None:
    """By a program that asks nobody, where Amina is a lead by now, as all have seen."""
    amina = team.key(AMINA)
    card = issue_card(Role.LEAD, amina.signing, amina.identity)
    members.enrol(team.desk.server.store, team.desk.server.log, card)
    team.fetch()
    team.programs[BORIS].workspace._client.say_exported(team.tip, "a" * 64)


def approves_as_no_lead(team: Team) -> int:
    with closing(team.member_client(BORIS)) as client, pytest.raises(DeskRefusedError) as refused:
        client.say_approved(team.tip, "a" * 64)
    assert Action.APPROVE not in {parse_entry(line).action for line in lines(team.desk.server)}
    return refused.value.status


def vouches_for_themself(team: Team) -> int:
    reviewers_must_vouch(team)
    with closing(team.member_client(AMINA)) as client, pytest.raises(DeskRefusedError) as refused:
        client.vouch(new_card("amina"))
    assert Action.VOUCH not in {parse_entry(line).action for line in lines(team.desk.server)}
    return refused.value.status


def signs_two_trees(team: Team) -> None:
    """The partner's witness, together with the server."""
    with team.desk.server.store.reading() as session:
        size = open_checkpoint(team.desk.server.log.shown(session), team.desk.log).size
    text = Checkpoint(team.desk.log.name, size, bytes(32)).text
    note = parse_note(signed(read_log_key(team.desk.server.settings.log_key), text))
    other = bytes(
        Note(text, (*note.signatures, *(key.cosign(text, int(now().timestamp())) for key in team.partner.keys)))
    )
    team.have_cosigned()
    team.fetch()
    assert team.audit("verify").exit_code == Status.DONE
    team.desk.lie("/v1/log/cosigned", lambda _: other)


# Who finds it, and where.


@dataclass(frozen=True)
class Case:
    does: Callable[[Team], int | None]
    found: tuple[Found, ...]


REWRITTEN = r"the log (shrank: |was rewritten: )"
"""By what each has seen of it so far."""
FALSE = r"entry \d+ is false: "
DENIED = "the server answered your .*, but its log does not"
UNWITNESSED = "too few of its witnesses have cosigned .*second: never"
HUGE = f"the desk claims a log of {1 << 40} entries"
DECLARED = "its operator declares that a copy of the server was put back on"


def by_all(says: str, proof: str = "") -> tuple[Found, ...]:
    """Every program that reads the log: an alarm above each page, and the auditor's exit status of fraud."""
    return Banner(AMINA, says, proof), Banner(BORIS, says, proof), Exit(Status.FRAUD, says, proof)


CASES: Mapping[str, Case] = {
    "nobody does anything": Case(lambda _: None, ()),
    "a server drops an entry": Case(
        drops_an_entry, (*by_all(REWRITTEN, TWO_HISTORIES), Closed(), Uncosigned())
    ),
    "a server edits an entry": Case(
        edits_an_entry, (*by_all(REWRITTEN, TWO_HISTORIES), Closed(), Uncosigned())
    ),
    "somebody without the log's key edits an entry": Case(edits_an_entry_unsigned, (
        Exit(Status.FRAUD, "entries are not the ones seen before", "Testified only", ("--whole",)), Uncosigned(),
    )),
    "a server forks for one reviewer": Case(
        forks_for_one_reviewer, (Compared(AMINA, BORIS), Compared(BORIS, AMINA), Uncosigned())
    ),
    "a server forks for one auditor": Case(forks_for_one_auditor, (Compared(BORIS, CARLA), Uncosigned())),
    "a server is set back to a backup, and nobody says so": Case(
        is_set_back(declared=False), (*by_all(REWRITTEN, TWO_HISTORIES), Uncosigned())
    ),
    "a server is set back to a backup, as is declared": Case(
        is_set_back(declared=True), (*by_all(DECLARED, TWO_HISTORIES), Uncosigned())
    ),
    "a server invents an access": Case(invents_an_access, by_all(FALSE + "it does not say what its request did")),
    "a server logs a request again": Case(logs_a_request_again, by_all(FALSE + "its request was used before")),
    "a server withholds the newest entries": Case(withholds_the_newest, by_all(DENIED)),
    "a server answers without logging": Case(answers_without_logging, (Banner(AMINA, DENIED),)),
    "a server enrols a ghost and revokes it": Case(enrols_a_ghost_and_revokes_it, (
        Page(AMINA, "/members", "ghost was enrolled as a reviewer"),
        Page(BORIS, "/members", "ghost is no longer a reviewer"),
        Line("verify", r"reviewer  ghost  since .*, until "),
    )),
    "a server enrols a ghost where reviewers must vouch": Case(
        enrols_a_ghost_where_reviewers_must_vouch, (*by_all(FALSE + "reviewers must vouch for them"), Closed())
    ),
    "a server dates a vouching back": Case(
        dates_a_vouching_back, (*by_all(FALSE + "the request is of another time"), Closed())
    ),
    "a server enrols a name again": Case(enrols_a_name_again, (
        Page(AMINA, "/members", r"dora\s*Another key has had this name"),
        Page(BORIS, "/members", r"dora\s*Another key has had this name"),
        Line("findings", "A name came back with another key: dora"),
    )),
    "a server forges a deletion": Case(forges_a_deletion, (
        *by_all(FALSE), Page(AMINA, "/tips/{tip}", "They went to my mother"), Closed(),
    )),
    "a server claims a huge tree": Case(claims_a_huge_tree, (
        Page(AMINA, "/", HUGE), Page(BORIS, "/", HUGE), Exit(Status.OUT_OF_REACH, HUGE),
    )),
    "a server goes by an old policy": Case(goes_by_an_old_policy, (
        Banner(AMINA, UNWITNESSED), Banner(BORIS, UNWITNESSED), Exit(Status.UNWITNESSED, UNWITNESSED),
    )),
    "somebody replays a signed request": Case(replays_a_request, (Refused("the desk", 401),)),
    "a reviewer reads with a colleague's key": Case(
        reads_with_a_colleagues_key, (Banner(BORIS, "Somebody used your key elsewhere"),)
    ),
    "a reviewer reads through another's session": Case(
        takes_a_colleagues_session, (Refused("the other's program", 403),)
    ),
    "a reviewer reads everything": Case(reads_everything, (
        Line("findings", "Much read in a short time: boris opened 30 reports within"),
        Page(AMINA, "/findings", "boris opened 30 reports within"),
    )),
    "a reviewer hands a file out that no lead approved": Case(hands_files_out_unapproved, (
        Line("findings", "Left without a lead's approval: boris exported a file of a report although no lead had"),
        Page(AMINA, "/findings", "boris exported a file of a report although no lead had"),
    )),
    "a reviewer approves who is no lead": Case(approves_as_no_lead, (Refused("the desk", 401),)),
    "a reviewer vouches for themself": Case(vouches_for_themself, (Refused("the desk", 409),)),
    "a witness signs two trees": Case(
        signs_two_trees, by_all("others are shown another log", "and the witness w-partner cosigned both")
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_is_found_by_whom_it_must_be_and_where(case: str, team: Team) -> None:
    does, found = CASES[case].does, CASES[case].found
    answer = does(team)
    team.fetch()
    for place in found:
        place.look(team, answer)
    nobody_else_finds_anything(team, found)
