"""What a reviewer types is not written to the disk by Chromium: only this program keeps it, sealed."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from open_desk import Desk
from program import Program
from told import page, sync
from window import show

pytestmark = pytest.mark.slow

TYPED = "what-must-not-reach-the-disk"


def test_what_was_typed_lies_nowhere_in_the_browsers_profile(
    desk: Desk, amina: Program, chromium: Browser, tmp_path: Path
) -> None:
    tip = desk.store_tip("They went to my mother.", {})
    sync(amina)
    profile = tmp_path / "profile"
    browser, chosen = chromium.browser_type, ["--no-sandbox", "--disable-gpu"]
    with browser.launch_persistent_context(profile, executable_path="/usr/bin/chromium", args=chosen) as context:
        window = context.new_page()
        for path in (page(tip), f"{page(tip)}/translation", "/team", "/enter"):
            show(window, amina, path)
            for field in window.locator("form[method=post] :is(textarea, input[type=text]):visible").all():
                field.fill(TYPED)
            show(window, amina, "/reports")
    assert (profile / "Default" / "Sessions").exists()
    for file in profile.rglob("*"):
        if file.is_file() and not file.is_symlink():
            held = file.read_bytes()
            assert TYPED.encode() not in held, file
            assert TYPED.encode("utf-16-le") not in held, file
