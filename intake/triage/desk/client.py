"""Signed requests to the desk, and its errors in plain words. No request goes anywhere else."""

import base64
import binascii
import json
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from threading import Event

import httpx

from crypto.note import SigningKey
from intake.protocol import endpoints, limits, queries, renewal
from intake.protocol.actions import Named, ReadRequest
from intake.protocol.card import Card, Role, key_id
from intake.protocol.endpoints import Endpoint, named
from intake.protocol.index import Span
from intake.protocol.manifest import Manifest, body_of
from intake.protocol.newtip import NewTip
from intake.protocol.rekey import Rekey
from intake.protocol.rekey import body_of as body_of_rekey
from intake.protocol.renewal import Renewals, Renewed
from intake.protocol.requests import ANOTHER_DESK, sign
from intake.protocol.wire import decode_entries
from intake.transport import TimedTransport, allowed
from intake.triage.desk.unreachable import NOT_SENT, UNREACHABLE, in_words
from intake.triage.home import Home
from intake.triage.mirror.journal import Journal

_PATIENCE = httpx.Timeout(60, connect=60)
_TIME = 120.0
"""Seconds that a request may take in all, besides what its bytes get."""
_RATE = 2_000.0
"""Bytes a second at least, on average: a tenth of a slow circuit."""
_WORDS = 200
_PAUSES = (5.0, 5.0, 10.0, 10.0)
"""Seconds until a bulk read that found the desk busy is made again; not what the desk says, which may be for ever."""


class DeskError(Exception):
    """The desk can't be reached, or refused; in words for the reviewer."""


class OtherLogError(DeskError):
    """The desk keeps another log than the one that was named, and never showed that one."""


class NotSentError(DeskError):
    """The desk can't be reached, and nothing of the request has left this machine."""


class DeskRefusedError(DeskError):
    """The desk answered that it won't; `status` is that of HTTP."""

    def __init__(self, says: str, status: int) -> None:
        super().__init__(f"the desk refused: {says}")
        self.status = status


class DeskClient:
    """The desk API as a member sees it. `journal` keeps each request that the log must hold, before it is sent."""

    def __init__(self, home: Home, key: SigningKey, role: Role, pauses: Sequence[float] = _PAUSES) -> None:
        self._pauses = pauses
        self._role = role
        self._connection = home.connection
        self._log = home.connection.log.name
        self.key = key
        self.journal = Journal(home.mirror, key_id(key.verifier))
        self._http = httpx.Client(
            base_url=home.connection.desk,
            transport=TimedTransport(home.connection.proxy),
            # What is compressed can be a thousand times as large as what travels.
            headers={"Accept-Encoding": "identity"},
            timeout=_PATIENCE,
            trust_env=False,
            follow_redirects=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def days(self, have: str) -> bytes:
        """The list of days, or that it is as kept. `have`: the digest of the list that is kept; empty if none is."""
        return self._get(endpoints.DAYS, endpoints.DAYS.at() + queries.have_query(have))

    def rows(self, span: Span, most: int) -> bytes:
        """The rows of days, a line each, of as many from the first on as the desk answers at once; so many bytes."""
        return self._get(endpoints.DAY, endpoints.DAY.at(day=str(span)), most)

    def read(self, request: ReadRequest, sealed: int) -> bytes:
        """Sealed summaries and small items, as the desk sends them. `sealed`: bytes of these items together.

        Where others read so much that the desk has no room for this, it is asked again, a few times.
        """
        largest = limits.bulk_read(len(request.summaries), len(request.items), sealed)
        for pause in self._pauses:
            try:
                return self._read(request, largest)
            except DeskRefusedError as refused:
                if refused.status != httpx.codes.SERVICE_UNAVAILABLE:
                    raise
            Event().wait(pause)
        return self._read(request, largest)

    def _read(self, request: ReadRequest, largest: int) -> bytes:
        with self._answer(endpoints.READ, endpoints.READ.at(), request.to_json()) as answer:
            return b"".join(_pieces(answer, largest))

    def download(self, item: str, start: int, size: int) -> Generator[bytes, None, None]:
        """The sealed bytes of one item, which has this size, from `start` on, in pieces as they come."""
        with self._answer(endpoints.ITEM, endpoints.ITEM.at(item=item) + queries.from_query(start)) as answer:
            yield from _pieces(answer, min(size, endpoints.ITEM.largest_answer) - start)

    def add(self, tip: str, item: str, kind: str, sealed: bytes, to: str = "") -> bool:
        """Store what was sealed to a tip under an id, as a `reply` or as `work`.

        `to`: SHA-256 (hex) of the recipient of the tip, which the desk then compares with that of now; empty where it
        isn't known.

        False if the desk says that the id is taken. Ids follow from what was written, so an earlier attempt of ours
        may have arrived, of which only the answer was lost; but that is for the log to prove.
        """
        return self._store(endpoints.ADD, endpoints.ADD.at(tip=tip, item=item) + queries.add_query(kind, to), sealed)

    def take_back(self, tip: str, item: str) -> None:
        """Have a reply deleted, or never come."""
        with self._answer(endpoints.TAKE_BACK, endpoints.TAKE_BACK.at(tip=tip, item=item)):
            pass

    def propose(self, tip: str, item: str) -> bool:
        """Propose that a tip be deleted, for the reason in an item; False if the log holds this already."""
        return self._store(endpoints.PROPOSE, endpoints.PROPOSE.at(tip=tip, item=item), b"")

    def second(self, tip: str, item: str) -> bool:
        """Want what was proposed, too; False if that changes nothing."""
        return self._store(endpoints.SECOND, endpoints.SECOND.at(tip=tip, item=item), b"")

    def stop(self, tip: str, item: str) -> bool:
        """Stop what was proposed; False if that changes nothing."""
        return self._store(endpoints.STOP, endpoints.STOP.at(tip=tip, item=item), b"")

    def purged(self, tip: str) -> None:
        """Sign the receipt for a tip of which nothing is kept here any more."""
        with self._answer(endpoints.PURGED, endpoints.PURGED.at(tip=tip)):
            pass

    def make(self, tip: str, item: str, new: NewTip) -> bool:
        """Store a tip that the member made, with its first item, under these ids; otherwise as `add`."""
        path = endpoints.MAKE.at(tip=tip, item=item) + queries.made_query(new.made)
        return self._store(endpoints.MAKE, path, new.to_json())

    def exchange(self, manifest: Manifest, headers: Sequence[bytes]) -> tuple[str, ...]:
        """Exchange headers of summaries; returns the tips of which that was not done: they have another one by now."""
        path = endpoints.HEADERS.at() + queries.manifest_query(manifest.digest)
        with self._answer(endpoints.HEADERS, path, body_of(manifest, headers)) as answer:
            said = b"".join(_pieces(answer, endpoints.HEADERS.largest_answer))
        return _others(said, {each.tip for each in manifest.exchanges})

    def renew(self, renewals: Renewals, renewed: Sequence[Renewed]) -> Collection[str]:
        """Give tips another identity; returns those of which that was not done: they have another summary by now."""
        path = endpoints.SUMMARIES.at() + queries.manifest_query(renewals.digest)
        with self._answer(endpoints.SUMMARIES, path, renewal.body_of(renewals, renewed)) as answer:
            said = b"".join(_pieces(answer, endpoints.SUMMARIES.largest_answer))
        return _others(said, {each.tip for each in renewals.renewals})

    def rekey(self, rekey: Rekey, handover: bytes) -> bool:
        """Put another recipient on the member's card; False if it has another than the one that is replaced by now."""
        path = endpoints.REKEY.at() + queries.manifest_query(sha256(rekey.to_bytes()).hexdigest())
        return self._store(endpoints.REKEY, path, body_of_rekey(rekey, handover))

    def handovers(self) -> list[bytes]:
        """What the member's machines have handed over."""
        try:
            said = json.loads(self._get(endpoints.HANDOVERS, endpoints.HANDOVERS.at()))["handovers"]
            return [base64.b64decode(each, validate=True) for each in said]
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
            raise DeskError("the desk's answer is malformed") from None

    def _store(self, row: Endpoint, path: str, body: bytes) -> bool:
        try:
            with self._answer(row, path, body):
                pass
        except DeskRefusedError as refused:
            if refused.status != httpx.codes.CONFLICT:
                raise
            return False
        return True

    def say_opened(self, tip: str, purpose: str = "") -> None:
        """Have it logged that the member was shown a tip. `purpose`: the item that says what for, if one does."""
        with self._answer(endpoints.OPEN, endpoints.OPEN.at(tip=tip) + queries.purpose_query(purpose)):
            pass

    def say_exported(self, tip: str, sha256: str) -> None:
        """Have it logged that a file of a tip leaves, as the sealed event of this digest (hex) says."""
        self._say(endpoints.EXPORT, tip, sha256)

    def say_referred(self, tip: str, sha256: str) -> None:
        """Have it logged that a tip is handed on, as the sealed event of this digest (hex) says."""
        self._say(endpoints.REFER, tip, sha256)

    def say_approved(self, tip: str, sha256: str) -> None:
        """Have it logged that the member, who is a lead, lets something of a tip leave, as for `say_exported`."""
        self._say(endpoints.APPROVE, tip, sha256)

    def _say(self, row: Endpoint, tip: str, sha256: str) -> None:
        with self._answer(row, row.at(tip=tip, sha256=sha256)):
            pass

    def deposit(self, sealed: bytes) -> None:
        """Leave one's own keys, sealed to what is on paper, in the place of those that were left before."""
        with self._answer(endpoints.DEPOSIT, endpoints.DEPOSIT.at(), sealed):
            pass

    def deposited(self, member: str) -> bytes:
        """What a member, by key id, left so."""
        return self._get(endpoints.DEPOSITED, endpoints.DEPOSITED.at(keys=member))

    def vouch(self, card: Card) -> None:
        """Vouch for exactly this card."""
        with self._answer(endpoints.VOUCH, endpoints.VOUCH.at(), card.text.encode()):
            pass

    def shut_out(self, member: str) -> None:
        """Say that a reviewer, by key id, should be revoked."""
        with self._answer(endpoints.SHUT_OUT, endpoints.SHUT_OUT.at(member=member)):
            pass

    def unsay(self, member: str) -> None:
        """Take back what was said of whoever has this key id."""
        with self._answer(endpoints.UNSAY, endpoints.UNSAY.at(member=member)):
            pass

    def explain(self, finding: str, sentence: str) -> None:
        """Have the log hold what the member says to a finding; `ActionError` if it can't be said so."""
        with self._answer(endpoints.EXPLAIN, endpoints.EXPLAIN.at(finding=finding), sentence.encode()):
            pass

    def checkpoint(self) -> bytes:
        """The newest signed checkpoint."""
        return self._get(endpoints.CHECKPOINT, endpoints.CHECKPOINT.at())

    def cosigned(self) -> bytes | None:
        """The newest checkpoint that witnesses have cosigned; None if the desk has none."""
        try:
            return self._get(endpoints.COSIGNED, endpoints.COSIGNED.at())
        except DeskRefusedError as refused:
            if refused.status != httpx.codes.NOT_FOUND:
                raise
            return None

    def entries(self, start: int) -> list[bytes]:
        """The log's entries from one on, as many as the desk answers at once."""
        return decode_entries(self._get(endpoints.ENTRIES, endpoints.ENTRIES.at() + queries.from_query(start)))

    def _get(self, row: Endpoint, path: str, most: int | None = None) -> bytes:
        largest = row.largest_answer if most is None else min(most, row.largest_answer)
        with self._answer(row, path) as answer:
            return b"".join(_pieces(answer, largest))

    @contextmanager
    def _answer(self, row: Endpoint, path: str, body: bytes = b"") -> Iterator[httpx.Response]:
        request = self._http.build_request(row.method, path, content=body)
        created = datetime.now(UTC).replace(microsecond=0)
        nonce = sign(request, body, self.key, self._log)
        is_logged = self._role in row.logged
        if is_logged:
            with _noted():
                self.journal.sent(nonce, created, _does(request, body))
        try:
            with allowed(_TIME, _RATE):
                answer = self._http.send(request, stream=True)
                try:
                    if is_logged and answer.is_success:
                        with _noted():
                            self.journal.answered(nonce)
                    _require_plain(answer)
                    if not answer.is_success:
                        raise DeskRefusedError(_words(answer), answer.status_code)
                    yield answer
                finally:
                    answer.close()
        except UNREACHABLE as error:
            if isinstance(error, NOT_SENT):
                if is_logged:
                    self.journal.not_sent(nonce)
                raise NotSentError(in_words(error, self._connection)) from error
            raise DeskError(in_words(error, self._connection)) from error
        except RuntimeError as error:
            if not self._http.is_closed:
                raise
            raise DeskError("the program was locked meanwhile") from error
        finally:
            if is_logged:
                self.journal.over(nonce)


def _others(said: bytes, asked: Collection[str]) -> tuple[str, ...]:
    """The tips that an answer names as not done, of those that were asked for."""
    try:
        others = json.loads(said)["others"]
    except (ValueError, KeyError, TypeError, RecursionError):
        others = None
    if not isinstance(others, list) or not set(asked).issuperset(map(str, others)):
        raise DeskError("the desk's answer is malformed")
    return tuple(map(str, others))


@contextmanager
def _noted() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DeskError(f"this machine can't keep a note of what it asks the desk: {error.strerror}") from error


def _does(request: httpx.Request, body: bytes) -> Named:
    return named(request.method, request.url.path, f"?{request.url.query.decode()}", body)


def _pieces(answer: httpx.Response, largest: int) -> Iterator[bytes]:
    """The body as it travels; `DeskError` as soon as it is larger than it can be."""
    size = 0
    for piece in answer.iter_raw():
        size += len(piece)
        if size > largest:
            raise DeskError("what answers is larger than a desk's answer can be; is --desk the desk's address?")
        yield piece


def _require_plain(answer: httpx.Response) -> None:
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise DeskError("the desk's answer is compressed, which was not asked for")


def _words(answer: httpx.Response) -> str:
    try:
        said = str(json.loads(b"".join(_pieces(answer, limits.SHORT)))["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"status {answer.status_code}"
    if said == ANOTHER_DESK:
        return f"{said}: it keeps another log than the one you named; check --desk and --policy"
    return "".join(character for character in said if character.isprintable())[:_WORDS]
