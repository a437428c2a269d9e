"""Files in the reviewer's program as it runs, in Firefox: seen and heard, and left nowhere on the disk."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import samples
from firefox import By, Marionette, click, started, write
from intake.desk import create_app
from intake.keeper import open_keeper
from intake.settings import load
from intake.triage.files.view.answer import Size
from intake.triage.files.view.rendering import Rendering
from open_desk import Desk
from waiting import waited_for
from whole_service import PASSPHRASE, Service

pytestmark = pytest.mark.slow

MARKER = "a-marker-that-must-not-reach-the-disk"
FILM = samples.recording(3)
FILES = {
    "photo.jpg": samples.photo(),
    "summons.pdf": samples.pdf(3, "Summons"),
    "note.txt": MARKER.encode() * 1_000,
    "film.mp4": FILM,
}


@dataclass
class Program:
    """A reviewer's program in a window, and where the browser may have put something."""

    firefox: Marionette
    home: Path
    report: str

    def open(self, name: str) -> None:
        """From the report, the page of a file."""
        self.firefox.navigate(self.report)
        click(self.firefox, name, By.LINK_TEXT)

    @property
    def text(self) -> str:
        return str(self.firefox.find_element(By.CSS_SELECTOR, "main").text)

    def asked(self, script: str) -> object:
        """What the browser itself says of the page: scripts of pages don't run."""
        return self.firefox.execute_script(script, sandbox="system")


@pytest.fixture(scope="module")
def program(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A report with files, opened in an unlocked program."""
    server = open_keeper(load(service.environment))
    desk = Desk(server, service.desk, create_app(server))
    tip = desk.store_tip("They went to my mother.", {})
    for name, data in FILES.items():
        desk.store_file(tip, name, data)
    server.store.close()
    address = service.triage("amina")
    home = tmp_path_factory.mktemp("firefox")
    with started(home, {}) as firefox:
        firefox.navigate(address)
        write(firefox, "#passphrase", PASSPHRASE)
        click(firefox, "button.main")
        click(firefox, "td.start a")
        yield Program(firefox, home, firefox.get_url())


@pytest.mark.parametrize("name", ["photo.jpg", "summons.pdf"])
def test_a_picture_and_a_pdf_are_seen(name: str, program: Program) -> None:
    program.open(name)
    width = "const image = document.querySelector('img.seen'); return image.complete && image.naturalWidth;"
    assert waited_for(lambda: program.asked(width)) == program.asked(
        "return Number(document.querySelector('img.seen').getAttribute('width'));"
    )


def test_a_video_plays(program: Program) -> None:
    program.open("film.mp4")
    program.asked("const film = document.querySelector('video'); film.muted = true; film.play();")
    assert waited_for(lambda: program.asked("return document.querySelector('video').currentTime > 0.2;"))


def test_a_text_is_read(program: Program) -> None:
    program.open("note.txt")
    assert MARKER in program.text


def test_nothing_that_was_seen_lies_where_the_browser_or_the_program_keeps_things(
    program: Program, service: Service
) -> None:
    for name in FILES:
        program.open(name)
    played = Rendering().see([FILM], len(FILM), 1, Size.MEDIA).rendered.media
    photo = Rendering().see([FILES["photo.jpg"]], len(FILES["photo.jpg"]), 1).png
    marks = (MARKER.encode(), played[len(played) // 2 :][:64], photo[-64:-16], FILM[1000:1064])
    for directory in (program.home, service.directory / "tmp", service.directory / "amina-home"):
        for path in directory.rglob("*"):
            if path.is_file() and not path.is_symlink():
                held = path.read_bytes()
                assert not any(mark in held for mark in marks), path
