"""What is done on a full disk, in a process with a small file system of its own; `test_full_disk.py` starts it."""

import secrets
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from click.testing import CliRunner

from crypto.age import HybridIdentity
from crypto.note import SigningKey
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.accesslog.clock import correct
from intake.cli import main
from intake.keeper import Keeper, open_keeper, read_log_key
from intake.protocol.card import Role, issue_card
from intake.settings import load
from intake.storage.removal import remove_tips
from intake.storage.room import StoreFullError, free_bytes
from intake.storage.store import Forgotten
from intake.storage.tables import Nonce, Tip

SETTINGS = "ballast = 16_000_000\nreserve_text = 1_000_000\nreserve_files = 2_000_000\n"


def say(*words: object) -> None:
    click.echo(" ".join(map(str, words)))


def intake(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert isinstance(result.exception, SystemExit | None), result.exception
    return f"{result.exit_code} {result.output}"


def fill(data: Path) -> None:
    """Write until nothing more can be written, as an attack does."""
    # Unbuffered: what is still in a buffer would be written once more when the file is closed.
    with (data / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))


def store_tip(server: Keeper) -> None:
    day = datetime.now(UTC).date()
    with server.store.writing() as session:
        session.add(Tip(id=bytes(16), day=day, header=b"header", payload=bytes(4_000), recipient="r", lookup=bytes(32)))


def an_hour_ago() -> datetime:
    """The time by a clock that was put right, after it was ahead."""
    return datetime.now(UTC) - timedelta(hours=1)


def main_() -> None:
    """Say on each line what became of one thing."""
    data = Path(sys.argv[1])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", data], check=True)
    (data / "intake.toml").write_text(SETTINGS)
    say("init", intake("init").startswith("0"))
    server = open_keeper(load({"INTAKE_DATA": str(data)}))
    members.enrol(
        server.store, server.log, issue_card(Role.REVIEWER, SigningKey.generate("amina"), HybridIdentity.generate())
    )
    store_tip(server)
    say("ballast", (data / "intake.db-ballast").stat().st_size)
    fill(data)
    say("free", free_bytes(data) < 100_000)
    # First everything that may be written at all, until only the last of the disk is left; then what may use that.
    say("write", write_until_full(server))
    corrected = correct(server.store, LogAppender(read_log_key(server.settings.log_key), an_hour_ago))
    say("clock", corrected.after < corrected.before)
    say("withdraw", remove_tips(server.store, server.blobs, Tip.id == bytes(16)).forgotten is Forgotten.DONE)
    say("revoke", intake("reviewer", "revoke", "amina").startswith("0 amina"))
    say("settle", intake("settle").startswith("0"))
    (data / "filler").unlink()
    say("again", intake("settle").startswith("0"), (data / "intake.db-ballast").exists())
    server.store.close()


def write_until_full(server: Keeper) -> bool:
    """Whether writing ends with the error that names the disk."""
    try:
        while True:
            with server.store.writing() as session:
                session.add_all(Nonce(value=secrets.token_hex(32), expires=0) for _ in range(2_000))
    except StoreFullError:
        return True


if __name__ == "__main__":
    main_()
