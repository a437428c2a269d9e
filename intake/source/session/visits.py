"""The session: one cookie, sealed under a key that lives only in the memory of the server's processes.

A *browser* is what sends the same cookie again: its forms bear tokens that only it gets. A *visit* is what begins when
somebody in it gets eight words or types theirs. A visit ends when its owner leaves, with all of that browser; when
another begins in the same browser; when the report is withdrawn, with all visits of its words; when it pauses for too
long; and after a day whatever happens. A copy of its cookie is then of no use either.

The cookie carries no `Secure` attribute: an onion site is plain HTTP inside Tor's encryption, and a browser would drop
the cookie there. It has no `Max-Age`, so that it goes when the browser is closed. `SameSite=Lax`, not `Strict`: a link
from another site would come without the cookie, and the answer would put a new one in its place.
"""

import base64
import hmac
import secrets
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin

from crypto.codename import WORDS, Codename, Marks, Seed
from intake.source.admission.counters import is_shared
from intake.source.admission.origin import is_part_of_a_page
from intake.source.session.cookie import KEY_SIZE, CookieError, CookieSeal
from intake.source.session.ended import LONGEST_VISIT, Ended

KEY = secrets.token_bytes(KEY_SIZE)
"""Made where this module is first imported: by gunicorn's master before it forks, so that all its workers share it."""

IDLE = timedelta(hours=12)
"""For how long a visit may pause. Long: somebody writes with interruptions, and what they typed hangs on it."""

MOST_TOLD = 700
"""Bytes of what is told on the next page, at most: the cookie has to carry it there."""

_TAG_LENGTH = 32

_BROWSER = "browser"
_SEEN = "seen"
_SEED = "seed"
_VISIT = "visit"
_BEGUN = "begun"
_MARKS = "marks"
_WORDS = "words"
_CODENAME_LANGUAGE = "language"
_ASKED = "asked"
_BEFORE = "before"
_SAVED = "saved"
_QUESTION = "question"
_TOLD = "told"


class SealedSessions(SessionInterface):
    """Sessions in sealed cookies. One that can't be opened is no session; of an ended visit nothing is left."""

    def __init__(self, key: bytes, ended: Ended) -> None:
        self._seal = CookieSeal(key)
        self.ended = ended

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """What the request's cookie holds, or an empty session."""
        try:
            held = self._seal.open(request.cookies.get(self.get_cookie_name(app), ""))
        except CookieError:
            return SecureCookieSession()
        if self.ended.any_of(_name_of_browser(held)):
            return SecureCookieSession()
        return SecureCookieSession({_BROWSER: held[_BROWSER]} if self._is_over(held) else held)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Seal a visit anew with every page, so that the time limit counts from the last one.

        What began without a visit, and has nothing to say, may be late: there may be a visit now, which must go on.
        """
        name = self.get_cookie_name(app)
        if request.endpoint == "static":
            # The style sheet may come after the next page, and must not bring back the session of the one before.
            return
        if session:
            if name in request.cookies:
                if self._ended_meanwhile(session) or not (_VISIT in session or session.modified):
                    return
            elif is_part_of_a_page():
                return
            sealed = self._seal.seal({**session, _SEEN: int(time.time())})
            response.set_cookie(name, sealed, httponly=True, samesite="Lax")
        elif name in request.cookies:
            response.delete_cookie(name, httponly=True, samesite="Lax")

    def _is_over(self, held: Mapping[str, Any]) -> bool:
        if _VISIT not in held:
            return False
        now = time.time()
        return (
            now - held[_SEEN] > IDLE.total_seconds()
            or now - held[_BEGUN] > LONGEST_VISIT.total_seconds()
            or self.ended.any_of(*_names_of_visit(held))
        )

    def _ended_meanwhile(self, held: Mapping[str, Any]) -> bool:
        """Whether what this request began in has ended: an upload takes long, and must not put its cookie in the
        place of a later one.
        """
        names = _names_of_visit(held) if _VISIT in held else ()
        return self.ended.any_of(_name_of_browser(held), *names)


def key_beside(limits_storage: str) -> bytes:
    """The key of an application whose visits end in this storage: its own where only its process remembers them."""
    return KEY if is_shared(limits_storage) else secrets.token_bytes(KEY_SIZE)


def browser() -> str:
    """What tells this browser from others while it keeps its cookie; random, and shown to nobody."""
    if _BROWSER not in session:
        session[_BROWSER] = secrets.token_urlsafe(16)
    return str(session[_BROWSER])


def show_words(codename: Codename) -> None:
    """Begin a visit with new words, which are kept until they have been shown."""
    begin_visit(codename, codename.derive())
    session[_WORDS] = codename.words
    session[_CODENAME_LANGUAGE] = codename.language


def begin_visit(codename: Codename, seed: Seed) -> None:
    """Begin a visit as the one who has these words, with nothing left of the visit before."""
    if _VISIT in session:
        _ended().add(_name_of_visit(session))
    kept = browser()
    session.clear()
    session[_BROWSER] = kept
    session[_SEED] = _text(seed.to_bytes())
    session[_VISIT] = secrets.token_urlsafe(16)
    session[_BEGUN] = int(time.time())
    session[_MARKS] = _text(Marks.of(codename, seed).to_bytes())


def wordless(seed: Seed) -> Seed:
    """What stands in the place of this visit's seed so that no words lead there: only what is in its cookie does.

    The same one each time in this visit, so that a form that is sent twice arrives once.
    """
    return Seed.from_bytes(keyed("seed without words", f"{session[_VISIT]}\n".encode() + seed.to_bytes()))


def go_without_words(seed: Seed) -> None:
    """Go on with a seed that no words lead to: with the end of this visit nobody comes back."""
    session[_BEFORE] = owner_tag(kept_seed())
    session[_SEED] = _text(seed.to_bytes())
    del session[_MARKS]


def is_without_words() -> bool:
    """Whether no words lead to what was sent in this visit."""
    return _BEFORE in session


def had_words(owner: str) -> bool:
    """Whether this is the tag of the words that this visit began with and goes on without."""
    return is_without_words() and hmac.compare_digest(str(session[_BEFORE]).encode(), owner.encode())


def leave() -> None:
    """End every visit of this browser, and with them every copy of their cookies."""
    if _BROWSER in session:
        _ended().add(_name_of_browser(session))
    session.clear()


def end_visits_of(seed: Seed) -> None:
    """End every visit of these words, wherever it is."""
    _ended().add(_name_of_words(owner_tag(seed)))
    kept = browser()
    session.clear()
    session[_BROWSER] = kept


def have_ended(owner: str) -> bool:
    """Whether the visits of the words behind this tag were ended, within the last day."""
    return len(owner) == _TAG_LENGTH and _ended().any_of(_name_of_words(owner))


def kept_seed() -> Seed | None:
    """The seed of this visit's words."""
    held = session.get(_SEED)
    return None if held is None else _seed(held)


def kept_marks() -> Marks | None:
    """What tells this visit's words in a text."""
    seed, marks = kept_seed(), session.get(_MARKS)
    return None if seed is None or marks is None else Marks.from_bytes(seed, base64.b64decode(marks))


def owner_tag(seed: Seed | None) -> str:
    """What a form bears to tell whose visit its page was made in; it says nothing to anybody else."""
    if seed is None:
        return ""
    # A page asks for it in several places. What `g` remembers ends with the request, and is of this very seed.
    held: tuple[Seed, str] | None = g.get("owner")
    if held is None or held[0] is not seed:
        held = g.owner = seed, keyed("owner of a form", seed.lookup_key()).hex()[:_TAG_LENGTH]
    return held[1]


def keyed(purpose: str, data: bytes) -> bytes:
    """32 bytes that nobody else can make of this."""
    return hmac.digest(cast(bytes, current_app.secret_key), purpose.encode() + b"\n" + data, "sha256")


def kept_words() -> tuple[str, ...]:
    """The words that are still to be shown; none once the source has gone on."""
    words = session.get(_WORDS)
    return () if words is None or _ended().any_of(_name_of_showing(session)) else tuple(words)


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
    """From here on the codename appears on no page, whatever cookie comes."""
    if session.pop(_WORDS, None) is not None:
        _ended().add(_name_of_showing(session))
    session.pop(_CODENAME_LANGUAGE, None)
    session.pop(_ASKED, None)


def note_saved(group: str) -> None:
    """Remember for this visit that a group of questions was saved."""
    session[_SAVED] = sorted({*saved_groups(), group})


def saved_groups() -> tuple[str, ...]:
    """The groups that were saved in this visit."""
    return tuple(session.get(_SAVED, ()))


def note_question(question: str) -> None:
    """Remember for this visit at which of the questions, asked one a page, somebody is; empty: at none any more."""
    session[_QUESTION] = question


def noted_question() -> str:
    """The key of that question."""
    return str(session.get(_QUESTION, ""))


def tell(words: str) -> None:
    """Say something on the next page that is shown: each thing once; of what is too much for a cookie, the latest."""
    told = [*(other for other in session.get(_TOLD, ()) if other != words), words]
    while len(told) > 1 and sum(len(each.encode()) for each in told) > MOST_TOLD:
        del told[0]
    session[_TOLD] = told


def told() -> list[str]:
    """What there is to say on the page that is being made."""
    return list(session.pop(_TOLD, ()))


def _ended() -> Ended:
    return cast(SealedSessions, current_app.session_interface).ended


def _name_of_browser(held: Mapping[str, Any]) -> str:
    return f"browser/{held.get(_BROWSER, '')}"


def _name_of_visit(held: Mapping[str, Any]) -> str:
    return f"visit/{held[_VISIT]}"


def _name_of_showing(held: Mapping[str, Any]) -> str:
    return f"showing/{held[_VISIT]}"


def _names_of_visit(held: Mapping[str, Any]) -> tuple[str, str]:
    return _name_of_visit(held), _name_of_words(owner_tag(_seed(held[_SEED])))


def _seed(text: str) -> Seed:
    """The seed that a session holds as this text: for one request the same object, so that it is derived from once."""
    held: tuple[str, Seed] | None = g.get("seed")
    if held is None or held[0] != text:
        held = g.seed = text, Seed.from_bytes(base64.b64decode(text))
    return held[1]


def _name_of_words(owner: str) -> str:
    return f"words/{owner}"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
