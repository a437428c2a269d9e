"""What the demo's team says of itself."""

from importlib.resources import files
from pathlib import Path

from intake.source.about.written import DIRECTORY

FILE = "en.md"


def write_about(data: Path) -> None:
    """Put it where an operator would, in a data directory; what is there already stays."""
    path = data / DIRECTORY / FILE
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_text(files(__package__).joinpath(FILE).read_text("utf-8"), "utf-8")
