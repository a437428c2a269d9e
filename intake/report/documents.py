"""Opened documents read: by their kind, and by the version of that.

One table says what is read, and how. What isn't in it is no fault as long as it says what it is: a newer version of
this program wrote it, and whoever reads says so and goes on with the rest.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from intake.report.events import EVENTS, HIGHEST_NUMBER, NUMBERED, TO_SOURCE, Event, Note
from intake.report.payloads import (
    FROM_SOURCE,
    RECORDED,
    Chain,
    ConsentAnswer,
    Deletion,
    Dossier,
    FromSource,
    Leaving,
    Newer,
    NewerVersionError,
    Payload,
    PayloadFormatError,
    Summary,
    parse_document,
)
from intake.report.signed import SourceItem, Unsigned, read_signed, read_unsigned

Document = SourceItem | Unsigned | Payload | Newer
Reader = Callable[[dict[str, Any]], Document]
D = TypeVar("D", bound=Document)


def read(document: bytes) -> Document:
    """Whatever the document is; `PayloadFormatError` if it is none."""
    return read_values(parse_document(document))


def read_values(values: Mapping[str, Any]) -> Document:
    """The same from the values of a document."""
    fields = {**values}
    kind, version = fields.pop("kind", None), fields.pop("v", None)
    if not isinstance(kind, str) or type(version) is not int or version < 1:
        raise PayloadFormatError("not a document")
    readers = READERS.get(kind, {})
    if version in readers:
        return readers[version](fields)
    if version < max(readers, default=0):
        raise PayloadFormatError(f"not a {kind}")
    return _newer(kind, version, fields)


def read_one(document: bytes, *kinds: type[D]) -> D:
    """A document of one of these kinds; `NewerVersionError` if it can't be told, `PayloadFormatError` otherwise."""
    found = read(document)
    if isinstance(found, Newer):
        raise NewerVersionError("written by a newer version of this program")
    if not isinstance(found, kinds):
        raise PayloadFormatError("not of a kind that belongs here")
    return found


def _newer(kind: str, version: int, fields: dict[str, Any]) -> SourceItem | Newer:
    """What is signed as sources sign keeps its place among what they sent."""
    payload = partial(Newer, kind, version)
    return read_signed(payload, fields) if {"link", "signature"} <= fields.keys() else payload(fields)


def _plain(kind: type[Payload]) -> Mapping[int, Reader]:
    earlier = {version: partial(_with, lacking, kind) for version, lacking in kind.earlier.items()}
    return {kind.version: partial(_made, kind), **earlier}


def _made(kind: type[Payload], fields: dict[str, Any]) -> Payload:
    payload = kind.from_values(fields)
    if isinstance(payload, Event) and not payload.is_named:
        raise PayloadFormatError(f"not a {kind.kind}: nobody could name what it changes")
    if isinstance(payload, NUMBERED) and not 0 <= payload.number <= HIGHEST_NUMBER:
        raise PayloadFormatError(f"not a {kind.kind}: no number that another could come after")
    return payload


def _with(lacking: Mapping[str, Any], kind: type[Payload], fields: dict[str, Any]) -> Payload:
    """A document of an earlier version, with what stands for the fields that it did not have yet."""
    if lacking.keys() & fields.keys():
        raise PayloadFormatError(f"not a {kind.kind}")
    return _made(kind, {**fields, **lacking})


def _sent(kind: type[FromSource]) -> Mapping[int, Reader]:
    signed: Mapping[int, Reader] = {kind.version: partial(read_signed, kind.from_values)}
    # Before they signed, sources could delete nothing, and were asked for nothing in particular.
    return signed if kind in (Deletion, ConsentAnswer, Leaving) else {1: partial(read_unsigned, kind), **signed}


_PLAIN: tuple[type[Payload], ...] = (Summary, Dossier, Chain, *TO_SOURCE, *RECORDED, Note, *EVENTS)

READERS: Mapping[str, Mapping[int, Reader]] = MappingProxyType(
    {kind.kind: _plain(kind) for kind in _PLAIN} | {kind.kind: _sent(kind) for kind in FROM_SOURCE}
)
"""By kind and version, what reads the fields of a document."""
