"""Detect clicks in the slice views while a handler waits for them.

Slicer's place mode also reacts to drags and adds preview points while hovering. Here press and
release at one position are a click; window, zoom, scroll and handles work as usual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from CACBoneAxisLib.panel.sliceviews import SliceView, slice_views

# A press and release at least this far apart are a drag.
CLICK_PIXELS = 4
# Ahead of Slicer's own interactions, which maximise the view on a double click.
FIRST = 10.0

Handler = Callable[[tuple[float, float, float]], Any]
Mover = Callable[[SliceView, tuple[int, int] | None], Any]


class Clicks:
    """Calls one handler at a time with the position of a click in a slice view.

    A standing handler gets the clicks that no other handler takes.

    Parameters
    ----------
    views : returns the (interactor, slice node) of each current view
    """

    def __init__(self, views: Callable[[], Iterable[tuple[Any, Any]]] | None = None) -> None:
        self.views = views or slice_views
        self._handler: Handler | None = None
        self._standing: Handler | None = None
        self._mover: Mover | None = None
        self._observed: list[tuple[Any, int]] = []
        self._pressed: dict[int, tuple[int, int]] = {}
        # The view of the last click.
        self.clicked: SliceView | None = None

    def take(self, handler: Handler | None) -> None:
        """Send clicks (RAS mm) to a handler; None returns them to the standing one."""
        self._handler = handler
        self.look_again()

    def stand(self, handler: Handler | None, mover: Mover | None = None) -> None:
        """Set the standing handler for other clicks; None leaves them to Slicer.

        Parameters
        ----------
        mover : called with the view and the pixel under the mouse, None on leaving
        """
        self._standing, self._mover = handler, mover
        self.look_again()

    @property
    def observed(self) -> bool:
        """Whether any view is observed."""
        return bool(self._observed)

    def look_again(self) -> None:
        """Observe the current views, as after a layout change."""
        self._let_go()
        if self._handler is None and self._standing is None:
            return
        for interactor, node in self.views():
            view = SliceView(interactor, node)
            self._observe(interactor, "LeftButtonPressEvent", self._press)
            self._observe(interactor, "LeftButtonReleaseEvent", self._release_in(view))
            self._observe(interactor, "LeftButtonDoubleClickEvent", self._double)
            if self._mover is not None:
                self._observe(interactor, "MouseMoveEvent", self._moved_in(view))
                self._observe(interactor, "LeaveEvent", self._left(view))

    def _observe(self, interactor: Any, event: str, call: Callable[[Any, str], bool]) -> None:
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
        self._pressed.pop(id(interactor), None)
        # Slicer uses modifier keys with the mouse: pan, slice rotation, crosshair.
        if not (interactor.GetControlKey() or interactor.GetShiftKey() or interactor.GetAltKey()):
            self._pressed[id(interactor)] = interactor.GetEventPosition()
        return False

    def _double(self, interactor: Any, event: str) -> bool:
        # The second of two fast clicks is another press and must not maximise the view.
        self._press(interactor, event)
        return True

    def _release_in(self, view: SliceView) -> Callable[[Any, str], bool]:
        def release(interactor: Any, event: str) -> bool:
            pressed = self._pressed.pop(id(interactor), None)
            x, y = interactor.GetEventPosition()
            if pressed is None or max(abs(x - pressed[0]), abs(y - pressed[1])) >= CLICK_PIXELS:
                return False
            self.clicked = view
            handler = self._handler or self._standing
            if handler is not None:
                handler(view.ras_at(x, y))
            return False

        return release

    def _moved_in(self, view: SliceView) -> Callable[[Any, str], bool]:
        def moved(interactor: Any, event: str) -> bool:
            if self._mover is not None:
                self._mover(view, interactor.GetEventPosition())
            return False

        return moved

    def _left(self, view: SliceView) -> Callable[[Any, str], bool]:
        def left(interactor: Any, event: str) -> bool:
            if self._mover is not None:
                self._mover(view, None)
            return False

        return left
