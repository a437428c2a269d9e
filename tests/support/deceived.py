"""A team and its witness whom an adversary deceives; and where each finds it: on a page, in a file, by a status."""

import re
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Protocol
from wsgiref.types import StartResponse, WSGIEnvironment

from click.testing import CliRunner, Result
from werkzeug.wrappers import Response

from crypto.policy import parse_policy
from intake.accesslog.cosigning import Cosigning, cosign, places
from intake.audit.verified import recall
from intake.cli import main
from intake.cli.trouble import Status
from intake.desk import create_app as create_desk
from intake.keeper import Keeper, open_keeper
from intake.protocol.card import Role
from intake.protocol.evidence import Evidence, parse_evidence
from intake.protocol.queries import first_wanted
from intake.protocol.wire import encode_entries
from intake.settings import load
from intake.source import create_app as create_source
from intake.triage.desk.client import DeskClient
from intake.triage.home import Home
from intake.triage.keys.keyfile import MemberKeys, load_keys
from open_desk import Desk
from program import PASSPHRASE, Program, Reviewer
from rewriting import lines, rewrite
from signed_head import sign_head
from source_site import Site
from witnesses import Running, StartWitness

AMINA, BORIS, CARLA = "amina", "boris", "carla"
TWO_HISTORIES = "Proven: the key of the log .* signed "
"""What a file of evidence says that anybody can check."""
_ALARM = re.compile(r'class="banner alarm" role="alert"><strong>(.*?)</strong>', re.DOTALL)


@dataclass
class Team:
    """Amina and Boris read, Carla audits, a partner witnesses, sources write. `stack` ends what a test starts."""

    desk: Desk
    programs: dict[str, Program]
    reviewer: Reviewer
    site: Site
    partner: Running
    start_witness: StartWitness
    directory: Path
    stack: ExitStack
    servers_policy: str
    """What the server has its log cosigned by."""
    tip: str
    """The report that came first, which all have read of: its id."""
    others: list[Keeper] = field(default_factory=list)
    """The servers of forks, of which nobody here knows."""

    # What everybody does anyway.

    def fetch(self) -> None:
        """Every reviewer's program looks at the log."""
        for program in self.programs.values():
            program.post("/sync", "/")

    def audit(self, *command: str) -> Result:
        """What Carla's program says."""
        mine = ["--home", str(self.directory / "carla-home")]
        if command[0] == "verify":
            secret = self.directory / "passphrase"
            secret.write_text(PASSPHRASE + "\n")
            mine += ["--key", str(self.directory / "carla.key"), "--passphrase-file", str(secret)]
            mine += ["--desk", self.desk.url, "--policy", str(self.desk.policy_file)]
        return CliRunner().invoke(main, ["audit", *command, *mine])

    def have_cosigned(self) -> Cosigning:
        """What the operator's timer does, on every server that there is: what the last of them hears."""
        policy = parse_policy(self.servers_policy.encode())
        asked = places(policy, "")
        return [cosign(each.store, each.log, policy, asked) for each in (self.desk.server, *self.others)][-1]

    def source_says(self) -> str:
        """The page that a source comes to who sends a report now."""
        visit = self.site.visit(f"10.0.0.{secrets.randbelow(250) + 1}")
        visit.get_codename()
        if visit.responses[-1].status_code == 200:
            visit.open("/en/report")
            visit.send("/report", narrative="They came again.")
        return visit.page.words

    def member_client(self, name: str) -> DeskClient:
        """What a reviewer asks the desk by, beside the pages of their program."""
        return DeskClient(self.programs[name].workspace._home, self.key(name).signing, Role.REVIEWER)

    def key(self, name: str) -> MemberKeys:
        return load_keys(self.directory / f"{name}.key", PASSPHRASE)

    def evidence(self, name: str) -> list[Evidence]:
        """What the program of a reviewer or of the auditor has kept."""
        folder = self.directory / f"{name}-home" / "evidence"
        return [parse_evidence(file.read_bytes()) for file in sorted(folder.glob("*"))]

    @property
    def carla_home(self) -> Home:
        return Home.open(self.directory / "carla-home", desk=None, policy=None, proxy=None)

    def checkpoint(self, name: str) -> str:
        """The newest checkpoint that somebody has seen, as they give it to others."""
        if name == CARLA:
            return recall(self.carla_home).note.decode()
        newest = self.programs[name].workspace.checkpoints.newest
        assert newest
        return newest.received.note.decode()

    # What only whoever has the server can do, with the log's key.

    def rewrite(self, change: Callable[[list[bytes]], list[bytes]]) -> None:
        """Make another log of the one in the store, and sign it."""
        rewrite(self.desk.server, change(lines(self.desk.server)))
        sign_head(self.desk.server)

    def fork(self, member: str) -> None:
        """From now on answer one member out of another store, which began as this one did."""
        other = self._copied()
        self.others.append(other)
        honest, forked, key_id = self.desk.wsgi, create_desk(other), self.key(member).card.key_id

        def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            is_theirs = f'keyid="{key_id}"' in environ.get("HTTP_SIGNATURE_INPUT", "")
            return (forked if is_theirs else honest)(environ, start)

        self.desk.wsgi = answer

    def rule_falsely(self, change: Callable[[list[bytes]], list[bytes]]) -> None:
        """As `rewrite`, to what this project's desk would not go on from, and another would."""
        desk = create_desk(self._copied())
        self.rewrite(change)
        held, server = lines(self.desk.server), self.desk.server
        with server.store.reading() as session:
            head = server.log.shown(session)

        def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if environ["PATH_INFO"] == "/v1/log/checkpoint":
                return Response(head)(environ, start)
            if environ["PATH_INFO"] == "/v1/log/entries":
                first = first_wanted(f"?{environ['QUERY_STRING']}")
                return Response(encode_entries(held[first:]))(environ, start)
            return desk(environ, start)

        self.desk.wsgi = answer

    def _copied(self) -> Keeper:
        data, settings = self.directory / "copied", self.desk.server.settings
        data.mkdir()
        for name in ("log.key", "intake.toml", "log.policy"):
            shutil.copy(settings.data / name, data / name)
        with (
            closing(sqlite3.connect(settings.data / "intake.db")) as store,
            closing(sqlite3.connect(data / "intake.db")) as copy,
        ):
            store.backup(copy)
            copy.execute("PRAGMA journal_mode=WAL")
        other = open_keeper(load({"INTAKE_DATA": str(data)}))
        self.stack.callback(other.store.close)
        return other


def open_site(server: Keeper) -> Site:
    """The source site over a desk's store."""
    return Site(server, create_source(server), ())


# Where it is found.


class Found(Protocol):
    """Somebody finds it somewhere. `by`: who; `look` asserts it, after a deed that came back with `answer`."""

    @property
    def by(self) -> str: ...

    def look(self, team: Team, answer: int | None, /) -> None: ...


def _require_evidence(team: Team, name: str, proof: str) -> None:
    """Whether a file that was kept says what `proof` does to whoever checks it; there is none where that is nothing."""
    found = [each.verdict() for each in team.evidence(name)]
    assert any(re.search(proof, verdict) for verdict in found) if proof else not found, found


@dataclass(frozen=True)
class Banner:
    """An alarm above every page of a reviewer's program.

    `proof`: what the file under `evidence/` says to anybody; empty where there is none, for one history was signed.
    """

    by: str
    says: str
    proof: str = ""

    def look(self, team: Team, _answer: int | None) -> None:
        program = team.programs[self.by]
        for page in ("/", "/reports", "/log"):
            above = [unescape(alarm) for alarm in _ALARM.findall(program.get(page).text)]
            assert any(re.search(self.says, alarm) for alarm in above), (page, above)
        _require_evidence(team, self.by, self.proof)


@dataclass(frozen=True)
class Page:
    """A page of a reviewer's program says it; `{tip}` in its path is the report that came first."""

    by: str
    path: str
    says: str

    def look(self, team: Team, _answer: int | None) -> None:
        text = unescape(re.sub(r"<[^>]*>", "", team.programs[self.by].get(self.path.format(tip=team.tip)).text))
        assert re.search(self.says, text), text


@dataclass(frozen=True)
class Compared:
    """On the page Log of a reviewer who is given somebody's checkpoint; then in an alarm, with a proof."""

    by: str
    whose: str

    def look(self, team: Team, _answer: int | None) -> None:
        program = team.programs[self.by]
        answered = program.post("/log/compare", "/log", checkpoint=team.checkpoint(self.whose)).text
        if "longer log" in answered:
            # Each fetch makes the own log longer.
            for _ in range(3):
                program.post("/sync", "/")
        else:
            assert "The log shows the two of you different histories" in answered
        Banner(self.by, "it contradicted itself|signed two", TWO_HISTORIES).look(team, None)


@dataclass(frozen=True)
class Exit:
    """`intake audit verify` ends with a status, and says why on standard error. `proof` as for `Banner`."""

    status: Status
    says: str
    proof: str = ""
    options: tuple[str, ...] = ()
    by: str = CARLA

    def look(self, team: Team, _answer: int | None) -> None:
        found = team.audit("verify", *self.options)
        assert found.exit_code == self.status, found.output
        assert re.search(self.says, found.stderr), found.stderr
        _require_evidence(team, self.by, self.proof)


@dataclass(frozen=True)
class Line:
    """A command of the auditor's, which ends well, prints it."""

    command: str
    says: str
    by: str = CARLA

    def look(self, team: Team, _answer: int | None) -> None:
        assert team.audit("verify").exit_code == Status.DONE
        found = team.audit(self.command) if self.command != "verify" else team.audit("verify", "--whole")
        assert found.exit_code == Status.DONE, found.output
        assert re.search(self.says, found.stdout), found.stdout


@dataclass(frozen=True)
class Closed:
    """The source site seals to nobody: it says that no report can be taken, and nothing was sent."""

    by: str = "site"

    def look(self, team: Team, _answer: int | None) -> None:
        says = team.source_says()
        assert "Reports can't be taken at the moment. Nothing was sent." in says, says


@dataclass(frozen=True)
class Uncosigned:
    """The witness cosigns none of it, and says to whoever asks that it has cosigned something else."""

    by: str = "witness"

    def look(self, team: Team, _answer: int | None) -> None:
        (outcome,) = team.have_cosigned().outcomes
        assert outcome.contradicts
        assert outcome.lines == ()


@dataclass(frozen=True)
class Refused:
    """Whoever tries it is refused by somebody, with a status of HTTP."""

    by: str
    status: int

    def look(self, _team: Team, answer: int | None) -> None:
        assert answer == self.status


def nobody_else_finds_anything(team: Team, found: Sequence[Found]) -> None:
    """Whoever isn't named finds nothing: for them, all is as it was."""
    named = {each.by for each in found}
    for name, program in team.programs.items():
        if name not in named:
            assert (program.workspace.alarms, program.workspace.problem) == ([], ""), name
            assert team.evidence(name) == []
    if CARLA not in named:
        audited = team.audit("verify")
        assert audited.exit_code == Status.DONE, audited.output
    if "site" not in named:
        assert "It has arrived. This is enough." in team.source_says()
    if "witness" not in named:
        assert all(outcome.lines for outcome in team.have_cosigned().outcomes)
