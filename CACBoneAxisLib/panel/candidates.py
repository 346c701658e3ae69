"""Candidates: what may be calcium shown over the views, the heart's box that limits it, and what is left out."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from CACBoneAxisLib.calcium.screening import ScreenedCandidate, Screening, screen_candidates
from CACBoneAxisLib.calcium.seeds import seeds_from
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.mrml import candidatenodes as overlay
from CACBoneAxisLib.mrml.inputs import ReadingNodes, inputs_from_nodes
from CACBoneAxisLib.mrml.labels import segments_state
from CACBoneAxisLib.mrml.markups import points_from_node
from CACBoneAxisLib.mrml.protocols import clicking_protocol
from CACBoneAxisLib.mrml.tables import headings
from CACBoneAxisLib.panel.section import Section, connect, enable, fill, selected_id, set_text
from CACBoneAxisLib.panel.views import jump_to
from CACBoneAxisLib.reading.words import reason_words
from CACBoneAxisLib.report.numbers import format_value

# After the last change of threshold or box, the bone and what is small are left out again.
SETTLE_MS = 250
# Reasons whose candidates a reader may want to look at, and how many of each.
LISTED = ("large", "outside", "aorta", "airway")
MOST_LISTED = 20


class CandidatesSection(Section, VTKObservationMixin):
    """Shows candidates as a translucent layer and says why others are none."""

    def __init__(self, panel: Any) -> None:
        Section.__init__(self, panel)
        VTKObservationMixin.__init__(self)
        self._entered = False
        self._shown: Any = None
        self._node: Any = None
        self._box: Any = None
        self._listing: tuple[Any, Screening] | None = None
        self._left_out: list[ScreenedCandidate] = []

    def setup(self) -> None:
        """Connect the widgets."""
        self.timer = qt.QTimer()
        self.timer.setSingleShot(True)
        self.timer.setInterval(SETTLE_MS)
        connect(self.timer, "timeout()", self.onSettled)
        connect(self.ui.proposeHeartButton, "clicked()", self.onPropose)
        connect(self.ui.leftOutTable, "itemSelectionChanged()", self.onSelected)
        set_text(self.ui.candidatesLabel, "")
        fill(self.ui.leftOutTable, [], [])

    def enter(self) -> None:
        """Show the layer again."""
        self._entered = True

    def exit(self) -> None:
        """Take the layer out of the views."""
        self._entered = False
        self._hide()

    def cleanup(self) -> None:
        """Let go of the scene."""
        self.timer.stop()
        self.exit()
        self._observe(None)
        self.removeObservers()

    def update(self, parameters: Any) -> None:
        """Follow threshold, box and lesions."""
        missing = "" if parameters is not None else _("Choose a CT volume first.")
        enable(self.ui.proposeHeartButton, missing, _("Put the box around the heart again as it is found by itself."))
        for name in ("showCandidatesCheckBox", "limitToHeartCheckBox"):
            getattr(self.ui, name).enabled = not missing
        self._observe(parameters.heart if parameters is not None else None)
        wanted = self._entered and parameters is not None and bool(self.panel.session.showCandidates)
        if not wanted:
            self.timer.stop()
            self._hide()
            if parameters is None:
                set_text(self.ui.candidatesLabel, "")
            return
        state = self._state(parameters)
        if state is None or state == self._shown:
            return
        known = self._shown is not None and self._shown[:2] == state[:2]
        if known and self._shown[2] == state[2]:
            # Lesions were taken or given back: what may be calcium is what it was.
            self._show(parameters, state)
            return
        if known:
            self._preview(parameters)
        self.timer.start()

    # What a user does

    def onSettled(self) -> None:
        """Show the candidates of the threshold and the box that there are now."""
        parameters = self.panel.parameters
        if parameters is None or not self._entered:
            return
        if self.panel.progress is not None:
            self.timer.start()
            return
        message = self.panel.run(lambda progress: self._list(parameters, progress), self.ui.progressBar, None)
        if message:
            set_text(self.ui.candidatesLabel, message)

    def onPropose(self) -> None:
        """Put the heart's box where it is found."""
        parameters = self.panel.parameters
        try:
            box = overlay.proposed_box(*self._heart(parameters))
        except UnusableInputError as error:
            set_text(self.ui.candidatesLabel, str(error))
            return
        if box is None:
            set_text(self.ui.candidatesLabel, self._no_heart())
            return
        old = parameters.heart
        with self.panel.holding():
            overlay.add_heart_node(parameters, box)
            if old is not None:
                slicer.mrmlScene.RemoveNode(old)
        self.panel.inputChanged()

    def onSelected(self) -> None:
        """Show what was left out in the slice views."""
        chosen = selected_id(self.ui.leftOutTable)
        if chosen:
            jump_to(swap_ras_lps(self._left_out[int(chosen)].position_mm))

    def onBoxChanged(self, caller: Any = None, event: Any = None) -> None:
        """React to the box being moved."""
        self.panel.inputChanged()

    def _list(self, parameters: Any, progress: Any) -> None:
        state = self._state(parameters)
        if state is None:
            return
        session = self.panel.logic.sessions.of(parameters.volume)
        protocol = clicking_protocol(parameters, session)
        progress(_("Looking for the heart"), 0.1)
        heart = self._region(parameters, session)
        if parameters.limitToHeart and parameters.heart is None:
            box = overlay.proposed_box(session.image, heart)
            if box is not None:
                with self.panel.holding():
                    overlay.add_heart_node(parameters, box)
                self.panel.history().forget_change()
                self._observe(parameters.heart)
                self.panel.views.look_at_heart()
                state = self._state(parameters)
        progress(_("Looking for candidates"), 0.5)
        candidates = session.cache.candidates(protocol)
        limit = overlay.heart_of(parameters)
        listing = screen_candidates(session.image, candidates, protocol, heart if limit is not None else None, limit)
        self._listing = (state[:3], listing)
        self._show(parameters, state)
        progress(_("Looking for candidates"), 0.9)
        self._say(listing, heart)

    def _show(self, parameters: Any, state: Any) -> None:
        if self._listing is None or self._listing[0] != state[:3]:
            self.timer.start()
            return
        session = self.panel.logic.sessions.of(parameters.volume)
        protocol = clicking_protocol(parameters, session)
        taken = []
        if parameters.seeds is not None and parameters.seeds.GetNumberOfDefinedControlPoints():
            lesions, _remarks = session.cache.lesions(seeds_from([points_from_node(parameters.seeds)]), protocol)
            taken = [lesion.mask for lesion in lesions if lesion.mask is not None]
        crop = overlay.crop_of(session.image, overlay.heart_of(parameters))
        self._put(parameters, crop, overlay.candidate_labels(self._listing[1], crop, taken))
        self._shown = state

    def _preview(self, parameters: Any) -> None:
        session = self.panel.logic.sessions.of(parameters.volume)
        crop = overlay.crop_of(session.image, overlay.heart_of(parameters))
        self._put(
            parameters, crop, overlay.above(session.image, clicking_protocol(parameters, session).threshold_hu, crop)
        )

    def _put(self, parameters: Any, crop: Any, labels: Any) -> None:
        image = self.panel.logic.sessions.of(parameters.volume).image
        if not labels.size:
            self._hide()
            return
        with self.panel.holding():
            self._node = overlay.show_labels(slicer.mrmlScene, image, crop, labels)
        overlay.show_layer(self._node, slicer.mrmlScene)

    def _hide(self) -> None:
        if self._node is not None:
            overlay.hide_layer(self._node, slicer.mrmlScene)
            self._node = None
        self._shown = None

    def _say(self, listing: Screening, heart: Any) -> None:
        words = reason_words()
        counts = [f"{count} {words[reason]}" for reason, count in listing.counts.items() if count]
        lines = [_("{count} candidates.").format(count=listing.offered)]
        if counts:
            lines.append(_("Left out: {counts}.").format(counts=", ".join(counts)))
        if heart is None:
            lines.append(self._no_heart())
        set_text(self.ui.candidatesLabel, " ".join(lines))
        self._left_out = [one for reason in LISTED for one in listing.largest(reason, MOST_LISTED)]
        rows = [
            [
                words[one.reason],
                format_value(one.volume_mm3, "volume_mm3"),
                format_value(one.peak_hu, "peak_hu"),
                str(one.slices[0]) if one.slices[0] == one.slices[1] else f"{one.slices[0]}-{one.slices[1]}",
            ]
            for one in self._left_out
        ]
        titles = [_("Why not"), *(headings("lesion", "panel")[name] for name in ("volume_mm3", "peak_hu", "slices"))]
        fill(self.ui.leftOutTable, titles, rows, [str(n) for n in range(len(rows))])

    def _no_heart(self) -> str:
        return str(_("The heart was not found between the lungs: nothing limits the candidates."))

    def _heart(self, parameters: Any) -> tuple[Any, Any]:
        session = self.panel.logic.sessions.of(parameters.volume)
        return session.image, self._region(parameters, session)

    def _region(self, parameters: Any, session: Any) -> Any:
        """Return the heart's region: that of the segmentation where the reading has one."""
        nodes = ReadingNodes(parameters.volume, heart=parameters.heartSegmentation)
        return session.heart_region(inputs_from_nodes(nodes, image=session.image))

    def _state(self, parameters: Any) -> Any:
        """Return what the layer rests on: volume, box, rules, lesions; None where it cannot be read."""
        try:
            protocol = clicking_protocol(parameters, self.panel.logic.sessions.of(parameters.volume))
            box = overlay.heart_of(parameters)
            segmentation = parameters.heartSegmentation
            rests_on = None if segmentation is None else segments_state(segmentation)
            seeds = parameters.seeds
            points = () if seeds is None else points_from_node(seeds).points
        except UnusableInputError:
            return None
        return (parameters.volume.GetID(), bool(parameters.limitToHeart), (box, protocol, rests_on), points)

    def _observe(self, box: Any) -> None:
        if box is self._box:
            return
        event = slicer.vtkMRMLMarkupsNode.PointModifiedEvent
        if self._box is not None:
            self.removeObserver(self._box, event, self.onBoxChanged)
        self._box = box
        if box is not None:
            self.addObserver(box, event, self.onBoxChanged)
