"""The source's pages can be used by everybody: WCAG 2.2 AA, on each page, in each language.

A walk goes through all pages, in the order of `STEPS`, and looks at each: with axe-core, and for what axe-core does not
see. Of a page where something is found there is a picture afterwards. The pages bring no script; the browser runs some
in the walk only so that axe-core can work. A translation may hold any text and marks of its own, so that nothing which
axe-core looks for is the same in each language: every rule is tried in all of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, ViewportSize, expect

from beyond import BEYOND_THE_SIDES
from chromium import choose, click, eight_words, enter
from commands import GUNICORN
from intake.languages.catalogues import drafts
from intake.report.definition import load_form
from intake.source.text.catalogues import languages
from long_part import OF_EACH_SORT
from npm_packages import NPM, install_npm
from ports import free_port
from servers import listening
from whole_service import PASSPHRASE, Service

pytestmark = pytest.mark.slow

PHONE: ViewportSize = {"width": 390, "height": 844}
NARROW: ViewportSize = {"width": 320, "height": 256}
"""What is left of a window of 1280 by 1024 at 400 % (WCAG 2.2, 1.4.10)."""

SMALLEST_TARGET = 24
"""CSS pixels (WCAG 2.2, 2.5.8)."""

LONG_WORD = "https://example.org/" + "averylongaddress" * 12

# WCAG 2.2, 1.4.12: a reader may space text as widely as this.
WIDE_TEXT = """
* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-block-end: 2em !important; }
"""

AXE = """async () => {
    const found = await axe.run({resultTypes: ['violations']});
    const said = (rule, node) => `${rule.id}: ${node.target} ${node.failureSummary}`;
    return found.violations.flatMap(rule => rule.nodes.map(node => said(rule, node)));
}"""

WRONG = "<p><button style='width: 20px'></button><img src='' style='width: 500px'>"

OPEN_EVERYTHING = "() => document.querySelectorAll('details').forEach(part => part.open = true)"

# A label belongs to its control's target; a link within a sentence is exempt.
SMALL_TARGETS = """smallest => [
    ...document.querySelectorAll('a, button, summary, select, textarea, input:not([type=hidden])')
]
    .filter(element => {
        const inText = element.localName === 'a' && getComputedStyle(element).display === 'inline'
            && element.parentElement.textContent.trim() !== element.textContent.trim();
        const box = (element.closest('label') || element).getBoundingClientRect();
        return !inText && box.width && (box.width < smallest || box.height < smallest);
    })
    .map(element => element.outerHTML.slice(0, 120))"""

# The header's first part stands where lines begin, its last where they end.
HEADER_ENDS = """() => {
    const parts = [...document.querySelectorAll('header > *')].map(part => part.getBoundingClientRect());
    return parts.length < 2 ? null : [parts[0].left, parts.at(-1).left];
}"""

# All that is looked at in a phone's window, and in the narrowest one: each takes one question to the browser.
LOOK = f"""async smallest => {{
    ({OPEN_EVERYTHING})();
    return {{
        title: document.title,
        language: document.documentElement.lang,
        direction: document.documentElement.dir,
        header_ends: ({HEADER_ENDS})(),
        axe: await ({AXE})(),
        small_targets: ({SMALL_TARGETS})(smallest),
    }};
}}"""
LOOK_NARROW = f"""wide => {{
    const beyond = {BEYOND_THE_SIDES};
    const seen = {{beyond_the_sides: beyond()}};
    const style = document.head.appendChild(document.createElement('style'));
    style.textContent = wide;
    seen.beyond_the_sides_with_wide_text = beyond();
    style.remove();
    return seen;
}}"""

# The control that has the focus: its place in the page, whether one sees that it has it, and whether one sees it.
FOCUSED = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return {
        place: [...document.querySelectorAll('*')].indexOf(element),
        said: element.outerHTML.slice(0, 120),
        outlined: element.matches(':focus-visible')
            && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
}"""

# Every control that Tab must reach: of radio buttons with one name the checked one, or the first.
REACHABLE = """() => {
    const all = [...document.querySelectorAll('*')];
    const names = new Set();
    return [...document.querySelectorAll('a[href], button, summary, select, textarea, input:not([type=hidden])')]
        .filter(control => control.checkVisibility())
        .filter(control => control.type !== 'radio' || !names.has(control.name) && names.add(control.name))
        .map(control => all.indexOf(control));
}"""


DRAFTS = " ".join(drafts())
# Drafts that are off by default among them.
LANGUAGES = languages(DRAFTS)


@dataclass(frozen=True)
class Site:
    """The source site as the walk needs it: one that takes many requests, one that takes hardly any, and a thread."""

    address: str
    strict_address: str
    answered: str


@dataclass
class Visit:
    """One way through the pages, in one language."""

    site: Site
    language: str
    page: Page
    codename: str = ""

    def open(self, path: str, address: str = "") -> None:
        self.page.goto(f"{address or self.site.address}/{self.language}/{path}")

    def follow(self, path: str) -> None:
        click(self.page, f"main a[href$='/{self.language}/{path}']")

    def press(self, path: str) -> None:
        click(self.page, f"form[action$='/{self.language}/{path}'] button:not([name], [hidden])")

    def come_back(self, codename: str, address: str = "") -> None:
        self.open("return", address)
        self.page.fill("[name=codename]", codename)
        self.press("return")


def take_codename(visit: Visit) -> None:
    visit.open("")
    visit.press("words")
    visit.codename = eight_words(visit.page)


def send_report(visit: Visit) -> None:
    visit.page.fill("[name=narrative]", f"They went to my mother. {LONG_WORD}")
    visit.press("report")


def send_nothing(path: str) -> Callable[[Visit], None]:
    def step(visit: Visit) -> None:
        visit.open(path)
        visit.press(path)

    return step


def send_own_words(visit: Visit) -> None:
    visit.page.fill("[name=text]", visit.codename)
    visit.press("tip/message")


def send_without_cookie(visit: Visit) -> None:
    """As after a visit has ended, and as where cookies are blocked."""
    visit.page.context.clear_cookies()
    visit.press("report")


def answer_with_yes_alone(visit: Visit) -> None:
    """Without the answer to the check question."""
    visit.page.check("[name=answer][value=yes]")
    click(visit.page, "form[action*='/tip/question/'] button")


def answer_without_cookie(visit: Visit) -> None:
    visit.page.context.clear_cookies()
    click(visit.page, "form[action*='/tip/question/'] button")


def ask_for_another(key: str) -> Callable[[Visit], None]:
    def step(visit: Visit) -> None:
        visit.open(f"tip/more/{key}")
        click(visit.page, "button[name=another]")

    return step


def save_and_begin_another(visit: Visit) -> None:
    visit.page.fill("[name=acts-0-when]", "In spring")
    click(visit.page, "button[name=another]")


def withdraw(visit: Visit) -> None:
    visit.page.check("[type=checkbox]")
    visit.press("tip/withdraw")


def send_wrong_codename(visit: Visit) -> None:
    visit.come_back(visit.codename.rpartition(" ")[0] + " zzzz")


def send_too_much(visit: Visit) -> None:
    """Ask for one codename more than the strict site gives."""
    for _ in range(2):
        visit.open("", visit.site.strict_address)
        visit.press("words")


def send_too_much_in_a_form(visit: Visit) -> None:
    for _ in range(2):
        visit.come_back("these are not eight words", visit.site.strict_address)


def open_every_country(visit: Visit) -> None:
    visit.page.locator("details").evaluate_all("countries => countries.forEach(country => country.open = true)")


def opened(path: str) -> Callable[[Visit], None]:
    return lambda visit: visit.open(path)


# Groups that can have several entries.
GROWING = [group.key for group in load_form().later_groups if group.entries]

# Every page, in the order of a visit: its name, and what brings the source there from the page before.
STEPS: list[tuple[str, Callable[[Visit], None]]] = [
    ("home", opened("")),
    ("report-without-codename", opened("report")),
    ("not-found", opened("nowhere")),
    ("help", opened("help")),
    ("help-with-every-country-open", open_every_country),
    ("now", opened("now")),
    ("now-with-everything-open", open_every_country),
    ("about", opened("about")),
    ("codename", take_codename),
    ("codename-check", lambda visit: visit.follow("words/check")),
    ("codename-check-refused", lambda visit: visit.press("words/check")),
    ("report", lambda visit: visit.follow("report")),
    ("report-refused", lambda visit: visit.press("report")),
    ("report-without-cookie", send_without_cookie),
    ("report-with-lost-words", lambda visit: visit.press("report")),
    ("codename-again", take_codename),
    ("report-again", lambda visit: visit.follow("report")),
    ("received", send_report),
    *((f"group-{group.key}", opened(f"tip/more/{group.key}")) for group in load_form().later_groups),
    *((f"group-{key}-another", ask_for_another(key)) for key in GROWING),
    *((f"question-{path.rpartition('/')[2]}", opened(path[1:])) for path in OF_EACH_SORT),
    ("question-entry-saved", save_and_begin_another),
    ("file", opened("tip/file")),
    ("file-refused", send_nothing("tip/file")),
    ("thread-without-reply", opened("tip")),
    ("message-refused", lambda visit: visit.press("tip/message")),
    ("message-of-own-words", send_own_words),
    ("withdraw", opened("tip/withdraw")),
    ("withdraw-refused", lambda visit: visit.press("tip/withdraw")),
    ("withdrawn", withdraw),
    ("left", lambda visit: visit.press("leave")),
    ("return", opened("return")),
    ("return-refused", send_wrong_codename),
    ("thread", lambda visit: visit.come_back(visit.site.answered)),
    ("question-refused", answer_with_yes_alone),
    ("question-without-visit", answer_without_cookie),
    ("slowed", send_too_much),
    ("slowed-in-a-form", send_too_much_in_a_form),
]


@dataclass
class Look:
    """What was found on one page."""

    title: str
    language: str
    direction: str
    header_ends: list[float] | None
    axe: list[str]
    small_targets: list[str]
    beyond_the_sides: list[str]
    beyond_the_sides_with_wide_text: list[str]

    @property
    def is_wrong(self) -> bool:
        """Whether anything was found that should not be."""
        return bool(self.axe or self.small_targets or self.beyond_the_sides or self.beyond_the_sides_with_wide_text)


@dataclass
class Walk:
    """What was found on all pages in one language."""

    language: str
    looks: dict[str, Look] = field(default_factory=dict)

    def found(self, what: str) -> dict[str, list[str]]:
        """The pages on which something was found, with what it was."""
        return {name: getattr(look, what) for name, look in self.looks.items() if getattr(look, what)}


def look_at(page: Page) -> Look:
    """Look at the page, which has axe-core, in a phone's window and in the narrowest one."""
    seen: dict[str, Any] = page.evaluate(LOOK, SMALLEST_TARGET)
    page.set_viewport_size(NARROW)
    seen |= page.evaluate(LOOK_NARROW, WIDE_TEXT)
    page.set_viewport_size(PHONE)
    return Look(**seen)


@pytest.fixture(scope="module")
def site(service: Service, pages: Callable[..., Page]) -> Site:
    """The site with room for the walk, the same one with hardly any, and a thread with replies."""
    address, strict = start_source(service, "20000"), start_source(service, "1")
    source = pages(390, 844)
    source.goto(address)
    click(source, "form[action$='/words'] button")
    codename = eight_words(source)
    source.goto(f"{address}/en/report")
    source.fill("[name=narrative]", "They went to my mother.")
    click(source, "form[action$='/report'] button:not([name], [hidden])")
    reply_twice_and_ask(pages(1280, 900), service.triage("amina"))
    return Site(address, strict, codename)


def start_source(service: Service, codenames: str) -> str:
    """Start another source site on the same store, in all languages, for so many codenames an hour; its address."""
    port = free_port()
    limits = {"INTAKE_LIMIT_CODENAMES": f"{codenames} per hour", "INTAKE_LIMIT_PAGES": "20000 per hour"}
    limits["INTAKE_LIMIT_SENDS"] = "20000 per hour"
    chosen = {**listening("source", port), "INTAKE_DRAFT_LANGUAGES": DRAFTS}
    another = replace(service, environment={**service.environment, **limits, **chosen})
    return another.start(f"source-{codenames}", [*GUNICORN, "wsgi:source"], port).address


def reply_twice_and_ask(reviewer: Page, triage: str) -> None:
    """As a reviewer, answer the only report there is: once shortly, once with several lines and a long address.

    Then ask whether something may be done with it, behind a check question.
    """
    reviewer.goto(triage)
    reviewer.fill("#passphrase", PASSPHRASE)
    click(reviewer, "button.main")
    click(reviewer, "td.start a")
    for reply in ("Thank you. We have read this.", f"Please write once more:\n\n- when?\n- where?\n\n{LONG_WORD}"):
        reviewer.fill("#reply-text", reply)
        click(reviewer, "#reply button.main")
        send_seen(reviewer)
    choose(reviewer, "#consent_request > details > summary")
    for name, text in (
        ("words", f"May we give this to a lawyer?\n{LONG_WORD}"),
        ("check", "What did your aunt give you?"),
    ):
        reviewer.fill(f"#consent_request > details [name={name}]", text)
    click(reviewer, "#consent_request > details button")
    send_seen(reviewer)
    expect(reviewer.locator("#consent_request")).to_contain_text("Asked, not answered")


def send_seen(reviewer: Page) -> None:
    """Let what is shown as its source will see it leave, with every warning of it known."""
    for caution in reviewer.locator(".cautions input").all():
        caution.check()
    click(reviewer, reviewer.get_by_role("button", name="Send it as it stands here"))


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core."""
    install_npm()
    return (NPM / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module", params=LANGUAGES)
def walk(
    request: pytest.FixtureRequest, site: Site, chromium: Browser, axe: str, photograph: Callable[[Page, str], None]
) -> Iterator[Walk]:
    """All pages in one language."""
    language = str(request.param)
    context = chromium.new_context(bypass_csp=True, viewport=PHONE)
    context.add_init_script(axe)
    visit = Visit(site, language, context.new_page())
    visit.page.set_default_timeout(30_000)
    seen = Walk(language)
    for name, step in STEPS:
        step(visit)
        seen.looks[name] = look_at(visit.page)
        if seen.looks[name].is_wrong:
            photograph(visit.page, f"accessible-{language}-{name}")
    yield seen
    context.close()


def test_a_page_that_is_wrong_in_every_way_is_found_out(chromium: Browser, axe: str) -> None:
    with chromium.new_context(viewport=PHONE) as context:
        context.add_init_script(axe)
        page = context.new_page()
        page.set_content(WRONG)
        look = look_at(page)
    assert "image-alt" in " ".join(look.axe)
    assert len(look.small_targets) == 1
    assert look.beyond_the_sides[0] == look.beyond_the_sides_with_wide_text[0] == "the page"


def test_axe_finds_no_violation(walk: Walk) -> None:
    assert walk.found("axe") == {}


def test_nothing_reaches_beyond_the_sides_at_320_pixels(walk: Walk) -> None:
    assert walk.found("beyond_the_sides") == {}


def test_nothing_reaches_beyond_the_sides_with_widely_spaced_text(walk: Walk) -> None:
    assert walk.found("beyond_the_sides_with_wide_text") == {}


def test_everything_to_press_is_large_enough(walk: Walk) -> None:
    assert walk.found("small_targets") == {}


def test_every_page_says_its_language_and_has_a_title(walk: Walk) -> None:
    assert {look.language for look in walk.looks.values()} == {walk.language}
    assert all(look.title for look in walk.looks.values())


def test_the_header_runs_in_the_direction_of_the_language(walk: Walk) -> None:
    ends = [(look.direction, look.header_ends) for look in walk.looks.values() if look.header_ends]
    assert ends
    for direction, (first, last) in ends:
        assert (first > last) == (direction == "rtl")


def test_at_400_percent_the_report_is_sent(site: Site, chromium: Browser) -> None:
    with chromium.new_context(
        java_script_enabled=False,
        viewport=NARROW,
        device_scale_factor=4,
    ) as context:
        send_with_labels(context.new_page(), site)


def test_without_its_style_sheet_the_report_is_sent(site: Site, chromium: Browser) -> None:
    with chromium.new_context(java_script_enabled=False, viewport=PHONE) as context:
        page = context.new_page()
        refused: list[str] = []

        def refuse(route: Route) -> None:
            refused.append(route.request.url)
            route.abort()

        page.route("**/*.css", refuse)
        send_with_labels(page, site)
        assert refused


def send_with_labels(page: Page, site: Site) -> None:
    """Report something by what is written at the controls, each label standing before or beside what it names."""
    page.goto(f"{site.address}/en/")
    click(page, page.get_by_role("button", name="Report something"))
    expect(page.get_by_role("listitem")).not_to_have_count(0)
    page.goto(f"{site.address}/en/report")
    for label in page.locator("label").all():
        control = page.locator(f"[id='{label.get_attribute('for')}']")
        assert control.count() == 1
        assert lies_at(label, control), label.inner_text()
    page.get_by_label("What happened?").fill("They went to my mother.")
    page.get_by_role("group", name="How urgent is it?").get_by_label("It is happening now").check()
    click(page, page.get_by_role("button", name="Send", exact=True))
    expect(page.get_by_role("status")).to_contain_text("It has arrived. This is enough.")


def lies_at(label: Locator, control: Locator) -> bool:
    """Whether a control comes after its label's start, on the page and in its source."""
    name, named = label.bounding_box(), control.bounding_box()
    assert name
    assert named
    return named["y"] + named["height"] >= name["y"]


def test_a_report_is_sent_with_the_keyboard_alone(site: Site, pages: Callable[..., Page]) -> None:
    page = pages(390, 844)
    page.goto(f"{site.address}/en/")
    tab_through(page)
    tab_to(page, "form[action$='/words'] button")
    enter(page)
    tab_through(page)
    tab_to(page, "main a[href$='/report']")
    enter(page)
    tab_through(page)
    tab_to(page, "[name=narrative]")
    page.keyboard.type("They went to my mother.")
    tab_to(page, "[name=urgency]:first-of-type")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    tab_to(page, "form[action$='/report'] button:not([name], [hidden])")
    enter(page)
    expect(page.get_by_role("status")).to_contain_text("It has arrived. This is enough.")
    tab_through(page)
    tab_to(page, "main > details > summary")
    page.keyboard.press("Space")
    tab_to(page, "[name=text]")
    page.keyboard.type("One more thing.")
    page.keyboard.press("Tab")
    enter(page)
    expect(page.get_by_role("status")).to_contain_text("Your message has arrived")
    page.keyboard.press("Tab")
    tab_to(page, "button.leave")
    enter(page)
    assert page.url.endswith("/left")


def tab_through(page: Page) -> None:
    """Go once round the page: every control is reached, in its order, and seen to have the focus."""
    expected = page.evaluate(REACHABLE)
    reached: list[str] = []
    for _ in range(len(expected)):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused, f"the focus is lost after {reached[-1:]}"
        assert focused["outlined"], focused
        assert focused["seen"], focused
        reached.append(focused["place"])
    assert reached == expected


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the control has the focus."""
    control = page.locator(selector).first
    for _ in range(300):
        if control.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not reach {selector}")
