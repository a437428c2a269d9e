"""Settings come from the environment over one file, and a wrong one stops the start with its name."""

from pathlib import Path

import pytest

from intake.server import initialise, open_server, settings_file
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
        ({"INTAKE_WORKERS": "2"}, "limits_storage must be a redis:// URL where workers is more than 1"),
    ],
)
def test_a_wrong_setting_in_the_environment_is_named(environment: dict[str, str], names: str, data: Path) -> None:
    with pytest.raises(SettingError, match=names):
        load({"INTAKE_DATA": str(data), **environment})


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


def test_initialising_twice_changes_nothing(tmp_path: Path) -> None:
    first = initialise(tmp_path / "data", {"team": "One"})
    held = {path: path.read_bytes() for path in (first.log_key, first.data / "intake.toml")}
    initialise(tmp_path / "data", {"team": "Two"})
    assert {path: path.read_bytes() for path in held} == held


def test_a_missing_log_key_is_an_error_at_start(tmp_path: Path) -> None:
    settings = initialise(tmp_path / "data", {})
    settings.log_key.unlink()
    with pytest.raises(SettingError, match=r"log\.key"):
        open_server(settings)
