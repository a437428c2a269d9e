"""What the operator has written about the team: `about/<language>.md` in the data directory, a file a language."""

import unicodedata
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from intake.languages.catalogues import SOURCE, tags
from intake.settings import SettingError
from intake.source.about.markdown import to_html

DIRECTORY = "about"

LONGEST = 16_000
"""Bytes of a file."""

LONGEST_HTML = 30_000
"""Bytes of what it becomes: with all else of its page less than every page takes."""

_BLANKS = "\n\r\t"


def load_written(directory: Path) -> dict[str, Markup]:
    """What is written, as HTML by the tag of its language (BCP 47); nothing where there is no such directory.

    `SettingError` names the file that is wrong and says what to do with it.
    """
    try:
        paths = sorted(directory.iterdir())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingError(f"{directory} can't be read as a directory ({error.strerror})") from None
    # What editors leave behind while somebody writes begins with a dot.
    return {_tag(path): _html(path) for path in paths if not path.name.startswith(".")}


def chosen(written: Mapping[str, Markup], tag: str) -> str | None:
    """The language to show to somebody who reads this one: the same, in another script, English, or what there is."""
    kin = [other for other in written if _language(other) == _language(tag)]
    return next((candidate for candidate in (tag, *kin, SOURCE, *written) if candidate in written), None)


def _language(tag: str) -> str:
    return tag.partition("-")[0]


def _tag(path: Path) -> str:
    if path.suffix != ".md" or path.stem not in tags():
        raise SettingError(
            f"{path} is not named after a language of the site, such as {SOURCE}.md: rename it or take it away; "
            f"there are: {', '.join(tags())}"
        )
    return path.stem


def _html(path: Path) -> Markup:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except OSError as error:
        raise SettingError(f"{path} can't be read ({error.strerror})") from None
    if len(content) > LONGEST:
        raise SettingError(f"{path} is too long: shorten it to {LONGEST} bytes")
    html = to_html(_text(path, content))
    if not html.strip():
        raise SettingError(f"{path} says nothing: write something, or take it away")
    if len(html.encode()) > LONGEST_HTML:
        raise SettingError(
            f"{path} becomes {len(html.encode())} bytes of a page: shorten it until these are {LONGEST_HTML}"
        )
    return html


def _text(path: Path, content: bytes) -> str:
    try:
        # Some editors begin a file with a mark of the encoding.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingError(f"{path} is not UTF-8: save it in that encoding") from None
    for number, line in enumerate(text.split("\n"), 1):
        if any(unicodedata.category(sign) == "Cc" and sign not in _BLANKS for sign in line):
            raise SettingError(f"{path}, line {number}: take the control character out")
    return text
