"""The session: one cookie, encrypted under a key that lives only in the memory of the server's processes.

A visit ends when its owner leaves, when it pauses for too long, and after a day whatever happens. A copy of its cookie
is then of no use either: the visits that were left are remembered until their day is over. What one process remembers
ends with it; behind several, limits_storage remembers for all.

The cookie carries no `Secure` attribute: an onion site is plain HTTP inside Tor's encryption, and a browser would drop
the cookie there. It has no `Max-Age`, so that it goes when the browser is closed.
"""

import base64
import hmac
import json
import secrets
import time
from collections import OrderedDict
from contextlib import suppress
from datetime import timedelta
from threading import Lock
from typing import Any, Protocol

from cryptography.fernet import Fernet, InvalidToken
from flask import Flask, Request, Response, current_app, request, session
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin
from limits.errors import StorageError
from limits.storage import Storage

from crypto.codename import WORDS, Codename, Seed
from intake.source.shared import open_storage

KEY = Fernet.generate_key()
"""Made where this module is first imported: by gunicorn's master before it forks, so that all its workers share it."""

IDLE = timedelta(hours=12)
"""For how long a visit may pause. Long: somebody writes with interruptions, and what they typed hangs on it."""

LONGEST_VISIT = timedelta(hours=24)
"""After which a visit ends, however busy it is."""

MOST_ENDED = 100_000
"""How many ended visits one process remembers, some 20 MB; beyond that it forgets the earliest first."""

_SEED = "seed"
_VISIT = "visit"
_BEGUN = "begun"
_FORM_TOKEN = "csrf_token"  # noqa: S105 - the name under which Flask-WTF keeps it: the page being shown bears it
_WORDS = "words"
_CODENAME_LANGUAGE = "codename_language"
_ASKED = "asked"


class EndedVisits(Protocol):
    """The visits that were left, each for as long as its cookie could still be opened."""

    def add(self, visit: str) -> None:
        """Remember that this visit was left."""

    def has(self, visit: str) -> bool:
        """Whether it was."""


class EndedHere:
    """What this process remembers."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()
        self._changing = Lock()

    def add(self, visit: str) -> None:
        """Remember that this visit was left, and forget those whose time is over or that are too many."""
        now = time.time()
        with self._changing:
            self._until.setdefault(visit, now + LONGEST_VISIT.total_seconds())
            while len(self._until) > MOST_ENDED or next(iter(self._until.values())) < now:
                self._until.popitem(last=False)

    def has(self, visit: str) -> bool:
        """Whether it was."""
        return visit in self._until


class EndedShared:
    """What all processes remember together, where they count the limits.

    Each also remembers by itself, for while that storage fails: a visit must go on then.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._here = EndedHere()

    def add(self, visit: str) -> None:
        """Remember that this visit was left."""
        self._here.add(visit)
        with suppress(StorageError):
            self._storage.incr(f"left/{visit}", int(LONGEST_VISIT.total_seconds()))

    def has(self, visit: str) -> bool:
        """Whether it was."""
        if self._here.has(visit):
            return True
        try:
            return self._storage.get(f"left/{visit}") > 0
        except StorageError:
            return False


def ended_visits(limits_storage: str) -> EndedVisits:
    """The memory that goes with this setting."""
    return EndedHere() if limits_storage.startswith("memory:") else EndedShared(open_storage(limits_storage))


class SealedSessions(SessionInterface):
    """Sessions under a Fernet key (AES-128-CBC and HMAC-SHA256). A cookie that can't be opened is no session."""

    def __init__(self, key: bytes, ended: EndedVisits) -> None:
        self._fernet = Fernet(key)
        self.ended = ended

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """What the request's cookie holds, or an empty session."""
        sealed = request.cookies.get(self.get_cookie_name(app), "")
        try:
            held = json.loads(self._fernet.decrypt(sealed, ttl=int(IDLE.total_seconds())))
        except (InvalidToken, ValueError):
            return SecureCookieSession()
        return SecureCookieSession({} if self._is_over(held) else held)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Seal the session anew with every page, so that the time limit counts from the last one."""
        name = self.get_cookie_name(app)
        if request.endpoint == "static":
            # The style sheet may come after the next page, and must not bring back the session of the one before.
            return
        if session:
            sealed = self._fernet.encrypt(json.dumps(dict(session)).encode()).decode()
            response.set_cookie(name, sealed, httponly=True, samesite="Strict")
        elif name in request.cookies:
            response.delete_cookie(name, httponly=True, samesite="Strict")

    def _is_over(self, held: dict[str, Any]) -> bool:
        if _VISIT not in held:
            return False
        return self.ended.has(held[_VISIT]) or time.time() - held[_BEGUN] > LONGEST_VISIT.total_seconds()


def keep_codename(codename: Codename) -> None:
    """Begin a visit with a new codename, whose words are kept until they have been shown."""
    keep_seed(codename.derive())
    session[_WORDS] = codename.words
    session[_CODENAME_LANGUAGE] = codename.language


def keep_seed(seed: Seed) -> None:
    """Begin a visit as the one who has this codename, with nothing left of the visit before."""
    for name in session.keys() - {_FORM_TOKEN}:
        del session[name]
    session[_SEED] = base64.b64encode(seed.to_bytes()).decode()
    session[_VISIT] = secrets.token_urlsafe(16)
    session[_BEGUN] = int(time.time())


def end_visit() -> None:
    """End this visit, and with it every copy of its cookie."""
    interface = current_app.session_interface
    if _VISIT in session and isinstance(interface, SealedSessions):
        interface.ended.add(session[_VISIT])
    session.clear()


def kept_seed() -> Seed | None:
    """The seed of this visit's codename."""
    sealed = session.get(_SEED)
    return None if sealed is None else Seed.from_bytes(base64.b64decode(sealed))


def owner_tag(seed: Seed | None) -> str:
    """What a form bears to tell whose visit its page was made in; it says nothing to anybody else."""
    if seed is None:
        return ""
    key = current_app.secret_key
    secret = key if isinstance(key, bytes) else str(key).encode()
    return hmac.digest(secret, b"owner of a form\n" + seed.lookup_key(), "sha256")[:16].hex()


def kept_words() -> tuple[str, ...]:
    """The words that are still to be shown; none once the source has gone on."""
    return tuple(session.get(_WORDS, ()))


def words_language() -> str:
    """The language of those words."""
    return str(session.get(_CODENAME_LANGUAGE, ""))


def asked_words() -> tuple[int, int]:
    """Two positions in the codename, from 0, the same for as long as its words are shown."""
    if _ASKED not in session:
        session[_ASKED] = sorted(secrets.SystemRandom().sample(range(WORDS), 2))
    first, second = session[_ASKED]
    return first, second


def forget_words() -> None:
    """From here on the codename appears on no page."""
    session.pop(_WORDS, None)
    session.pop(_CODENAME_LANGUAGE, None)
    session.pop(_ASKED, None)
