"""A witness over loopback, beside the signatures and the synced commits that it can't do without."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench.served import free_port
from bench.timing import Part, Row
from crypto.checkpoint import Checkpoint
from crypto.cosignature import Algorithm, CosigningKey
from crypto.logkey import LogSigner
from crypto.merkle import consistency_proof, leaf_hash, root_hash
from crypto.note import Note
from crypto.policy import Policy
from crypto.witness import AddCheckpoint
from intake.demo.processes import running, wait_for_port

AT_A_TIME = 100
ROUNDS = 5


@contextmanager
def part() -> Iterator[Part]:
    """One row: checkpoints a second, each durable before it is answered."""
    with TemporaryDirectory() as temporary, ExitStack() as started:
        directory, port = Path(temporary), free_port()
        log = LogSigner.generate("intake-bench")
        policy = directory / "log.policy"
        policy.write_bytes(bytes(Policy.of(log.verifier)))
        command = ["-m", "intake", "audit", "witness", str(directory / "witness"), "--policy", str(policy)]
        process = started.enter_context(running([*command, "--port", str(port)], {}))
        wait_for_port(process, port)
        client = started.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False))
        requests = iter(list(_requests(log, AT_A_TIME * (ROUNDS + 1))))

        def asked() -> None:
            for _ in range(AT_A_TIME):
                if client.post("/add-checkpoint", content=next(requests)).status_code != 200:
                    raise RuntimeError("a checkpoint was not cosigned")

        bare = _bare(log, started.enter_context(closing(sqlite3.connect(directory / "bare.db", isolation_level=None))))
        yield Part(
            [
                Row(f"a witness, {AT_A_TIME} checkpoints over loopback, durable", asked,
                    "the same signatures and synced commits alone", bare, "≥ 200 a second", rounds=ROUNDS,
                    amount=AT_A_TIME, unit="checkpoints")
            ]
        )  # fmt: skip


def _requests(log: LogSigner, number: int) -> Iterator[bytes]:
    leaves = [leaf_hash(b"%d" % each) for each in range(number)]
    for size in range(1, number + 1):
        text = Checkpoint(log.verifier.name, size, root_hash(leaves[:size])).text
        signed = log.also_sign(Note(text, (log.sign(text),)))
        yield bytes(AddCheckpoint(size - 1, tuple(consistency_proof(leaves[:size], size - 1)), signed))


def _bare(log: LogSigner, file: sqlite3.Connection) -> Callable[[], None]:
    """Two verifications, two cosignatures and a commit for each checkpoint."""
    text = Checkpoint(log.verifier.name, 5, bytes(32)).text
    signed = log.also_sign(Note(text, (log.sign(text),)))
    keys = [CosigningKey.from_seed("witness", algorithm, bytes(32)) for algorithm in Algorithm]
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = FULL")
    file.execute("CREATE TABLE log (size INTEGER, root BLOB)")
    sizes = count()

    def work() -> None:
        for _ in range(AT_A_TIME):
            log.verifier.verify(signed)
            file.execute("INSERT INTO log VALUES (?, ?)", (next(sizes), bytes(32)))
            for key in keys:
                key.cosign(text, int(time.time()))

    return work
