"""Has the newest checkpoint cosigned by the witnesses that a policy names (C2SP tlog-witness, add-checkpoint).

What a witness gets is the checkpoint, the size of an earlier tree and the hashes between the two: no entry, no name.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from threading import Lock

import httpx
from socksio import SOCKSError

from crypto.checkpoint import parse_checkpoint
from crypto.merkle import Frontier, consistency_path
from crypto.note import MAX_NOTE_SIZE, Note, NoteError, Signature, VerifierKey, parse_note
from crypto.policy import Policy
from crypto.witness import AddCheckpoint, WitnessFormatError, parse_cosignatures
from intake.accesslog import cosigned, tiles
from intake.accesslog.append import LogAppender
from intake.settings import SettingError
from intake.storage.store import Store
from intake.transport import TimedTransport, allowed

_PATIENCE = httpx.Timeout(60)
_TIME, _RATE = 120.0, 1_000.0
"""Seconds that a witness has for its answer, and bytes a second after that: none keeps the others waiting for ever."""

_AT_ONCE = 4096
_ATTEMPTS = 3
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
_SIZE_TYPE = "text/x.tlog.size"

_REFUSED: dict[int, str] = {
    HTTPStatus.NOT_FOUND: "does not know this log; whoever runs it needs this server's log.policy",
    HTTPStatus.FORBIDDEN: "does not believe the log's signatures; whoever runs it needs this server's log.policy",
    HTTPStatus.BAD_REQUEST: "does not understand what it is asked",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where witnesses of a policy are asked: an address, by which proxy if any, and whose names there it has."""

    url: str
    names: tuple[bytes, ...]
    proxy: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking at one place. `lines`: true cosignatures of witnesses that the policy names.

    `says`: in words, after the name of the witness. `contradicts`: it has cosigned what this log is no longer.
    """

    place: Place
    says: str
    lines: tuple[Signature, ...] = ()
    contradicts: bool = False


@dataclass(frozen=True, slots=True)
class Cosigning:
    """What came of asking all of them. `is_met`: whether those who cosigned now are as many as the policy asks for."""

    outcomes: Sequence[Outcome]
    is_met: bool


def places(policy: Policy, proxy: str) -> list[Place]:
    """Where the witnesses are that have an address; `SettingError` for one that can't be asked.

    Only who listens on this machine is asked by any other way than the proxy: everybody else would see where it is.
    """
    names: dict[str, tuple[bytes, ...]] = {}
    for name, witness in policy.witnesses.items():
        if witness.url:
            names[witness.url] = (*names.get(witness.url, ()), name)
    return [Place(url, of, _way(url, in_words(of), proxy)) for url, of in names.items()]


def in_words(names: Collection[bytes]) -> str:
    """Names of a policy, which are any bytes."""
    return ", ".join(name.decode("utf-8", "backslashreplace") for name in names)


def cosign(store: Store, log: LogAppender, policy: Policy, asked: Sequence[Place]) -> Cosigning:
    """Submit the newest checkpoint to all of them at once, and keep what they cosigned, durably."""
    submission = Submission(store, log)
    with store.reading() as session:
        known = {place: cosigned.last_size(session, _keys(policy, place.names)) for place in asked}
    with ThreadPoolExecutor(max(1, len(asked))) as pool:
        outcomes = list(pool.map(lambda place: _Asking(submission, policy, place).run(known[place]), asked))
    lines = {(line.name, line.key_id): line for outcome in outcomes for line in outcome.lines}
    note = Note(submission.note.text, (*submission.note.signatures, *lines.values()))
    if lines:
        with store.writing() as session:
            cosigned.keep(session, note, policy)
    return Cosigning(outcomes, policy.is_met(policy.cosigned(note)))


class Submission:
    """The newest checkpoint, and the proofs that it extends any tree before, from the stored hashes.

    Of these a few thousand are held at a time, however large the log is, and no transaction spans what is sent.
    """

    def __init__(self, store: Store, log: LogAppender) -> None:
        self._store = store
        self._log = log
        with store.reading() as session:
            self.note = parse_note(log.shown(session))
        self.size = parse_checkpoint(self.note.text).size
        self._proofs: dict[int, tuple[bytes, ...]] = {}
        self._proving = Lock()

    def request(self, old: int) -> bytes:
        """What a witness is asked that has cosigned a tree of `old` entries, no more than there are."""
        with self._proving:
            if old not in self._proofs:
                self._proofs[old] = tuple(consistency_path(self._root, self.size, old))
            return bytes(AddCheckpoint(old, self._proofs[old], self.note))

    def newest_size(self) -> int:
        """How many entries there are by now."""
        with self._store.reading() as session:
            return self._log.size(session)

    def _root(self, start: int, end: int) -> bytes:
        return Frontier.empty().extend(self._leaves(start, end)).root()

    def _leaves(self, start: int, end: int) -> Iterator[bytes]:
        for first in range(start, end, _AT_ONCE):
            with self._store.reading() as session:
                held = tiles.leaves(self._log, session, first, min(first + _AT_ONCE, end))
            yield from held


class _Asking:
    """Asks at one place."""

    def __init__(self, submission: Submission, policy: Policy, place: Place) -> None:
        self._submission = submission
        self._policy = policy
        self._place = place
        self._http = httpx.Client(
            transport=TimedTransport(place.proxy),
            headers={"Accept-Encoding": "identity"},
            timeout=_PATIENCE,
            trust_env=False,
            follow_redirects=False,
        )
        # Which program in which version runs here is nothing that a witness needs.
        del self._http.headers["User-Agent"]

    def run(self, old: int) -> Outcome:
        try:
            with self._http:
                return self._ask(min(old, self._submission.size))
        except SOCKSError:
            return self._said("can't be reached: what listens at witness_proxy does not speak SOCKS")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return self._said(f"can't be reached{_by(error, self._place.proxy)}")

    def _ask(self, old: int) -> Outcome:
        """Ask from one tree on, and once more from another if it says which was its last."""
        for _ in range(_ATTEMPTS):
            status, kind, body = self._post(old)
            if status == HTTPStatus.OK:
                return self._taken(body)
            if status == HTTPStatus.UNPROCESSABLE_ENTITY:
                return self._contradicted(f"what it cosigned before, {old} entries, is not the beginning of this log")
            if status != HTTPStatus.CONFLICT:
                return self._said(_REFUSED.get(status, f"refused, with status {status}"))
            last = _SIZE.fullmatch(body) if kind == _SIZE_TYPE else None
            if last is None:
                return self._said("refused, and does not say which tree it cosigned last")
            if (refused := self._refused(old, int(last[1]))) is not None:
                return refused
            old = int(last[1])
        return self._said("is asked by others at the same time; try again")

    def _refused(self, old: int, last: int) -> Outcome | None:
        """What it means that it goes on from a tree of `last` entries only; None if it can be asked from there."""
        size = self._submission.size
        if last == old == size:
            return self._contradicted(f"it has cosigned another tree of {size} entries than this log has now")
        if last <= size:
            return None
        if last <= self._submission.newest_size():
            return self._said("has cosigned a newer checkpoint meanwhile")
        return self._contradicted(f"it has cosigned {last} entries of this log, which has only {size}")

    def _post(self, old: int) -> tuple[int, str, bytes]:
        """Status, type and body of an answer, of which no more is read than one can have."""
        address, body = f"{self._place.url.rstrip('/')}/add-checkpoint", b""
        with (
            allowed(_TIME, _RATE),
            self._http.stream("POST", address, content=self._submission.request(old)) as answer,
        ):
            for piece in answer.iter_raw():
                body += piece
                if len(body) > MAX_NOTE_SIZE:
                    raise httpx.RemoteProtocolError("the answer is too long")
        return answer.status_code, answer.headers.get("Content-Type", ""), body

    def _taken(self, body: bytes) -> Outcome:
        try:
            lines = tuple(_true(self._policy, self._submission.note.text, parse_cosignatures(body)))
        except WitnessFormatError:
            lines = ()
        if not lines:
            return self._said("answered without a cosignature by its key in log.policy")
        return Outcome(self._place, f"cosigned {self._submission.size} entries", lines)

    def _said(self, says: str) -> Outcome:
        return Outcome(self._place, says)

    def _contradicted(self, says: str) -> Outcome:
        return Outcome(self._place, f"CONTRADICTS THIS LOG: {says}", contradicts=True)


def _true(policy: Policy, text: str, lines: Sequence[Signature]) -> Iterator[Signature]:
    """The latest cosignature of each witness that the policy names; what others signed, or falsely, is ignored."""
    for witness in policy.witnesses.values():
        key, times = witness.key.key, dict[Signature, int]()
        for line in lines:
            if (line.name, line.key_id) == (key.name, key.id):
                with suppress(NoteError):
                    times[line] = witness.key.verify(Note(text, (line,)))
        if times:
            yield max(times, key=times.__getitem__)


def _keys(policy: Policy, names: Collection[bytes]) -> list[VerifierKey]:
    return [policy.witnesses[name].key.key for name in names]


def _way(url: str, names: str, proxy: str) -> str | None:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        address = httpx.URL("")
    right_port = address.port is None or 1 <= address.port <= 65535
    if address.scheme not in ("http", "https") or not address.host or not right_port:
        raise SettingError(f"log.policy: the address of the witness {names} must be one such as http://….onion")
    if _is_here(address.host):
        return None
    if not proxy:
        raise SettingError(
            f"witness_proxy must be set, such as to socks5h://127.0.0.1:9050, to ask the witness {names} at {url}: "
            "without it, all on the way there would see where this server is"
        )
    return proxy


def _is_here(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _by(error: Exception, proxy: str | None) -> str:
    if proxy is None:
        return "; is it running?"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        # Through a proxy, a connection is made to nothing else.
        return ": nothing answers at witness_proxy"
    return " through witness_proxy; is its address right, and is it running?"
