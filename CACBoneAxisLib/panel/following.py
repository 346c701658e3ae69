"""Which reading the panel shows: that of the chosen volume, through closing and loading of scenes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin

from CACBoneAxisLib.mrml.parameternodes import find_reading
from CACBoneAxisLib.mrml.volumes import is_density
from CACBoneAxisLib.panel.forms import bound_widgets
from CACBoneAxisLib.panel.section import connect


class Following(VTKObservationMixin):
    """Keeps the widgets connected to the scene's choices and to the reading of the volume chosen there.

    Parameters
    ----------
    ui : the panel's widgets by name
    logic : CACBoneAxisLogic
    changed : called with the reading's parameter node, or None, whenever another one is shown
    """

    def __init__(self, ui: Any, logic: Any, changed: Callable[[Any], None]) -> None:
        VTKObservationMixin.__init__(self)
        self.ui = ui
        self.logic = logic
        self.changed = changed
        self.session: Any = None
        self.parameters: Any = None
        self._wanted = False
        self._session_widgets, self._reading_widgets = bound_widgets(ui)
        self._session_tag: Any = None
        self._reading_tag: Any = None
        self._timer = qt.QTimer()

    def setup(self) -> None:
        """Listen to the scene."""
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneChanged)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneChanged)
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self.onNodeAboutToBeRemoved)
        self.addObserver(scene, scene.NodeAddedEvent, self.onNodeAdded)
        self._timer.setSingleShot(True)
        connect(self._timer, "timeout()", self.onVolumeAdded)
        self._enable(False)

    def cleanup(self) -> None:
        """Let go of everything."""
        self._timer.stop()
        self.stop()
        self.removeObservers()

    def start(self) -> None:
        """Show the scene's choices and the reading of its volume, from now on; the first CT where none is chosen."""
        self._wanted = True
        if self.session is None:
            self.session = self.logic.getSessionNode()
            self._choose_first()
            self._session_tag = self.session.connectGui(self._session_widgets)
            self.addObserver(self.session, vtk.vtkCommand.ModifiedEvent, self.onSessionChanged)
        else:
            self._choose_first()
        self._follow()

    def stop(self) -> None:
        """Do not follow the scene, as while another module is shown."""
        self._wanted = False
        self._let_go()

    def onSessionChanged(self, caller: Any = None, event: Any = None) -> None:
        """React to another volume, or another choice that is the scene's."""
        # While a scene is loaded, its readings are not all there yet.
        if not slicer.mrmlScene.IsBatchProcessing():
            self._follow()

    def onStartClose(self, caller: Any = None, event: Any = None) -> None:
        """The nodes are about to go."""
        self._let_go()

    def onSceneChanged(self, caller: Any = None, event: Any = None) -> None:
        """A closed scene begins anew, and a loaded one brings its own choices."""
        if self._wanted:
            self._let_go()
            self.start()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, caller: Any, event: Any, node: Any) -> None:
        """A reading goes with its volume."""
        scene = slicer.mrmlScene
        if scene.IsClosing() or self.session is None:
            return
        reading = find_reading(scene, node) if node.IsA("vtkMRMLScalarVolumeNode") else None
        if self.parameters is not None and self.parameters.parameterNode in (node, reading):
            self.session.volume = None
        if reading is not None:
            # The box was proposed for that volume; without it the box limits nothing.
            heart = reading.GetNodeReference("heart")
            scene.RemoveNode(reading)
            if heart is not None:
                scene.RemoveNode(heart)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAdded(self, caller: Any, event: Any, node: Any) -> None:
        """Where no volume is chosen, a scan that is loaded is what the user wants to read."""
        scan = node.IsA("vtkMRMLScalarVolumeNode") and not node.IsA("vtkMRMLLabelMapVolumeNode")
        if scan and self.session is not None and not self.session.volume:
            # Its voxels may come a moment after the node.
            self._timer.start()

    def onVolumeAdded(self) -> None:
        """Choose a scan that was loaded while the panel was open."""
        scene = slicer.mrmlScene
        if self.session is not None and not scene.IsClosing() and not scene.IsBatchProcessing():
            self._choose_first()

    def _choose_first(self) -> None:
        if not self.session.volume:
            self.session.volume = first_volume(slicer.mrmlScene)

    def _let_go(self) -> None:
        self._show(None)
        if self.session is not None:
            self.removeObserver(self.session, vtk.vtkCommand.ModifiedEvent, self.onSessionChanged)
            self.session.disconnectGui(self._session_tag)
            self.session = None

    def _follow(self) -> None:
        """Show the reading of the chosen volume, unless it is the one shown already."""
        if self.session is None:
            return
        volume = self.session.volume
        shown = self.parameters.parameterNode if self.parameters is not None else None
        if volume is None:
            wanted = None
        elif shown is not None and find_reading(slicer.mrmlScene, volume) is shown:
            wanted = self.parameters
        else:
            wanted = self.logic.getParameterNode()
        self._show(wanted)

    def _show(self, parameters: Any) -> None:
        if parameters is not self.parameters:
            if self.parameters is not None:
                self.parameters.disconnectGui(self._reading_tag)
            self.parameters = parameters
            if parameters is not None:
                self._reading_tag = parameters.connectGui(self._reading_widgets)
            self._enable(parameters is not None)
        self.changed(parameters)

    def _enable(self, there_is_one: bool) -> None:
        for widget in vars(self._reading_widgets).values():
            widget.enabled = there_is_one


def first_volume(scene: Any) -> Any:
    """Return the first volume of a scene that may be a CT, or None."""
    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode", scene)
    return next((v for v in volumes if not v.IsA("vtkMRMLLabelMapVolumeNode") and not is_density(v)), None)
