"""The eight words in a text that reviewers read: asked about before anything is stored, and sent if that is meant."""

import logging
import time

import pytest

from crypto.codename import LANGUAGES, generate
from intake.protocol.kinds import Kind
from source_site import Site, Visit

pytestmark = pytest.mark.slow


def group(visit: Visit, key: str) -> None:
    visit.open(f"/en/tip/more/{key}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_sent_as_the_report_are_asked_about_first(site: Site, language: str) -> None:
    visit = site.visit()
    visit.open(f"/{language if language in ('fr', 'es', 'ru', 'tr', 'zh-Hans', 'zh-Hant') else 'en'}/")
    visit.send("/words")
    visit.open("/en/report")
    words = " ".join(generate(language).words)
    assert visit.send("/report", narrative=words).status_code == 400
    assert "These look like eight words that lead to a report." in visit.page.words
    assert visit.page.filled["narrative"] == [words]
    assert site.tips() == []
    assert visit.send("/report", narrative=words, as_is="yes").status_code == 200
    assert site.opened(Kind.REPORT)[0]["answers"]["narrative"] == words


def test_ones_own_words_are_noticed_in_any_order_few_missing_and_within_a_sentence(site: Site, visit: Visit) -> None:
    words = visit.report().split()
    for typed in (
        " ".join(words),
        "\n".join(f"{number}. {word.upper()}" for number, word in enumerate(words, 1)),
        " ".join(f"{number}{word}" for number, word in enumerate(words, 1)),
        " ".join(f"{chr(0x245F + number)}{word}" for number, word in enumerate(words, 1)),
        ", ".join(reversed(words)),
        "My words are: " + "-".join(words[:6]) + ". Is that right?",
        "x " * 20_000 + " ".join(words),
    ):
        assert visit.send("/message", text=typed).status_code == 400
        assert "These look like eight words" in visit.page.words
        assert visit.page.filled["text"] == [typed]
    assert site.items(Kind.MESSAGE) == []
    assert visit.send("/message", text=" ".join(words[:5])).status_code == 200


@pytest.mark.parametrize("language", ["fr", "ru", "zh-Hans", "zh-Hant", "tr"])
def test_own_words_are_noticed_in_every_script_even_within_a_text(site: Site, visit: Visit, language: str) -> None:
    visit.open(f"/{language}/")
    visit.send("/words")
    words = [word.strip() for word in visit.text.partition("<ol")[2].partition("</ol>")[0].split("<li>")[1:]]
    words = [word.partition("<")[0] for word in words]
    assert len(words) == 8
    visit.open(f"/{language}/report")
    joined = ("" if language.startswith("zh") else " ").join(words)
    assert visit.send("/report", narrative=f"他们来了{joined}然后走了。").status_code == 400
    assert site.tips() == []


def test_words_that_stand_in_several_fields_are_noticed(site: Site, visit: Visit) -> None:
    words = visit.report().split()
    group(visit, "acts")
    typed = {"acts-0-when": words[:3], "acts-0-place": words[3:6], "acts-0-words": words[6:]}
    sent = {name: " ".join(some) for name, some in typed.items()}
    assert visit.send("/more/acts", **sent).status_code == 400
    assert visit.page.form("/more/acts").names >= {"as_is"}
    assert site.items(Kind.ADDITION) == []
    assert visit.send("/more/acts", **sent, as_is="yes").status_code == 200
    assert len(site.items(Kind.ADDITION)) == 1


@pytest.mark.parametrize("where", ["name", "shows"])
def test_words_beside_a_file_or_in_its_name_are_asked_about_and_the_file_is_not_stored(
    site: Site, visit: Visit, where: str
) -> None:
    words = visit.report()
    visit.open("/en/tip/file")
    sent = {"shows": words} if where == "shows" else {}
    name = f"{words}.txt" if where == "name" else "a.txt"
    assert visit.send_file(b"content", name, **sent).status_code == 400
    assert "These look like eight words" in visit.page.words
    assert "as_is" in visit.page.form("/tip/file").names
    assert site.blobs() == []
    hidden = {**visit.page.form("/tip/file").hidden, "as_is": "yes", "shows": "", **sent}
    assert visit.post_file(hidden, b"content", name).status_code == 200
    assert len(site.blobs()) == 1


@pytest.mark.parametrize("within", ["fields", "field and name"])
def test_words_that_stand_partly_beside_a_file_are_asked_about_and_the_file_is_not_stored(
    site: Site, visit: Visit, within: str
) -> None:
    words = visit.report().split()
    begin, end = " ".join(words[:4]), " ".join(words[4:])
    sent = {"shows": begin, "made_by": end if within == "fields" else ""}
    name = "a.txt" if within == "fields" else f"{end}.txt"
    visit.open("/en/tip/file")
    assert visit.send_file(b"content", name, **sent).status_code == 400
    assert "These look like eight words" in visit.page.words
    assert visit.page.filled["shows"] == [begin]
    assert site.blobs() == []
    hidden = {**visit.page.form("/tip/file").hidden, "as_is": "yes", **sent}
    assert visit.post_file(hidden, b"content", name).status_code == 200
    assert len(site.blobs()) == 1


def test_words_where_they_belong_are_not_asked_about(site: Site, visit: Visit) -> None:
    words = visit.report()
    visit.client.delete_cookie("session")
    visit.open("/en/return")
    assert visit.send("/return", codename=words).status_code == 200
    form = visit.page.form("/message")
    visit.client.delete_cookie("session")
    visit.post(form.action, {**form.hidden, "text": "More."})
    assert visit.send("/message", text="More.", codename=words).status_code == 200


def test_nothing_of_it_is_logged(visit: Visit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    words = visit.report()
    visit.send("/message", text=words)
    assert not any(word in caplog.text for word in words.split() if len(word) > 5)


def test_ordinary_texts_are_not_asked_about(site: Site, visit: Visit) -> None:
    visit.report()
    chinese = "上个月，两名自称来自派出所的人到我父母家里，问我在国外做什么，还让我父亲给我打电话，要我尽快回去。"
    for text in (
        "Two men came to my father and told him that I must come back before the new year or he loses his pension.",
        chinese * 500,
        "Deux hommes sont venus chez mon père et lui ont dit que je devais rentrer avant la fin du mois.",
        "Iki adam babama geldi ve yılbaşından önce geri dönmem gerektiğini söyledi.",
    ):
        assert visit.send("/message", text=text).status_code == 200


def test_looking_for_words_takes_no_time_worth_naming_whatever_is_written(visit: Visit) -> None:
    visit.report()
    for text in (
        "".join(chr(0x4E00 + place * 7919 % 0x5000) for place in range(50_000)),
        "a" + "\u0315\u0300" * 24_999,
        "about " * 8_333,
        "的" * 50_000,
    ):
        begun = time.process_time()
        visit.send("/message", text=text)
        assert time.process_time() - begun < 5
