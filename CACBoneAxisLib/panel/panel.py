"""The panel: its sections, and when the scan is analysed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.mrml.parameters import (
    nodes_from_parameters,
    settings_from_parameters,
)
from CACBoneAxisLib.mrml.trail import note_action
from CACBoneAxisLib.panel.batch import BatchSection
from CACBoneAxisLib.panel.bone import BoneSection
from CACBoneAxisLib.panel.calcium import CalciumSection
from CACBoneAxisLib.panel.calibration import CalibrationSection
from CACBoneAxisLib.panel.candidates import CandidatesSection
from CACBoneAxisLib.panel.clicks import Clicks
from CACBoneAxisLib.panel.compare import CompareSection
from CACBoneAxisLib.panel.following import Following
from CACBoneAxisLib.panel.forms import release_forms
from CACBoneAxisLib.panel.layout import ViewsSection
from CACBoneAxisLib.panel.lesions import LesionTools
from CACBoneAxisLib.panel.locking import Lock
from CACBoneAxisLib.panel.patient import PatientSection
from CACBoneAxisLib.panel.progress import CancelledError, Progress
from CACBoneAxisLib.panel.protocol import ProtocolSection
from CACBoneAxisLib.panel.quickstart import QuickStartSection
from CACBoneAxisLib.panel.regions import RegionsSection
from CACBoneAxisLib.panel.report import ReportSection, documents_folder
from CACBoneAxisLib.panel.rescoring import Rescoring
from CACBoneAxisLib.panel.results import Results
from CACBoneAxisLib.panel.scan import ScanSection
from CACBoneAxisLib.panel.section import Section, connect, enable, set_text
from CACBoneAxisLib.panel.suggestions import SuggestionsSection
from CACBoneAxisLib.panel.watching import Watching
from CACBoneAxisLib.reading.checking import Checker
from CACBoneAxisLib.reading.trailwords import words_of

SECTIONS = (
    QuickStartSection,
    ViewsSection,
    ScanSection,
    PatientSection,
    CalciumSection,
    LesionTools,
    CandidatesSection,
    SuggestionsSection,
    ProtocolSection,
    RegionsSection,
    CalibrationSection,
    BoneSection,
    ReportSection,
    CompareSection,
    BatchSection,
)

# After the last of a burst of changes (a drag is 18 events); long enough to end the burst,
# short enough to feel immediate.
LIVE_UPDATE_DELAY_MS = 300


class Panel(Rescoring, Results, Watching):
    """Shows the parameter node and the result of its volume, and analyses when asked.

    Parameters
    ----------
    ui : the widgets of CACBoneAxis.ui by name
    logic : CACBoneAxisLogic
    """

    def __init__(self, ui: Any, logic: Any) -> None:
        Rescoring.__init__(self)
        Results.__init__(self)
        Watching.__init__(self)
        self.ui = ui
        self.logic = logic
        self.following = Following(ui, logic, self.setParameters)
        self.parameters: Any = None
        self.lock = Lock(ui)
        self.progress: Progress | None = None
        self._shown: tuple[Any, int] | None = None
        self.checker = Checker(logic.sessions)
        self.clicks = Clicks()
        self.lesions: Any = None
        self.tools: Any = None
        self.views: Any = None
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
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.NodeRemovedEvent, self.onNodeRemoved)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneClosed)
        self.following.setup()

    def enter(self) -> None:
        """Follow the scene."""
        for section in self.sections:
            section.enter()
        self.following.start()

    def exit(self) -> None:
        """Leave the scene to other modules."""
        for section in self.sections:
            section.exit()
        self.following.stop()

    def cleanup(self) -> None:
        """Let go of the scene; the widgets go with their parent."""
        self.timer.stop()
        self.following.cleanup()
        for section in self.sections:
            section.cleanup()
        self.clicks.take(None)
        self._latest = None
        self.removeObservers()
        release_forms(self.ui)

    @property
    def session(self) -> Any:
        """What is chosen for the scene (CACBoneAxisSessionNode); None while there is none."""
        return self.following.session

    def setParameters(self, parameters: Any) -> None:
        """Show another reading; None while there is none (no volume, scene closing, module left)."""
        if parameters is not self.parameters:
            if self.parameters is not None:
                self.removeObserver(self.parameters, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
            self.parameters = parameters
            # What was said was about the other reading.
            for label in (self.ui.clickLabel, self.ui.regionLabel):
                set_text(label, "")
            if parameters is not None:
                self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
        if self.session is not None and str(self.session.outputFolder) in ("", "."):
            self.session.outputFolder = documents_folder()
        self.inputChanged()

    def refresh(self) -> None:
        """Show what the parameter node and the scene hold now."""
        self._changed = None
        if self._watch():
            self._vertebrae_changed = False
        self.lock.release()
        self._show_result()
        for section in self.sections:
            section.update(self.parameters)
        self.lock.apply(self.locked())
        enable(self.ui.applyButton, self.missing(), _("Analyse the scan with these choices"))

    def lesion_chosen(self) -> None:
        """React to another lesion being the chosen one."""
        self.tools.update(self.parameters)

    def say(self, message: str) -> None:
        """Show a sentence below the buttons."""
        set_text(self.ui.messageLabel, message)

    def note_step(self, text: str) -> None:
        """Make a step that can be undone of what was just done, and keep it in the trail.

        Parameters
        ----------
        text : what was done; empty where that has to be told from what differs
        """
        if self.parameters is not None and self.history().note(text):
            step = self.history().done[-1]
            note_action(self.parameters, text or words_of(step), goes_on=not text)

    @property
    def live(self) -> bool:
        """Whether a change is answered without Apply."""
        return self.session is not None and bool(self.session.liveUpdate)

    # What happens outside

    def onSceneClosed(self, caller: Any = None, event: Any = None) -> None:
        """Forget the volumes that were read, and what was done to them."""
        self.checker.clear()
        self.histories.clear()
        self._latest = None

    def onParametersChanged(self, caller: Any = None, event: Any = None) -> None:
        """React to a choice."""
        self.inputChanged()

    def inputChanged(self, caller: Any = None, event: Any = None) -> None:
        """React to a seed, a region or a choice that may no longer be what the result was made with."""
        if self.held:
            return
        self.note_step("")
        self.refresh()
        if self.live and not self.missing() and (self.changed_since_result or self.result() is None):
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
        if not self.missing():
            self.analyze()

    def analyze(self) -> None:
        """Analyse the reading as it is, approved or not; an error is one sentence in the panel."""
        parameters = self.parameters

        def work(progress: Progress) -> None:
            enable(self.ui.applyButton, self.missing(), "")
            result = self.logic.analyzeNodes(
                nodes_from_parameters(parameters),
                settings_from_parameters(parameters),
                progress=progress,
                labelVolume=self.session.makeLabelVolume,
            )
            self.keep_latest(result)

        set_text(self.ui.messageLabel, "")
        self.timer.stop()
        message = self.run(work, self.ui.progressBar, self.ui.cancelButton)
        self.refresh()
        if message:
            set_text(self.ui.messageLabel, message)

    def run(self, work: Callable[[Progress], None], bar: Any, cancel_button: Any) -> str:
        """Do work that tells its progress; return what went wrong in one sentence, empty where nothing did.

        Parameters
        ----------
        bar : the progress bar to show
        cancel_button : the button that ends the work at its next step; None for work that cannot be cancelled
        """
        waiting = self.timer.isActive()
        self.timer.stop()
        self.progress = Progress(bar, cancel_button)
        try:
            work(self.progress)
        except CancelledError:
            return str(_("Cancelled; the last result stays."))
        except (UnusableInputError, OSError) as error:
            return str(error)
        finally:
            self.progress = None
            bar.visible = False
            if cancel_button is not None:
                cancel_button.visible = False
            if waiting:
                # It was an analysis that was waited for; this was other work.
                self.timer.start()
        return ""

    def onLiveUpdate(self) -> None:
        """Analyse a moment after the last change, unless that was done in the meantime."""
        if self.live and (self.changed_since_result or self.result() is None):
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
        stale = self.changed_since_result and not self.live
        set_text(self.ui.messageLabel, _("Changed since the last analysis: press Apply.") if stale else "")
