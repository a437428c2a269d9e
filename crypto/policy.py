"""Whom to believe about a log: its keys, its witnesses, and how many of them must agree (C2SP tlog-policy).

    log <verifier key>
    witness ours <verifier key>
    witness theirs <verifier key>
    group either any ours theirs
    quorum either

Names are bytes that mean nothing outside of the file. Verifier keys and addresses are read as UTF-8.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Self

from crypto.cosignature import Algorithm, Cosigner, parse_cosigner
from crypto.logkey import LogVerifier
from crypto.note import ED25519, Note, NoteError, SignatureError, Verifier, parse_verifier, parse_verifier_key

LONGEST = 256 * 1024
"""Bytes of a policy: room for a hundred witnesses with post-quantum keys."""

_MOST = 100
"""Logs, witnesses or groups."""

_ALLOWED = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*")
_DECIMAL = re.compile(rb"[1-9][0-9]{0,3}")
_NONE = b"none"


class PolicyError(ValueError):
    """Not a policy, or not one that can be followed here."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A log by one of its keys; `url`: where it is, if that is said."""

    key: Verifier | Cosigner
    url: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody who cosigns checkpoints; `url`: where they are submitted (tlog-witness), if that is said."""

    key: Cosigner
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Has witnessed a checkpoint as soon as `threshold` of its members have."""

    threshold: int
    members: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy. `quorum`: the witness or group that must have witnessed a checkpoint, None if nobody has to.

    Groups stand after their members, as a file has them. `bytes()` gives a file that says the same.
    """

    logs: tuple[LogLine, ...]
    witnesses: Mapping[bytes, Witness] = field(default_factory=dict)
    groups: Mapping[bytes, Group] = field(default_factory=dict)
    quorum: bytes | None = None

    @classmethod
    def of(cls, log: LogVerifier) -> Self:
        """That a log's own signatures are enough."""
        return cls(tuple(map(LogLine, log.keys)))

    def __bytes__(self) -> bytes:
        lines = [_line(b"log", _key(each.key), each.url.encode()) for each in self.logs]
        lines += [_line(b"witness", name, _key(each.key), each.url.encode()) for name, each in self.witnesses.items()]
        lines += [_line(b"group", name, b"%d" % group.threshold, *group.members) for name, group in self.groups.items()]
        return b"".join((*lines, _line(b"quorum", self.quorum or _NONE)))

    @property
    def log(self) -> LogVerifier:
        """The log, of a policy that names one; `PolicyError` if it names several, none, or one without an Ed25519 key.

        A log with two keys has a line for each. The specification is content with either; here both must sign.
        """
        plain = [each.key for each in self.logs if isinstance(each.key, Verifier)]
        others = [each.key for each in self.logs if isinstance(each.key, Cosigner)]
        if len(plain) != 1 or len(others) > 1:
            raise PolicyError("the policy must name one log, by its Ed25519 key and at most one of ML-DSA-44")
        try:
            return LogVerifier(plain[0], others[0] if others else None)
        except NoteError as error:
            raise PolicyError("the policy names the keys of two logs") from error

    def cosigned(self, note: Note) -> dict[bytes, int]:
        """By name, the witnesses who cosigned a checkpoint, and when (POSIX seconds).

        Raises `SignatureError` if a line bears the name and id of a witness's key and is false.
        """
        found = {}
        lines = {(line.name, line.key_id) for line in note.signatures}
        for name, witness in self.witnesses.items():
            if (witness.key.name, witness.key.key.id) in lines:
                found[name] = witness.key.verify(note)
        return found

    def is_met(self, by: Collection[bytes]) -> bool:
        """Whether these witnesses, by name, are enough."""
        return self.quorum is None or self._has_witnessed(self.quorum, by)

    def _has_witnessed(self, name: bytes, by: Collection[bytes]) -> bool:
        if (group := self.groups.get(name)) is None:
            return name in by
        return sum(self._has_witnessed(member, by) for member in group.members) >= group.threshold

    def require(self, note: Note) -> None:
        """Raise `SignatureError` unless enough witnesses cosigned a checkpoint, and none falsely."""
        if not self.is_met(self.cosigned(note)):
            raise SignatureError("too few of the witnesses that the policy names have cosigned the checkpoint")


def parse_policy(data: bytes) -> Policy:
    """Read a policy file; `PolicyError` if it is none."""
    if len(data) > LONGEST:
        raise PolicyError("the policy is too long")
    if _ALLOWED.fullmatch(data) is None or (data and not data.endswith(b"\n")):
        raise PolicyError("a policy is lines of text, each with its end")
    reader = _Reader()
    for number, line in enumerate(data.split(b"\n"), 1):
        words = re.findall(rb"[^ \t]+", line)
        if words and not words[0].startswith(b"#"):
            try:
                reader.take(words)
            except (PolicyError, NoteError, UnicodeDecodeError) as error:
                says = str(error) if isinstance(error, PolicyError) else "this is not a key for what it stands for"
                raise PolicyError(f"line {number} of the policy: {says}") from error
    return reader.policy()


class _Reader:
    """Takes the lines in order."""

    def __init__(self) -> None:
        self._logs: list[LogLine] = []
        self._witnesses: dict[bytes, Witness] = {}
        self._groups: dict[bytes, Group] = {}
        self._members: set[bytes] = set()
        self._quorum: list[bytes] = []

    def take(self, words: list[bytes]) -> None:
        match words:
            case [b"log", key, *url] if len(url) <= 1:
                self._log(key.decode(), _url(url))
            case [b"witness", name, key, *url] if len(url) <= 1:
                self._witness(name, key.decode(), _url(url))
            case [b"group", name, threshold, *members] if members:
                self._group(name, threshold, members)
            case [b"quorum", name]:
                if self._quorum:
                    raise PolicyError("there is a quorum already")
                self._quorum.append(name if name == _NONE else self._known(name))
            case _:
                raise PolicyError("this is not a line of a policy")

    def policy(self) -> Policy:
        if not self._quorum:
            raise PolicyError("the policy says nothing of a quorum")
        if max(map(len, (self._logs, self._witnesses, self._groups))) > _MOST:
            raise PolicyError(f"the policy names more than {_MOST} of one sort")
        quorum = None if self._quorum[0] == _NONE else self._quorum[0]
        return Policy(tuple(self._logs), self._witnesses, self._groups, quorum)

    def _log(self, text: str, url: str) -> None:
        key: Verifier | Cosigner
        if parse_verifier_key(text).kind == ED25519:
            key = parse_verifier(text)
        elif (key := parse_cosigner(text)).algorithm is not Algorithm.ML_DSA_44:
            raise PolicyError("a log signs no checkpoints with such a key")
        if key.public_key in (each.key.public_key for each in self._logs):
            raise PolicyError("this log's key stands there twice")
        self._logs.append(LogLine(key, url))

    def _witness(self, name: bytes, text: str, url: str) -> None:
        self._require_new(name)
        key = parse_cosigner(text)
        if key.public_key in (each.key.public_key for each in self._witnesses.values()):
            raise PolicyError("this witness's key stands there twice")
        self._witnesses[name] = Witness(key, url)

    def _group(self, name: bytes, threshold: bytes, members: list[bytes]) -> None:
        self._require_new(name)
        for member in members:
            if self._known(member) in self._members:
                raise PolicyError("somebody is a member twice")
            self._members.add(member)
        needed = {b"all": len(members), b"any": 1}.get(threshold)
        if needed is None:
            if _DECIMAL.fullmatch(threshold) is None or int(threshold) > len(members):
                raise PolicyError("a group can't need so many of its members")
            needed = int(threshold)
        self._groups[name] = Group(needed, tuple(members))

    def _require_new(self, name: bytes) -> None:
        if name == _NONE or name in self._witnesses or name in self._groups:
            raise PolicyError("this name is taken")

    def _known(self, name: bytes) -> bytes:
        if name not in self._witnesses and name not in self._groups:
            raise PolicyError("it names somebody who stands in no line before")
        return name


def _url(words: list[bytes]) -> str:
    return words[0].decode() if words else ""


def _key(key: Verifier | Cosigner) -> bytes:
    return str(key).encode()


def _line(*words: bytes) -> bytes:
    return b" ".join(filter(None, words)) + b"\n"
