"""What is said to be there is on the disk: killed at any moment, nothing is half-written, and a second try goes on."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from intake.durable import exchange_file, write_new
from intake.keeper import initialise, open_keeper, read_log_key

pytestmark = pytest.mark.slow

INIT = "import sys; from pathlib import Path; from intake.keeper import initialise; initialise(Path(sys.argv[1]), {})"
EXCHANGE = (
    "import sys; from pathlib import Path; from intake.durable import exchange_file; "
    "exchange_file(Path(sys.argv[1]), b'new' * 5000)"
)
CALLS = "fsync,fdatasync,link,unlink,mkdir"


def run(data: Path, *strace: str) -> int:
    """`intake init` under strace; its exit status."""
    command = ["strace", "-f", "-o", str(data) + ".trace", *strace, sys.executable, "-c", INIT, str(data)]
    return subprocess.run(command, check=False).returncode


def test_init_killed_at_any_step_leaves_nothing_half_written_and_goes_on(tmp_path: Path) -> None:
    for step in itertools.count(1):
        data = tmp_path / str(step)
        if run(data, "-e", f"trace={CALLS}", "-e", f"inject={CALLS}:signal=KILL:when={step}") == 0:
            break
        settings_file, key = data / "intake.toml", data / "log.key"
        assert not settings_file.exists() or "team" in settings_file.read_text()
        held = read_log_key(key).verifier if key.exists() else None
        assert held is not None or not (data / "intake.db").exists(), "no store before its key"
        settings = initialise(data, {})
        assert held in (None, read_log_key(key).verifier)
        open_keeper(settings).store.close()
    assert step > 10


def test_the_logs_key_is_synced_with_its_directory_before_the_store_is_made(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run(data, "-y", "-e", "trace=openat,fsync,fdatasync,link") == 0
    trace = (tmp_path / "data.trace").read_text()
    named = re.search(rf'link\("({data}/\.[0-9a-f]+)", "{data}/log\.key"\)', trace)
    assert named
    synced = re.compile(rf"fsync\(\d+<{data}>\)").search(trace, named.end())
    store = re.search(rf'openat\([^)]*"{data}/intake\.db", [^)]*O_CREAT', trace)
    assert synced
    assert store
    order = [
        trace.index(f"{named[1]}>)", trace.index("fsync(")),
        named.start(),
        synced.start(),
        store.start(),
    ]
    assert order == sorted(order)


def test_an_exchange_killed_at_any_step_leaves_the_old_data_or_the_new(tmp_path: Path) -> None:
    calls, old, new = "write,fsync,rename,unlink", b"old" * 7000, b"new" * 5000
    found = []
    for step in itertools.count(1):
        file = tmp_path / str(step)
        file.write_bytes(old)
        strace = ["strace", "-f", "-o", f"{file}.trace", "-e", f"trace={calls}"]
        killed = ["-e", f"inject={calls}:signal=KILL:when={step}"]
        ended = subprocess.run([*strace, *killed, sys.executable, "-c", EXCHANGE, str(file)], check=False)
        found.append(file.read_bytes())
        if ended.returncode == 0:
            break
    assert set(found) == {old, new}
    assert found == sorted(found, reverse=True)


def test_what_was_in_a_file_that_is_exchanged_is_overwritten_where_it_lay(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"old" * 5000)
    link.symlink_to(file)
    with file.open("rb") as held:
        exchange_file(link, b"new")
        assert held.read() == bytes(15000)
    assert (file.read_bytes(), link.is_symlink()) == (b"new", True)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_backup_that_shares_the_old_file_keeps_it(tmp_path: Path) -> None:
    file, backup = tmp_path / "file", tmp_path / "backup"
    file.write_bytes(b"old")
    backup.hardlink_to(file)
    exchange_file(file, b"new")
    assert (file.read_bytes(), backup.read_bytes()) == (b"new", b"old")


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_is_never_written_over_another(links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_links(*_: object) -> None:
        raise PermissionError

    if not links:
        # As on a stick with FAT, which no test can mount everywhere.
        monkeypatch.setattr("os.link", without_links)
    path = tmp_path / "key"
    write_new(path, b"first")
    with pytest.raises(FileExistsError) as raised:
        write_new(path, b"second")
    assert raised.value.filename == str(path)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"first", 0o600)
    assert [each.name for each in tmp_path.iterdir()] == ["key"]
