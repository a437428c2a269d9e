"""What the documents name is there: tests, files, tables, routes, commands. So they can't drift away from the code."""

import re

import click
import pytest

from intake.cli import main
from intake.protocol.endpoints import ENDPOINTS
from intake.settings import settable
from intake.storage.tables import Base
from project import PROJECT

DOCUMENTS = ("README.md", "CHANGELOG.md", "docs/architecture.md", "docs/threat-model.md", "docs/reviewer.md",
             "docs/audit.md", "docs/translations.md")  # fmt: skip
CODE = re.compile(r"`([^`\n]+)`")


def text(document: str) -> str:
    return (PROJECT / document).read_text("utf-8")


def named(document: str) -> list[str]:
    return CODE.findall(text(document))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_a_document_names_exists(document: str) -> None:
    files = {
        path.relative_to(PROJECT).as_posix(): path.read_text("utf-8") for path in PROJECT.glob("tests/**/test_*.py")
    }
    functions = {name for source in files.values() for name in re.findall(r"^def (test_\w+)\(", source, re.MULTILINE)}
    for name in named(document):
        if re.fullmatch(r"[\w/]*test_\w+\.py", name):
            assert any(f"/{path}".endswith(f"/{name}") for path in files), name
        elif name.startswith("test_"):
            assert name in functions, name


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_exists(document: str) -> None:
    tops = {path.name for path in PROJECT.iterdir()}
    for name in named(document):
        if not name.startswith("/") and "/" in name and "test_" not in name and re.fullmatch(r"[\w./-]+", name):
            first = name.partition("/")[0]
            place = PROJECT / name if first in tops else PROJECT / "intake" / name
            if first in tops or (PROJECT / "intake" / first).is_dir():
                assert place.exists() or place.with_suffix(".py").exists(), name
    for link in re.findall(r"\]\(([^):]+)\)", text(document)):
        assert ((PROJECT / document).parent / link).exists(), link


def test_the_architecture_names_every_table_route_and_layer() -> None:
    architecture = text("docs/architecture.md")
    for table in Base.metadata.tables:
        assert re.search(rf"^\|[^|]*`{table}`", architecture, re.MULTILINE), table
    for row in ENDPOINTS:
        path = (
            row.path.replace("{item}", "<id>")
            .replace("{member}", "<key id>")
            .partition("{resource}")[0]
            .replace("{", "<")
            .replace("}", ">")
        )
        assert f"`{row.method} {path}" in architecture, row.path
    modules = {path.stem for path in (PROJECT / "intake").glob("[a-z]*.py")}
    folders = {path.parent.name for path in (PROJECT / "intake").glob("*/__init__.py")}
    for name in modules | folders:
        assert re.search(rf"`(intake/)?{name}(\.py)?`", architecture), name


def test_every_setting_that_a_document_sets_is_one() -> None:
    settings = {entry.name for entry in settable()}
    for document in DOCUMENTS:
        for name in re.findall(r"`([a-z_]+) = ", text(document)):
            assert name in settings, name


def test_the_readme_shows_every_command() -> None:
    readme = text("README.md")
    for name in main.list_commands(click.Context(main)):
        assert f"intake {name}" in readme or f"make {name}" in readme, name
