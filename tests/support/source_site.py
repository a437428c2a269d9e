"""The source site over a real store with real reviewers, visited as a browser without JavaScript would."""

import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from crypto.age import HybridIdentity, Identity, decrypt, parse_identity, parse_recipient, seal, unseal
from crypto.note import SigningKey
from intake.accesslog import members
from intake.keeper import Keeper
from intake.protocol.card import Role, issue_card
from intake.protocol.kinds import Kind
from intake.report.payloads import Payload
from intake.storage.tables import Item, Tip
from servers import Server


@dataclass
class Form:
    """A form of a page: its hidden values and everything that can be filled in."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """What tests look at in a page. Refuses one that isn't well formed."""

    VOID = frozenset({"meta", "link", "input", "br", "hr", "!doctype"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.filled: dict[str, list[str]] = {}
        self.links: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.inputs: list[dict[str, str]] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""
        self._open: list[str] = []
        self._textarea = ""
        self._select = ""
        self.feed(html)
        self.close()
        assert self._open == [], "a tag was not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.attributes |= values.keys()
        if tag not in self.VOID:
            self._open.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "label":
            self.labelled.add(values.get("for", ""))
        if tag == "a":
            self.links.append(values["href"])
        if tag == "form":
            self.forms.append(Form(values["action"]))
        if tag == "option" and "selected" in values:
            self.filled.setdefault(self._select, []).append(values["value"])
        if "name" in values and tag in ("input", "textarea", "select"):
            self._control(tag, values)
        if "name" in values and tag == "button":
            self.forms[-1].names.add(values["name"])

    def _control(self, tag: str, values: dict[str, str]) -> None:
        name = values["name"]
        if values.get("type") == "hidden":
            self.forms[-1].hidden[name] = values.get("value", "")
            return
        self.forms[-1].names.add(name)
        self.inputs.append(values)
        if values.get("type") == "text":
            self.filled[name] = [values.get("value", "")]
        if tag == "textarea":
            self._textarea = name
            self.filled[name] = [""]
        if tag == "select":
            self._select = name
        if "checked" in values:
            self.filled.setdefault(name, []).append(values["value"])

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"{tag} is closed where it isn't open"
        if tag == "textarea":
            # A line feed right behind the start tag is not part of the value (HTML, 13.2.6.4.7).
            self.filled[self._textarea][0] = self.filled[self._textarea][0].removeprefix("\n")
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.filled[self._textarea][0] += data
        self.words += data

    def form(self, action: str) -> Form:
        return next(form for form in self.forms if form.action.endswith(action))


class Visit:
    """One source, from opening the site to leaving it. Keeps every response."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.responses: list[TestResponse] = []

    def open(self, path: str) -> TestResponse:
        return self._keep(self.client.get(path, follow_redirects=True))

    def send(self, action: str, **values: Any) -> TestResponse:
        """Send a form of the current page."""
        form = self.page.form(action)
        assert values.keys() <= form.names, "the page does not ask for this"
        return self.post(form.action, {**form.hidden, **values})

    def post(self, path: str, values: Any, **options: Any) -> TestResponse:
        return self._keep(self.client.post(path, data=values, follow_redirects=True, **options))

    def send_file(self, content: bytes, name: str = "photo.jpg", **values: str) -> TestResponse:
        return self.post_file({**self.page.form("/tip/file").hidden, "shows": "", **values}, content, name)

    def post_file(self, texts: dict[str, str], content: bytes, name: str = "photo.jpg") -> TestResponse:
        parts = [f'Content-Disposition: form-data; name="{key}"\r\n\r\n{text}' for key, text in texts.items()]
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'
        body = "".join(f"--b\r\n{part}\r\n" for part in parts) + f"--b\r\n{head}"
        return self.post(
            "/en/tip/file",
            body.encode() + content + b"\r\n--b--\r\n",
            content_type="multipart/form-data; boundary=b",
        )

    def get_codename(self) -> str:
        self.open("/en/")
        self.send("/words")
        return " ".join(re.findall(r"<li>(\w+)</li>", self.text))

    def report(self, narrative: str = "Two men came to my father.", **answers: Any) -> str:
        codename = self.get_codename()
        self.open("/en/report")
        assert self.send("/report", narrative=narrative, **answers).status_code == 200
        return codename

    @property
    def cookie(self) -> str:
        """The session as the browser keeps it."""
        kept = self.client.get_cookie("session")
        assert kept is not None
        return kept.value

    @property
    def text(self) -> str:
        return self.responses[-1].get_data(as_text=True)

    @property
    def page(self) -> Page:
        return Page(self.text)

    @property
    def path(self) -> str:
        return self.responses[-1].request.path

    def _keep(self, response: TestResponse) -> TestResponse:
        self.responses.append(response)
        return response


@dataclass(frozen=True)
class Site:
    """A server, its application, and the identities of its two reviewers."""

    server: Keeper
    app: Flask
    reviewers: tuple[HybridIdentity, ...]

    def visit(self, address: str = "127.0.0.1") -> Visit:
        client = self.app.test_client()
        client.environ_base = {**client.environ_base, "REMOTE_ADDR": address}
        return Visit(client)

    def tips(self) -> list[Tip]:
        with Session(self.server.store.engine) as session:
            return list(session.scalars(select(Tip)))

    def items(self, *kinds: Kind) -> list[Item]:
        with Session(self.server.store.engine) as session:
            return list(session.scalars(select(Item).where(Item.kind.in_(kinds or list(Kind)))))

    def summary(self, reviewer: int = 0) -> Any:
        (tip,) = self.tips()
        return json.loads(unseal(tip.summary, [self.reviewers[reviewer]]))

    def opened(self, *kinds: Kind) -> list[Any]:
        """The documents of the only tip, opened as a reviewer does."""
        identity = parse_identity(self.summary()["identities"][0])
        return [json.loads(unseal(item.sealed or b"", [identity])) for item in self.items(*kinds)]

    def write(self, payload: Payload, day: date | None = None) -> str:
        """What a reviewer's program does to tell the source of the only tip something; returns its id."""
        (tip,) = self.tips()
        recipients = [parse_recipient(tip.recipient), parse_recipient(self.summary()["source"])]
        sealed, name = seal(payload.padded(), recipients), secrets.token_bytes(16)
        row = Item(id=name, tip_id=tip.id, kind=Kind.REPLY, day=day or tip.day, size=len(sealed), sealed=sealed)
        with self.server.store.writing() as session:
            session.add(row)
        return name.hex()

    def contents(self) -> list[bytes]:
        """The attachments of the only tip, opened."""
        identity = parse_identity(self.summary()["identities"][0])
        return [self._content(identity, item.blob or "") for item in self.items(Kind.CONTENT)]

    def _content(self, identity: Identity, blob: str) -> bytes:
        target = BytesIO()
        with self.server.blobs.open(blob) as source:
            decrypt(source, target, [identity])
        return target.getvalue()

    def blobs(self) -> list[Path]:
        return list(self.server.settings.blobs.iterdir())


def enrol(server: Keeper, name: str) -> HybridIdentity:
    identity = HybridIdentity.generate()
    members.enrol(server.store, server.log, issue_card(Role.REVIEWER, SigningKey.generate(name), identity))
    return identity


UNLIMITED: dict[str, Any] = dict.fromkeys(("limit_codenames", "limit_sends", "limit_pages"), "99999 per minute")
"""Settings that let one source send as much as a test does."""


class OpenSite(Protocol):
    """Makes a site with these settings and so many reviewers."""

    def __call__(self, reviewers: int = 2, **settings: Any) -> Site: ...


class StartSource(Protocol):
    """Starts gunicorn with the source site over this data directory, and with these variables in its environment."""

    def __call__(self, data: Path, **variables: str) -> Server: ...
