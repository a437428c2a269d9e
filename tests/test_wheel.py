"""A wheel is enough: with it, and the packages it needs, everything runs where there is no checkout."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib.metadata import distributions
from pathlib import Path

import httpx
import pytest

from commands import run, run_bytes
from intake.software import this_software
from ports import free_port
from project import PROJECT
from servers import Server, listening, serving
from waiting import waited_for

pytestmark = pytest.mark.slow

TOP = ("wsgi.py", "gunicorn.conf.py", "migrations")


def tracked() -> list[str]:
    listed = run(["git", "ls-files", "-co", "--exclude-standard", "-z"])
    return [name for name in listed.stdout.split("\0") if name and (PROJECT / name).exists()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing of an earlier build gets in."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("out")
    for name in tracked():
        if name.partition("/")[0] not in ("tests", "docs", "bench", "fuzz"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, copy / name)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
         "--disable-pip-version-check", "-w", str(out), "."],
        cwd=copy, check=True,
    )  # fmt: skip
    return next(out.glob("*.whl"))


def required() -> set[Path]:
    """What belongs to the locked packages that whoever installs the wheel installs first, as the tests have them."""
    names = re.findall(r"^([a-z0-9._-]+)==", (PROJECT / "requirements" / "demo.txt").read_text(), re.MULTILINE)
    found = {dist.name.lower().replace("_", "-"): dist for dist in distributions(path=[sysconfig.get_path("purelib")])}
    # Some are for other systems only.
    files = [file for name in names if name in found for file in found[name].files or ()]
    tops = {file.parts[0] for file in files} - {"..", "__pycache__"}
    return {Path(sysconfig.get_path("purelib"), top) for top in tops}


class Installed:
    """The wheel in a virtual environment of its own, which has what requirements/demo.txt names, and nothing else."""

    def __init__(self, wheel: Path, directory: Path) -> None:
        self.directory = directory / "elsewhere"
        self.directory.mkdir()
        venv.create(directory / "venv", with_pip=False)
        self.python = directory / "venv" / "bin" / "python"
        packages = next((directory / "venv" / "lib").glob("python*/site-packages"))
        for part in required():
            (packages / part.name).symlink_to(part)
        subprocess.run(
            [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet", "--no-deps",
             "--no-index", "--disable-pip-version-check", "--ignore-installed", str(wheel)],
            check=True,
        )  # fmt: skip
        self.environment = {"PATH": os.defpath, "HOME": "", "INTAKE_DATA": "data"}

    def run(self, *arguments: str, data: bytes = b"") -> bytes:
        """What the installed command says, with nothing wrong."""
        result = run_bytes(self.command(*arguments), data, directory=self.directory, environment=self.environment)
        assert result.returncode == 0, result.stderr.decode()
        return result.stdout

    def command(self, *arguments: str) -> list[str | Path]:
        return [self.python.with_name("intake"), *arguments]

    def serving(self, port: int, environment: Mapping[str, str], *arguments: str) -> AbstractContextManager[Server]:
        variables = {**self.environment, **environment}
        return serving(self.command(*arguments), port, self.directory / f"{port}.log", variables, self.directory)


def test_the_wheel_holds_every_file_of_the_program(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    for name in tracked():
        top = name.partition("/")[0]
        if top in ("intake", "crypto"):
            assert name in held
        elif top in TOP:
            assert f"intake/toplevel_files/{name}" in held
    assert {"intake/py.typed", "crypto/py.typed", "intake-0.1.0.dist-info/licenses/LICENSE"} <= held
    assert {name.partition("/")[0] for name in held} == {"intake", "crypto", "intake-0.1.0.dist-info"}


def test_everything_runs_from_the_wheel_without_a_checkout(wheel: Path, tmp_path: Path) -> None:
    installed = Installed(wheel, tmp_path)
    where = run(
        [installed.python, "-c", "import sys, intake, crypto; print(intake.__file__, crypto.__file__, *sys.path)"],
        directory=installed.directory,
        environment=installed.environment,
    ).stdout
    assert str(installed.directory.parent) in where
    assert str(PROJECT) not in where.replace(sysconfig.get_path("purelib"), "")
    (installed.directory / "passphrase").write_text("a passphrase\n")
    policy = re.search(r"\S+log\.policy", installed.run("init", "--team", "a team").decode())
    assert policy
    for role, name in (("reviewer", "amina"), ("auditor", "carla")):
        installed.run("key", "new", name, "--role", role, "--passphrase-file", "passphrase")
        installed.run(role, "enrol", f"{name}.card")
    source, desk, triage = free_port(), free_port(), free_port()
    with (
        installed.serving(source, listening("source", source), "serve", "source"),
        installed.serving(desk, listening("desk", desk), "serve", "desk"),
    ):
        for language in ("en", "fr", "fa"):
            page = httpx.get(f"http://127.0.0.1:{source}/{language}/", trust_env=False)
            assert page.status_code == 200
            assert f'lang="{language}"' in page.text
        connection = ["--desk", f"http://127.0.0.1:{desk}", "--policy", policy[0], "--home", "home"]
        verified = installed.run(
            "audit", "verify", "--key", "carla.key", "--passphrase-file", "passphrase", *connection
        )
        # Two members, the program, and that the head was read.
        assert b"Verified: 4 entries" in verified
        declared = f"the server runs version {this_software().version}, SHA-256 {this_software().sha256}"
        assert declared in verified.decode(), "the wheel is this checkout's"
        program = ["triage", "--key", "amina.key", "--port", str(triage), *connection]
        with installed.serving(triage, {"PYTHONUNBUFFERED": "1"}, *program) as started:
            address = waited_for(lambda: re.search(r"http://\S+", started.said()))
            page = httpx.get(address[0], trust_env=False, follow_redirects=True)
            assert (page.status_code, "passphrase" in page.text.lower()) == (200, True)
        installed.run("settle")
    installed.run("age", "keygen", "-o", "key.txt")
    sealed = installed.run("age", "-e", "-i", "key.txt", data=b"data")
    assert installed.run("age", "-d", "-i", "key.txt", data=sealed) == b"data"
