"""The panel: its sections, and when the scan is analysed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.mrml.parameters import (
    existing_regions,
    nodes_from_parameters,
    seeds_given,
    settings_from_parameters,
)
from CACBoneAxisLib.mrml.scene import find_result, is_current, result_mapping
from CACBoneAxisLib.panel.bone import BoneSection
from CACBoneAxisLib.panel.calcium import CalciumSection
from CACBoneAxisLib.panel.patient import PatientSection
from CACBoneAxisLib.panel.progress import CancelledError, Progress
from CACBoneAxisLib.panel.report import ReportSection, documents_folder
from CACBoneAxisLib.panel.scan import ScanSection
from CACBoneAxisLib.panel.section import Section, connect, enable, set_text
from CACBoneAxisLib.study import Settings

SECTIONS = (ScanSection, PatientSection, CalciumSection, BoneSection, ReportSection)

# After the last of a burst of changes (a drag is 18 events); long enough to end the burst,
# short enough to feel immediate.
LIVE_UPDATE_DELAY_MS = 300


class Panel(VTKObservationMixin):
    """Shows the parameter node and the result of its volume, and analyses when asked.

    Parameters
    ----------
    ui : the widgets of CACBoneAxis.ui by name
    logic : CACBoneAxisLogic
    """

    def __init__(self, ui: Any, logic: Any) -> None:
        VTKObservationMixin.__init__(self)
        self.ui = ui
        self.logic = logic
        self.parameters: Any = None
        self.progress: Progress | None = None
        self._vertebrae_changed = False
        self._shown: tuple[Any, int] | None = None
        self._watched: list[Any] = []
        self.sections: list[Section] = [section(self) for section in SECTIONS]

    def setup(self) -> None:
        """Connect every widget, once."""
        self.timer = qt.QTimer()
        self.timer.setSingleShot(True)
        self.timer.setInterval(LIVE_UPDATE_DELAY_MS)
        connect(self.timer, "timeout()", self.onLiveUpdate)
        connect(self.ui.applyButton, "clicked()", self.onApply)
        connect(self.ui.cancelButton, "clicked()", self.onCancel)
        self.ui.progressBar.visible = False
        self.ui.cancelButton.visible = False
        for section in self.sections:
            section.setup()
        self.addObserver(slicer.mrmlScene, slicer.vtkMRMLScene.NodeRemovedEvent, self.onNodeRemoved)
        self.refresh()

    def cleanup(self) -> None:
        """Let go of the scene; the widgets go with their parent."""
        self.timer.stop()
        self.setParameters(None)
        for section in self.sections:
            section.cleanup()
        self.removeObservers()

    def setParameters(self, parameters: Any) -> None:
        """Show another parameter node; None while there is none (scene closing, module left)."""
        if self.parameters is not None:
            self.removeObserver(self.parameters, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
        self.parameters = parameters
        if parameters is not None:
            if str(parameters.outputFolder) in ("", "."):
                parameters.outputFolder = documents_folder()
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
        self.refresh()

    def refresh(self) -> None:
        """Show what the parameter node and the scene hold now."""
        self._watch()
        for section in self.sections:
            section.update(self.parameters)
        self._show_result()
        enable(self.ui.applyButton, self.missing(), _("Analyse the scan with these choices"))
        self.ui.liveUpdateCheckBox.enabled = self.parameters is not None

    def missing(self) -> str:
        """Return what keeps Apply from working, in words; empty where nothing does."""
        if self.parameters is None or self.parameters.volume is None:
            return _("Choose a CT volume in the section Scan first.")
        if self.progress is not None:
            return _("An analysis is running.")
        regions, vertebrae = existing_regions(self.parameters), self.parameters.vertebrae
        if seeds_given(self.parameters) is None and not regions and vertebrae is None:
            return _("Place a seed, say that no calcification was found, or add the region of a vertebra first.")
        return ""

    def result(self) -> Any:
        """Return the result node of the current volume, or None."""
        if self.parameters is None or self.parameters.volume is None:
            return None
        return find_result(slicer.mrmlScene, self.parameters.volume)

    @property
    def changed_since_result(self) -> bool:
        """Whether there is a result, and it was made from something else than what is there now."""
        record = self.result()
        if record is None:
            return False
        try:
            settings = Settings.from_mapping(settings_from_parameters(self.parameters))
        except UnusableInputError:
            return True
        return self._vertebrae_changed or not is_current(record, nodes_from_parameters(self.parameters), settings)

    def result_mapping(self) -> Any:
        """Return the result mapping of the current volume, or None."""
        record = self.result()
        return result_mapping(record) if record is not None and record.GetText() else None

    # What happens outside

    def onParametersChanged(self, caller: Any = None, event: Any = None) -> None:
        """React to a choice."""
        self.inputChanged()

    def inputChanged(self, caller: Any = None, event: Any = None) -> None:
        """React to a seed, a region or a choice that may no longer be what the result was made with."""
        self.refresh()
        wanted = self.parameters is not None and self.parameters.liveUpdate and not self.missing()
        if wanted and (self.changed_since_result or self.result() is None):
            self.timer.start()

    def vertebraeChanged(self, caller: Any = None, event: Any = None) -> None:
        """React to a segmentation of vertebrae that was edited: its voxels are not compared, the event counts."""
        self._vertebrae_changed = True
        self.inputChanged()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeRemoved(self, caller: Any, event: Any, node: Any) -> None:
        """React to a node that a user deleted under the panel."""
        if self.parameters is None or slicer.mrmlScene.IsClosing():
            return
        if any(node is watched for watched in self._watched) or node.IsA("vtkMRMLTextNode"):
            self._shown = None
            self.inputChanged()

    # Analysing

    def onApply(self) -> None:
        """Analyse now; an error is one sentence in the panel."""
        if self.missing():
            return
        parameters = self.parameters
        self.timer.stop()
        self.progress = Progress(self.ui.progressBar, self.ui.cancelButton)
        set_text(self.ui.messageLabel, "")
        try:
            enable(self.ui.applyButton, self.missing(), "")
            self.logic.analyzeNodes(
                nodes_from_parameters(parameters),
                settings_from_parameters(parameters),
                progress=self.progress,
                labelVolume=parameters.makeLabelVolume,
            )
            message, self._vertebrae_changed = "", False
        except CancelledError:
            message = _("Cancelled; the last result stays.")
        except UnusableInputError as error:
            message = str(error)
        finally:
            self.progress = None
            self.ui.progressBar.visible = False
            self.ui.cancelButton.visible = False
        self.refresh()
        if message:
            set_text(self.ui.messageLabel, message)

    def onLiveUpdate(self) -> None:
        """Analyse a moment after the last change."""
        if self.parameters is not None and self.parameters.liveUpdate:
            self.onApply()

    def onCancel(self) -> None:
        """End the running analysis at its next step."""
        if self.progress is not None:
            self.progress.cancel()

    def _show_result(self) -> None:
        record = self.result()
        shown = (record, record.GetMTime()) if record is not None else None
        if shown != self._shown or shown is None:
            mapping = self.result_mapping()
            for section in self.sections:
                section.show(mapping)
            self._shown = shown
        stale = self.changed_since_result
        set_text(self.ui.messageLabel, _("Changed since the last analysis: press Apply.") if stale else "")

    def _watch(self) -> None:
        """Observe the seeds and regions that are chosen now, and no others."""
        chosen: list[Any] = []
        if self.parameters is not None:
            chosen = [node for node in (self.parameters.seeds, self.parameters.vertebrae) if node is not None]
            chosen += existing_regions(self.parameters)
        if [id(node) for node in chosen] == [id(node) for node in self._watched]:
            return
        for node in self._watched:
            for event in _input_events(node):
                self.removeObserver(node, event, self._handler(node))
        for node in chosen:
            for event in _input_events(node):
                self.addObserver(node, event, self._handler(node))
        self._watched = chosen
        self._vertebrae_changed = False

    def _handler(self, node: Any) -> Callable[..., None]:
        return self.vertebraeChanged if node.IsA("vtkMRMLSegmentationNode") else self.inputChanged


def _input_events(node: Any) -> tuple[int, ...]:
    """Return the events with which a node says that an analysis would come out differently."""
    moved = slicer.vtkMRMLTransformableNode.TransformModifiedEvent
    if node.IsA("vtkMRMLSegmentationNode"):
        return (slicer.vtkSegmentation.SourceRepresentationModified, moved)
    placed = slicer.vtkMRMLMarkupsNode
    return (placed.PointModifiedEvent, placed.PointPositionDefinedEvent, placed.PointRemovedEvent, moved)
