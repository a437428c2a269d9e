"""What the demo's team says of itself is a file as an operator writes one."""

from pathlib import Path

from intake.demo.about import write_about
from intake.source.about.written import load_written


def test_the_site_takes_it_and_what_somebody_changed_stays(tmp_path: Path) -> None:
    write_about(tmp_path)
    assert "<h2>Who we are</h2>" in load_written(tmp_path / "about")["en"]
    (tmp_path / "about" / "en.md").write_text("Mine", "utf-8")
    write_about(tmp_path)
    assert load_written(tmp_path / "about")["en"] == "<p>Mine</p>\n"
