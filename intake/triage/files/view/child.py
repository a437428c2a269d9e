"""The process that makes a page of a file: everything that reads what strangers sent in their own formats runs here.

It is started anew for each page, gets the file in memory and its order on stdin, imports what this one renderer needs,
shuts itself in for good, and only then looks at the first byte. It answers on stdout.
"""

import fcntl
import os
import select
import sys
from collections.abc import Callable
from importlib import import_module

from intake.triage.files.view.answer import Failure, Order, Rendered, RenderError, failed, parse_order
from intake.triage.files.view.content import Content
from intake.triage.files.view.kinds import Renderer
from intake.triage.files.view.sandbox import Limits, SandboxError, enter
from intake.triage.hardening import harden

MEMORY = 1 << 30
"""Bytes that it may use beside the file itself."""

Render = Callable[[Content, Order], Rendered]


def find(renderer: Renderer) -> Render:
    """What makes a page of a file of this kind; imports it and all that it will ever need."""
    render: Render = import_module(f"intake.triage.files.view.renderers.{renderer}").render
    return render


def main(find: Callable[[Renderer], Render] = find) -> None:
    """Carry out one order."""
    harden()
    order = parse_order(sys.stdin.buffer.readline())
    _end_with_parent()
    content = Content(order.descriptor)
    render = find(order.renderer)
    try:
        enter(Limits(order.seconds, MEMORY + content.size))
    except SandboxError:
        answer = failed(Failure.NO_SANDBOX)
    else:
        answer = _answer(render, content, order)
    while answer:
        answer = answer[os.write(1, answer) :]
    # At once: nothing that a library would still do at the end is wanted.
    os._exit(0)


def _answer(render: Render, content: Content, order: Order) -> bytes:
    try:
        return render(content, order).to_bytes()
    except RenderError as error:
        return failed(error.why)
    except MemoryError:
        return failed(Failure.MEMORY)
    except Exception:  # noqa: BLE001 - whatever a library makes of what strangers wrote
        return failed(Failure.DAMAGED)


def _end_with_parent() -> None:
    """Be killed when the other end of stdin is closed, in the midst of whatever: SIGIO ends who doesn't handle it."""
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([0], [], [], 0)[0]:
        os._exit(1)


if __name__ == "__main__":
    main()
