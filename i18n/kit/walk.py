"""A walk through all pages of the source site, as a source goes, with the slips that bring its words for them.

Each chapter is a generator that stops wherever there is a page to look at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from playwright.sync_api import FilePayload, Locator, Page, Route

from crypto.codename import generate
from i18n.kit.site import CODENAMES, LARGEST_FILE, PAGES, Site
from intake.report.definition import load_form
from intake.report.events import ConsentRequest
from intake.report.payloads import Opened, Reply

TEXT = "Two men came to my father."
_PATIENCE = 30_000
_TOO_LONG = 60_000
_TOO_MUCH = 5_000_000
_QUESTION = ConsentRequest(
    "a" * 32, "en", "May we give this to a lawyer?", check="", meaning="", taken_back=False, number=2
)


@dataclass
class Source:
    """Somebody in a window, without a script of the site's: what they do, and the page that it brings."""

    site: Site
    page: Page
    words: tuple[str, ...] = ()

    def open(self, path: str, address: str = "") -> Page:
        """Go to a page."""
        self.page.goto(f"{address or self.site.address}/en/{path}")
        return self.page

    def fill(self, **values: str) -> None:
        """Write into fields, by their names."""
        for name, value in values.items():
            # By hand, and not as if typed: a long text would take long.
            self.page.locator(f"[name='{name}']").first.evaluate("(field, value) => field.value = value", value)

    def tick(self, *boxes: str) -> None:
        """Tick what is named so, or named and valued so: `name=value`."""
        for box in boxes:
            name, _, value = box.partition("=")
            self.page.locator(f"[name='{name}']" + (f"[value='{value}']" if value else "")).first.check()

    def press(self, action: str, button: str = "button:not([name], [hidden])") -> Page:
        """Send the form that goes there."""
        return self.follow(self.page.locator(f"form[action*='/en/{action}'] {button}").first)

    def follow(self, target: Locator) -> Page:
        """Press something, and wait for the page that it brings."""
        with self.page.expect_navigation(timeout=_PATIENCE):
            target.click(timeout=_PATIENCE)
        return self.page

    def take_words(self) -> Page:
        """Get eight words."""
        self.open("")
        self.press("words")
        self.words = tuple(self.page.locator(".codename li").all_inner_texts())
        return self.page

    def come_back(self, *words: str, address: str = "") -> Page:
        """Type words to come back."""
        self.open("return", address)
        self.fill(codename=" ".join(words))
        return self.press("return")

    def another_window(self) -> "Source":
        """The same browser, in one more window."""
        return Source(self.site, self.page.context.new_page(), self.words)


Chapter = Callable[[Source], Iterator[Page]]


def arriving(source: Source) -> Iterator[Page]:
    """What anybody sees, at first while nobody could open a report."""
    for path in ("", "help", "now", "about", "return", "nowhere", "leave"):
        yield source.open(path)
    source.open("")
    yield source.press("leave")
    source.open("")
    yield source.press("words")
    source.site.enrol()
    yield source.open("report")


def eight_words(source: Source) -> Iterator[Page]:
    """Getting words, and testing them."""
    yield source.take_words()
    yield source.open("words/check")
    yield source.press("words/check")
    asked = [int(label.split()[-1]) for label in source.page.locator("main label").all_inner_texts()]
    source.fill(first="wrong", second="wrong")
    yield source.press("words/check")
    source.fill(first=source.words[asked[0] - 1], second=source.words[asked[1] - 1])
    yield source.press("words/check")


def slips_in_a_report(source: Source) -> Iterator[Page]:
    """Every way in which a form is shown again."""
    source.open("report")
    for text in ("", "x" * _TOO_LONG, "a\0b", " ".join(source.words)):
        source.fill(narrative=text)
        yield source.press("report")
    source.open("report")
    source.page.locator("[name=urgency]").first.evaluate("field => field.value = 'x'")
    source.tick("urgency")
    source.fill(narrative=TEXT)
    yield source.press("report")
    source.fill(csrf_token="")
    yield source.press("report")
    # In a field that isn't shown: a browser would be long about laying out so much.
    for token in ("", "x" * _TOO_MUCH):
        source.open("report")
        source.fill(token=token)
        yield source.press("report")
    source.open("report")
    source.page.route("**/en/report", _not_text)
    yield source.press("report")
    source.page.unroute("**/en/report")
    source.page.goto("about:blank")
    source.page.set_content(f"<form method=post action='{source.site.address}/en/report'><button>Send</button></form>")
    yield source.press("report")
    source.open("report")
    source.fill(narrative=TEXT)
    source.page.context.clear_cookies()
    yield source.press("report")
    yield source.press("report")
    source.tick("new_words")
    yield source.press("report")


def sending(source: Source) -> Iterator[Page]:
    """The report, and what is added to it."""
    source.take_words()
    source.open("report")
    other = source.another_window()
    other.open("report")
    source.fill(narrative=TEXT)
    yield source.press("report")
    other.fill(narrative="Another text.")
    yield other.press("report")
    other.page.close()
    source.open("tip")
    source.page.locator("details").evaluate_all("parts => parts.forEach(part => part.open = true)")
    source.fill(text="One thing more.")
    yield source.press("tip/message")
    source.open("tip/more/family")
    source.tick("family_methods=unknown", "family_methods=detained")
    yield source.press("tip/more/family")
    source.open("tip/more/deadline")
    source.page.locator("[name=deadline_date]").evaluate(
        "field => field.outerHTML = `<input type=hidden name=deadline_date value='a\\nb'>`"
    )
    yield source.press("tip/more/deadline")
    for group in load_form().later_groups:
        yield source.open(f"tip/more/{group.key}")
    yield source.open("tip/more/contact/needs")
    yield source.open("tip/more/family/family_methods")
    source.open("tip/more/family")
    source.tick("family_methods=detained")
    yield source.press("tip/more/family")
    yield source.open("tip")


def files(source: Source) -> Iterator[Page]:
    """Files that arrive, and some that don't."""
    yield source.open("tip/file")
    yield source.press("tip/file")
    for sizes in ((0,), (2 * LARGEST_FILE,), (10,), (10, 20), (10, 0)):
        source.open("tip/file")
        for number, size in enumerate(sizes):
            source.page.locator("[type=file]").nth(number).set_input_files(_photo(number + 1, size))
        yield source.press("tip/file")
    source.open("tip/file")
    source.fill(shows="x" * _TOO_LONG)
    source.page.locator("[type=file]").first.set_input_files(_photo(1, 10))
    yield source.press("tip/file")


def answers(source: Source) -> Iterator[Page]:
    """What the team writes, and what it asks."""
    source.site.write(Opened())
    source.site.write(Reply("Thank you. We have read this.", 1))
    first = source.site.write(replace(_QUESTION, check="What did your aunt give you in the spring?"))
    yield source.open("tip")
    yield source.press("tip/question")
    source.site.write(replace(_QUESTION, words="May we give this to two lawyers?", number=3, seen=(first,)))
    source.tick("answer=yes")
    yield source.press("tip/question")
    source.open("tip")
    source.tick("answer=no")
    yield source.press("tip/question")
    while source.open("tip").locator("form[action*='/tip/reply/'] button:visible").count() > 1:
        yield source.press("tip/reply", "button.small")
    other, words = source.another_window(), source.words
    other.open("tip")
    source.take_words()
    yield other.press("tip/reply", "button.small")
    other.page.close()
    source.come_back(*words)
    yield source.press("tip/reply", "button.small")
    source.site.write_what_nobody_can_open()
    source.site.take_back()
    yield source.open("tip")


def leaving(source: Source) -> Iterator[Page]:
    """Ending, withdrawing slowly and at once, and what is said to somebody else's words."""
    yield source.open("tip/end")
    yield source.press("tip/end")
    source.tick("sure")
    yield source.press("tip/end")
    for back in ("without", "at_once", "slowly"):
        source.take_words()
        source.open("report")
        source.fill(narrative=TEXT)
        source.tick(f"back={back}")
        yield source.press("report")
        if back == "without":
            source.press("leave")
            continue
        yield source.open("tip/withdraw")
        yield source.press("tip/withdraw")
        source.tick("sure")
        yield source.press("tip/withdraw")
    yield source.press("tip/keep")


def coming_back(source: Source) -> Iterator[Page]:
    """Words that are typed wrong in every way, or that nobody has."""
    first, second, *rest = source.words
    for words in ((), ("one", "two"), (first, "zzzz", *rest), (second, first, *rest), generate("en").words):
        yield source.come_back(*words)
    other = source.another_window()
    source.press("leave")
    source.take_words()
    source.open("words/check")
    other.open("report")
    other.take_words()
    yield source.press("words/check")
    source.words = (first, second, *rest)


def refused(source: Source) -> Iterator[Page]:
    """Where little is allowed, and the disk is full."""
    yield source.come_back(*source.words, address=source.site.narrow)
    source.open("tip/file", source.site.narrow)
    source.page.locator("[type=file]").first.set_input_files(_photo(1, 10))
    yield source.press("tip/file")
    for _ in range(CODENAMES):
        source.open("return", source.site.narrow)
        source.press("return")
    yield source.page
    for _ in range(PAGES):
        source.open("help", source.site.narrow)
    yield source.page


CHAPTERS: tuple[Chapter, ...] = (
    arriving, eight_words, slips_in_a_report, sending, files, answers, leaving, coming_back, refused,
)  # fmt: skip


def _photo(number: int, size: int) -> FilePayload:
    return {"name": f"photo-{number}.jpg", "mimeType": "image/jpeg", "buffer": bytes(size)}


def _not_text(route: Route) -> None:
    """As if some of it had been lost on the way."""
    route.continue_(post_data=(route.request.post_data_buffer or b"") + b"&narrative=%ff")
