"""E-mails: their headers, their text, and what is attached, listed. Read with Python's own `email`.

Its older policy is taken: it keeps headers as they were sent, where the newer one raises on many that are wrong.
"""

import encodings
import pkgutil
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from html.parser import HTMLParser
from importlib import import_module
from itertools import islice

from intake.triage.files.view.answer import MOST_PARTS, Entry, Fact, Note, Order, Rendered, Tells
from intake.triage.files.view.content import Content
from intake.triage.files.view.renderers.common import clean, fact, few, text_page
from intake.triage.files.view.renderers.text import decode

_MOST_BYTES = 60_000_000
_MOST_TEXTS = 50
_ASK_NOTHING = ("mbcs", "oem", "idna", "punycode")
_TELLS = {"from": Tells.PERSON, "to": Tells.PERSON, "cc": Tells.PERSON, "bcc": Tells.PERSON, "sender": Tells.PERSON,
          "reply-to": Tells.PERSON, "return-path": Tells.PERSON, "delivered-to": Tells.PERSON,
          "received": Tells.PLACE, "x-originating-ip": Tells.PLACE, "x-mailer": Tells.DEVICE,
          "user-agent": Tells.DEVICE, "date": Tells.TIME, "message-id": Tells.DEVICE}  # fmt: skip
_FIRST = ("from", "to", "cc", "date", "subject")

# A mail may name any: none could be imported later.
for _module in pkgutil.iter_modules(encodings.__path__):
    if _module.name not in _ASK_NOTHING:
        import_module(f"encodings.{_module.name}")


def render(content: Content, order: Order) -> Rendered:
    """A page of its text."""
    message = BytesParser(policy=compat32).parsebytes(content.data[:_MOST_BYTES])
    other_forms: list[Message] = []
    parts = list(_parts(message, other_forms))
    texts = [part for part in parts if _is_text(part)]
    others = [part for part in parts if not _is_text(part)]
    notes = [(Note.CUT, _MOST_BYTES)] if content.size > _MOST_BYTES else []
    if unread := max(0, len(texts) - _MOST_TEXTS) + len(other_forms):
        notes.append((Note.PARTS, unread))
    if len(others) > MOST_PARTS:
        notes.append((Note.MORE_ENTRIES, len(others) - MOST_PARTS))
    rendered = Rendered(
        facts=few(_headers(message)),
        notes=tuple(notes),
        entries=few(_entry(part) for part in others),
    )
    return text_page(rendered, "\n\n".join(map(_text, islice(texts, _MOST_TEXTS))), order)


def _parts(message: Message, other_forms: list[Message]) -> Iterator[Message]:
    """All that are no parts themselves, however they are nested; without recursion, which a mail could exhaust.

    Where a text is there as plain and as HTML, the latter goes to `other_forms`: nothing says that they are the same.
    """
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inner = part.get_payload()
        if isinstance(inner, list):
            parts = [each for each in inner if isinstance(each, Message)]
            kinds = [each.get_content_type() for each in parts]
            if part.get_content_subtype() == "alternative" and "text/plain" in kinds:
                other_forms += [each for each, kind in zip(parts, kinds, strict=True) if kind == "text/html"]
                parts = [each for each, kind in zip(parts, kinds, strict=True) if kind != "text/html"]
            waiting.extend(reversed(parts))
        else:
            yield part


def _is_text(part: Message) -> bool:
    return part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment"


def _text(part: Message) -> str:
    return text_of_html(_decoded(part)) if part.get_content_subtype() == "html" else _decoded(part)


def _decoded(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        return data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeError, ValueError):
        return decode(data)[0]


def _headers(message: Message) -> Iterator[Fact]:
    items = message.items()
    ordered = sorted(
        items, key=lambda item: _FIRST.index(item[0].lower()) if item[0].lower() in _FIRST else len(_FIRST)
    )
    for name, value in ordered:
        yield fact(name, header(str(value)), _TELLS.get(name.lower(), Tells.NOTHING))


def header(value: str) -> str:
    """A header as it is meant, or as it stands there."""
    try:
        parts = decode_header(value)
        return " ".join(
            clean(part if isinstance(part, str) else part.decode(charset or "ascii", "replace")).strip()
            for part, charset in parts
        )
    except (HeaderParseError, LookupError, ValueError):
        return clean(value)


def _entry(part: Message) -> Entry:
    payload = part.get_payload()
    size = len(payload) if isinstance(payload, str) else 0
    name = header(str(part.get_filename("") or "")) or part.get_content_type()
    return Entry(
        clean(name)[:500], size * 3 // 4 if part.get("content-transfer-encoding", "") == "base64" else size, size
    )


class _Words(HTMLParser):
    """The words of a page, a line for each block."""

    _HIDDEN = ("script", "style", "title", "template")
    _LINES = ("p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - its name there
        self._hidden += tag in self._HIDDEN
        if tag in self._LINES:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN:
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def text_of_html(page: str) -> str:
    """The words of an HTML page, without anything that it would load or run."""
    parser = _Words()
    parser.feed(page)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.words).splitlines())
    return "\n".join(line for line in lines if line)
