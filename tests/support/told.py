"""What a reviewer's program tells: its pages as somebody reads them."""

import re
from html import unescape

from intake.storage.tables import Tip
from open_desk import Stored
from program import Program

_ALERT = re.compile(r'role="alert">([^<]*)')


def page(tip: Stored | Tip) -> str:
    """Where a tip is shown."""
    return f"/tips/{tip.id.hex()}"


def shown(program: Program, tip: Stored | Tip) -> str:
    """The page of a tip."""
    return unescape(program.get(page(tip)).text)


def alerts(program: Program, tip: Stored | Tip) -> list[str]:
    """The warnings on it."""
    return [unescape(alert) for alert in _ALERT.findall(program.get(page(tip)).text)]


def sync(program: Program) -> str:
    """Fetch, and return the queue's page."""
    program.post("/sync", "/")
    return queue(program)


def queue(program: Program) -> str:
    """The queue's page."""
    return unescape(program.get("/reports").text)
