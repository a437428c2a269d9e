"""Why the desk can't be reached, in words that name what to look at: the proxy or the desk."""

import httpx
from socksio import SOCKSError

from intake.transport import TimedTransport, allowed
from intake.triage.home import Connection

# httpx hands on what socksio says of a port that answers in no SOCKS, and what can't become a request.
UNREACHABLE = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, SOCKSError)
"""All that a request can end with instead of an answer."""


NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, SOCKSError)
"""Those of them that come before a byte of the request has left."""


_TIME, _RATE = 60.0, 1000.0
"""Seconds, and bytes a second, that whatever answers has."""


def look(connection: Connection) -> str:
    """Why the desk can't be reached, in words; empty if anything answers there. Nothing is signed or told."""
    try:
        http = httpx.Client(transport=TimedTransport(connection.proxy), timeout=_TIME, trust_env=False)
        with allowed(_TIME, _RATE), http, http.stream("HEAD", connection.desk):
            return ""
    except UNREACHABLE as error:
        return in_words(error, connection)


def in_words(error: Exception, connection: Connection) -> str:
    """What to do about one of these errors."""
    proxy = connection.proxy
    if proxy is not None:
        if isinstance(error, SOCKSError):
            return f"what listens at --proxy {proxy} does not speak SOCKS; name the SOCKS port of Tor"
        # Through a proxy, a connection is made to nothing else.
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return f"nothing answers at --proxy {proxy}; is Tor running, and is that its SOCKS port?"
        if isinstance(error, httpx.ProxyError):
            return f"the proxy at --proxy {proxy} can't reach the desk; is its address right, and is the desk running?"
        return f"the desk can't be reached through --proxy {proxy}, or the connection broke off; try again"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "the desk can't be reached; is its address right, and is it running?"
    return "the desk can't be reached, or the connection broke off; try again"
