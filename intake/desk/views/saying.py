"""What members say to the log. The entry is all that such a request does: what follows, follows from the log."""

from flask import Response

from intake.desk.admission import logged
from intake.desk.routes import Routes
from intake.protocol import endpoints
from intake.protocol.endpoints import Endpoint

routes = Routes()


def _serve(row: Endpoint, *, status: int = 204, last: bool = False) -> None:
    """`last`: as for `logged`."""

    @routes.serves(row)
    def said(**_objects: str) -> Response:
        with logged(last=last):
            pass
        return Response(status=status)


for _row in (
    endpoints.OPEN,
    endpoints.VOUCH,
    endpoints.PURGED,
    endpoints.EXPORT,
    endpoints.REFER,
    endpoints.APPROVE,
):
    _serve(_row)
for _row in (endpoints.SHUT_OUT, endpoints.UNSAY):
    _serve(_row, last=True)
# The log holds the sentence. Which findings there are, the desk doesn't know.
_serve(endpoints.EXPLAIN, status=201)
