"""Another site than ours, on this machine: `localhost` beside `127.0.0.1` is one to a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

PAGE = """<!doctype html><title>Elsewhere</title><meta name="referrer" content="no-referrer">
<p><a id="link" href="{source}/en/tip">A link</a></p>
<form id="plant" method="post" action="{source}/en/report">
<input name="narrative" value="Planted."><button>Send</button></form>
<form id="leave" method="post" action="{source}/en/leave"><button>Leave</button></form>
<form id="own" method="post" action="/own"><button>Our own</button></form>
"""


class OtherSite:
    """What is known of the site, and of the last form that was sent to itself."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.own_form: dict[str, str] = {}


@contextmanager
def other_site(source: str) -> Iterator[OtherSite]:
    """Serve a page with a link and forms to the site at `source`, and one to itself."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            site.own_form = dict(self.headers)
            self._answer()

        def _answer(self) -> None:
            page = PAGE.format(source=source).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = OtherSite(f"http://localhost:{server.server_port}")
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
