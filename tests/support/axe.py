"""A window of Chromium in which axe-core can run, which no page of the program would let."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from npm_packages import NPM, install_npm

AXE = """async () => {
    const found = await axe.run({resultTypes: ['violations']});
    const said = (rule, node) => `${rule.id}: ${node.target} ${node.failureSummary}`;
    return found.violations.flatMap(rule => rule.nodes.map(node => said(rule, node)));
}"""
"""A script: each fault that axe-core finds in a page, in words."""

LONG = "https://example.org/" + "averylongaddress" * 12
"""What no line can break, and few are as long as."""


@contextmanager
def axe_window(chromium: Browser) -> Iterator[Page]:
    """The window, until the block ends."""
    install_npm()
    with chromium.new_context(bypass_csp=True, viewport={"width": 1024, "height": 900}) as context:
        context.add_init_script(path=NPM / "node_modules" / "axe-core" / "axe.min.js")
        yield context.new_page()
