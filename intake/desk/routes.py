"""Views, each bound to its row in the table of endpoints: no route without a row, and no row without a route."""

from collections.abc import Callable
from functools import wraps

from flask import Flask, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from intake.protocol.endpoints import ENDPOINTS, Endpoint

View = Callable[..., Response]

JSON = "application/json"
BYTES = "application/octet-stream"
"""What kinds of bodies answers have."""

_FLASKS = {"{resource}": "<path:resource>", "{": "<", "}": ">"}
"""How Flask writes the objects of a path."""


class Routes:
    """The views of rows, with those of other routes."""

    def __init__(self, *others: "Routes") -> None:
        self._views: dict[Endpoint, View] = {row: view for routes in others for row, view in routes._views.items()}

    def serves(self, row: Endpoint) -> Callable[[View], View]:
        """The view of a row. It gets the objects of the path by their names, and no body larger than the row says."""

        def bind(view: View) -> View:
            @wraps(view)
            def bounded(**objects: str) -> Response:
                # One more: a stream that may be longer is refused by Werkzeug once it is as long as this.
                request.max_content_length = row.largest_body + 1
                if len(request.get_data()) > row.largest_body:
                    raise RequestEntityTooLarge
                return view(**objects)

            self._views[row] = bounded
            return bounded

        return bind

    def register(self, app: Flask) -> None:
        """Give an application these routes; `ValueError` unless they are those of the table."""
        if self._views.keys() != set(ENDPOINTS):
            raise ValueError("a route of the desk has no row in the table of endpoints, or a row no route")
        for row, view in self._views.items():
            path = row.path
            for ours, flasks in _FLASKS.items():
                path = path.replace(ours, flasks)
            app.add_url_rule(path, f"{row.method} {row.path}", view, methods=[row.method])


def current_query() -> str:
    """The query of the current request, as the table of endpoints reads queries."""
    return f"?{request.query_string.decode('ascii', 'replace')}"
