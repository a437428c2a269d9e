"""What an operator writes, as HTML that loads nothing and leads nowhere: CommonMark without HTML, pictures and code.

A link is its words with the address behind them, as text. This site is reached over Tor, and a click on an address
outside would leave it for one that others can watch, just when somebody is about to write. Links to onion sites only
would look the same to their reader, and nothing shows which is which before the click. Whoever wants to go somewhere
copies the address.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from markupsafe import Markup

_ADDRESS = "address"
_DEEPEST = 6


def _address(_renderer: Any, tokens: Sequence[Token], place: int, *_: Any) -> str:
    return f' <bdi dir="ltr">{escapeHtml(tokens[place].content)}</bdi>'


_PARSER = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False}).disable(
    ["html_block", "html_inline", "image", "fence", "code"]
)
_PARSER.add_render_rule(_ADDRESS, _address)


def to_html(text: str) -> Markup:
    """Any text as HTML: of paragraphs, headings from `h2` on, lists, quotations, rules, and what is stressed."""
    tokens = _PARSER.parse(text)
    _nest(tokens)
    for token in tokens:
        token.children = list(_without_links(token.children or ()))
    return Markup(_PARSER.renderer.render(tokens, _PARSER.options, {}))  # noqa: S704 - no HTML of the text's comes through


def _nest(tokens: Sequence[Token]) -> None:
    """Let headings begin below the `h1` of the page, and none be more than one level below the one above it."""
    above: list[str] = []
    for token in tokens:
        if token.type == "heading_open":
            while above and above[-1] >= token.tag:
                above.pop()
            above.append(token.tag)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(len(above) + 1, _DEEPEST)}"


def _without_links(tokens: Sequence[Token]) -> Iterator[Token]:
    address = ""
    for token in tokens:
        if token.type == "link_open":
            # The words of an address that stands by itself are that address.
            address = "" if token.info == "auto" else str(token.attrs["href"])
        elif token.type != "link_close":
            yield token
        elif address:
            yield Token(_ADDRESS, "", 0, content=address)
