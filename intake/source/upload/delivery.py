"""What becomes of the files of one form, and how each is told to the source."""

import unicodedata

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import BadRequest, HTTPException

from intake.hygiene import describe
from intake.report.definition import UNANSWERED, load_form
from intake.report.payloads import About
from intake.server import Server
from intake.source.admission.room import NoRoomError, require_room
from intake.source.forms.base import EIGHT_WORDS
from intake.source.text.gettext import gettext as _
from intake.source.text.gettext import kilobytes, megabytes
from intake.source.tip.correspondence import receive_file
from intake.source.upload.form import FileForm, Row
from intake.source.upload.parts import IncomingFile, shortened
from intake.source.upload.seal import EmptyFileError, FileTooLargeError, seal_file
from intake.source.words.typed import Visitor

_SHOWN_NAME = 30
_EMBEDDINGS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


class Delivery:
    """The files of one form: each is stored as soon as it is there, and this is what became of them."""

    def __init__(self, server: Server, here: Visitor) -> None:
        self._server = server
        self._here = here
        self.received: list[str] = []
        """The files that are stored, by name and size, for people."""
        self.faults: dict[str, str] = {}
        """The others: names of their fields, and what the source is told."""
        self.status = 200
        self._sent: set[str] = set()
        self._received_names: set[str] = set()
        self._file_names: list[str] = []

    def take(self, file: IncomingFile, form: FileForm) -> None:
        """Store a file, or say why not. Raises `HTTPException` if nothing that comes after it can be taken either."""
        row = form.row_of(file.part)
        if row is None or file.part in self._sent or form.form_errors:
            raise BadRequest
        self._sent.add(file.part)
        try:
            self._store(file, row)
        except FileTooLargeError as error:
            largest = megabytes(self._server.settings.largest_file)
            self._refuse(file, _("This file is too large. It can have %(size)s at most.", size=largest), error.code)
        except NoRoomError as error:
            self._refuse(
                file, _("Files can't be taken at the moment, but text can. Please try again tomorrow."), error.code
            )
            require_room(self._server)
        except EmptyFileError:
            self._refuse(file, _("This file is empty. Please choose another one."), 400)
        except HTTPException as error:
            self._refuse(file, _("This file did not arrive whole. Please choose it again."), error.code)
            raise
        except (SQLAlchemyError, OSError) as error:
            # Not `exception`: a traceback may quote what the source sent.
            current_app.logger.error("the store fails: %s", describe(error))  # noqa: TRY400
            self._refuse(file, _("This file can't be stored at the moment. Please try again in a few minutes."), 503)

    def require_files(self, form: FileForm) -> None:
        """Say what is missing, now that nothing more comes."""
        rows = [row for row in form.rows if row.file.name not in self._sent]
        missing = [row for row in rows if not row.is_blank()]
        if not missing and not self._sent:
            missing = rows[:1]
        for row in missing:
            self._fault(row.file.name, _("No file was chosen, or it is empty. Please choose one."), 400)

    def rest(self, texts: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The texts of a form without those that are stored."""
        return [(name, text) for name, text in texts if name not in self._received_names]

    def _store(self, file: IncomingFile, row: Row) -> None:
        if not row.is_valid:
            self._refuse(file, _("Please look through what you wrote about this file, and choose it again."), 400)
            return
        if row.form.tells_words(*self._file_names, file.name):
            self._fault(row.form.as_is.name, str(EIGHT_WORDS), 400)
            self._refuse(file, str(EIGHT_WORDS), 400)
            return
        require_room(self._server)
        sealed = seal_file(self._server, self._here.tip.recipient, file.content)
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
        receive_file(self._server, self._here.seed, self._here.tip, about, sealed, row.form.token.data)
        self.received.append(f"{shown_name(file.name)} ({size_words(sealed.size)})")
        self._received_names |= row.names
        self._file_names.append(file.name)

    def _refuse(self, file: IncomingFile, words: str, status: int | None) -> None:
        self._fault(file.part, f"{shown_name(file.name)}: {words}", status or 500)

    def _fault(self, field: str, words: str, status: int) -> None:
        self.faults[field] = words
        self.status = max(self.status, status)


def size_words(size: int) -> str:
    """A size in bytes, for people."""
    if size >= 1_000_000:
        return megabytes(size)
    return kilobytes(size)


def shown_name(name: str) -> str:
    """A file's name for a page: short, in quotes, and unable to change the text around it."""
    plain = "".join("�" if _is_control(character) else character for character in name)
    # Isolates, because a name may run in another direction than the page.
    return f"“\u2068{shortened(plain, _SHOWN_NAME)}\u2069”"


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Zl", "Zp") or unicodedata.bidirectional(character) in _EMBEDDINGS
