"""What has to be known of a request before anybody serves it: whose it is, and how long its body is.

gunicorn reads the head again and judges it. What is found here decides only what is waited for, without a thread:
should the two differ, the request's body reads as ended.
"""

import re
from dataclasses import dataclass

LONGEST_HEAD = 1 << 15
"""Bytes of a head at most, the PROXY line included."""

_PROXY = b"PROXY "
_CIRCUIT = re.compile(rb"PROXY TCP[46] ([0-9A-Fa-f.:]{2,45}) [^\r\n]*")
_LINE_ENDS = b"\r\n"
_HEAD_ENDS = b"\r\n\r\n"
# More digits than these are more than any body has; Python refuses to read thousands of them.
_LENGTH = re.compile(rb"[0-9]{1,100}")


@dataclass(frozen=True, slots=True)
class Head:
    """A whole head: how many bytes it takes, and how many follow; `None` if only the body itself says where it ends."""

    size: int
    body: int | None


def circuit_of(arrived: bytes | bytearray) -> str | None:
    """The address in the PROXY line, by which Tor tells circuits apart; `None` if there is none, or not yet."""
    if not arrived.startswith(_PROXY):
        return None
    line = _CIRCUIT.fullmatch(bytes(arrived[: max(arrived.find(_LINE_ENDS), 0)]))
    return None if line is None else line[1].decode("ascii")


def read_head(arrived: bytes | bytearray, searched: int = 0) -> Head | None:
    """The head that these bytes begin with; `None` while it isn't whole, as it wasn't in the first `searched`."""
    begins = _begins(arrived)
    ends = arrived.find(_HEAD_ENDS, max(begins, searched - len(_HEAD_ENDS) + 1))
    if ends < 0:
        return None
    size = ends + len(_HEAD_ENDS)
    return Head(size, _length(bytes(arrived[begins:size])))


def _begins(arrived: bytes | bytearray) -> int:
    """Behind the PROXY line and the one empty line that may come first: what ends with them is no head."""
    begins = 0
    if arrived.startswith(_PROXY):
        begins = arrived.find(_LINE_ENDS) + len(_LINE_ENDS)
    return begins + len(_LINE_ENDS) * arrived.startswith(_LINE_ENDS, begins)


def _length(head: bytes) -> int | None:
    lengths = []
    # Split and not searched: a pattern with blanks on both sides of a value may take hours for a line made for that,
    # and nobody else is served meanwhile.
    for line in head.split(_LINE_ENDS)[1:]:
        name, _, value = line.partition(b":")
        match name.lower():
            case b"transfer-encoding":
                return None
            case b"content-length":
                lengths.append(value.strip(b" \t"))
    # None, several, or something else than digits: gunicorn takes it for no body, or for no request.
    return int(lengths[0]) if len(lengths) == 1 and _LENGTH.fullmatch(lengths[0]) else 0
