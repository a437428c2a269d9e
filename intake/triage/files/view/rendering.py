"""Starts the child that renders a page, gives it the file in memory, and takes its answer; nothing lies on a disk."""

import mmap
import os
import select
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import IO, cast

from intake.triage.files.view import sandbox
from intake.triage.files.view.answer import (
    MOST_ANSWER,
    AnswerError,
    Failure,
    Order,
    Rendered,
    RenderError,
    Size,
    parse_answer,
)
from intake.triage.files.view.kinds import HEAD, SORTS, Look, Renderer, look
from intake.triage.files.view.png import png

SECONDS = {Size.PAGE: 15, Size.COPY: 30, Size.MEDIA: 60}
"""How long a page may take a processor; on the wall, twice as long."""

MODULE = "intake.triage.files.view.child"
_MOST_BYTES = 1 << 30
_AT_ONCE = 2
_F_SEAL_FUTURE_WRITE = 0x10
_PIECE = 1 << 20
_KILLED, _OUT_OF_TIME = -9, -24
"""SIGKILL and SIGXCPU: by these a limit of time ends a child."""


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """A page as it can be shown. `png`: its picture; `failure`: why there is none of it, if so."""

    look: Look
    rendered: Rendered
    png: bytes = b""
    width: int = 0
    height: int = 0
    failure: Failure | None = None

    @property
    def sort(self) -> str:
        """What the file is; a key of `SORTS`."""
        return self.rendered.sort or self.look.sort


class Rendering:
    """Makes pages of files, two at a time, each in a child of its own that ends with it."""

    def __init__(self, module: str = MODULE) -> None:
        self._module = module
        self._places = BoundedSemaphore(_AT_ONCE)
        self._changing = Lock()
        self._children: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def see(self, file: Iterable[bytes], size: int, page: int, want: Size = Size.PAGE) -> Seen:
        """A page of a file, which has so many bytes in all its pieces; raises what they raise."""
        looked = Look("unknown" if size else "empty", ())
        try:
            _require_showable(size)
            with self._places, _in_memory(file, size) as (descriptor, looked):
                order = Order(_renderer(looked), page, want, descriptor, SECONDS[want])
                return _seen(looked, parse_answer(self._answer(order)))
        except RenderError as error:
            return Seen(looked, Rendered(), failure=error.why)
        except AnswerError:
            return Seen(looked, Rendered(), failure=Failure.BROKEN)

    def stop(self) -> None:
        """Render nothing more; children end at once, with all that they hold."""
        with self._changing:
            self._stopped = True
            for child in self._children:
                child.kill()

    def _answer(self, order: Order) -> bytes:
        """All that a child says; `RenderError` if it didn't come to an end by itself."""
        deadline = monotonic() + 2 * order.seconds
        with self._child(order) as child:
            answer = _read(cast("IO[bytes]", child.stdout).fileno(), deadline)
            if answer is None:
                raise RenderError(Failure.TIME)
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(deadline - monotonic(), 0))
        if child.returncode:
            raise RenderError(Failure.TIME if child.returncode in (_KILLED, _OUT_OF_TIME) else Failure.BROKEN)
        return answer

    @contextmanager
    def _child(self, order: Order) -> "Iterator[subprocess.Popen[bytes]]":
        child = subprocess.Popen(  # noqa: S603 - this Python, and a module of this program
            # Another program, and not a fork of this one: nothing of this process's memory is in it, and of what is
            # open only the file. -P as in the supervisor; of the environment nothing but where modules are.
            [sys.executable, "-P", "-s", "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback may hold what a source wrote
            pass_fds=(order.descriptor,),
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )
        orders, told = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
        try:
            with self._changing:
                self._children.add(child)
                if self._stopped:
                    child.kill()
            with suppress(BrokenPipeError):
                orders.write(order.to_line())
                orders.flush()
            yield child
        finally:
            child.kill()
            child.wait()
            with suppress(BrokenPipeError):
                orders.close()
            told.close()
            with self._changing:
                self._children.discard(child)


def _require_showable(size: int) -> None:
    if not sandbox.is_available():
        raise RenderError(Failure.NO_SANDBOX)
    if not size:
        raise RenderError(Failure.NOTHING_IN_IT)
    if size > _MOST_BYTES:
        raise RenderError(Failure.TOO_LARGE)


def _renderer(looked: Look) -> Renderer:
    renderer = SORTS[looked.sort].renderer
    if renderer is None:
        raise RenderError(Failure.NO_RENDERER)
    return renderer


def _seen(looked: Look, rendered: Rendered) -> Seen:
    if rendered.picture is None:
        return Seen(looked, rendered)
    picture = rendered.picture
    return Seen(looked, replace(rendered, picture=None), png(picture), picture.width, picture.height)


@contextmanager
def _in_memory(file: Iterable[bytes], size: int) -> Iterator[tuple[int, Look]]:
    """A file behind a descriptor, once all of it is there, and what it is.

    It is mapped as long as it is there: where this process keeps its memory out of swap, that holds for it. Whoever
    gets the descriptor can't write to it any more.
    """
    descriptor = os.memfd_create("", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, size)
        with mmap.mmap(descriptor, size) as memory:
            for piece in file:
                memory.write(piece)
            _seal(descriptor)
            yield descriptor, look(memory[:HEAD], memory[-HEAD:])
    finally:
        os.close(descriptor)


def _seal(descriptor: int) -> None:
    import fcntl  # noqa: PLC0415 - there is none on Windows

    seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL | _F_SEAL_FUTURE_WRITE
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)


def _read(descriptor: int, deadline: float) -> bytes | None:
    """All that comes, or None if it takes too long or is more than any answer."""
    answer = bytearray()
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while (left := deadline - monotonic()) > 0 and len(answer) <= MOST_ANSWER:
        if poll.poll(1000 * left):
            piece = os.read(descriptor, _PIECE)
            if not piece:
                return bytes(answer)
            answer += piece
    return None
