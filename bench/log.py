"""The whole verification of a log, beside the signatures and hashes that it can't do without."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rich.progress import track

from bench.many import Requests
from bench.timing import Part, Row
from crypto.checkpoint import Checkpoint
from crypto.logkey import LogSigner
from crypto.merkle import Frontier, leaf_hash
from crypto.note import Note
from crypto.policy import Policy
from intake.audit.mirror import write_log
from intake.audit.verified import read_folder
from intake.protocol.actions import Action, ReadRequest
from intake.protocol.card import Card, Role
from intake.protocol.entry import OPERATOR, Entry, parse_entry
from intake.triage.keys.keyfile import make_keys
from intake.triage.progress import no_progress

ENTRIES = 100_000
FEW = 10_000
"""Entries of the log beside which the memory for the large one is looked at."""

_REVIEWERS = 4
_START = datetime(2026, 1, 1, tzinfo=UTC)


class _Log:
    """A log of its own, as it is mirrored: a fifth are fetches of the index, the rest reads, looks and additions."""

    def __init__(self, directory: Path, size: int) -> None:
        self.directory = directory
        signer, keys = (
            LogSigner.generate("intake-bench"),
            [make_keys(Role.REVIEWER, f"r{n}") for n in range(_REVIEWERS)],
        )
        self.policy = bytes(Policy.of(signer.verifier)).decode()
        self.keys = {each.card.key_id: each.card.verifier.public_key for each in keys}
        chance = Random(size)  # noqa: S311
        asked = _asked(chance, [Requests(each.signing, signer.verifier.name, _START) for each in keys])
        self.lines = [_enrolment(each.card) for each in keys]
        self.lines += track(islice(asked, size - _REVIEWERS), f"Signing {size:,} entries", size - _REVIEWERS)
        edge = Frontier.empty().extend(map(leaf_hash, self.lines))
        text = Checkpoint(signer.verifier.name, size, edge.root()).text
        write_log(directory, self.lines, bytes(signer.also_sign(Note(text, (signer.sign(text),)))), lambda _: None)

    def signatures(self) -> Iterator[tuple[bytes, bytes, bytes, bytes]]:
        """Of each entry: the key, what was signed, the signature, the line."""
        for line in self.lines:
            entry = parse_entry(line)
            if entry.request is not None:
                yield self.keys[entry.who], entry.request.base.encode(), entry.request.signature, line

    def verify(self) -> None:
        """As an auditor does it who has nothing but the folder and the policy."""
        read_folder(self.directory, self.policy, no_progress)

    def memory(self) -> int:
        """MB at most, in a process of its own."""
        command = [sys.executable, "-m", "bench.log", str(self.directory), self.policy]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603 - this file


def _enrolment(card: Card) -> bytes:
    return Entry(_START, OPERATOR, Action.ENROL, (f"member/{card.key_id}",), card=card.text).to_bytes()


def _asked(chance: Random, members: list[Requests]) -> Iterator[bytes]:
    """What reviewers ask, in turn: each asks once a second by their own clock, so that time never goes back."""
    while True:
        kind = chance.randrange(5)
        tips = tuple(chance.randbytes(16).hex() for _ in range(6))
        for member in members:
            match kind:
                case 0:
                    yield member.entry()
                case 1:
                    body = ReadRequest(tips[:2], tips[2:]).to_json()
                    yield member.entry("POST", "/v1/read", body=body)
                case 2 | 3:
                    yield member.entry("POST", f"/v1/tips/{tips[0]}/open")
                case _:
                    yield member.entry("PUT", f"/v1/tips/{tips[0]}/items/{tips[1]}", "?kind=work", b"sealed")


@contextmanager
def part() -> Iterator[Part]:
    """One row, and what memory it takes."""
    with TemporaryDirectory() as temporary:
        few, log = (_Log(Path(temporary) / str(size), size) for size in (FEW, ENTRIES))
        signed = list(log.signatures())
        keys = {key: Ed25519PublicKey.from_public_bytes(key) for key in log.keys.values()}

        def bare() -> None:
            for key, base, signature, _ in signed:
                keys[key].verify(signature, base)
            Frontier.empty().extend(leaf_hash(line) for *_, line in signed).root()

        row = Row(
            f"whole verification of {ENTRIES:,} entries, from files, processor time", log.verify,
            "the same signatures and hashes alone", bare, "≤ 1.3", rounds=3, one_core=True,
            clock=time.process_time, other_clock=time.process_time,
        )  # fmt: skip
        yield Part([row], lambda: f"Memory: {log.memory()} MB for {ENTRIES:,} entries, {few.memory()} MB for {FEW:,}")


def _print_memory(directory: str, policy: str) -> None:
    read_folder(Path(directory), policy, no_progress)
    # Linux's own word: what getrusage says of a child is at least what its parent had.
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(int(line.split()[1]) // 1024)  # noqa: T201 - it is asked for


if __name__ == "__main__":
    _print_memory(*sys.argv[1:])
