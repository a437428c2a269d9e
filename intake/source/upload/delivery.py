"""What becomes of the files of one form, and how each is told to the source."""

import unicodedata

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import BadRequest, HTTPException

from crypto.age import parse_recipient
from intake.hygiene import describe
from intake.languages.written import isolated
from intake.report.definition import UNANSWERED, load_form
from intake.report.payloads import About
from intake.server import Server
from intake.source.admission.room import NoRoomError, require_room
from intake.source.forms.base import EIGHT_WORDS
from intake.source.text.gettext import gettext as _
from intake.source.text.gettext import size
from intake.source.tip.correspondence import receive_file
from intake.source.upload.form import FileForm, Row
from intake.source.upload.parts import IncomingFile, shortened
from intake.source.upload.seal import EmptyFileError, FileTooLargeError, seal_file
from intake.source.words.typed import Visitor

_SHOWN_NAME = 30
_EMBEDDINGS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


class Delivery:
    """The files of one form: each is stored as soon as it is there, and this is what became of them."""

    def __init__(self, server: Server, here: Visitor, form: FileForm) -> None:
        self.received: list[str] = []
        """The files that are stored, by name and size, for people."""
        self.status = 200
        self._server = server
        self._here = here
        self._form = form
        self._recipient = parse_recipient(here.tip.recipient)
        self._seen: set[Row] = set()
        self._stored: dict[Row, str] = {}

    def take(self, file: IncomingFile) -> None:
        """Store a file, or say why not. Raises `HTTPException` if nothing that comes after it can be taken either."""
        row = self._form.row_of(file.part)
        if row is None or row in self._seen or self._form.form_errors:
            raise BadRequest
        self._seen.add(row)
        try:
            self._store(file, row)
        except FileTooLargeError as error:
            largest = size(self._server.settings.largest_file)
            words = _("This file is too large. It can have %(size)s at most.", size=largest)
            self._refuse_file(row, file, words, error.code)
        except NoRoomError as error:
            words = _("Files can't be taken at the moment, but text can. Please try again tomorrow.")
            self._refuse_file(row, file, words, error.code)
            require_room(self._server)
        except EmptyFileError:
            self._refuse_file(row, file, _("This file is empty. Please choose another one."), 400)
        except HTTPException as error:
            self._refuse_file(row, file, _("This file did not arrive whole. Please choose it again."), error.code)
            raise
        except (SQLAlchemyError, OSError) as error:
            # Not `exception`: a traceback may quote what the source sent.
            current_app.logger.error("the store fails: %s", describe(error))  # noqa: TRY400
            words = _("This file can't be stored at the moment. Please try again in a few minutes.")
            self._refuse_file(row, file, words, 503)

    def end(self) -> None:
        """Say what is missing, now that nothing more comes."""
        without = [row for row in self._form.rows if row not in self._seen]
        missing = [row for row in without if not row.is_blank()]
        for row in missing:
            row.check()
        if missing:
            self._form.is_meant(*self._stored.values())
        elif not self._seen:
            missing = without[:1]
        for row in missing:
            self._refuse(row, _("No file was chosen, or it is empty. Please choose one."), 400)

    def clear(self) -> None:
        """Leave in the form only what is not stored."""
        for row in self._stored:
            row.clear()

    def _store(self, file: IncomingFile, row: Row) -> None:
        if not row.check():
            self._refuse_file(
                row, file, _("Please look through what you wrote about this file, and choose it again."), 400
            )
            return
        if not self._form.is_meant(*self._stored.values(), file.name):
            self._refuse_file(row, file, str(EIGHT_WORDS), 400)
            return
        require_room(self._server)
        sealed = seal_file(self._server, self._recipient, file.content)
        answers = row.answers()
        shows = str(answers.pop("shows"))
        about = About(
            content="",
            name=file.name,
            media_type=file.media_type,
            size=sealed.size,
            sha256=sealed.sha256,
            shows="" if shows == UNANSWERED else shows,
            form=load_form().version,
            answers={**answers},
        )
        receive_file(self._server, self._here.seed, self._here.tip, about, sealed, self._form.token.data)
        self.received.append(f"{shown_name(file.name)} ({size(sealed.size)})")
        self._stored[row] = file.name

    def _refuse_file(self, row: Row, file: IncomingFile, words: str, status: int | None) -> None:
        self._refuse(row, f"{shown_name(file.name)}: {words}", status)

    def _refuse(self, row: Row, words: str, status: int | None) -> None:
        row.file.errors = [words]
        self.status = max(self.status, status or 500)


def shown_name(name: str) -> str:
    """A file's name for a page: short, in quotes, and unable to change the text around it."""
    plain = "".join("�" if _is_control(character) else character for character in name)
    return f"“{isolated(shortened(plain, _SHOWN_NAME))}”"


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Zl", "Zp") or unicodedata.bidirectional(character) in _EMBEDDINGS
