"""`python -m i18n.lookalikes FOLDER`: write the table of look-alike characters anew from Unicode's own files.

FOLDER holds the four files below, as unicode.org publishes them and Debian packages them (`confusables.txt` is in the
source of `icu`, the others are in `unicode-data`). Names that are enrolled stay what they are judged by, so another
version of Unicode is a new version of the log's entries, never just a new table.
"""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import click

from intake.protocol.names import TABLE

_SOURCES = {
    "confusables.txt": "2b10130885c3370b101c52d7baedc452ab7f0e257b86c1e52ee657ecfc29ce64",
    "DerivedAge.txt": "7570877e0fa197c45338f7c41a02636da4e14c8dba6a3611a01cd30bf329d5ca",
    "DerivedCoreProperties.txt": "d367290bc0867e6b484c68370530bdd1a08b6b32404601b8c7accaf83e05628d",
    "DerivedGeneralCategory.txt": "fe29a45c0882500e591140aaa5c4f5067e6a5d746806148af34400c48b9c06f9",
}
# What Python 3.11 knows: normal forms and case of these are the same in every later version.
_OLDEST = (14, 0)
_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd"})
# Signs in names: O'Neil, O’Neil, Col·lell, 阿凡提·艾山, and Hebrew's.
_SIGNS = frozenset({*range(0x21, 0x7F), 0x2019, 0xB7, 0x5F3, 0x5F4})
# They show as nothing, though Unicode doesn't call them ignorable: braille, Khitan and musical blanks.
_BLANKS = frozenset({0x2800, 0x16FE4, 0x1D159})


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Write the table of look-alike characters anew from Unicode's files in FOLDER."""
    files = {name: _read(folder / name, digest) for name, digest in _SOURCES.items()}
    ages = {code for code, age in _property(files["DerivedAge.txt"]) if _version(age) <= _OLDEST}
    categories = dict(_property(files["DerivedGeneralCategory.txt"]))
    core = _property(files["DerivedCoreProperties.txt"])
    invisible = {code for code, name in core if name == "Default_Ignorable_Code_Point"} | _BLANKS
    letters = {code for code in ages if categories.get(code) in _CATEGORIES}
    lines = [
        *_head(),
        *(f"+ {span}" for span in _spans((letters | _SIGNS) - invisible)),
        *(f"- {span}" for span in _spans(invisible)),
        *(f"= {source} {looks}" for source, looks in _pairs(files["confusables.txt"])),
    ]
    TABLE.write_text("\n".join(lines) + "\n", "utf-8")
    click.echo(f"{TABLE}: SHA-256 {hashlib.sha256(TABLE.read_bytes()).hexdigest()}")


def _read(path: Path, digest: str) -> str:
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise click.ClickException(f"{path} is not the file of Unicode 15.0.0 that this was made from")
    return data.decode("utf-8-sig")


def _head() -> Iterator[str]:
    yield "# Which characters a name may have (+), which show as nothing (-), which look like others (=)."
    yield "# Made by `python -m i18n.lookalikes` from these files of Unicode 15.0.0, with their SHA-256:"
    yield from (f"#   {name} {digest}" for name, digest in _SOURCES.items())
    yield "# They are Unicode's, under the terms in lookalikes-licence.txt."


def _fields(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        content = line.partition("#")[0].strip()
        if content:
            yield [field.strip() for field in content.split(";")]


def _property(text: str) -> list[tuple[int, str]]:
    held = []
    for span, value, *_ in _fields(text):
        first, _, last = span.partition("..")
        held += [(code, value) for code in range(int(first, 16), int(last or first, 16) + 1)]
    return held


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    yield from sorted(((source, looks) for source, looks, *_ in _fields(text)), key=lambda pair: int(pair[0], 16))


def _spans(codes: Iterable[int]) -> Iterator[str]:
    ordered = sorted(codes)
    firsts = [ordered[0], *(after for before, after in pairwise(ordered) if after != before + 1)]
    lasts = [*(before for before, after in pairwise(ordered) if after != before + 1), ordered[-1]]
    yield from (f"{first:04X}..{last:04X}" for first, last in zip(firsts, lasts, strict=True))


def _version(age: str) -> tuple[int, ...]:
    return tuple(map(int, age.split(".")))


if __name__ == "__main__":
    main()
