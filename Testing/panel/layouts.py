"""What arranges the views in the application, over MRML's own layout logic: views are nodes here, not windows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import slicer
import vtk
from PySide6.QtCore import Property, QObject, Signal


class LayoutManager(QObject):
    """Imitates qMRMLLayoutManager as far as the panel uses it."""

    layoutChanged = Signal(int)

    def __init__(self, scene: Any) -> None:
        super().__init__()
        self.views: dict[str, Any] = {}
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLScene(scene)
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)

    def layoutLogic(self) -> Any:
        """Return MRML's layout logic."""
        return self._logic

    def mrmlSliceLogics(self) -> Any:
        """Return the logics of the views that are there: none, for want of windows."""
        return vtk.vtkCollection()

    def sliceViewNames(self) -> list[str]:
        """Return the names of the views that are windows, or offscreen ones in their place."""
        return list(self.views)

    def sliceWidget(self, name: str) -> Any:
        """Return the window of a view, as far as clicks go."""
        view = self.views[name]
        return SimpleNamespace(
            mrmlSliceNode=lambda: view.node, sliceView=lambda: SimpleNamespace(interactor=lambda: view.interactor)
        )

    def setLayout(self, layout: int) -> None:
        """Arrange the views; like the application's, does nothing when asked for the arrangement it has."""
        if layout == self._logic.GetLayoutNode().GetViewArrangement():
            return
        self._logic.GetLayoutNode().SetViewArrangement(layout)
        self.layoutChanged.emit(layout)

    def close(self) -> None:
        """Let go of the scene, before it goes."""
        self._logic.SetMRMLScene(None)

    layout = Property(int, lambda self: self._logic.GetLayoutNode().GetViewArrangement(), setLayout)
