"""Who gets in, what stays on the disk, and what a server that lies can do."""

import secrets
import time
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest

from intake.triage.files.originals import DamagedFileError
from open_desk import Desk
from program import PASSPHRASE, Enrol, Reviewer
from signed_head import sign_head

pytestmark = pytest.mark.slow

ORIGIN = "http://127.0.0.1:8003"
MARKER = "a-marker-that-must-not-reach-the-disk"
ANSWERS = {"urgency": "now"}


def test_the_token_opens_the_program_once(reviewer: Reviewer) -> None:
    amina = reviewer("amina")
    amina.guard.lock()
    for path in (amina.address.removeprefix(ORIGIN), f"{amina.place.path}/unlock"):
        other = amina.app.test_client()
        assert other.get(path, base_url=ORIGIN).status_code == 403
    assert amina.get("/unlock").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:9", "127.0.0.1", "localhost.evil.example:8003"])
def test_a_request_under_another_name_is_refused(host: str, reviewer: Reviewer) -> None:
    amina = reviewer("amina")
    assert amina.browser.get(f"{amina.place.path}/unlock", base_url=f"http://{host}").status_code == 403


def test_a_form_of_another_page_is_refused(reviewer: Reviewer) -> None:
    amina = reviewer("amina")
    assert amina.send("/unlock", {"passphrase": "a passphrase"}).status_code == 400


def test_a_wrong_passphrase_is_told_and_opens_nothing(reviewer: Reviewer) -> None:
    amina = reviewer("amina")
    answer = amina.unlock("not the passphrase")
    assert answer.status_code == 403
    assert "the passphrase is not right" in answer.text
    assert amina.get("/").headers["Location"] == f"{amina.place.path}/unlock"


def test_what_fails_after_the_right_passphrase_ends_the_process_that_knows_it(
    reviewer: Reviewer, tmp_path: Path
) -> None:
    amina = reviewer("amina")
    knows, in_the_way = amina.guard, tmp_path / "amina-home" / f".{'0' * 16}"
    # Swept away as a file would be; as a directory it can't be.
    in_the_way.mkdir(parents=True)
    assert amina.post("/unlock", "/unlock", passphrase=PASSPHRASE).status_code == 500
    assert knows.locked.done()
    assert amina.guard is not knows
    in_the_way.rmdir()
    assert amina.unlock().status_code == 303


def test_an_idle_program_locks_itself(reviewer: Reviewer) -> None:
    amina = reviewer("amina", idle_seconds=0.05)
    unlocked = amina.guard
    amina.unlock()
    unlocked.locked.result(10)
    assert amina.get("/").headers["Location"] == f"{amina.place.path}/unlock"


def test_a_program_locks_itself_when_the_machine_has_slept(reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch) -> None:
    amina = reviewer("amina")
    unlocked = amina.guard
    amina.unlock()
    tell = time.clock_gettime
    monkeypatch.setattr(time, "clock_gettime", lambda clock: tell(clock) + 600 * (clock == time.CLOCK_BOOTTIME))
    unlocked.locked.result(10)
    assert amina.get("/").headers["Location"] == f"{amina.place.path}/unlock"


def test_every_page_allows_nothing_that_runs_and_nothing_from_elsewhere(reviewer: Reviewer) -> None:
    amina = reviewer("amina")
    amina.unlock()
    for path in ("/", "/unlock", "/nowhere"):
        headers = amina.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert headers["Cache-Control"] == "no-store"
        assert "<script" not in amina.get(path).text


def test_the_disk_holds_sealed_bytes_only(desk: Desk, reviewer: Reviewer, enrol: Enrol, tmp_path: Path) -> None:
    enrol("amina")
    tip = desk.store_tip(MARKER, ANSWERS)
    about = desk.store_file(tip, f"{MARKER}.jpg", MARKER.encode() * 1000)
    amina, page = reviewer("amina"), f"/tips/{tip.id.hex()}"
    amina.unlock()
    amina.post(f"{page}/note", page, text=MARKER)
    assert MARKER in amina.save(f"{page}/files/{about}").text
    held = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"mirror.db", "mirror.copy"} <= {path.name for path in held}
    assert any(b"age-encryption.org/v1\n" in path.read_bytes() for path in held if path.name.startswith("mirror.db"))
    for path in held:
        assert MARKER.encode() not in path.read_bytes(), path


def test_a_file_comes_as_it_was_sent_under_its_own_name(desk: Desk, reviewer: Reviewer, enrol: Enrol) -> None:
    enrol("amina")
    data = secrets.token_bytes(300_000)
    tip = desk.store_tip("First.", ANSWERS)
    about = desk.store_file(tip, "../证据\n.jpg", data)
    amina = reviewer("amina")
    amina.unlock()
    answer = amina.save(f"/tips/{tip.id.hex()}/files/{about}")
    assert answer.data == data
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "filename*=UTF-8''%E8%AF%81%E6%8D%AE.jpg" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")


LARGELY_PADDED = (1 << 22) + 1
"""Bytes of a file after which there are several chunks of padding."""


def test_a_file_has_arrived_when_the_browser_has_its_last_byte(desk: Desk, reviewer: Reviewer, enrol: Enrol) -> None:
    enrol("amina")
    data = secrets.token_bytes(LARGELY_PADDED)
    tip = desk.store_tip("First.", ANSWERS)
    about = desk.store_file(tip, "film.mp4", data)
    amina = reviewer("amina")
    amina.unlock()
    pieces = amina.save(f"/tips/{tip.id.hex()}/files/{about}", buffered=False).iter_encoded()
    received = b""
    # As a browser does, which counts.
    while len(received) < len(data):
        received += next(pieces)
    assert received == data
    assert "of it has arrived" not in amina.get(f"/tips/{tip.id.hex()}").text


@pytest.mark.parametrize("size", [300_000, LARGELY_PADDED])
def test_a_file_that_is_not_the_one_described_is_cut_before_its_end(
    size: int, desk: Desk, reviewer: Reviewer, enrol: Enrol
) -> None:
    enrol("amina")
    data = secrets.token_bytes(size)
    tip = desk.store_tip("First.", ANSWERS)
    about = desk.store_file(tip, "a.jpg", data, described=data[:-1] + b"\0" if data[-1] else data[:-1] + b"\1")
    amina = reviewer("amina")
    amina.unlock()
    answer = amina.save(f"/tips/{tip.id.hex()}/files/{about}", buffered=False)
    received: list[bytes] = []
    with pytest.raises(DamagedFileError):
        received.extend(answer.iter_encoded())
    assert sum(map(len, received)) < len(data)


def test_a_log_that_was_rolled_back_raises_the_alarm_and_shows_nothing_new(
    desk: Desk, reviewer: Reviewer, enrol: Enrol
) -> None:
    enrol("amina")
    desk.store_tip("First.", ANSWERS)
    amina = reviewer("amina")
    amina.unlock()
    sign_head(desk.server, size=1)
    desk.store_tip("Second.", ANSWERS)
    amina.post("/sync", "/")
    shown = amina.get("/").text
    assert "The log can&#39;t be trusted: the log was rewritten" in shown
    assert "Second." not in shown
    amina.post("/sync", "/")
    assert "the log was rewritten" in amina.get("/").text, "the checkpoint that was seen first is kept"


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("/", "/"),
        ("/members", "/members"),
        ("/reports?status=new&urgency=now", "/reports?status=new&urgency=now"),
        ("/tips/{tip}", "/tips/{tip}"),
        ("/tips/{tip}/files/{tip}", "/tips/{tip}"),
    ],
)
def test_after_unlocking_one_is_where_one_wanted_to_be(wanted: str, shown: str, desk: Desk, reviewer: Reviewer) -> None:
    amina = reviewer("amina")
    tip = desk.store_tip("First.", ANSWERS).id.hex()
    away = amina.get(wanted.format(tip=tip)).headers["Location"].removeprefix(amina.place.path)
    assert amina.post(away, away, passphrase="not the passphrase").status_code == 403
    answer = amina.post(away, away, passphrase=PASSPHRASE)
    assert (answer.status_code, answer.headers["Location"]) == (303, amina.place.path + shown.format(tip=tip))


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example/",
        "http://evil.example/",
        "\\\\evil.example",
        "/\\evil.example",
        "@evil.example",
        "\r\nSet-Cookie: a=b",
    ],
)
def test_unlocking_leads_nowhere_else(wanted: str, reviewer: Reviewer) -> None:
    amina = reviewer("amina")
    away = f"/unlock?then={quote(wanted)}"
    answer = amina.post(away, away, passphrase=PASSPHRASE)
    assert answer.status_code == 303
    assert urljoin(f"{ORIGIN}{amina.place.path}/unlock", answer.headers["Location"]).startswith(
        f"{ORIGIN}{amina.place.path}/"
    )
