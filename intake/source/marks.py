"""What each view costs and what its form brings: every view bears its mark, and limits and room go by that."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, ParamSpec, TypeVar

from flask import Flask, current_app, request

P = ParamSpec("P")
R = TypeVar("R")

_MARK = "mark"


class Cost(Enum):
    """What a request to a view is counted as, beside being a page."""

    NOTHING = auto()
    """Not even as a page: leaving must always work, and the way out must not look broken."""
    PAGE = auto()
    WORDS = auto()
    """Its form makes eight words, or tries some."""
    SENDING = auto()
    """Its form changes what is stored."""


class Brings(Enum):
    """What the form of a view brings."""

    NOTHING = auto()
    TEXT = auto()
    FILES = auto()
    """It reads its body itself, while that arrives."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a view costs, what its form brings, and what reads that far enough to be shown again if it is refused."""

    cost: Cost
    brings: Brings = Brings.NOTHING
    read_refused: Callable[[], None] | None = None


class UnmarkedViewError(RuntimeError):
    """A view without a mark."""


def marked(
    cost: Cost, brings: Brings = Brings.NOTHING, read_refused: Callable[[], None] | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a view."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, _MARK, Mark(cost, brings, read_refused))
        return view

    return mark


def mark_of(view: Callable[..., Any]) -> Mark:
    """The mark of a view; `UnmarkedViewError` if it has none."""
    mark = getattr(view, _MARK, None)
    if not isinstance(mark, Mark):
        raise UnmarkedViewError(f"{view.__qualname__} bears no mark")
    return mark


def mark_here() -> Mark:
    """The mark of the view of the current request; that of a page where there is no view."""
    view = current_app.view_functions.get(request.endpoint or "")
    return Mark(Cost.PAGE) if view is None else mark_of(view)


def mark_static(app: Flask) -> None:
    """Mark Flask's own view of static files."""
    static = app.view_functions["static"]

    @marked(Cost.NOTHING)
    def view(**values: Any) -> Any:
        return static(**values)

    app.view_functions["static"] = view
