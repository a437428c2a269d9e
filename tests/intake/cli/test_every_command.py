"""Every command, with every kind of trouble that it can meet: the same kind has the same status everywhere."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from socket import AF_UNIX, create_server, socket

import click
import pytest
from click.testing import Result

from crypto.checkpoint import Checkpoint
from crypto.logkey import LogSigner
from crypto.note import SigningKey
from intake.cli import main
from intake.cli.trouble import Status
from intake.protocol.card import Role
from intake.protocol.evidence import Received, attest
from intake.triage.keys.keyfile import make_keys, write_card
from place import Place, in_one_line
from policies import policy_file
from ports import free_port
from signed_head import signed

pytestmark = pytest.mark.slow

LOG = "log.policy"
DESK = ["--home", "home", "--desk", "http://127.0.0.1:9", "--policy", LOG]
PASSPHRASE = ["--passphrase-file", "passphrase"]
RECIPIENT = ["-r", "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"]

ON_THE_SERVER = [
    ["init"],
    ["reviewer", "enrol", "amina.card"], ["reviewer", "revoke", "amina"], ["reviewer", "list"],
    ["auditor", "enrol", "carla.card"], ["auditor", "revoke", "carla"], ["auditor", "list"],
    ["rule", "vouches", "2"], ["rule", "deleters", "3"],
    ["clock", "correct"], ["serve", "source"], ["serve", "desk"], ["settle"], ["cosign"], ["backup", "copy"],
]  # fmt: skip
WITHOUT_THE_KEY = [["reviewer", "list"], ["auditor", "list"], ["serve", "source"]]
"""Commands that sign nothing, so that they have no business with the log's key."""

ELSEWHERE = [
    ["restore", "passphrase"],
    ["key", "new", "boris", *PASSPHRASE],
    ["key", "split", "amina.key", *PASSPHRASE],
    ["key", "join", "passphrase", *PASSPHRASE],
    ["key", "passphrase", "amina.key", *PASSPHRASE, "--new-passphrase-file", "passphrase"],
    ["key", "card", "amina.key", *PASSPHRASE, "-o", "lead.card", "--role", "lead"],
    ["triage", "--key", "amina.key", *DESK],
    ["rewrap", "boris", "--key", "amina.key", *PASSPHRASE, *DESK],
    ["audit", "verify", "--key", "amina.key", *PASSPHRASE, *DESK],
    ["audit", "mirror", "mirror", "--key", "amina.key", *PASSPHRASE, *DESK],
    ["audit", "witness", "witness", "--policy", LOG],
    ["audit", "evidence", "evidence"],
    ["audit", "prove", "0", "entry.tlog-proof", "--key", "amina.key", *PASSPHRASE, *DESK],
    ["audit", "proof", "entry.tlog-proof", "--policy", LOG],
    ["audit", "accesses", "--home", "home", "--policy", LOG],
    ["audit", "findings", "--home", "home", "--policy", LOG],
    ["audit", "pages", "--home", "home", "--policy", LOG],
    ["audit", "cosign", "cosigned", "--key", "amina.key", *PASSPHRASE, "--home", "home", "--policy", LOG],
    ["audit", "report", "board.html", "--key", "amina.key", *PASSPHRASE, "--home", "home", "--policy", LOG],
    ["age", *RECIPIENT, "passphrase"],
    ["age", "keygen"],
    ["demo"],
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)
    policy_file(tmp_path)
    write_card(tmp_path / "carla.card", make_keys(Role.AUDITOR, "carla"))
    monkeypatch.chdir(tmp_path)
    return place


def run(place: Place, arguments: list[str], **variables: str) -> "subprocess.CompletedProcess[str] | Result":
    """A command in this process, but for those that would become another program."""
    if arguments[0] == "serve":
        return place.run(*arguments, **variables)
    return place.call(*arguments, **variables)


def leaves(command: click.Command, *names: str) -> Iterator[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        yield names
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        # What is hidden goes by the name of its group.
        yield from leaves(below, *names, *(() if below.hidden else (name,)))


def test_the_table_has_every_command() -> None:
    table = [" ".join(command) for command in (*ON_THE_SERVER, *ELSEWHERE)]
    for leaf in leaves(main):
        assert any(line.startswith(" ".join(leaf)) for line in table), leaf


@pytest.mark.parametrize("arguments", [*ON_THE_SERVER, *ELSEWHERE], ids=" ".join)
def test_an_option_that_there_is_not_is_wrong_use(arguments: list[str], place: Place) -> None:
    in_one_line(place.call(*arguments, "--nonsense"), Status.USAGE, "No such option")


TAKES_A_FILE = {
    "enrol": ["reviewer", "enrol", "GIVEN"],
    "enrol an auditor": ["auditor", "enrol", "GIVEN"],
    "triage": ["triage", "--key", "GIVEN", *DESK],
    "rewrap": ["rewrap", "boris", "--key", "GIVEN", *PASSPHRASE, *DESK],
    "verify": ["audit", "verify", "--key", "GIVEN", *PASSPHRASE, *DESK],
    "verify with a passphrase": ["audit", "verify", "--key", "amina.key", "--passphrase-file", "GIVEN", *DESK],
    "verify by a policy": ["audit", "verify", "--key", "amina.key", *PASSPHRASE, *DESK, "--policy", "GIVEN"],
    "mirror": ["audit", "mirror", "mirror", "--key", "GIVEN", *PASSPHRASE, *DESK],
    "witness": ["audit", "witness", "witness", "--policy", "GIVEN"],
    "verify a folder": ["audit", "verify", "--from", ".", "--policy", "GIVEN"],
    "pages": ["audit", "pages", "--key", "GIVEN", *PASSPHRASE, *DESK],
    "cosign": ["audit", "cosign", "cosigned", "--key", "GIVEN", *PASSPHRASE, *DESK[:2]],
    "report": ["audit", "report", "board.html", "--key", "GIVEN", *PASSPHRASE, *DESK[:2]],
    "check a report": ["audit", "report", "passphrase", "--check", "--card", "GIVEN"],
    "findings by thresholds": ["audit", "findings", "--explain", "--thresholds", "GIVEN"],
    "evidence": ["audit", "evidence", "GIVEN"],
    "prove": ["audit", "prove", "0", "entry.tlog-proof", "--key", "GIVEN", *PASSPHRASE, *DESK],
    "proof": ["audit", "proof", "GIVEN", "--policy", LOG],
    "proof by a policy": ["audit", "proof", "passphrase", "--policy", "GIVEN"],
    "evidence by a policy": ["audit", "evidence", "passphrase", "--policy", "GIVEN"],
    "decrypt": ["age", "-d", "GIVEN"],
    "decrypt with a key": ["age", "-d", "-i", "GIVEN", "sealed"],
    "encrypt to a list": ["age", "-R", "GIVEN", "passphrase"],
    "encrypt to a key": ["age", "-e", "-i", "GIVEN", "passphrase"],
    "split": ["key", "split", "GIVEN", *PASSPHRASE],
    "another passphrase": ["key", "passphrase", "GIVEN", *PASSPHRASE, "--new-passphrase-file", "passphrase"],
    "a new passphrase": ["key", "passphrase", "amina.key", *PASSPHRASE, "--new-passphrase-file", "GIVEN"],
    "a card": ["key", "card", "GIVEN", *PASSPHRASE, "-o", "lead.card"],
    "new keys": ["key", "new", "boris", "--passphrase-file", "GIVEN"],
    "new keys under a name that is taken": ["key", "new", "boris", *PASSPHRASE, "-o", "GIVEN.key"],
    "a home": ["triage", "--key", "amina.key", *DESK, "--home", "GIVEN/home"],
    "the demo": ["demo", "--dir", "GIVEN/demo"],
}
TEXT = b"The first line is of 32 letters.\nThe second is not.\n"
FILES = {
    "missing": None,
    "empty": b"",
    "text": TEXT,
    "utf-16": TEXT.decode().encode("utf-16"),
    "binary": bytes(range(256)),
    "half": b"age-encryption.org/v1\n-> scrypt ",
}
FINE = {
    ("a new passphrase", "text"),
    ("a new passphrase", "half"),
    ("new keys", "text"),
    ("new keys", "half"),
    ("new keys under a name that is taken", "missing"),
    ("findings by thresholds", "empty"),
}
MAY_BE_MADE = {"a home", "the demo"}


@pytest.mark.parametrize("kind", TAKES_A_FILE)
def test_a_file_that_is_missing_or_another_is_wrong_use_for_whatever_takes_one(kind: str, place: Place) -> None:
    assert place.call("age", *RECIPIENT, "-o", "sealed", "passphrase").exit_code == 0
    for name, data in FILES.items():
        if (kind, name) in FINE or (kind in MAY_BE_MADE and name == "missing"):
            continue
        given = place.directory / f"given-{name}"
        if data is not None:
            given.write_bytes(data)
            given.with_suffix(".key").write_bytes(data)
        arguments = [argument.replace("GIVEN", given.name) for argument in TAKES_A_FILE[kind]]
        in_one_line(place.call(*arguments), Status.USAGE, "")
    (place.directory / "given-directory").mkdir()
    if kind not in MAY_BE_MADE and "taken" not in kind:
        arguments = [argument.replace("GIVEN", "given-directory") for argument in TAKES_A_FILE[kind]]
        in_one_line(place.call(*arguments), Status.USAGE, "given-directory")


@pytest.mark.parametrize(
    "arguments",
    [
        ["key", "new", "boris", *PASSPHRASE, "-o", "nowhere/boris.key"],
        ["key", "card", "amina.key", *PASSPHRASE, "-o", "nowhere/lead.card"],
        ["key", "card", "amina.key", *PASSPHRASE, "-o", "passphrase"],
        ["age", *RECIPIENT, "-o", "nowhere/sealed", "passphrase"],
        ["age", *RECIPIENT, "-o", "data", "passphrase"],
        ["age", "keygen", "-o", "nowhere/key"],
        ["backup", "nowhere/copy"],
        ["age", "keygen", "-o", "passphrase"],
    ],
    ids=" ".join,
)
def test_an_output_that_cannot_be_is_wrong_use(arguments: list[str], place: Place) -> None:
    in_one_line(place.call(*arguments), Status.USAGE, "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["key", "new", "a b", *PASSPHRASE], "spaces"),
        (["key", "new", "operator", *PASSPHRASE], "nobody may be called operator"),
        (["reviewer", "revoke", "nobody"], "no active reviewer of this name"),
        (["backup", "passphrase"], "passphrase exists already"),
        (["restore", "passphrase"], "is a store already"),
        (["auditor", "revoke", "amina"], "no active auditor of this name"),
        (["auditor", "enrol", "amina.card"], "this is the card of a reviewer"),
        (["reviewer", "enrol", "carla.card"], "this is the card of an auditor"),
    ],
    ids=str,
)
def test_a_name_or_card_that_does_not_fit_is_wrong_use(arguments: list[str], says: str, place: Place) -> None:
    in_one_line(place.call(*arguments), Status.USAGE, says)


@contextmanager
def taken() -> Iterator[int]:
    """A port that another program listens on; the one below it is free."""
    with create_server(("127.0.0.1", free_port())) as listening:
        yield listening.getsockname()[1]


def test_a_port_that_is_in_use_is_wrong_use_everywhere(place: Place) -> None:
    with taken() as port:
        for arguments, named in (
            (["triage", "--key", "amina.key", *DESK, "--port", str(port)], f"--port {port}"),
            (["demo", "--port", str(port - 1)], f"--port {port}"),
            (["serve", "source"], f"source_bind = 127.0.0.1:{port}"),
            (["serve", "desk"], f"desk_bind = 127.0.0.1:{port}"),
        ):
            bind = {f"INTAKE_{name}_BIND": f"127.0.0.1:{port}" for name in ("SOURCE", "DESK")}
            says = f"{named} can't be listened at: it is in use"
            in_one_line(run(place, arguments, **(bind if arguments[0] == "serve" else {})), Status.USAGE, says)


@pytest.mark.parametrize("application", ["source", "desk"])
def test_a_socket_that_cannot_be_is_wrong_use_and_one_in_use_is_not_taken_away(application: str, place: Place) -> None:
    path = place.directory / "in use.sock"

    def serve(bind: str, says: str) -> None:
        variables = {f"INTAKE_{application.upper()}_BIND": bind, "INTAKE_DESK_AUTHORITY": "desk.test"}
        in_one_line(run(place, ["serve", application], **variables), Status.USAGE, says)

    with closing(socket(AF_UNIX)) as listening:
        listening.bind(str(path))
        listening.listen()
        serve(f"unix:{path}", f"{application}_bind = unix:{path} can't be listened at: it is in use")
        with closing(socket(AF_UNIX)) as other:
            other.connect(str(path))
    serve(f"unix:{place.directory}/nowhere/a.sock", "there is no such directory")
    serve(f"unix:{place.directory}/passphrase", "something of this name that is no socket")
    serve("192.0.2.1:8001", "can't be listened at: cannot assign")
    serve("nowhere.invalid:8001", "can't be listened at")


def newer(place: Place) -> None:
    with closing(sqlite3.connect(place.data / "intake.db")) as store, store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")


def damaged(place: Place) -> None:
    (place.data / "intake.db").write_bytes(b"nonsense" * 999)


def with_a_wrong_setting(place: Place) -> None:
    (place.data / "intake.toml").write_text("threads = 'many'")


def elsewhere(place: Place) -> None:
    (place.data / "intake.toml").write_text('database = "sqlite:////nowhere/at/all.db"')


@pytest.mark.parametrize("arguments", ON_THE_SERVER, ids=" ".join)
@pytest.mark.parametrize(
    ("what", "status"),
    [(newer, Status.OTHER_VERSION), (damaged, Status.DAMAGED), (with_a_wrong_setting, Status.USAGE),
     (elsewhere, Status.USAGE)],
)  # fmt: skip
def test_what_is_wrong_with_a_server_has_one_status_whatever_meets_it(
    what: Callable[[Place], None], status: Status, arguments: list[str], place: Place
) -> None:
    what(place)
    in_one_line(run(place, arguments), status, "")


@pytest.mark.parametrize("arguments", [each for each in ON_THE_SERVER if each not in WITHOUT_THE_KEY], ids=" ".join)
def test_what_signs_the_log_says_that_its_key_is_damaged(arguments: list[str], place: Place) -> None:
    (place.data / "log.key").write_bytes(b"\xff")
    in_one_line(run(place, arguments), Status.DAMAGED, "log.key is damaged")


def test_a_desk_that_is_not_there_is_out_of_reach(place: Place) -> None:
    there = ["--home", "home", "--desk", f"http://127.0.0.1:{free_port()}", "--policy", LOG]
    for proxy in ([], ["--proxy", f"socks5h://127.0.0.1:{free_port()}"]):
        result = place.call("audit", "verify", "--key", "amina.key", *PASSPHRASE, *there, *proxy)
        in_one_line(result, Status.OUT_OF_REACH, "proxy" if proxy else "the desk can't be reached")


def received(key: LogSigner, size: int, root: bytes) -> Received:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    return Received(at, signed(key, Checkpoint(key.verifier.name, size, root).text))


@pytest.mark.parametrize(
    ("sizes", "status", "says"), [((5, 5), Status.FRAUD, "Proven: "), ((4, 5), Status.DONE, "Testified only")]
)
def test_evidence_that_proves_fraud_has_its_status_and_the_word_of_a_member_has_not(
    sizes: tuple[int, int], status: Status, says: str, place: Place
) -> None:
    log, witness = LogSigner.generate("intake-test"), SigningKey.generate("amina")
    first, second = (received(log, size, bytes([number]) * 32) for number, size in enumerate(sizes))
    (place.directory / "evidence").write_bytes(attest(witness, log.verifier, first, second, None))
    result = place.call("audit", "evidence", "evidence")
    assert result.exit_code == status
    assert result.stdout.startswith(says)
    assert len(result.stdout.splitlines()) == 3


def test_a_wrong_option_of_gunicorn_is_wrong_use_through_the_command_too(place: Place) -> None:
    variables = {"GUNICORN_CMD_ARGS": "--workers 4", "INTAKE_SOURCE_BIND": f"127.0.0.1:{free_port()}"}
    result = run(place, ["serve", "source"], **variables)
    assert isinstance(result, subprocess.CompletedProcess)
    assert (result.returncode, "gunicorn's option workers can't be given" in result.stderr) == (Status.USAGE, True)
    assert sys.executable not in result.stderr
