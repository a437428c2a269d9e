"""Settings come from the environment over one file, and a wrong one stops the start with its name."""

import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.keeper import initialise, open_keeper, settings_file
from intake.settings import SettingError, Settings, load, settable


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "intake.toml").write_text('team = "The Desk"\nthreads = 8\n')
    return tmp_path


def test_the_file_goes_before_the_defaults_and_the_environment_before_the_file(data: Path) -> None:
    settings = load({"INTAKE_DATA": str(data), "INTAKE_THREADS": "9"})
    assert (settings.team, settings.threads, settings.workers) == ("The Desk", 9, 1)


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({"INTAKE_THREADS": "many"}, "INTAKE_THREADS must be a whole number"),
        ({"INTAKE_THREADS": "0"}, "threads must be 1 or more"),
        ({"INTAKE_ONION": "yes"}, "INTAKE_ONION must be true or false"),
        ({"INTAKE_TREADS": "9"}, "INTAKE_TREADS is not a setting"),
        ({"INTAKE_SOURCE_BIND": "8001x"}, "source_bind must be host:port or unix:/path"),
        ({"INTAKE_SOURCE_BIND": "127.0.0.1:0"}, "source_bind must be .* with a port from 1 to 65535"),
        ({"INTAKE_DESK_BIND": "127.0.0.1:65536"}, "desk_bind must be .* with a port from 1 to 65535"),
        ({"INTAKE_DESK_BIND": "8002"}, "desk_bind must be host:port"),
        ({"INTAKE_DESK_BIND": "unix:run/desk"}, "desk_bind must be host:port or unix:/path"),
        ({"INTAKE_DESK_BIND": "unix:8001"}, "desk_bind must be host:port or unix:/path"),
        ({"INTAKE_DESK_BIND": "::1:8001"}, "an IPv6 address in brackets"),
        ({"INTAKE_DESK_BIND": "tcp://127.0.0.1:8001"}, "desk_bind must be host:port"),
        ({"INTAKE_SOURCE_BIND": "unix://run/source"}, "source_bind must be unix: and a whole path"),
        ({"INTAKE_SOURCE_BIND": "unix:/run/unix:source"}, "source_bind must be .* without 'unix:' in it"),
        ({"INTAKE_SOURCE_BIND": "unix:/run/source "}, "source_bind must be .* blanks at its end"),
        ({"INTAKE_SOURCE_BIND": "unix:/run/source\n"}, "source_bind must be .* what doesn't print"),
        ({"INTAKE_SOURCE_BIND": f"unix:/run/{53 * 'é'}"}, "source_bind: the path of a socket can have at most 107"),
        ({"INTAKE_DESK_BIND": "unix:/run/desk"}, "desk_authority must be set where desk_bind is a unix socket"),
        ({"INTAKE_DESK_AUTHORITY": "http://desk.onion"}, "desk_authority must be host or host:port"),
        ({"INTAKE_DESK_AUTHORITY": "desk.onion/v1"}, "desk_authority must be host or host:port"),
        ({"INTAKE_DESK_AUTHORITY": "desk.onion:0"}, "desk_authority must be host or host:port"),
        ({"INTAKE_DESK_AUTHORITY": "desk.onion:80"}, "desk_authority must be host or host:port"),
        ({"INTAKE_DESK_AUTHORITY": "Desk.onion"}, "desk_authority must be host or host:port"),
        ({"INTAKE_LIMIT_PAGES": "many"}, "limit_pages must be a limit such as '20 per minute'"),
        ({"INTAKE_LIMIT_CODENAMES": "20"}, "limit_codenames must be a limit"),
        ({"INTAKE_LIMIT_SENDS": ""}, "limit_sends must be a limit"),
        ({"INTAKE_LIMITS_STORAGE": "nonsense://x"}, "limits_storage must be memory:// or a redis:// URL"),
        ({"INTAKE_LIMITS_STORAGE": "redis://x:port"}, "limits_storage is not a URL"),
        ({"INTAKE_DATABASE": "nonsense"}, "database must be sqlite:///"),
        ({"INTAKE_DATABASE": "postgresql+psycopg://x:port/y"}, "database must be sqlite:///"),
        (
            {"INTAKE_DATABASE": "postgresql://x/y"},
            "postgresql can't be used yet: what is deleted would",
        ),
        ({"INTAKE_DATABASE": "postgresql+psycopg://x/y"}, "postgresql can't be used yet"),
        ({"INTAKE_DATABASE": "mysql://x/y"}, "mysql can't be used yet"),
        ({"INTAKE_DATABASE": "sqlite+aiosqlite:////x.db"}, "database must be sqlite:///"),
        ({"INTAKE_GATE_MINUTES": "7"}, "gate_minutes must be 0, or go into a day"),
        ({"INTAKE_GATE_MINUTES": "2880"}, "gate_minutes must be 0, or go into a day"),
        ({"INTAKE_DATABASE": "sqlite:///intake.db"}, "database must name the SQLite file by its whole path"),
        ({"INTAKE_DATABASE": "sqlite://"}, "database must be sqlite:///"),
        ({"INTAKE_TEAM": "\udcff"}, "team must be text in UTF-8"),
        ({"INTAKE_WORKERS": "2"}, "limits_storage must be a redis:// URL where workers is more than 1"),
    ],
)
def test_a_wrong_setting_in_the_environment_is_named(environment: dict[str, str], names: str, data: Path) -> None:
    with pytest.raises(SettingError, match=names):
        load({"INTAKE_DATA": str(data), **environment})


def test_a_storage_of_limits_whose_package_is_missing_is_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "redis", raising=False)
    with pytest.raises(SettingError, match=r"limits_storage needs a package .* pip install redis"):
        load({"INTAKE_DATA": str(data), "INTAKE_LIMITS_STORAGE": "redis://127.0.0.1"})


@pytest.mark.parametrize("name", ["reserve_files", "reserve_text"])
def test_less_than_nothing_cannot_be_left_free(name: str, data: Path) -> None:
    (data / "intake.toml").write_text(f"{name} = -1")
    with pytest.raises(SettingError, match=f"{name} must be 0 or more"):
        load({"INTAKE_DATA": str(data)})


@pytest.mark.parametrize(
    "environment",
    [
        {"INTAKE_DESK_BIND": "unix:/run/desk", "INTAKE_DESK_AUTHORITY": "desk.onion"},
        {"INTAKE_DESK_AUTHORITY": "127.0.0.1:65535", "INTAKE_SOURCE_BIND": "[::1]:1"},
        {"INTAKE_LIMIT_PAGES": "20/minute; 100 per 2 hours", "INTAKE_DATABASE": "sqlite:////var/lib/x.db"},
        {"INTAKE_PASSPHRASE_FILE": "passphrase"},
    ],
)
def test_what_is_right_is_taken(environment: dict[str, str], data: Path) -> None:
    settings = load({"INTAKE_DATA": str(data), **environment})
    for name in environment.keys() - {"INTAKE_PASSPHRASE_FILE"}:
        assert getattr(settings, name.removeprefix("INTAKE_").lower()) == environment[name]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ('threads = "9"', "threads must be a whole number"),
        ("onion = 1", "onion must be true or false"),
        ("treads = 9", "treads is not a setting"),
        ("threads = ", "is not TOML"),
    ],
)
def test_a_wrong_setting_in_the_file_is_named(line: str, names: str, data: Path) -> None:
    (data / "intake.toml").write_text(line)
    with pytest.raises(SettingError, match=names):
        load({"INTAKE_DATA": str(data)})


def test_a_directory_that_was_not_initialised_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"INTAKE_DATA.*intake init"):
        load({"INTAKE_DATA": str(tmp_path / "nowhere")})


def test_every_setting_is_explained_and_the_written_file_reads_back(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, team="The Desk", onion=True, threads=8)
    (tmp_path / "intake.toml").write_text(settings_file(settings), "utf-8")
    assert load({"INTAKE_DATA": str(tmp_path)}) == settings
    assert all(len(entry.metadata["says"]) > 20 for entry in settable())


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_written_so_that_it_reads_back(text: str) -> None:
    assert tomllib.loads(settings_file(Settings(team=text))).get("team", "") == text


def test_initialising_twice_changes_nothing(tmp_path: Path) -> None:
    first = initialise(tmp_path / "data", {"team": "One"})
    held = {path: path.read_bytes() for path in (first.log_key, first.data / "intake.toml")}
    initialise(tmp_path / "data", {"team": "Two"})
    assert {path: path.read_bytes() for path in held} == held


def test_initialising_takes_the_environment_before_the_file_and_leaves_it_out_of_it(tmp_path: Path) -> None:
    environment = {"INTAKE_DATABASE": f"sqlite:///{tmp_path}/other.db", "INTAKE_DATA": "not this one"}
    settings = initialise(tmp_path / "data", {"threads": 3}, environment)
    assert (settings.data, settings.threads) == (tmp_path / "data", 3)
    assert (tmp_path / "other.db").exists()
    assert load({"INTAKE_DATA": str(tmp_path / "data")}).database == ""


def test_a_damaged_log_key_is_named(tmp_path: Path) -> None:
    settings = initialise(tmp_path / "data", {})
    settings.log_key.write_text("nonsense")
    with pytest.raises(SettingError, match=r"log\.key is damaged"):
        open_keeper(settings)


def test_a_missing_log_key_is_an_error_at_start(tmp_path: Path) -> None:
    settings = initialise(tmp_path / "data", {})
    settings.log_key.unlink()
    with pytest.raises(SettingError, match=r"log\.key"):
        open_keeper(settings)
