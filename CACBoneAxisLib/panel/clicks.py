"""Clicks in the slice views, while somebody waits for them.

Slicer's place mode places on drags too and makes preview points while hovering; here a press
and a release at one place are a click, and everything else (window, zoom, scroll, handles)
goes on as always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import slicer

# Farther than this between press and release is a drag.
CLICK_PIXELS = 4
# Before Slicer's own interactions, which would take a double click for a wish to maximise the view.
FIRST = 10.0

Handler = Callable[[tuple[float, float, float]], Any]


class Clicks:
    """Tells one handler at a time where in the patient a slice view was clicked.

    Parameters
    ----------
    views : returns the (interactor, slice node) of each view that is there now
    """

    def __init__(self, views: Callable[[], Iterable[tuple[Any, Any]]] | None = None) -> None:
        self.views = views or slice_views
        self._handler: Handler | None = None
        self._observed: list[tuple[Any, int]] = []
        self._pressed: dict[int, tuple[int, int]] = {}

    def take(self, handler: Handler | None) -> None:
        """Send clicks to a handler, which gets RAS mm; None gives them back to Slicer alone."""
        self._handler = handler
        self._let_go()
        if handler is None:
            return
        for interactor, node in self.views():
            self._observe(interactor, "LeftButtonPressEvent", self._press)
            self._observe(interactor, "LeftButtonReleaseEvent", self._release_in(node))
            self._observe(interactor, "LeftButtonDoubleClickEvent", self._double)

    @property
    def observed(self) -> bool:
        """Whether any view is watched."""
        return bool(self._observed)

    def _observe(self, interactor: Any, event: str, call: Callable[[Any, str], None]) -> None:
        tags: list[int] = []

        def called(caller: Any, name: str) -> None:
            if call(caller, name):
                caller.GetCommand(tags[0]).SetAbortFlag(1)

        tags.append(interactor.AddObserver(event, called, FIRST))
        self._observed.append((interactor, tags[0]))

    def _let_go(self) -> None:
        for interactor, tag in self._observed:
            interactor.RemoveObserver(tag)
        self._observed.clear()
        self._pressed.clear()

    def _press(self, interactor: Any, event: str) -> bool:
        self._pressed[id(interactor)] = interactor.GetEventPosition()
        return False

    def _double(self, interactor: Any, event: str) -> bool:
        # The second of two fast clicks is one more press; it must not maximise the view.
        self._press(interactor, event)
        return True

    def _release_in(self, node: Any) -> Callable[[Any, str], bool]:
        def release(interactor: Any, event: str) -> bool:
            pressed = self._pressed.pop(id(interactor), None)
            x, y = interactor.GetEventPosition()
            if pressed is None or max(abs(x - pressed[0]), abs(y - pressed[1])) > CLICK_PIXELS:
                return False
            if self._handler is not None:
                self._handler(ras_at(node, x, y))
            return False

        return release


def ras_at(slice_node: Any, x: float, y: float) -> tuple[float, float, float]:
    """Return where in the patient (RAS mm) a pixel of a slice view lies."""
    right, anterior, superior, _ = slice_node.GetXYToRAS().MultiplyPoint((x, y, 0.0, 1.0))
    return right, anterior, superior


def slice_views() -> list[tuple[Any, Any]]:
    """Return the (interactor, slice node) of every slice view of the layout; none without a main window."""
    layout = getattr(slicer.app, "layoutManager", None)
    manager = layout() if layout is not None else None
    if manager is None:
        return []
    widgets = [manager.sliceWidget(name) for name in manager.sliceViewNames()]
    return [(widget.sliceView().interactor(), widget.mrmlSliceNode()) for widget in widgets]
