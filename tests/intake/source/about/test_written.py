"""The operator's files about the team: a language each, checked when the site starts."""

import re
from pathlib import Path

import pytest
from markupsafe import Markup

from commands import GUNICORN, environment, run
from intake.settings import SettingError
from intake.source import create_app
from intake.source.about.written import LONGEST, LONGEST_HTML, chosen, load_written
from servers import listening
from source_site import Site


def write(directory: Path, name: str, content: str | bytes) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_there_need_be_no_directory(tmp_path: Path) -> None:
    assert load_written(tmp_path / "about") == {}


def test_each_file_is_read_for_its_language_and_what_editors_leave_is_not(tmp_path: Path) -> None:
    write(tmp_path, "en.md", "We are *four*.\r\n")
    write(tmp_path, "zh-Hant.md", b"\xef\xbb\xbf" + "我們".encode())
    write(tmp_path, ".en.md.swp", b"\xff\0")
    assert load_written(tmp_path) == {"en": "<p>We are <em>four</em>.</p>\n", "zh-Hant": "<p>我們</p>\n"}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("zh.md", "我们", "not named after a language of the site, such as en.md: rename it or take it .*zh-Hans"),
        ("de.md", "Wir", "not named after a language"),
        ("en.txt", "We", "not named after a language"),
        ("en.md~", "We", "not named after a language"),
        ("en.md", "Nous été".encode("latin-1"), "not UTF-8: save it in that encoding"),
        ("en.md", "a" * (LONGEST + 1), f"too long: shorten it to {LONGEST} bytes"),
        ("en.md", "&" * (LONGEST - 1), f"of a page: shorten it until these are {LONGEST_HTML}"),
        ("en.md", "", "says nothing: write something, or take it away"),
        ("en.md", "[a]: https://example.org\n", "says nothing"),
        ("en.md", "We\n\nare\x1b[1m", "line 3: take the control character out"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_name_and_what_to_do(
    tmp_path: Path, name: str, content: str | bytes, says: str
) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(SettingError, match=f"^{re.escape(str(path))}.*{says}"):
        load_written(tmp_path)


def test_what_cannot_be_read_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "about").mkdir()
    (tmp_path / "about" / "en.md").mkdir()
    with pytest.raises(SettingError, match=r"about/en\.md can't be read \("):
        load_written(tmp_path / "about")
    file = write(tmp_path, "file", "We")
    with pytest.raises(SettingError, match=f"{re.escape(str(file))} can't be read as a directory"):
        load_written(file)


def test_the_largest_file_that_is_taken_is_taken_whole(tmp_path: Path) -> None:
    write(tmp_path, "en.md", "a" * LONGEST)
    assert len(load_written(tmp_path)["en"]) > LONGEST


@pytest.mark.parametrize(
    ("there", "reads", "shown"),
    [
        (["en", "fa"], "fa", "fa"),
        (["en", "zh-Hans"], "zh-Hant", "zh-Hans"),
        (["en", "fa"], "ru", "en"),
        (["fa", "ru"], "es", "fa"),
        ([], "en", None),
    ],
)
def test_who_reads_another_language_gets_the_nearest_one(there: list[str], reads: str, shown: str | None) -> None:
    assert chosen(dict.fromkeys(there, Markup()), reads) == shown


def test_the_site_does_not_start_over_a_file_that_is_wrong(site: Site) -> None:
    write(site.server.settings.data / "about", "xx.md", "We")
    with pytest.raises(SettingError, match=re.escape("about/xx.md is not named after")):
        create_app(site.server)


@pytest.mark.slow
def test_gunicorn_ends_and_prints_which_file_is_wrong(site: Site) -> None:
    data = site.server.settings.data
    path = write(data / "about", "en.md", b"\xff")
    ended = run([*GUNICORN, "wsgi:source"], environment=environment(data, **listening("source", data / "socket")))
    assert ended.returncode != 0
    assert f"{path} is not UTF-8" in ended.stderr
