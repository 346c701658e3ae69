"""Show candidates inside the heart box; list rejected candidates with reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
import vtk
from slicer.util import VTKObservationMixin

from CACBoneAxisLib.calcium.heart import HeartRegion
from CACBoneAxisLib.calcium.screening import Reason, ScreenedCandidate, Screening, screen_candidates
from CACBoneAxisLib.calcium.seeds import seeds_from
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.mrml import candidatenodes as overlay
from CACBoneAxisLib.mrml.inputs import ReadingNodes, inputs_from_nodes
from CACBoneAxisLib.mrml.labels import segments_state
from CACBoneAxisLib.mrml.layout import reading_place
from CACBoneAxisLib.mrml.markups import box_from_node, points_from_node
from CACBoneAxisLib.mrml.protocols import clicking_protocol
from CACBoneAxisLib.mrml.views import jump_to
from CACBoneAxisLib.reading.host import Progress
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.reading.reading import Reading
from CACBoneAxisLib.reading.words import reason_words
from CACBoneAxisLib.reading.workspace import Workspace

# Bone and small components are filtered only after the last change of threshold or box.
SETTLE_MS = 250
# Rejection reasons worth listing, and the maximum number listed for each.
LISTED: tuple[Reason, ...] = ("large", "outside", "aorta", "airway")
MOST_LISTED = 20


class CandidateLayer(VTKObservationMixin):
    """Shows the current candidates as a translucent layer and explains rejected ones.

    Parameters
    ----------
    workspace : of the scene
    changed : called when :attr:`sentence` or :attr:`left_out` changes
    """

    def __init__(self, workspace: Workspace, changed: Callable[[], None]) -> None:
        VTKObservationMixin.__init__(self)
        self.workspace = workspace
        self.on = False
        self.sentence = ""
        self.left_out: list[ScreenedCandidate] = []
        self.settling = workspace.defer(SETTLE_MS, self.settle)
        self._changed = changed
        self._shown: Any = None
        self._node: Any = None
        self._box: Any = None
        self._screening: tuple[Any, Screening] | None = None

    def switch(self, on: bool) -> None:
        """Show the layer from the next :meth:`update`, or remove it from the views."""
        self.on = on
        if not on:
            self._hide()

    def cleanup(self) -> None:
        """Stop observing the scene."""
        self.settling.stop()
        self.switch(False)
        self.removeObservers()

    def update(self) -> None:
        """Update the layer for the current threshold, box and lesions."""
        reading = self.workspace.reading
        self._observe(reading.parameters.heart if reading is not None else None)
        if reading is None or not self.on or not self.workspace.session.showCandidates:
            self.settling.stop()
            self._hide()
            if reading is None:
                self._say("")
            return
        state = self._state(reading)
        if state is None or state == self._shown:
            return
        known = self._shown is not None and self._shown[:2] == state[:2]
        if known and self._shown[2] == state[2]:
            # Only lesions were added or removed, so the candidates themselves are unchanged.
            self._show(reading, state)
            return
        if known:
            self._preview(reading)
        self.settling.start()

    def settle(self) -> None:
        """Find the candidates for the current threshold and box."""
        reading = self.workspace.reading
        if reading is None or not self.on:
            return
        if self.workspace.busy:
            self.settling.start()
            return
        message = self.workspace.host.run(lambda progress: self._list(reading, progress))
        if message:
            self._say(message)

    def propose(self) -> None:
        """Place the heart box at the detected heart."""
        reading = self.workspace.reading
        if reading is None:
            return
        try:
            box = overlay.proposed_box(reading.analysis.image, self._region(reading))
        except UnusableInputError as error:
            self._say(str(error))
            return
        if box is None:
            self._say(no_heart())
            return
        reading.put_heart(box)
        self.workspace.input_changed()

    def look_at(self, number: int) -> None:
        """Show a rejected candidate in the slice views."""
        jump_to(swap_ras_lps(self.left_out[number].position_mm))

    def _list(self, reading: Reading, progress: Progress) -> None:
        state = self._state(reading)
        if state is None:
            return
        analysis, parameters = reading.analysis, reading.parameters
        protocol = clicking_protocol(parameters, analysis)
        progress(_("Looking for the heart"), 0.1)
        heart = self._region(reading)
        if parameters.limitToHeart and parameters.heart is None:
            box = overlay.proposed_box(analysis.image, heart)
            if box is not None:
                reading.put_heart(box)
                reading.history.forget_change()
                self._observe(parameters.heart)
                look_at_heart(reading)
                state = self._state(reading)
        progress(_("Looking for candidates"), 0.5)
        candidates = analysis.cache.candidates(protocol)
        limit = overlay.heart_of(parameters)
        screening = screen_candidates(analysis.image, candidates, protocol, heart if limit is not None else None, limit)
        self._screening = (state[:3], screening)
        self._show(reading, state)
        progress(_("Looking for candidates"), 0.9)
        self._show_counts(screening, heart)

    def _show(self, reading: Reading, state: Any) -> None:
        if self._screening is None or self._screening[0] != state[:3]:
            self.settling.start()
            return
        parameters, analysis = reading.parameters, reading.analysis
        taken = []
        if parameters.seeds is not None and parameters.seeds.GetNumberOfDefinedControlPoints():
            seeds = seeds_from([points_from_node(parameters.seeds)])
            lesions, _remarks = analysis.cache.lesions(seeds, clicking_protocol(parameters, analysis))
            taken = [lesion.mask for lesion in lesions if lesion.mask is not None]
        crop = overlay.crop_of(analysis.image, overlay.heart_of(parameters))
        self._put(reading, crop, overlay.candidate_labels(self._screening[1], crop, taken))
        self._shown = state

    def _preview(self, reading: Reading) -> None:
        image = reading.analysis.image
        crop = overlay.crop_of(image, overlay.heart_of(reading.parameters))
        threshold_hu = clicking_protocol(reading.parameters, reading.analysis).threshold_hu
        self._put(reading, crop, overlay.above(image, threshold_hu, crop))

    def _put(self, reading: Reading, crop: overlay.Crop, labels: Any) -> None:
        if not labels.size:
            self._hide()
            return
        scene = self.workspace.scene
        with reading.holding():
            self._node = overlay.show_labels(scene, reading.analysis.image, crop, labels)
        self._keep_layer()
        for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode", scene):
            if not self.hasObserver(composite, vtk.vtkCommand.ModifiedEvent, self._on_layers_changed):
                self.addObserver(composite, vtk.vtkCommand.ModifiedEvent, self._on_layers_changed)

    def _hide(self) -> None:
        self.removeObservers(self._on_layers_changed)
        if self.workspace.reading is not None:
            self.workspace.reading.guard.hidden = ""
        if self._node is not None:
            overlay.hide_layer(self._node, self.workspace.scene)
            self._node = None
        self._shown = None

    def _keep_layer(self) -> str:
        """Show the layer where no other label volume is shown; return what hides it elsewhere, in words."""
        scene, reading = self.workspace.scene, self.workspace.reading
        overlay.show_layer(self._node, scene)
        other = overlay.hidden_by(self._node, scene)
        words = _("The candidates are hidden by {name}: hide that label volume, and they are back.")
        sentence = "" if other is None else str(words.format(name=other.GetName()))
        if reading is not None:
            reading.guard.hidden = sentence
        return sentence

    def _on_layers_changed(self, caller: Any = None, event: Any = None) -> None:
        """Bring the candidates back once another label volume is gone, and say what hides them while it is not."""
        reading = self.workspace.reading
        if self._node is None or reading is None or self.workspace.scene.IsClosing():
            return
        before = reading.guard.hidden
        if self._keep_layer() != before:
            self.workspace.host.refresh()

    def _show_counts(self, screening: Screening, heart: HeartRegion | None) -> None:
        words = reason_words()
        counts = [f"{count} {words[reason]}" for reason, count in screening.counts.items() if count]
        lines = [_("{count} candidates.").format(count=screening.offered)]
        if counts:
            lines.append(_("Left out: {counts}.").format(counts=", ".join(counts)))
        if heart is None:
            lines.append(no_heart())
        self.left_out = [one for reason in LISTED for one in screening.largest(reason, MOST_LISTED)]
        self._say(" ".join(lines))

    def _say(self, sentence: str) -> None:
        self.sentence = sentence
        self._changed()

    def _region(self, reading: Reading) -> HeartRegion | None:
        """Return the heart region, from the reading's segmentation if it has one."""
        nodes = ReadingNodes(reading.volume, heart=reading.parameters.heartSegmentation)
        return reading.analysis.heart_region(inputs_from_nodes(nodes, image=reading.analysis.image))

    def _state(self, reading: Reading) -> Any:
        """Return the layer's inputs (volume, box, rules, lesions); None if unreadable."""
        parameters = reading.parameters
        try:
            protocol = clicking_protocol(parameters, reading.analysis)
            box = overlay.heart_of(parameters)
            segmentation = parameters.heartSegmentation
            segments = None if segmentation is None else segments_state(segmentation)
            points = () if parameters.seeds is None else points_from_node(parameters.seeds).points
        except UnusableInputError:
            return None
        return (reading.volume.GetID(), bool(parameters.limitToHeart), (box, protocol, segments), points)

    def _observe(self, box: Any) -> None:
        if box is not self._box:
            self.removeObservers(self._on_box_moved)
            self._box = box
            if box is not None:
                self.addObserver(box, slicer.vtkMRMLMarkupsNode.PointModifiedEvent, self._on_box_moved)

    def _on_box_moved(self, caller: Any = None, event: Any = None) -> None:
        self.workspace.input_changed()


def no_heart() -> str:
    """Return the sentence for a scan without a detected heart."""
    return str(_("The heart was not found between the lungs: nothing limits the candidates."))


def look_at_heart(reading: Reading | None) -> None:
    """Centre the views on the heart box, the sagittal view on the spine.

    Does nothing without a box.
    """
    heart = reading.parameters.heart if reading is not None else None
    if reading is not None and heart is not None:
        jump_to(swap_ras_lps(reading_place(reading.analysis.image, box_from_node(heart))))
