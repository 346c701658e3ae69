"""Apply clicks, keys and buttons to the lesions of a reading."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from CACBoneAxisLib.calcium.lesions import Lesion
from CACBoneAxisLib.calcium.pointing import brightest_along
from CACBoneAxisLib.calcium.seeds import Growth
from CACBoneAxisLib.calcium.suggestions import Suggestion
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.mrml.candidatenodes import heart_of
from CACBoneAxisLib.mrml.highlight import hide_highlight, highlight
from CACBoneAxisLib.mrml.protocols import clicking_protocol
from CACBoneAxisLib.mrml.trail import note_action
from CACBoneAxisLib.mrml.views import drawn_once
from CACBoneAxisLib.reading.core import ReadingCore
from CACBoneAxisLib.reading.editing import Editor
from CACBoneAxisLib.reading.outcome import Outcome, refused

Slab = tuple[Sequence[float], float]


class Lesions:
    """Adds, moves, cuts, excludes and removes the lesions of a reading.

    Each action is one undo step, is noted in the trail and rescored at once.
    """

    def __init__(self, reading: ReadingCore) -> None:
        self.reading = reading
        # Seed names of the selected lesion; its id may change with the next click.
        self.chosen: Collection[str] = ()

    def click(self, ras_mm: Sequence[float], slab: Slab | None = None) -> Outcome:
        """Add or cut the lesion at a point, depending on the active tool.

        Parameters
        ----------
        ras_mm : position of the pixel
        slab : direction (RAS) and thickness, mm, of the clicked maximum projection
        """
        session, territory = self.reading.workspace.session, self.reading.parameters.territory
        try:
            image = self.reading.analysis.image
        except UnusableInputError as error:
            return refused(str(error))
        if slab is not None:
            # A maximum projection shows the brightest voxel behind the pixel.
            direction, thickness = swap_ras_lps(slab[0]), slab[1]
            place = brightest_along(image, swap_ras_lps(ras_mm), direction, thickness)
            ras_mm = tuple(swap_ras_lps(place))
        growth: Growth = "slice" if session.sliceOnly else "lesion"

        def take(editor: Editor) -> Outcome:
            if session.cutTool:
                return editor.cut(ras_mm, territory, float(session.cutRadius), growth)
            return editor.take(ras_mm, territory, growth)

        return self._edit(take, ras_mm)

    def remove(self) -> Outcome:
        """Remove the selected lesion from the reading."""
        return self._edit(lambda editor: editor.remove(editor.lesion_of(self.chosen)))

    def exclude(self, reason: str) -> Outcome:
        """Exclude the selected lesion from the score but keep it listed."""
        return self._edit(lambda editor: editor.exclude(editor.lesion_of(self.chosen), reason))

    def include(self) -> Outcome:
        """Include the selected lesion again."""
        return self._edit(lambda editor: editor.include(editor.lesion_of(self.chosen)))

    def give(self, seeds: Collection[str], territory: str) -> Outcome:
        """Move the lesion with the named seeds to another artery."""
        return self._edit(lambda editor: editor.give(editor.lesion_of(seeds), territory))

    def take_suggestions(self, suggestions: Sequence[Suggestion]) -> Outcome:
        """Accept suggested candidates for their suggested arteries."""
        return self._edit(lambda editor: editor.take_suggestions(suggestions))

    def chosen_entry(self) -> Mapping[str, Any] | None:
        """Return the selected lesion's entry in the result, or None."""
        result = self.reading.result_mapping()
        lesions = result["calcium"]["lesions"] if result is not None else ()
        return next((lesion for lesion in lesions if set(lesion["seeds"]) & set(self.chosen)), None)

    def outline(self) -> None:
        """Outline only the selected lesion in the views."""
        scene = self.reading.workspace.scene
        try:
            lesion = self._editor().lesion_of(self.chosen) if self.chosen else None
        except UnusableInputError:
            lesion = None
        if lesion is None or lesion.mask is None:
            hide_highlight(scene)
        else:
            highlight(lesion.mask, self.reading.analysis.image, scene)

    def _edit(self, work: Callable[[Editor], Outcome], ras_mm: Any = None) -> Outcome:
        reading = self.reading
        if reading.locked():
            return refused(reading.locked())
        try:
            editor = self._editor()
            with reading.holding(), drawn_once():
                outcome = work(editor)
        except UnusableInputError as error:
            return refused(str(error))
        if outcome.done:
            reading.guard.told = ""
            reading.history.note(outcome.sentence)
            note_action(reading.parameters, outcome.action)
            touched: Lesion | None = None if ras_mm is None else editor.lesion_at(ras_mm)
            if touched is not None:
                self.chosen = (touched.seeds[0].name,)
            reading.rescore()
            reading.show_table("lesionTable")
        return outcome

    def _editor(self) -> Editor:
        parameters, analysis = self.reading.parameters, self.reading.analysis
        return Editor(parameters, analysis, clicking_protocol(parameters, analysis), heart_of(parameters))
