"""A report for a board as one file, and the auditor's signature of it in another."""

import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from crypto.note import Note, NoteError, SigningKey, encode_base64, parse_note
from intake.audit.board import Board
from intake.audit.told import name_of
from intake.findings.found import TITLES
from intake.languages.shown import shown
from intake.protocol.card import Card

_TITLE = "intake report v1"
"""Nothing else that a member signs begins so."""


class ReportError(ValueError):
    """The report is not the one that was signed, or not by this auditor; in words for whoever checks it."""


def as_html(board: Board, auditor: str) -> bytes:
    """The whole report: nothing in it runs, and nothing of it lies elsewhere. It fits on a page of A4."""
    style = files(__package__).joinpath("static", "board.css").read_text("utf-8")
    return _environment().get_template("document.html").render(board=board, auditor=auditor, style=style).encode()


def sign_report(report: bytes, board: Board, key: SigningKey) -> bytes:
    """The auditor's signature (C2SP signed-note) over the report's SHA-256 and the checkpoint that it was made from."""
    checkpoint = board.log.checkpoint
    text = (
        f"{_TITLE}\nsha256 {hashlib.sha256(report).hexdigest()}\n"
        f"log {checkpoint.origin}\nsize {checkpoint.size}\nroot {encode_base64(checkpoint.root)}\n"
    )
    return bytes(Note(text, (key.sign(text),)))


def check_report(report: bytes, signed: bytes, card: Card) -> str:
    """The text that the auditor with this card signed over the report; `ReportError` if they signed no such thing."""
    try:
        note = parse_note(signed)
        card.verifier.verify(note)
    except NoteError as error:
        raise ReportError(f"the report was not signed by {card.name}: {error}") from error
    lines = note.text.split("\n")
    if lines[0] != _TITLE:
        raise ReportError("this is a signature of something else than a report")
    if lines[1] != f"sha256 {hashlib.sha256(report).hexdigest()}":
        raise ReportError("the report is not the one that was signed: it was changed since")
    return note.text


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("intake.audit"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=lambda value: shown(value) if type(value) is str else value,
    )  # fmt: skip
    environment.globals.update(words())
    return environment


def words() -> dict[str, object]:
    """What templates say of a log by."""
    return {"titles": TITLES, "name_of": name_of}
