"""Where a request comes from, as the browser says: what another site's page sends is not taken.

Tor Browser sends `Sec-Fetch-Site` to onion addresses. `Origin` is of little use: our pages have no referrer, and so the
browser writes `null` on our own forms too; but a page that names another site is refused. Where a browser is too old to
tell, there is the form's token.
"""

from urllib.parse import urlsplit

from flask import request
from werkzeug.exceptions import Forbidden

_OURS = frozenset({"same-origin", "none"})
"""Our own pages, and the person themselves: an address typed, a page loaded again."""


class OtherSiteError(Forbidden):
    """A form on a page of another site."""


def comes_from_elsewhere() -> bool:
    """Whether a page of another site led to this request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in _OURS
    origin = request.headers.get("Origin", "null")
    return origin != "null" and _authority(origin) != request.host


def is_part_of_a_page() -> bool:
    """Whether this is wanted for a place in a page, such as a picture's, and not as a page."""
    return request.headers.get("Sec-Fetch-Dest", "document") != "document"


def refuse_other_sites() -> None:
    """Raise `OtherSiteError` for a form that a page of another site sends, before anything of it is read."""
    if request.method == "POST" and comes_from_elsewhere():
        raise OtherSiteError


def _authority(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
