"""Words that nobody fluent has checked: each page that shows them says so first, until somebody has checked them."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from i18n.catalogues import TRANSLATIONS
from intake.languages import catalogues
from intake.languages.catalogues import drafts
from intake.source.text.catalogues import languages
from intake.source.text.gettext import gettext
from source_site import UNLIMITED, OpenSite, Visit

DRAFTS = " ".join(drafts())
BANNER = re.compile(r'<div class="draft" role="note">.*?</div>', re.DOTALL)
UNCHECKED = "Nobody who knows this language well has checked these words yet. Some may be wrong."
PATHS = ("", "help", "report", "return", "nowhere", "leave", "withdrawn", "tip")
SIGNED_IN = ("report", "tip", "tip/file", "tip/more/consents", "tip/withdraw", "tip/end")


def banners(visit: Visit, path: str) -> list[str]:
    visit.open(path)
    return BANNER.findall(visit.text)


@pytest.mark.parametrize("tag", drafts())
def test_every_page_of_a_draft_begins_with_a_banner_pages_of_errors_too(open_site: OpenSite, tag: str) -> None:
    site = open_site(draft_languages=DRAFTS, **UNLIMITED)
    stranger, sender = site.visit(), site.visit()
    sender.report()
    with site.app.test_request_context(f"/{tag}/"):
        unchecked = gettext(UNCHECKED)
    assert unchecked != UNCHECKED
    for visit, paths in ((stranger, PATHS), (sender, SIGNED_IN)):
        for path in paths:
            (banner,) = banners(visit, f"/{tag}/{path}")
            assert unchecked in banner
            assert visit.text.index(banner) < visit.text.index("<h1>"), path
            assert re.findall(r'<bdi lang="([^"]+)">|hreflang="([^"]+)"', banner)
            for name in ("Русский", "Türkçe", "English"):
                assert f"{name}</bdi>" in banner


def test_only_the_start_has_links_in_it_since_nothing_is_typed_there(open_site: OpenSite) -> None:
    visit = open_site(draft_languages=DRAFTS, **UNLIMITED).visit()
    (banner,) = banners(visit, "/ug/")
    assert re.findall(r'href="([^"]+)"', banner) == ["/ru/", "/tr/", "/en/"]
    assert "<textarea" not in visit.text
    visit.report()
    for path in (*PATHS[1:], *SIGNED_IN):
        (banner,) = banners(visit, f"/ug/{path}")
        assert "href" not in banner, path


def test_no_page_in_a_language_that_is_no_draft_has_one(open_site: OpenSite) -> None:
    visit = open_site(draft_languages=DRAFTS, **UNLIMITED).visit()
    visit.report()
    for tag in languages(""):
        assert banners(visit, f"/{tag}/") == banners(visit, f"/{tag}/tip") == banners(visit, f"/{tag}/nowhere") == []


@pytest.mark.parametrize(
    ("reviewer", "count"),
    [
        ("nobody fluent yet", 1),
        ("Amina Example", 1),
        ("Amina Example, 2999-01-01", 1),
        (f"Amina Example, {datetime.now(UTC).date().isoformat()}", 0),
    ],
)
def test_a_name_and_a_day_in_the_header_take_the_banner_away(
    open_site: OpenSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reviewer: str, count: int
) -> None:
    copies = tmp_path / "translations"
    shutil.copytree(TRANSLATIONS, copies)
    catalogue = copies / "ug" / "LC_MESSAGES" / "messages.po"
    said = re.sub(r"X-Reviewed-By: [^\\]*", f"X-Reviewed-By: {reviewer}", catalogue.read_text("utf-8"), count=1)
    catalogue.write_text(said, "utf-8")
    monkeypatch.setattr(catalogues, "_root", lambda: copies)
    visit = open_site(draft_languages="ug", **UNLIMITED).visit()
    assert len(banners(visit, "/ug/")) == len(banners(visit, "/ug/nowhere")) == count
    assert ("ug" in languages("")) is (count == 0)
