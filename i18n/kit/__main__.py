"""`python -m i18n.kit`: make the translator's kit."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import click

from i18n.catalogues import PROJECT, paths
from i18n.kit.entries import entries
from i18n.kit.harm import UnjudgedError, knowledge
from i18n.kit.pages import PICTURES, Catalogues, write_kit
from i18n.kit.pictures import take_pictures
from i18n.kit.walk import CHAPTERS, Chapter

KIT = PROJECT / "build" / "translators"


@click.command()
def main() -> None:
    """Make a folder with a page for each message: its words, its picture, and what comes of it when they are wrong."""
    shutil.rmtree(KIT, ignore_errors=True)
    make_kit(KIT)


def make_kit(directory: Path, chapters: Sequence[Chapter] = CHAPTERS) -> None:
    """Make the kit in a new folder, with pictures from these chapters of the walk."""
    found, known = entries(), knowledge()
    try:
        known.require(found)
    except UnjudgedError as error:
        raise click.ClickException(str(error)) from None
    (directory / PICTURES).mkdir(parents=True)
    seen = take_pictures(found, known, directory / PICTURES, chapters)
    write_kit(directory, found, known, seen, Catalogues(tuple(paths())))
    click.echo(f"{len(seen.sights)} of {len(found)} messages have a picture. The kit: {directory / 'index.html'}")


if __name__ == "__main__":
    main()
