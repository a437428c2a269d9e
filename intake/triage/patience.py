"""Waiting for what may take long, and no longer than that: it goes on by itself."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import Any


def in_thread(run: Callable[..., Any], *arguments: Any, **named: Any) -> "Future[Any]":
    """Call `run` in a thread that ends with the process; what it returns or raises."""
    future: Future[Any] = Future()

    def call() -> None:
        try:
            future.set_result(run(*arguments, **named))
        except BaseException as error:  # noqa: BLE001 - raised again by `result`
            future.set_exception(error)

    Thread(target=call, daemon=True).start()
    return future


def is_done(future: "Future[Any]", seconds: float) -> bool:
    """Wait so many seconds at most; whether it is done, and raise what it raised."""
    wait([future], timeout=seconds)
    if future.done():
        future.result()
    return future.done()
