"""What a reviewer's program tells of changes among the members, and the word of somebody who has looked at them."""

import re

from forms import hidden
from program import Program

_CHANGED = re.compile(r'id="members-changed".*?</section>', re.DOTALL)


def changed(program: Program, path: str = "/") -> str:
    """What a page tells of them; empty if it tells nothing."""
    found = _CHANGED.search(program.get(path).text)
    return found[0] if found else ""


def confirm(program: Program, page: str = "") -> None:
    """Say on a page of the queue that one knows of what it tells."""
    program.send("/members/seen", hidden(page or program.get("/").text, f"{program.place.path}/members/seen"))
