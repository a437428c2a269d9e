"""Whatever goes wrong: one line on standard error, no traceback, and an exit status that says of which kind it is."""

import importlib
import pkgutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

import crypto
import intake
from commands import GUNICORN, INTAKE, environment, run
from crypto.logkey import LogSigner
from intake.accesslog import members
from intake.cli.trouble import KINDS, MEANINGS, Status, report
from intake.keeper import open_keeper, read_log_key
from intake.protocol.card import Role
from intake.settings import load
from intake.triage.keys.keyfile import make_keys, save_keys, write_card
from place import Place, in_one_line
from policies import policy_file
from ports import free_port
from project import PROJECT
from servers import listening, serving

pytestmark = pytest.mark.slow

LOG = "log.policy"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    policy_file(tmp_path)
    return Place(tmp_path)


def newer(place: Place) -> None:
    with closing(sqlite3.connect(place.data / "intake.db")) as store, store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")


def older(place: Place) -> None:
    with closing(sqlite3.connect(place.data / "intake.db")) as store, store:
        store.execute("DELETE FROM alembic_version")


def mangled(name: str, change: Callable[[bytes], bytes]) -> Callable[[Place], None]:
    def mangle(place: Place) -> None:
        path = place.directory / name
        path.write_bytes(change(path.read_bytes()))

    return mangle


def other_key(place: Place) -> None:
    seeds = "\n".join(seed.hex() for seed in LogSigner.generate("intake-other").seeds)
    (place.data / "log.key").write_text(f"intake-other\n{seeds}\n")


def entry_twice(place: Place) -> None:
    """An enrolment that the store holds once more, as if it had been appended."""
    with closing(sqlite3.connect(place.data / "intake.db")) as store, store:
        (card,) = store.execute("SELECT body FROM log_entry").fetchone()
        store.execute("INSERT INTO log_entry SELECT 1, leaf, ?, rules FROM log_entry", (card,))
        store.execute("UPDATE log_head SET size = 2 WHERE size = 1")


def enrolled(then: Callable[[Place], None]) -> Callable[[Place], None]:
    def enrol(place: Place) -> None:
        assert place.run(*ENROL).returncode == 0
        then(place)

    return enrol


def cut_edge(place: Place) -> None:
    with closing(sqlite3.connect(place.data / "intake.db")) as store, store:
        store.execute("UPDATE log_head SET frontier = x'00'")


def damaged_home(place: Place) -> None:
    home = place.directory / "home"
    home.mkdir()
    for name in ("connection.json", "connection.json.copy"):
        (home / name).write_bytes(b"sha256 nonsense\n{}")


def half_evidence(place: Place) -> None:
    (place.directory / "evidence").write_bytes(b"intake evidence v1\n\xff")


def untouched(_place: Place) -> None:
    pass


ENROL = ["reviewer", "enrol", "amina.card"]
VERIFY = ["audit", "verify", "--key", "amina.key", "--passphrase-file", "passphrase", "--home", "home", "--policy", LOG]
AT_HOME = ["audit", "verify", "--key", "amina.key", "--passphrase-file", "passphrase", "--home", "home"]
GONE = f"http://127.0.0.1:{free_port()}"


@pytest.mark.parametrize(
    ("before", "arguments", "status", "says"),
    [
        (newer, ["init"], Status.OTHER_VERSION, "the store is newer than this program"),
        (newer, ["settle"], Status.OTHER_VERSION, "the store is newer than this program"),
        (newer, ["serve", "desk"], Status.OTHER_VERSION, "the store is newer than this program"),
        (older, ["reviewer", "list"], Status.OTHER_VERSION, "run 'intake init'"),
        (mangled("data/intake.db", lambda _: b"nonsense" * 999), ENROL, Status.DAMAGED, "the store is damaged"),
        (mangled("data/log.key", lambda _: b"\xff"), ENROL, Status.DAMAGED, "log.key is damaged"),
        (other_key, ENROL, Status.DAMAGED, "log.key is not the key of this store's log"),
        (enrolled(entry_twice), ["reviewer", "list"], Status.DAMAGED, "entry 1 of the log can't follow"),
        (enrolled(cut_edge), ["reviewer", "revoke", "amina"], Status.DAMAGED, "edge of the log's tree is malformed"),
        (newer, ["clock", "correct"], Status.OTHER_VERSION, "the store is newer than this program"),
        (untouched, ["clock", "correct"], Status.FAILED, "there is nothing to correct"),
        (mangled("data/intake.toml", lambda _: b"team = \x1b["), ["settle"], Status.USAGE, "intake.toml is not TOML"),
        (mangled("amina.card", lambda card: card[:-20]), ENROL, Status.USAGE, "ask for it once more"),
        (mangled("amina.card", lambda card: b"\xef\xbb\xbf" + card), ENROL, Status.USAGE, "ask for it once more"),
        (mangled("amina.card", lambda card: b"> " + card), ENROL, Status.USAGE, "ask for it once more"),
        (mangled("amina.card", lambda _: bytes(range(256))), ENROL, Status.USAGE, "ask for it once more"),
        (mangled("amina.key", lambda key: key[:100]), [*VERIFY, "--desk", GONE], Status.USAGE, "is not a key file"),
        (untouched, [*VERIFY, "--desk", GONE], Status.OUT_OF_REACH, "the desk can't be reached"),
        (untouched, [*VERIFY, "--desk", "nonsense"], Status.USAGE, "--desk must be an address"),
        (untouched, [*VERIFY, "--desk", GONE, "--home", "/proc/home"], Status.USAGE, "--home must be a directory"),
        (damaged_home, AT_HOME, Status.DAMAGED, "connection.json is damaged; say --desk and --policy again"),
        (untouched, AT_HOME, Status.USAGE, "the first time, --desk must say"),
        (half_evidence, ["audit", "evidence", "evidence"], Status.USAGE, "this is not evidence"),
        (untouched, ["audit", "evidence", "amina.card"], Status.USAGE, "this is not evidence"),
        (untouched, ["key", "new", "boris"], Status.USAGE, "no terminal to ask for the passphrase in"),
        (untouched, ["age", "-p", "passphrase"], Status.USAGE, "no terminal to ask for the passphrase in"),
        (untouched, ["age", "-d", "passphrase"], Status.USAGE, "passphrase is not an age file"),
    ],
)  # fmt: skip
def test_expected_trouble_is_one_line_with_a_status_of_its_kind(
    before: Callable[[Place], None], arguments: list[str], status: Status, says: str, place: Place
) -> None:
    before(place)
    in_one_line(place.run(*arguments), status, says)


def test_a_card_that_windows_gave_other_line_ends_is_the_same_card(place: Place) -> None:
    mangled("amina.card", lambda card: card.replace(b"\n", b"\r\n"))(place)
    assert place.run(*ENROL).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "help_of"),
    [(["nonsense"], "intake"), (["init", "--nonsense"], "intake init"), (["serve"], "intake serve"),
     (["serve", "a\x1b[2Jb"], "intake serve"), (["clock", "correct", "now"], "intake clock correct"),
     (["audit", "evidence"], "intake audit evidence"), (["audit", "evidence", "none"], "intake audit evidence"),
     (["audit", "evidence", "--policy"], "intake audit evidence"), (["init", "--team"], "intake init"),
     (["key", "new", "--role"], "intake key new"), (["triage", "--key"], "intake triage"),
     (["age", "-r"], "intake age"), (["--version", "--nonsense"], "intake")],
)  # fmt: skip
def test_a_wrong_call_is_one_line_that_names_the_help(arguments: list[str], help_of: str, place: Place) -> None:
    result = place.run(*arguments)
    in_one_line(result, Status.USAGE, f"; see '{help_of} --help'")
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize(
    "wrong", [[], ["--desk", "nonsense", "--policy", LOG], ["--desk", "http://127.0.0.1:9", "--policy", "passphrase"]]
)
@pytest.mark.parametrize("command", [["audit", "verify"], ["triage"]])
def test_a_command_that_is_not_told_what_it_needs_leaves_no_directory(
    command: list[str], wrong: list[str], place: Place
) -> None:
    result = place.run(*command, "--key", "amina.key", "--home", "new/home", *wrong)
    in_one_line(result, Status.USAGE, "")
    assert not (place.directory / "new").exists()


WRITERS = [
    ["init"], ENROL, ["reviewer", "revoke", "dora"], ["auditor", "enrol", "carla.card"], ["auditor", "revoke", "carla"],
    ["clock", "correct"], ["settle"],
]  # fmt: skip
WAITS = "another program is writing to the store; waiting for it, up to 30 seconds …"


def test_a_store_that_another_program_holds_is_said_to_be_waited_for_before_it_is_free(place: Place) -> None:
    write_card(place.directory / "carla.card", make_keys(Role.AUDITOR, "carla"))
    with closing(sqlite3.connect(place.data / "intake.db", isolation_level=None)) as other, ExitStack() as running:
        other.execute("BEGIN IMMEDIATE")
        waiting = [
            running.enter_context(
                subprocess.Popen(
                    [*INTAKE, *command],
                    cwd=place.directory,
                    env=place.environment,
                    stderr=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    text=True,
                )
            )
            for command in WRITERS
        ]
        said = [process.stderr.readline() for process in waiting if process.stderr]
        other.execute("COMMIT")
        assert Status.OUT_OF_REACH not in [process.wait() for process in waiting]
    assert said == [f"{WAITS}\n"] * len(WRITERS)


def test_a_store_that_another_program_holds_for_long_is_busy_and_not_wrong(place: Place) -> None:
    with closing(sqlite3.connect(place.data / "intake.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ended = place.run(*ENROL)
    assert ended.returncode == Status.OUT_OF_REACH
    assert ended.stderr.splitlines() == [WAITS, "Error: another program is writing to the store; try again"]


def test_gunicorn_without_the_command_ends_in_one_line_too(place: Place) -> None:
    other_key(place)
    ended = run([*GUNICORN, "wsgi:desk"], environment=place.environment)
    assert ended.returncode != 0
    assert "intake: log.key is not the key of this store's log" in ended.stderr
    assert "Traceback" not in ended.stderr


def redirected(place: Place, redirect: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command that a shell starts with its streams elsewhere."""
    command = ["sh", "-c", f'exec "$@" {redirect}', "sh", *INTAKE, *arguments]
    return run(command, directory=place.directory, environment=place.environment)


def test_a_full_disk_is_told_as_such(place: Place) -> None:
    for command in ("--help", "init"):
        in_one_line(redirected(place, ">/dev/full", command), Status.FULL, "No space left")


def test_standard_streams_that_are_closed_end_nothing(place: Place) -> None:
    assert redirected(place, ">&-", "reviewer", "list").returncode == 0
    in_one_line(redirected(place, "<&-", "age", "-d"), Status.USAGE, "standard input is closed")
    in_one_line(redirected(place, "<&- >&-", "age", "-d", "amina.key"), Status.USAGE, "standard output is closed")


def test_who_has_read_enough_hears_no_complaint(place: Place) -> None:
    process = subprocess.Popen([*INTAKE, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == ""
    assert process.returncode == Status.FAILED


def test_ctrl_c_is_one_line(place: Place) -> None:
    command = [*INTAKE, "age", "-d"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stderr
        wait_until_it_reads(process.pid)
        process.send_signal(signal.SIGINT)
        says = process.stderr.read()
        process.wait()
    assert (process.returncode, says.strip()) == (Status.INTERRUPTED, "Error: interrupted")


def wait_until_it_reads(pid: int) -> None:
    """Wait until a program waits for its standard input: the system call `read` of descriptor 0."""
    while True:
        call = Path(f"/proc/{pid}/syscall").read_text().split()
        if call[0] == "0" and call[1] == "0x0":
            return


def test_only_a_log_that_lies_ends_with_the_status_of_fraud(place: Place) -> None:
    port = free_port()
    variables = environment(place.data, **listening("desk", port))
    server = open_keeper(load(variables))
    log = read_log_key(server.settings.log_key).verifier
    keys = make_keys(Role.REVIEWER, "boris")
    members.enrol(server.store, server.log, keys.card)
    save_keys(place.directory / "boris.key", keys, "a passphrase", work_factor=4)
    earlier = place.data / "earlier.db"
    sqlite3.connect(place.data / "intake.db").execute("VACUUM INTO ?", [str(earlier)])
    members.enrol(server.store, server.log, make_keys(Role.REVIEWER, "dora").card)
    server.store.forget()
    server.store.close()
    arguments = [argument.replace("amina", "boris") for argument in VERIFY]
    connection = ["--desk", f"http://127.0.0.1:{port}", "--policy"]
    policy = str(server.settings.policy)
    with serving([*INTAKE, "serve", "desk"], port, place.directory / "printed", variables):
        # A key of the same name, which another holds: whoever named it was told wrong, or asks the wrong desk.
        other = place.run(
            *arguments, *connection, str(policy_file(place.directory, LogSigner.generate(log.name).verifier))
        )
        in_one_line(other, Status.USAGE, "this desk keeps another log than the one you named")
        assert place.run(*arguments, *connection, policy).returncode == Status.DONE
    earlier.replace(place.data / "intake.db")
    with serving([*INTAKE, "serve", "desk"], port, place.directory / "printed", variables):
        in_one_line(place.run(*arguments, *connection, policy), Status.FRAUD, "the log shrank")


def test_every_kind_names_a_class_that_there_is() -> None:
    for name in KINDS:
        module, _, kind = name.rpartition(".")
        assert issubclass(getattr(importlib.import_module(module), kind), Exception)
    assert MEANINGS.keys() == set(Status)


FAILED = {
    "intake.accesslog.tiles.NoSuchTileError",
    "intake.cli.trouble.Trouble",
    "intake.demo.browser.PageError",
    "intake.demo.processes.ProcessError",
    "intake.protocol.clock.ClockError",
    "intake.serving.start.NotServedError",
    "intake.serving.start.StartError",
    "intake.serving.suited.UnsuitedError",
    "intake.triage.process.supervisor.SupervisorError",
}
"""What is FAILED on purpose, with its subclasses: no other status would tell a script more."""

ELSEWHERE = {
    "crypto": "raised by the formats, and told in the words of whoever reads them",
    "intake.desk": "answers",
    "intake.report": "answers, and doubts about what was opened",
    "intake.source": "answers",
    "intake.protocol.actions": "answers, and faults that an audit finds",
    "intake.protocol.deletions": "faults that an audit finds",
    "intake.protocol.entry": "damage of the store, or faults that an audit finds",
    "intake.protocol.logstate": "what is verified again from the start",
    "intake.protocol.requests": "answers, and faults that an audit finds",
    "intake.protocol.index": "pages of the reviewer's program",
    "intake.protocol.wire": "pages of the reviewer's program",
    "intake.storage.blobs": "answers, and what settling names",
    "intake.triage.book": "what is said above the pages",
    "intake.triage.pages": "pages of the reviewer's program",
    "intake.triage.access.rekeying": "alarms of the reviewer's program",
    "intake.triage.workspace.approvals": "pages of the reviewer's program",
    "intake.triage.workspace.renewing": "what is said above the pages",
    "intake.triage.reading.calendars": "pages of the reviewer's program",
    "intake.triage.fetching.checkpoints": "pages of the reviewer's program",
    "intake.triage.outbox.unsent": "pages of the reviewer's program",
    "intake.triage.outbox.sending": "pages of the reviewer's program",
    "intake.triage.files": "pages of the reviewer's program",
}
"""Where errors are defined that end in no command, and in what they do end."""


def test_every_error_of_ours_has_a_status_or_ends_in_no_command() -> None:
    unnamed = []
    for package in (crypto, intake):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # Both act when they are imported.
            if module.name in ("intake.__main__", "intake.serving.gunicorn_settings"):
                continue
            for kind in vars(importlib.import_module(module.name)).values():
                if isinstance(kind, type) and issubclass(kind, BaseException) and kind.__module__ == module.name:
                    names = {f"{each.__module__}.{each.__qualname__}" for each in kind.__mro__}
                    elsewhere = any(f"{module.name}.".startswith(f"{place}.") for place in ELSEWHERE)
                    if not (names & (KINDS.keys() | FAILED)) and not elsewhere:
                        unnamed.append(f"{module.name}.{kind.__qualname__}")
    assert unnamed == []


def test_an_error_that_nobody_expected_says_where_and_never_what(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise LookupError("the words of a source")

    with pytest.raises(LookupError) as caught:
        fail()
    assert report(caught.value) is Status.FAULT
    says = capsys.readouterr().err
    assert len(says.splitlines()) == 1
    assert "LookupError in fail (" in says
    assert "words" not in says


def test_the_help_and_the_readme_name_every_status(place: Place) -> None:
    shown = place.run("--help").stdout
    readme = (PROJECT / "README.md").read_text("utf-8")
    for status, says in MEANINGS.items():
        assert f"\n  {int(status)} " in shown
        assert f"| {int(status)} | {says} |" in readme
