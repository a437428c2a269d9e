"""What there is to translate, and catalogues that hold just that. Their headers are people's and stay as they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

PROJECT = Path(__file__).parents[1]
TRANSLATIONS = PROJECT / "intake" / "languages" / "translations"
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}
WIDTH = 120


def paths() -> list[Path]:
    """Every catalogue."""
    return sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))


@dataclass(frozen=True, slots=True)
class Extracted:
    """A message where it stands. `file`: its path in the project; `id`: the text, or those of one and of many."""

    file: str
    line: int
    id: str | tuple[str, ...]
    context: str | None


def extracted() -> Iterator[Extracted]:
    """Every message of the source site, as `babel.cfg` says where they stand, in the order of the files."""
    with (PROJECT / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    for file, line, message, _comments, context in extract_from_dir(PROJECT, methods, options, keywords=KEYWORDS):
        yield Extracted(file, line, message, context)


def wanted() -> Catalog:
    """Every message of the source site, once."""
    catalogue = Catalog()
    for found in extracted():
        catalogue.add(found.id, context=found.context)
    return catalogue


def read(path: Path) -> Catalog:
    """A catalogue from its file."""
    return read_po(BytesIO(path.read_bytes()), path.parts[-3])


def messages(catalogue: Catalog) -> list[Message]:
    """Its messages, without the header."""
    return [message for message in catalogue if message.id]


def lacking(catalogue: Catalog, wanted: Catalog) -> list[Message]:
    """What a catalogue has no translation for."""
    return [message for message in messages(wanted) if not _translated(catalogue, message)]


def updated(path: Path, wanted: Catalog) -> str:
    """A catalogue's text with all that is wanted, and nothing else."""
    held, fresh = read(path), Catalog(locale=path.parts[-3], header_comment="", fuzzy=False)
    for message in messages(wanted):
        found = held.get(message.id, message.context)
        fresh.add(message.id, found.string if found else "", context=message.context)
    body = BytesIO()
    write_po(body, fresh, width=WIDTH, omit_header=True, no_location=True)
    header = path.read_text("utf-8").partition("\n\n")[0]
    return f"{header}\n\n{body.getvalue().decode().strip()}\n"


def _translated(catalogue: Catalog, message: Message) -> bool:
    found = catalogue.get(message.id, message.context)
    if found is None or found.fuzzy:
        return False
    return all(found.string) if isinstance(found.string, tuple | list) else bool(found.string)
