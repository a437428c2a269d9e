"""The session: one cookie, encrypted under a key that lives only in the memory of the server's processes.

The cookie carries no `Secure` attribute: an onion site is plain HTTP inside Tor's encryption, and a browser would drop
the cookie there. It has no `Max-Age`, so that it goes when the browser is closed.
"""

import base64
import json
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken
from flask import Flask, Request, Response, request, session
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin

from crypto.codename import Codename, Seed

KEY = Fernet.generate_key()
"""Made where this module is first imported: by gunicorn's master before it forks, so that all its workers share it."""

IDLE = timedelta(hours=12)
"""For how long a visit may pause. Long: somebody writes with interruptions, and what they typed hangs on it."""

_SEED = "seed"
_FORM_TOKEN = "csrf_token"  # noqa: S105 - the name under which Flask-WTF keeps it: the page being shown bears it
_WORDS = "words"
_CODENAME_LANGUAGE = "codename_language"


class SealedSessions(SessionInterface):
    """Sessions under a Fernet key (AES-128-CBC and HMAC-SHA256). A cookie that can't be opened is no session."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """What the request's cookie holds, or an empty session."""
        sealed = request.cookies.get(self.get_cookie_name(app), "")
        try:
            return SecureCookieSession(json.loads(self._fernet.decrypt(sealed, ttl=int(IDLE.total_seconds()))))
        except (InvalidToken, ValueError):
            return SecureCookieSession()

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


def kept_seed() -> Seed | None:
    """The seed of this visit's codename."""
    sealed = session.get(_SEED)
    return None if sealed is None else Seed.from_bytes(base64.b64decode(sealed))


def kept_words() -> tuple[str, ...]:
    """The words that are still to be shown; none once the source has gone on."""
    return tuple(session.get(_WORDS, ()))


def words_language() -> str:
    """The language of those words."""
    return str(session.get(_CODENAME_LANGUAGE, ""))


def forget_words() -> None:
    """From here on the codename appears on no page."""
    session.pop(_WORDS, None)
    session.pop(_CODENAME_LANGUAGE, None)
