"""Exchanges of headers: who can open summaries from now on, many in one request.

The body begins with a manifest, which the log holds, and whose digest the request's query names; after a zero byte
follow the new headers themselves, in the manifest's order, which the log doesn't hold.
"""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from crypto.age import AgeError, read_header
from intake.protocol.actions import ActionError
from intake.protocol.wire import WireError

MOST = 250
"""Exchanges in one request: an entry, which names each tip twice and both digests, has 65,535 bytes."""

END = b"\0"
"""Ends what the log holds of a body. No manifest has it in it."""

_OWN = "own"
_WHOM = re.compile(rf"{_OWN}|for ([0-9a-f]{{32}})")
_LINE = re.compile(r"([0-9a-f]{32}) ([0-9a-f]{64}) ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Exchange:
    """Of a tip's summary, the SHA-256 (hex) of the header that is replaced, and of the one in its place."""

    tip: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.tip} {self.old} {self.new}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a request does to headers, sorted by tip. `whom`: the member (key id) who is let in, by a stanza more.

    Empty where whoever signs exchanges stanzas of their own, of which there are as many as before.
    """

    exchanges: tuple[Exchange, ...]
    whom: str = ""

    def to_bytes(self) -> bytes:
        """As the log holds it."""
        lines = [f"for {self.whom}" if self.whom else _OWN, *map(str, self.exchanges)]
        return "\n".join(lines).encode() + b"\n"

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of that."""
        return sha256(self.to_bytes()).hexdigest()

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects, as the log names them: who is let in, and the tips."""
        whom = (f"member/{self.whom}",) if self.whom else ()
        return (*whom, *(f"tip/{each.tip}" for each in self.exchanges))


def manifest_in(body: bytes) -> bytes:
    """What of a body the log holds: all of it up to the first zero byte."""
    return body.partition(END)[0]


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest; `ActionError` unless it is one in its canonical form, of one tip to `MOST`."""
    # The limit on lines bounds the work before anything of it was looked at.
    first, *lines = data.decode("ascii", "replace").removesuffix("\n").split("\n", MOST + 1)
    whom, rows = _WHOM.fullmatch(first), [_LINE.fullmatch(line) for line in lines]
    exchanges = tuple(Exchange(*row.groups()) for row in rows if row is not None)
    manifest = Manifest(exchanges, (whom and whom[1]) or "")
    ascend = all(one.tip < other.tip for one, other in pairwise(exchanges))
    if whom is None or not 1 <= len(exchanges) <= MOST or not ascend or manifest.to_bytes() != data:
        raise ActionError("this names no exchange of headers")
    return manifest


def body_of(manifest: Manifest, headers: Iterable[bytes]) -> bytes:
    """The body to send; `headers` in the manifest's order."""
    return manifest.to_bytes() + END + b"".join(headers)


def parse_headers(body: bytes) -> tuple[Manifest, tuple[bytes, ...]]:
    """Read a whole body; `ActionError` for its manifest, `WireError` unless it has just the headers of that."""
    manifest, source = parse_manifest(manifest_in(body)), io.BytesIO(body)
    source.seek(len(manifest.to_bytes()) + len(END))
    try:
        headers = tuple(read_header(source) for _ in manifest.exchanges)
    except AgeError:
        raise WireError("a header is malformed") from None
    named = tuple(each.new for each in manifest.exchanges)
    if source.read(1) or tuple(sha256(header).hexdigest() for header in headers) != named:
        raise WireError("the body has other headers than its manifest names")
    return manifest, headers
