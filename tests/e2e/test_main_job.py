"""The whole main job through the real pages: a source reports, two reviewers work it, the source reads the answer.

Afterwards nothing that was written is found anywhere outside the memory of those who should have it.
"""

import hashlib
import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from chromium import choose, click, eight_words
from intake.report.definition import load_form
from waiting import waited_for
from whole_service import PASSPHRASE, Service

pytestmark = pytest.mark.slow

MARKERS = {
    name: f"{name}-{secrets.token_hex(12)}" for name in ("narrative", "message", "shows", "note", "reply", "name")
}
ANSWERS = {
    "urgency": "within_72h",
    "detained_now": "relative",
    "missing_now": "no",
    "reporter_location": "third_country",
}
COUNTRIES = {"host_country": "CA", "origin_state": "CN"}

Photograph = Callable[[Page, str], None]


def jpeg_with_exif() -> bytes:
    """A photo that says where and with what it was taken."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker of the camera", f"Model {MARKERS['shows']}"
    target = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(target, "JPEG", exif=exif)
    return target.getvalue()


def pdf() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (640, 480), "white").save(target, "PDF", title=MARKERS["shows"])
    return target.getvalue()


def hundred_megabytes() -> bytes:
    """Exactly as much as may be sent, with the marker at its beginning and its end."""
    marker = MARKERS["shows"].encode()
    return marker + secrets.token_bytes(100_000_000 - 2 * len(marker)) + marker


@dataclass
class Journey:
    """What the source and the reviewers saw on the way."""

    codename: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    saved: dict[str, str] = field(default_factory=dict)


def unlock(page: Page, address: str, passphrase: str) -> None:
    page.goto(address)
    page.fill("#passphrase", passphrase)
    click(page, "button.main")
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()


@pytest.fixture(scope="module")
def journey(
    service: Service, pages: Callable[..., Page], photograph: Photograph, tmp_path_factory: pytest.TempPathFactory
) -> Journey:
    """Everything from the first page to the answer, once."""
    seen = Journey()
    seen.files = {
        "photo.jpg": jpeg_with_exif(),
        f"{MARKERS['name']}.pdf": pdf(),
        "传票照片.jpg": jpeg_with_exif(),
        "film.mp4": hundred_megabytes(),
    }
    source = pages(390, 844)
    _report(service, source, photograph, seen)
    _add_groups(source, photograph)
    _add_files(service, source, photograph, seen, tmp_path_factory.mktemp("chosen"))
    _leave(source, photograph)

    amina, boris = pages(1280, 900), pages(1280, 900)
    unlock(amina, service.triage("amina"), PASSPHRASE)
    photograph(amina, "triage-queue")
    _workspace(amina, photograph, seen)
    unlock(boris, service.triage("boris"), PASSPHRASE)
    click(boris, "td.start a")
    seen.pages["boris"] = boris.inner_text("main")

    _come_back(service, pages(390, 844), photograph, seen)
    click(amina, "text=Fetch new reports")
    click(amina, "text=Today")
    click(amina, "td.start a")
    seen.pages["amina"] = amina.inner_text("main")
    return seen


def _report(service: Service, page: Page, photograph: Photograph, seen: Journey) -> None:
    page.goto(service.source)
    photograph(page, "source-home")
    click(page, "form[action$='/words'] button")
    photograph(page, "source-codename")
    seen.codename = eight_words(page)
    click(page, "a[href$='/report']")
    photograph(page, "source-report")
    for name, value in ANSWERS.items():
        page.check(f"[name={name}][value={value}]")
    for name, value in COUNTRIES.items():
        page.select_option(f"[name={name}]", value)
    click(page, "form[action$='/report'] button")
    photograph(page, "source-report-refused")
    expect(page.locator("[name=narrative]")).to_have_attribute("aria-invalid", "true")
    page.fill("[name=narrative]", f"They went to my mother. {MARKERS['narrative']}")
    click(page, "form[action$='/report'] button")
    expect(page.get_by_role("heading", name="Your page")).to_be_visible()
    photograph(page, "source-received")


def _add_groups(page: Page, photograph: Photograph) -> None:
    """Answer every later group with its first two choices, by going from one to the next."""
    groups = load_form().later_groups
    click(page, f"a[href$='/more/{groups[0].key}']")
    for group in groups:
        for question in group.fields:
            for choice in [key for key in question.choices if key not in question.alone][
                : 1 + (question.kind == "several")
            ]:
                page.check(f"[name={question.key}][value={choice}]")
        if group is groups[2]:
            photograph(page, "source-group")
        click(page, f"form[action$='/more/{group.key}'] button:not([name], [hidden])")
    expect(page.get_by_role("heading", name="Your page")).to_be_visible()


def _add_files(service: Service, page: Page, photograph: Photograph, seen: Journey, chosen: Path) -> None:
    for name, data in seen.files.items():
        (chosen / name).write_bytes(data)
        click(page, "a[href$='/tip/file']")
        # As it is sent: what comes before a file says whether it may be taken. The keyboard takes the same way.
        assert top(page, "[name=shows]") < top(page, "[name=file]") < top(page, "[name=file_2]")
        page.fill("[name=shows]", f"What it shows: {MARKERS['shows']}")
        page.set_input_files("[name=file]", chosen / name)
        photograph(page, "source-file")
        click(page, "form[action$='/tip/file'] button", timeout=120_000)
        expect(page.get_by_text("Your file has arrived.")).to_be_visible(timeout=120_000)
        (chosen / name).unlink()
    photograph(page, "source-file-arrived")


def top(page: Page, selector: str) -> float:
    """Where something begins on a page."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["y"]


def _leave(page: Page, photograph: Photograph) -> None:
    click(page, "form[action$='/leave'] button")
    photograph(page, "source-left")
    assert page.context.cookies() == []


def _workspace(page: Page, photograph: Photograph, seen: Journey) -> None:
    click(page, "td.start a")
    report = page.url
    for name in seen.files:
        click(page, page.get_by_role("link", name=name))
        click(page, page.get_by_role("link", name="Save it outside"))
        with page.expect_download(timeout=120_000) as started:
            choose(page, page.get_by_role("button", name="Save the original"))
        saved = started.value
        seen.saved[saved.suggested_filename] = hashlib.sha256(Path(saved.path()).read_bytes()).hexdigest()
        saved.delete()
        page.goto(report)
    page.select_option("#status-status", "in_review")
    click(page, "#status button")
    page.fill("#note-text", f"Seen before. {MARKERS['note']}")
    click(page, "#note button")
    page.fill("#reply-text", f"Thank you. {MARKERS['reply']}")
    click(page, "#reply button.main")
    photograph(page, "triage-reply")
    click(page, page.get_by_role("button", name="Send it as it stands here"))
    photograph(page, "triage-leaving")
    waited_for(lambda: _has_left(page))
    photograph(page, "triage-report")


def _has_left(page: Page) -> bool:
    """Whether what was written has gone out, once the page is looked at again."""
    page.reload()
    # Of one page: it may be just loading itself again, and then there is none.
    shown = page.inner_html("main")
    return not any(each in shown for each in ("Take it back</button>", "not in the log yet"))


def _come_back(service: Service, page: Page, photograph: Photograph, seen: Journey) -> None:
    page.goto(f"{service.source}/en/return")
    page.fill("[name=codename]", seen.codename.rpartition(" ")[0] + " zzzz")
    click(page, "form[action$='/return'] button")
    seen.pages["typing error"] = page.inner_text("main")
    photograph(page, "source-return-refused")
    page.fill("[name=codename]", seen.codename.upper())
    click(page, "form[action$='/return'] button")
    seen.pages["source"] = page.inner_text("main")
    photograph(page, "source-thread")
    choose(page, "main > details > summary")
    page.fill("[name=text]", f"Thank you for answering. {MARKERS['message']}")
    click(page, "form[action$='/tip/message'] button")
    click(page, "form[action$='/leave'] button")


def test_the_source_gets_eight_words_to_come_back_with(journey: Journey) -> None:
    assert len(journey.codename.split()) == 8


def test_a_typing_error_is_told_apart(journey: Journey) -> None:
    assert "zzzz" not in journey.pages["typing error"]
    assert "8" in journey.pages["typing error"]


def test_the_source_reads_the_reply_and_not_what_was_sent(journey: Journey) -> None:
    assert MARKERS["reply"] in journey.pages["source"]
    assert MARKERS["narrative"] not in journey.pages["source"]
    assert MARKERS["note"] not in journey.pages["source"]


@pytest.mark.parametrize("reviewer", ["amina", "boris"])
def test_both_reviewers_see_the_report_the_work_and_who_did_it(reviewer: str, journey: Journey) -> None:
    shown = journey.pages[reviewer]
    for marker in ("narrative", "shows", "note", "reply"):
        assert MARKERS[marker] in shown
    for words in ("In review", "amina", "I am afraid that something will happen", "Canada", "China", "传票照片.jpg"):
        assert words in shown


def test_the_answers_to_every_group_arrive(journey: Journey) -> None:
    for question in load_form().summary_fields:
        assert question.question in journey.pages["amina"]


def test_a_later_message_of_the_source_arrives(journey: Journey) -> None:
    assert MARKERS["message"] in journey.pages["amina"]


def test_every_file_comes_out_as_it_went_in(journey: Journey) -> None:
    sent = {name: hashlib.sha256(data).hexdigest() for name, data in journey.files.items()}
    assert journey.saved == sent


def test_the_auditor_finds_every_access_and_the_log_whole(journey: Journey, service: Service) -> None:
    (service.directory / "passphrase").write_text(f"{PASSPHRASE}\n")
    result = service.run(
        "audit", "verify", "--key", str(service.key("carla")), "--home", str(service.directory / "carla-home"),
        "--desk", service.desk, "--policy", str(service.policy),
        "--passphrase-file", str(service.directory / "passphrase"),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "amina" in result.stdout
    assert "boris" in result.stdout
    # A status, a note, a reply, the word that it was opened, and each file that was saved outside.
    assert result.stdout.count(" add ") == 4 + len(journey.files)
    assert "Verified:" in result.stdout


def test_nothing_that_was_written_lies_anywhere(journey: Journey, service: Service) -> None:
    """In the store, the blobs, the reviewers' homes, what every process printed, or the temporary directory."""
    wanted = [marker.encode() for marker in MARKERS.values()] + [journey.codename.encode()]
    wanted += [marker.encode("utf-16-le") for marker in MARKERS.values()]
    scanned = [path for path in service.directory.rglob("*") if path.is_file()]
    assert len([path for path in scanned if service.data in path.parents]) > 5
    for path in scanned:
        held = path.read_bytes()
        for marker in wanted:
            assert marker not in held, path


def test_the_processes_printed_no_address_and_no_request(journey: Journey, service: Service) -> None:
    printed = service.printed()
    assert "/en/" not in printed
    assert "/tips/" not in printed
