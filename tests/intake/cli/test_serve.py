"""`intake serve` says what is wrong with the operator's own words before anything listens, in one line."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from intake.cli import main
from intake.cli.trouble import Status
from new_server import new_server


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("intake.toml", b'draft_languages = "ug, ko"\n', "write tags with spaces between them"),
        ("about/en.md", b"\xff", "about/en.md"),
        ("help.toml", b"[XX]\n", "help.toml"),
    ],
)
def test_a_wrong_file_of_the_operators_is_one_line_and_a_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, content: bytes, said: str
) -> None:
    settings = new_server(tmp_path / "data", {})
    path = settings.data / file
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as written:
        written.write(content)
    monkeypatch.setenv("INTAKE_DATA", str(settings.data))
    ended = CliRunner().invoke(main, ["serve", "source"])
    assert ended.exit_code == Status.USAGE
    (line,) = ended.stderr.splitlines()
    assert said in line
