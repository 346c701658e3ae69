"""Hold the state of one reading: choices, result, undo steps and trail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import slicer
import vtk
from slicer.util import VTKObservationMixin

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.mrml.analyses import voxels_state
from CACBoneAxisLib.mrml.halves import analyze_halves
from CACBoneAxisLib.mrml.inputs import ReadingNodes
from CACBoneAxisLib.mrml.layout import show_table, shown_table
from CACBoneAxisLib.mrml.overlays import overlay_state
from CACBoneAxisLib.mrml.parameters import (
    existing_regions,
    nodes_from_parameters,
    seeds_given,
    settings_from_parameters,
)
from CACBoneAxisLib.mrml.scene import find_result, is_current, replay, result_mapping, show_result
from CACBoneAxisLib.mrml.showing import is_output
from CACBoneAxisLib.mrml.trail import note_action
from CACBoneAxisLib.mrml.views import drawn_once
from CACBoneAxisLib.reading.approval import approval
from CACBoneAxisLib.reading.guarding import Guard
from CACBoneAxisLib.reading.history import History, Step
from CACBoneAxisLib.reading.host import Progress, Surroundings
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.reading.observing import InputObserver
from CACBoneAxisLib.reading.outcome import Outcome, refused
from CACBoneAxisLib.reading.trailwords import words_of
from CACBoneAxisLib.reading.words import step_words
from CACBoneAxisLib.study import Settings, StudyResult
from CACBoneAxisLib.study.incremental import IncrementalAnalysis


class ReadingCore(VTKObservationMixin):
    """Choices, result, lock and undo steps of one volume.

    Parameters
    ----------
    parameters : CACBoneAxisParameterNode of the volume, or another object with its attributes
    workspace : of the scene
    """

    def __init__(self, parameters: Any, workspace: Surroundings) -> None:
        VTKObservationMixin.__init__(self)
        self.parameters = parameters
        self.workspace = workspace
        self.history = History(parameters)
        self.inputs = InputObserver(self._on_inputs_changed)
        self._held = 0
        self._latest: tuple[Any, StudyResult] | None = None
        self._mapping: tuple[Any, Mapping[str, Any]] | None = None
        self._changed: bool | None = None
        self._voxels_changed = False
        self._measured: Any = None
        self._overlay: Any = None
        self.guard = Guard(self)

    def open(self) -> None:
        """Observe the reading, from the first time it is shown: what changes behind it counts too."""
        if not self.hasObserver(self.parameters, vtk.vtkCommand.ModifiedEvent, self._on_choice):
            self.addObserver(self.parameters, vtk.vtkCommand.ModifiedEvent, self._on_choice)

    def close(self) -> None:
        """Keep no voxels of a reading that is not shown."""
        self._latest = self._mapping = None

    def forget(self) -> None:
        """Observe the reading no longer, as when its scene is closed."""
        self.close()
        self.removeObservers()
        self.inputs.observe(None)

    @property
    def node(self) -> Any:
        """The node holding the choices."""
        return self.parameters.parameterNode

    @property
    def volume(self) -> Any:
        """The CT volume node."""
        return self.parameters.volume

    @property
    def analysis(self) -> IncrementalAnalysis:
        """The volume's incremental analysis; UnusableInputError if unreadable."""
        return self.workspace.analyses.of(self.volume)

    @property
    def nodes(self) -> ReadingNodes:
        """The selected nodes."""
        return nodes_from_parameters(self.parameters)

    @property
    def settings(self) -> Settings:
        """The selected settings; UnusableInputError if invalid."""
        return Settings.from_mapping(settings_from_parameters(self.parameters))

    # The result and whether it is current

    def result(self) -> Any:
        """Return the result node, or None."""
        return find_result(self.workspace.scene, self.volume) if self.volume is not None else None

    @property
    def changed_since_result(self) -> bool:
        """Whether a result exists and its nodes or choices have changed since."""
        if self._changed is None:
            self._changed = self._is_changed()
        return self._changed

    def _is_changed(self) -> bool:
        record = self.result()
        if record is None:
            return False
        try:
            if self._voxels_changed or self._measured not in (None, voxels_state(self.volume)):
                return True
            return not is_current(record, self.nodes, self.settings)
        except UnusableInputError:
            return True

    def result_mapping(self) -> Mapping[str, Any] | None:
        """Return the result's ``result.json`` content, or None."""
        record = self.result()
        if record is None or not record.GetText():
            return None
        state = (record, record.GetMTime())
        if self._mapping is None or self._mapping[0] != state:
            self._mapping = (state, result_mapping(record))
        return self._mapping[1]

    def latest_result(self) -> StudyResult | None:
        """Return the result with its voxels, or None.

        A result loaded with the scene is analysed again.
        """
        record = self.result()
        if record is None:
            return None
        state = (record, record.GetMTime())
        if self._latest is None or self._latest[0] != state:
            try:
                self._latest = (state, replay(record))
            except UnusableInputError:
                return None
        return self._latest[1]

    def not_current(self) -> str:
        """Return why no current result exists; empty if one does."""
        if self.result() is None:
            return _("Press Apply first: there is no result yet.")
        if self.changed_since_result:
            return _("Press Apply first: something changed since the last analysis.")
        return ""

    def locked(self) -> str:
        """Return why the reading is locked; empty if it can be changed."""
        approved = approval(self.parameters)
        if approved is None:
            return ""
        words = _("Approved by {name}: unlock the reading in the section Report to change it.")
        return str(words.format(name=approved.name))

    def missing(self) -> str:
        """Return why the scan cannot be analysed; empty if it can."""
        if self.volume is None:
            return no_volume()
        if self.workspace.busy:
            return _("An analysis is running.")
        if self.locked():
            return self.locked()
        regions, vertebrae = existing_regions(self.parameters), self.parameters.vertebrae
        if seeds_given(self.parameters) is None and not regions and vertebrae is None:
            return _("Place a seed, say that no calcification was found, or add the region of a vertebra first.")
        return ""

    # Analysing

    def analyze(self) -> None:
        """Analyse the reading, approved or not; the host shows an error."""
        label_volume = self.workspace.session is not None and bool(self.workspace.session.makeLabelVolume)
        self.workspace.host.say("")
        self._analyze(label_volume=label_volume)

    def rescore(self) -> None:
        """Analyse at once, as after a click; unchanged intermediate results are cached.

        Without lesions there is still a result: the scan counts as unread.
        """
        if self.volume is None or self.workspace.busy:
            self.workspace.refresh()
            return
        with drawn_once():
            self._analyze(only_changed=True)

    def _analyze(self, **shown: bool) -> None:
        self.workspace.live_update.stop()
        message = self.workspace.host.run(lambda progress: self.measure(progress, **shown))
        self.workspace.refresh()
        if message:
            self.workspace.host.say(message)

    def measure(self, progress: Progress, **shown: bool) -> None:
        """Analyse the current nodes and choices and show the result; errors raise.

        Parameters
        ----------
        shown : options for :func:`~CACBoneAxisLib.mrml.scene.show_result`
        """
        nodes = self.nodes
        result = analyze_halves(nodes, self.settings, progress=progress, analysis=self.analysis)
        if self.overlay_edited():
            shown["only_changed"] = False
        self._overlay = overlay_state(show_result(result, nodes, **shown).segmentation)
        record = self.result()
        self._latest = ((record, record.GetMTime()), result)
        self._voxels_changed, self._measured = False, voxels_state(self.volume)

    def overlay_edited(self) -> bool:
        """Return whether the segmentation that shows the result was edited since."""
        record = self.result() if self._overlay is not None else None
        shown = record.GetNodeReference("segmentation") if record is not None else None
        return shown is not None and overlay_state(shown) != self._overlay

    # Changing

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Batch several changes into one, without notifications in between."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    def in_one_event(self) -> Any:
        """Batch changes of choices in a ``with`` block; observers react once at its end."""
        return slicer.util.NodeModify(self.node)

    @property
    def held(self) -> bool:
        """Whether a batched change is in progress."""
        return self._held > 0

    def note_step(self, text: str) -> None:
        """Record what was just done as an undo step and in the trail.

        Parameters
        ----------
        text : what was done; if empty, derived from the differences
        """
        text = text or self.guard.lost
        if self.history.note(text):
            self.guard.lost = ""
            note_action(self.parameters, text or words_of(self.history.done[-1]), goes_on=not text)

    def act(self, text: str, change: Callable[[], None]) -> None:
        """Change the reading in one undo step; rescore at once in live mode.

        Parameters
        ----------
        text : what the reader did
        change : makes the change
        """
        self.guard.told = ""
        with self.holding():
            change()
        self.note_step(text)
        if self.workspace.live and not self.missing():
            self.rescore()
        else:
            self.workspace.refresh()

    def undo(self) -> Outcome:
        """Undo the last step."""
        return self._go(self.history.undo, "undone")

    def redo(self) -> Outcome:
        """Redo the last undone step."""
        return self._go(self.history.redo, "redone")

    def _go(self, step: Callable[[], Step | None], what: str) -> Outcome:
        if self.locked():
            return refused(self.locked())
        with self.holding(), drawn_once():
            gone = step()
        if gone is None:
            return refused("")
        self.guard.told = ""
        note_action(self.parameters, f"{what}: {gone.text}")
        self.rescore()
        return Outcome(True, what, {"step": step_words(gone.text)})

    def show_table(self, role: str) -> None:
        """Show the relevant table below the views, unless the user chose another."""
        record, shown = self.result(), shown_table(self.workspace.scene)
        if record is not None and (shown is None or is_output(self.workspace.scene, shown)):
            show_table(self.workspace.scene, record.GetNodeReference(role))

    # What happens in the scene

    def look_again(self) -> None:
        """Drop conclusions from changed nodes and observe the selected nodes."""
        self._changed = None
        if self.inputs.observe(self.parameters):
            self._voxels_changed = False
        self.guard.look_again()

    def _on_choice(self, caller: Any = None, event: Any = None) -> None:
        self._on_inputs_changed(False)

    def _on_inputs_changed(self, voxels: bool) -> None:
        """React to a node that changed; voxels are not compared, the event counts."""
        self._voxels_changed = self._voxels_changed or voxels
        if self.workspace.reading is self:
            self.workspace.input_changed()
        elif not self.held and approval(self.parameters) is not None:
            self.look_again()


def no_volume() -> str:
    """Return the sentence for an analysis without a volume."""
    return str(_("Choose a CT volume in the section Scan first."))
