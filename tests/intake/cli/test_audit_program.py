"""The auditor's commands as they are typed, offline, on a folder that was copied; and at a real desk."""

import csv
import io
import os
from pathlib import Path

import pytest

from commands import INTAKE, environment
from crypto.note import parse_note
from crypto.policy import parse_policy
from intake.accesslog import members
from intake.cli.trouble import Status
from intake.keeper import open_keeper
from intake.protocol.card import Role
from intake.settings import load
from intake.triage.keys.keyfile import make_keys, save_keys, write_card
from place import Place, in_one_line
from ports import free_port
from servers import listening, serving
from team_at_work import at_work

pytestmark = pytest.mark.slow

PASSPHRASE = ["--passphrase-file", "passphrase"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An auditor's keys, and a folder with a log and its policy."""
    directory = tmp_path_factory.mktemp("place")
    made = Place(directory)
    at_work(directory)
    keys = make_keys(Role.AUDITOR, "carla")
    save_keys(directory / "carla.key", keys, "a passphrase", work_factor=4)
    write_card(directory / "carla.card", keys)
    return made


def audit(place: Place, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """What the command prints, in the place, on the folder."""
    monkeypatch.chdir(place.directory)
    result = place.call("audit", *arguments, "--from", "mirror", "--policy", "log.policy")
    assert result.exit_code == Status.DONE, result.output
    return result.stdout


def test_a_folder_is_verified_and_told_without_a_key_or_a_desk(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    told = audit(place, monkeypatch, "verify")
    assert "Verified: 1157 entries of the log intake-test" in told
    assert "Findings: 6, of which 1 were answered by others" in told
    listed = audit(place, monkeypatch, "findings", "--kind", "odd_hour")
    assert "At an hour that is odd for them: boris read at 02:" in listed
    assert "amina, 2026-10-29 10:32 UTC: Boris was on call that night, for somebody who was ill." in listed
    assert audit(place, monkeypatch, "findings", "--unanswered").endswith("Findings: 5\n")


def test_ones_own_thresholds_hold_and_each_is_explained(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (place.directory / "own.toml").write_text("much_reports = 1000\n")
    assert "Much read" not in audit(place, monkeypatch, "findings", "--thresholds", "own.toml")
    told = place.call("audit", "findings", "--explain", "--thresholds", "own.toml").stdout
    assert "much_reports = 1000  (shipped: 30; from 2 to 10000)" in told
    (place.directory / "own.toml").write_text("much_report = 1000\n")
    in_one_line(place.call("audit", "findings", "--explain", "--thresholds", "own.toml"), Status.USAGE, "'much_report'")


def test_accesses_are_chosen_and_written_as_a_table(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    by_day = audit(place, monkeypatch, "accesses", "--by", "day", "--reviewer", "boris", "--since", "2026-10-29")
    assert by_day.splitlines()[1].startswith("2026-10-29  open  40  40  1  2026-10-29 02:19:20")
    only = ["--reviewer", "=SUM(A1)", "--action", "open", "--csv"]
    rows = list(csv.DictReader(io.StringIO(audit(place, monkeypatch, "accesses", *only, "-"))))
    assert {(row["name"], row["action"]) for row in rows} == {("'=SUM(A1)", "open")}
    audit(place, monkeypatch, "accesses", *only, "table.csv")
    assert (place.directory / "table.csv").read_bytes().startswith(b'\xef\xbb\xbf"entry"')
    refused = place.call("audit", "accesses", "--reviewer", "nobody", "--from", "mirror", "--policy", "log.policy")
    in_one_line(refused, Status.USAGE, "the log knows nobody of the name")


def test_a_report_is_signed_and_checked_by_whoever_has_the_card(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    keyed = ["--key", "carla.key", *PASSPHRASE]
    assert "board.html.note its signature" in audit(place, monkeypatch, "report", "board.html", *keyed)
    check = ["audit", "report", "board.html", "--check", "--card", "carla.card"]
    assert "This is the report that carla signed" in place.call(*check).stdout
    board = place.directory / "board.html"
    board.write_text(board.read_text("utf-8") + "<p>And nobody else.</p>", "utf-8")
    in_one_line(place.call(*check), Status.FAILED, "it was changed since")
    in_one_line(place.call(*check[:4]), Status.USAGE, "--check needs --card")
    for file in (board, place.directory / "carla.card"):
        os.truncate(file, 1 << 40)
        in_one_line(place.call(*check), Status.USAGE, f"{file.name} is larger than such a file can be")


def test_a_folder_needs_a_policy_and_a_home_a_log(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.directory)
    in_one_line(place.call("audit", "verify", "--from", "mirror"), Status.USAGE, "--from needs --policy")
    in_one_line(place.call("audit", "verify", "--home", "home"), Status.USAGE, "the first time, --desk must say")
    bundle = next((place.directory / "mirror" / "tile" / "entries").glob("000"))
    whole = bundle.read_bytes()
    bundle.write_bytes(whole.replace(b"open", b"read", 1))
    damaged = place.call("audit", "findings", "--from", "mirror", "--policy", "log.policy")
    bundle.write_bytes(whole)
    in_one_line(damaged, Status.DAMAGED, "not what the log signed")


def test_at_a_desk_what_is_new_is_verified_cosigned_and_told_without_asking_again(tmp_path: Path) -> None:
    place, port = Place(tmp_path), free_port()
    variables = environment(place.data, **listening("desk", port))
    server = open_keeper(load(variables))
    keys = make_keys(Role.AUDITOR, "carla")
    members.enrol(server.store, server.log, keys.card)
    save_keys(tmp_path / "carla.key", keys, "a passphrase", work_factor=4)
    policy = server.settings.policy
    home = ["--home", "home", "--policy", str(policy)]
    keyed = ["--key", "carla.key", *PASSPHRASE, *home]
    verify = ["audit", "verify", *keyed, "--desk", f"http://127.0.0.1:{port}"]
    in_one_line(place.run("audit", "findings", *home), Status.USAGE, "the first time, --desk must say")
    with serving([*INTAKE, "serve", "desk"], port, tmp_path / "printed", variables):
        assert "enrol member/" in place.run(*verify).stdout
        again = place.run(*verify).stdout
        assert "enrol member/" not in again
        assert "carla  log" in again, "what is new is what she read herself"
        members.enrol(server.store, server.log, make_keys(Role.AUDITOR, "dora").card)
        new = place.run(*verify).stdout
        assert "(dora)" in new
        assert "(carla)" not in new
        assert "(carla)" in place.run(*verify, "--whole").stdout
    # The desk is gone: what was verified is enough.
    assert "Findings: 0" in place.run("audit", "findings", *home).stdout
    assert "operator  operator  enrol  2" in place.run("audit", "accesses", "--by", "reviewer", *home).stdout
    *_, line = place.run("audit", "cosign", "cosigned", *keyed).stdout.splitlines()
    named = policy.read_text().replace("quorum none\n", f"{line}\nquorum carla\n")
    parse_policy(named.encode()).require(parse_note((tmp_path / "cosigned").read_bytes()))
    server.store.close()
