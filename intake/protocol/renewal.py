"""Renewals: tips get another identity, and a summary that only those can open who read them from then on.

The body of such a request begins with a manifest, which the log holds, as that of an exchange of headers does
(`protocol/manifest.py`); after a zero byte follow, in the manifest's order, each tip's recipient and a line feed, the
header of its summary, and the payload after its length in four bytes (big endian), which the log doesn't hold.
"""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from crypto.age import AgeError, HybridRecipient, parse_recipient, read_header, stanza_count
from intake.protocol.actions import ActionError
from intake.protocol.manifest import END
from intake.protocol.wire import WireError

MOST = 100
"""Tips in one request: an entry, which names each twice, with five digests, and their readers, has 65,535 bytes."""

MOST_READERS = 100

_MOST_OF_A_TIP, _MORE_FOR_A_REVOCATION = 100, 2

_ALL, _OPEN = "all", "open"
_READERS = re.compile(rf"{_ALL}|{_OPEN}|only((?: [0-9a-f]{{32}}){{1,{MOST_READERS}}})")
_LINE = re.compile(" ".join([r"([0-9a-f]{32})", *[r"([0-9a-f]{64})"] * 5]))
_LONGEST_RECIPIENT = 4096


@dataclass(frozen=True, slots=True)
class Renewal:
    """Of one tip, SHA-256 (hex) of both parts of the summary that is replaced, of the one in its place, and of the
    recipient that what comes later is sealed to.
    """

    tip: str
    old_header: str
    old_payload: str
    header: str
    payload: str
    recipient: str

    def __str__(self) -> str:
        parts = (self.old_header, self.old_payload, self.header, self.payload, self.recipient)
        return " ".join((self.tip, *parts))


@dataclass(frozen=True, slots=True)
class Renewals:
    """What a request renews, sorted by tip. `readers`: the members (key ids, sorted) that it is restricted to.

    Without any it is for all who are reviewers when the log holds it. `opens`: it was restricted, and is that no more.
    """

    renewals: tuple[Renewal, ...]
    readers: tuple[str, ...] = ()
    opens: bool = False

    def to_bytes(self) -> bytes:
        """As the log holds it."""
        first = " ".join(("only", *self.readers)) if self.readers else _OPEN if self.opens else _ALL
        return "\n".join((first, *map(str, self.renewals))).encode() + b"\n"

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of that."""
        return sha256(self.to_bytes()).hexdigest()

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects, as the log names them: to whom it is restricted, or that it is so no more, and the tips.

        An entry that begins with a tip decides about nothing to come (`Entry.rules`).
        """
        whom = ["readers/all"] if self.opens else [f"member/{key}" for key in self.readers]
        return (*whom, *(f"tip/{each.tip}" for each in self.renewals))


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a tip has from then on: what is sealed to it, and its summary in its two parts."""

    recipient: str
    header: bytes
    payload: bytes

    def to_bytes(self) -> bytes:
        """As it travels."""
        return b"".join(
            (self.recipient.encode(), b"\n", self.header, len(self.payload).to_bytes(4, "big"), self.payload)
        )

    @property
    def readers(self) -> int:
        """To how many people the summary is sealed."""
        return stanza_count(self.header)

    def of(self, tip: str, old_header: str, old_payload: str) -> Renewal:
        """How the log names it, in the place of a summary of these digests."""
        header, payload = sha256(self.header).hexdigest(), sha256(self.payload).hexdigest()
        return Renewal(tip, old_header, old_payload, header, payload, sha256(self.recipient.encode()).hexdigest())


def may_renew(renewals: int, revoked: int) -> bool:
    """Whether a tip that was renewed so often may be once more, when so many members were revoked by then.

    Its summary holds every identity that it had, and has room for some 360. Without a limit whoever renews it for no
    reason would leave none for when somebody is revoked. Each revocation brings two: one shuts the revoked out, and one
    puts right what they left, or restricts it anew.
    """
    return renewals < _MOST_OF_A_TIP + _MORE_FOR_A_REVOCATION * revoked


def parse_renewals(data: bytes) -> Renewals:
    """Read a manifest; `ActionError` unless it is one in its canonical form, of one tip to `MOST`."""
    # The limit on lines bounds the work before anything of it was looked at.
    first, *lines = data.decode("ascii", "replace").removesuffix("\n").split("\n", MOST + 1)
    whom, rows = _READERS.fullmatch(first), [_LINE.fullmatch(line) for line in lines]
    renewals = tuple(Renewal(*row.groups()) for row in rows if row is not None)
    found = Renewals(renewals, tuple(((whom and whom[1]) or "").split()), opens=first == _OPEN)
    ascend = _ascend(each.tip for each in renewals) and _ascend(found.readers)
    if whom is None or not 1 <= len(renewals) <= MOST or not ascend or found.to_bytes() != data:
        raise ActionError("this names no renewal")
    return found


def body_of(renewals: Renewals, renewed: Iterable[Renewed]) -> bytes:
    """The body to send; `renewed` in the manifest's order."""
    return renewals.to_bytes() + END + b"".join(each.to_bytes() for each in renewed)


def parse_renewed(body: bytes) -> tuple[Renewals, tuple[Renewed, ...]]:
    """Read a whole body; `ActionError` for its manifest, `WireError` unless it has just what that names."""
    held, _, rest = body.partition(END)
    renewals, source = parse_renewals(held), io.BytesIO(rest)
    try:
        renewed = tuple(_renewed(source) for _ in renewals.renewals)
    except (AgeError, ValueError):
        raise WireError("what is to be renewed is malformed") from None
    named = tuple(
        each.of(of.tip, of.old_header, of.old_payload) for of, each in zip(renewals.renewals, renewed, strict=True)
    )
    if source.read(1) or named != renewals.renewals:
        raise WireError("the body has something else than its manifest names")
    return renewals, renewed


def _renewed(source: io.BytesIO) -> Renewed:
    recipient = source.readline(_LONGEST_RECIPIENT).removesuffix(b"\n").decode("ascii")
    if not isinstance(parse_recipient(recipient), HybridRecipient):
        raise WireError("a tip's recipient is of another kind")
    header = read_header(source)
    return Renewed(recipient, header, source.read(int.from_bytes(source.read(4), "big")))


def _ascend(names: Iterable[str]) -> bool:
    return all(one < other for one, other in pairwise(names))
