"""Manage the readings of a scene and the one shown, across scene changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
import vtk
from slicer.util import VTKObservationMixin

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.mrml.analyses import Analyses
from CACBoneAxisLib.mrml.parameternodes import find_reading
from CACBoneAxisLib.mrml.volumes import may_be_scan
from CACBoneAxisLib.reading.checking import Checker
from CACBoneAxisLib.reading.host import CancelledError, Deferred, Host, Progress, SceneClosedError
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.reading.reading import Reading

# Delay after the last change: long enough to merge a drag (18 events), short enough to feel immediate.
LIVE_UPDATE_DELAY_MS = 300


class Workspace(VTKObservationMixin):
    """Follows the scene's choices and holds the reading of the selected volume.

    Parameters
    ----------
    scene : vtkMRMLScene
    host : displays the reading
    session_choices, reading_choices
        return the scene's choices and those of the current reading
        (:class:`~CACBoneAxisLib.mrml.parameternodes.SceneChoices` does, or ``CACBoneAxisLogic``)
    analyses : analyses of the volumes in the scene
    """

    def __init__(
        self,
        scene: Any,
        host: Host,
        session_choices: Callable[[], Any],
        reading_choices: Callable[[], Any],
        analyses: Analyses | None = None,
    ) -> None:
        VTKObservationMixin.__init__(self)
        self.scene = scene
        self.host = host
        self.analyses = analyses or Analyses()
        self.checker = Checker(self.analyses)
        self.session: Any = None
        self.reading: Reading | None = None
        self.busy = False
        self._closings = 0
        self._deferred: list[Deferred] = []
        self.live_update = self.defer(LIVE_UPDATE_DELAY_MS, self.on_live_update)
        self._session_choices, self._reading_choices = session_choices, reading_choices
        self._readings: dict[str, Reading] = {}
        self._wanted = False
        self._volume_added = self.defer(0, self.choose_added)

    def setup(self) -> None:
        """Start observing the scene."""
        scene = self.scene
        self.addObserver(scene, scene.NodeRemovedEvent, self._on_node_removed)
        self.addObserver(scene, scene.StartCloseEvent, self._on_start_close)
        self.addObserver(scene, scene.EndCloseEvent, self._on_closed)
        self.addObserver(scene, scene.EndImportEvent, self._on_scene_changed)
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self._on_node_about_to_be_removed)
        self.addObserver(scene, scene.NodeAddedEvent, self._on_node_added)

    def cleanup(self) -> None:
        """Stop observing the scene and drop its readings."""
        self._stop_deferred()
        self.stop()
        self._forget_readings()
        self.removeObservers()

    def start(self) -> None:
        """Follow the scene; select its first CT if none is selected."""
        self._wanted = True
        if self.session is None:
            self.session = self._session_choices()
            self._choose_first()
            self.host.session_changed(self.session)
            self.addObserver(self.session, vtk.vtkCommand.ModifiedEvent, self._on_session_changed)
        else:
            self._choose_first()
        self._follow()

    def stop(self) -> None:
        """Stop following the scene, as while another module is shown."""
        self._wanted = False
        self._let_go()

    @property
    def live(self) -> bool:
        """Whether changes are analysed without Apply."""
        return self.session is not None and bool(self.session.liveUpdate)

    def defer(self, milliseconds: int, function: Callable[[], None]) -> Deferred:
        """Return a call that can be scheduled; what is scheduled is forgotten when the scene is closed."""
        self._deferred.append(Deferred(self.host, milliseconds, function))
        return self._deferred[-1]

    def run(self, work: Callable[[Progress], object], progress: Progress) -> str:
        """Run work that reports progress; return a one-sentence error or "".

        Work that is running when the scene is closed ends at its next step.
        """
        waiting = self.live_update.waiting
        self.live_update.stop()
        self.busy = True
        closings = self._closings

        def report(message: str, part: float) -> None:
            progress(message, part)
            if self._closings != closings:
                raise SceneClosedError

        try:
            work(report)
        except SceneClosedError:
            waiting = False
        except CancelledError:
            return str(_("Cancelled; the last result stays."))
        except (UnusableInputError, OSError) as error:
            return str(error)
        finally:
            self.busy = False
            if waiting:
                # The pending analysis is still due; this was other work.
                self.live_update.start()
        return ""

    def refresh(self) -> None:
        """Re-read the reading and refresh the display."""
        if self.reading is not None:
            self.reading.look_again()
        self.host.refresh()

    def input_changed(self) -> None:
        """React to a change of anything the result depends on."""
        reading = self.reading
        if reading is not None:
            if reading.held:
                return
            reading.note_step("")
        self.refresh()
        if self._is_due():
            self.live_update.start()

    def on_live_update(self) -> None:
        """Analyse shortly after the last change, unless already done."""
        if self._is_due() and self.reading is not None:
            self.reading.analyze()

    def choose_added(self) -> None:
        """Select a scan loaded while none was selected."""
        if self.session is not None and not self.scene.IsClosing() and not self.scene.IsBatchProcessing():
            self._choose_first()

    def _is_due(self) -> bool:
        reading = self.reading
        if reading is None or not self.live or reading.missing():
            return False
        return reading.changed_since_result or reading.result() is None or reading.overlay_edited()

    # What happens in the scene

    def _on_session_changed(self, caller: Any = None, event: Any = None) -> None:
        # While a scene loads, its readings are incomplete.
        if not self.scene.IsBatchProcessing():
            self._follow()

    def _on_start_close(self, caller: Any = None, event: Any = None) -> None:
        self._closings += 1
        self._let_go()
        self._stop_deferred()

    def _on_closed(self, caller: Any = None, event: Any = None) -> None:
        """Drop the readings, analyses and undo steps."""
        self.checker.clear()
        self.analyses.clear()
        self._forget_readings()
        self._on_scene_changed()

    def _on_scene_changed(self, caller: Any = None, event: Any = None) -> None:
        """Restart with the choices of the loaded scene."""
        if self._wanted:
            self._let_go()
            self.start()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_about_to_be_removed(self, caller: Any, event: Any, node: Any) -> None:
        """Close a reading when its volume is removed."""
        scene = self.scene
        if scene.IsClosing() or self.session is None:
            return
        for reading in self._readings.values():
            reading.guard.miss(node)
        found = find_reading(scene, node) if node.IsA("vtkMRMLScalarVolumeNode") else None
        if self.reading is not None and self.reading.node in (node, found):
            self.session.volume = None
        if found is not None:
            # The box was proposed for that volume and is useless without it.
            heart = found.GetNodeReference("heart")
            self._forget_readings(found.GetID())
            scene.RemoveNode(found)
            if heart is not None:
                scene.RemoveNode(heart)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_removed(self, caller: Any, event: Any, node: Any) -> None:
        """React to the deletion of a node of the reading."""
        for reading in self._readings.values():
            reading.guard.note_loss()
        if self.reading is None or self.scene.IsClosing():
            return
        if self.reading.inputs.observes(node) or node.IsA("vtkMRMLTextNode") or self.reading.guard.told:
            self.input_changed()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_added(self, caller: Any, event: Any, node: Any) -> None:
        """Select a newly loaded scan if none is selected."""
        if may_be_scan(node) and self.session is not None and not self.session.volume:
            # Its voxels may arrive shortly after the node.
            self._volume_added.start()

    def _choose_first(self) -> None:
        if not self.session.volume:
            self.session.volume = first_volume(self.scene)

    def _stop_deferred(self) -> None:
        for call in self._deferred:
            call.stop()

    def _let_go(self) -> None:
        self._show(None)
        if self.session is not None:
            self.removeObserver(self.session, vtk.vtkCommand.ModifiedEvent, self._on_session_changed)
            self.session = None
            self.host.session_changed(None)

    def _follow(self) -> None:
        """Show the reading of the selected volume, unless already shown."""
        if self.session is not None:
            self._show(self._reading_of(self.session.volume) if self.session.volume is not None else None)

    def _forget_readings(self, *node_ids: str) -> None:
        """Forget the readings of these nodes, all where none is named."""
        for node_id in node_ids or tuple(self._readings):
            kept = self._readings.pop(node_id, None)
            if kept is not None:
                kept.forget()

    def _reading_of(self, volume: Any) -> Reading:
        node = find_reading(self.scene, volume)
        kept = self._readings.get(node.GetID()) if node is not None else None
        if kept is None or kept.node is not node:
            kept = Reading(self._reading_choices(), self)
            self._readings[kept.node.GetID()] = kept
        return kept

    def _show(self, reading: Reading | None) -> None:
        if reading is not self.reading:
            if self.reading is not None:
                self.reading.close()
            self.reading = reading
            self.host.reading_changed(reading)
            if reading is not None:
                reading.open()
        self.input_changed()


def first_volume(scene: Any) -> Any:
    """Return the first volume of a scene that may be a CT, or None."""
    return next(filter(may_be_scan, slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode", scene)), None)
