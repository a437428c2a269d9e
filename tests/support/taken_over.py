"""The renderer's real child, which does what its file says: run by its name, as a program."""

import os
import struct
from collections.abc import Callable

from intake.triage.files.view.answer import Order, Rendered
from intake.triage.files.view.child import main
from intake.triage.files.view.content import Content


def never_done() -> Rendered:
    """As a file over which a library never comes to an end."""
    while True:
        pass


def breaks_down() -> Rendered:
    """As a library with a fault does."""
    os.abort()


def takes_memory() -> Rendered:
    """More than there is for it."""
    return Rendered(media=bytes(1 << 40))


def talks_on() -> Rendered:
    """An answer without an end."""
    while True:
        os.write(1, bytes(1 << 16))


def lies() -> Rendered:
    """An answer of another's making."""
    head = b'{"sort": "a safe file"}'
    os.write(1, struct.pack(">I", len(head)) + head)
    os._exit(0)


DOES: dict[bytes, Callable[[], Rendered]] = {
    each.__name__.encode(): each for each in (never_done, breaks_down, takes_memory, talks_on, lies)
}


def obey(content: Content, _order: Order) -> Rendered:
    """What would be a renderer."""
    return DOES[content.data[:]]()


if __name__ == "__main__":
    main(lambda _: obey)
