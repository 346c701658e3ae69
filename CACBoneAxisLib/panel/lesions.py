"""Calcium by clicks: what a click, a key or a button does to lesions, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.calcium.pointing import brightest_along
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.mrml.candidatenodes import heart_of
from CACBoneAxisLib.mrml.protocols import clicking_protocol
from CACBoneAxisLib.mrml.trail import note_action
from CACBoneAxisLib.panel.section import Section, connect, enable, set_text
from CACBoneAxisLib.panel.shortcuts import Shortcuts
from CACBoneAxisLib.panel.sliceviews import Circle
from CACBoneAxisLib.panel.views import drawn_once
from CACBoneAxisLib.reading.editing import Editor, Outcome
from CACBoneAxisLib.reading.words import EXCLUSIONS, exclusion_words, outcome_words, step_words, trail_words
from CACBoneAxisLib.report.wording import territory_table


class LesionTools(Section):
    """Takes, moves, cuts, excludes and removes lesions, and undoes it."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        panel.tools = self
        self.circle = Circle()
        self.shortcuts = Shortcuts(self._keys())
        self._entered = False
        self._standing = False

    def setup(self) -> None:
        """Connect the buttons."""
        connect(self.ui.undoButton, "clicked()", self.onUndo)
        connect(self.ui.redoButton, "clicked()", self.onRedo)
        connect(self.ui.removeLesionButton, "clicked()", self.onRemove)
        connect(self.ui.includeLesionButton, "clicked()", self.onInclude)
        menu = qt.QMenu(self.ui.excludeButton)
        for reason in EXCLUSIONS:
            action = menu.addAction(exclusion_words()[reason])
            connect(action, "triggered()", lambda reason=reason: self.onExclude(reason))
        self.ui.excludeButton.setMenu(menu)
        self._menu = menu
        manager = getattr(slicer.app, "layoutManager", lambda: None)()
        if manager is not None:
            connect(manager, "layoutChanged(int)", self.onLayoutChanged)
        set_text(self.ui.clickLabel, "")

    def enter(self) -> None:
        """Switch clicks and keys on."""
        self._entered = True
        self.shortcuts.start()

    def exit(self) -> None:
        """Leave clicks and keys to other modules."""
        self._entered = False
        self.shortcuts.stop()
        self._stand(False)

    def cleanup(self) -> None:
        """Let go of views and keys."""
        self.exit()
        self.shortcuts.remove()

    def update(self, parameters: Any) -> None:
        """Show what can be done; observe the views while lesions are taken by clicks."""
        session = self.panel.session
        missing = "" if parameters is not None else _("Choose a CT volume first.")
        ready = _("A click in a slice view takes the lesion there for the artery that is chosen above.")
        enable(self.ui.scoreByClicksButton, missing or self.panel.locked(), ready)
        wanted = self._entered and not missing and not self.panel.locked() and bool(session.scoreByClicks)
        self._stand(wanted)
        if not wanted or not session.cutTool:
            self.circle.hide()
        for name in ("cutButton", "cutRadiusSlider", "sliceOnlyCheckBox"):
            getattr(self.ui, name).enabled = wanted
        self._show_lesion(parameters)
        history = self.panel.history() if parameters is not None else None
        undo = step_words(history.done[-1].text) if history is not None and history.done else ""
        redo = step_words(history.undone[-1].text) if history is not None and history.undone else ""
        locked = self.panel.locked() if parameters is not None else ""
        enable(
            self.ui.undoButton,
            locked or ("" if undo else _("There is nothing to undo.")),
            _("Undo (Ctrl+Z): {what}").format(what=undo),
        )
        enable(
            self.ui.redoButton,
            locked or ("" if redo else _("There is nothing to redo.")),
            _("Redo (Ctrl+Y): {what}").format(what=redo),
        )

    # What a user does

    def onClick(self, ras_mm: tuple[float, float, float]) -> None:
        """Take what lies at a place of a slice view."""
        if self._placing():
            return
        session, parameters = self.panel.session, self.panel.parameters
        ras_mm = self._in_slab(ras_mm)
        growth = "slice" if session.sliceOnly else "lesion"
        territory = parameters.territory

        def take(editor: Editor) -> Outcome:
            if session.cutTool:
                return editor.cut(ras_mm, territory, float(session.cutRadius), growth)
            return editor.take(ras_mm, territory, growth)

        self.act(take, ras_mm)

    def onMove(self, view: Any, pixel: tuple[int, int] | None) -> None:
        """Show the sphere that a click would cut."""
        session = self.panel.session
        if pixel is None or session is None or not session.cutTool:
            self.circle.hide()
        else:
            self.circle.show(view, pixel, float(session.cutRadius))

    def onRemove(self) -> None:
        """Take the lesion of the chosen row out of the reading."""
        number = self.panel.chosen_lesion()
        self.act(lambda editor: editor.remove(self._lesion(editor, number)))

    def onExclude(self, reason: str) -> None:
        """List the lesion of the chosen row without scoring it."""
        number = self.panel.chosen_lesion()
        self.act(lambda editor: editor.exclude(self._lesion(editor, number), reason))

    def onInclude(self) -> None:
        """Score the lesion of the chosen row again."""
        number = self.panel.chosen_lesion()
        self.act(lambda editor: editor.include(self._lesion(editor, number)))

    def onArtery(self, number: int, territory: str) -> None:
        """Give the lesion of a row to another artery."""
        self.act(lambda editor: editor.give(self._lesion(editor, number), territory))

    def onUndo(self) -> None:
        """Take the last step back."""
        self._go(lambda history: history.undo(), _("Undone: {what}"), "undone")

    def onRedo(self) -> None:
        """Make the last step that was taken back again."""
        self._go(lambda history: history.redo(), _("Done again: {what}"), "redone")

    def onEscape(self) -> None:
        """End the cut tool, else scoring by clicks."""
        session = self.panel.session
        if session is None:
            return
        if session.cutTool:
            session.cutTool = False
        else:
            session.scoreByClicks = False

    def onLayoutChanged(self, layout: int) -> None:
        """Observe the views of the new layout."""
        self.panel.clicks.look_again()

    def _in_slab(self, ras_mm: tuple[float, float, float]) -> tuple[float, float, float]:
        """Return the brightest place behind a pixel of a maximum projection, which is what the reader sees there."""
        view = self.panel.clicks.clicked
        slab = view.slab if view is not None else None
        if slab is None:
            return ras_mm
        image = self.panel.logic.sessions.of(self.panel.parameters.volume).image
        direction, thickness = swap_ras_lps(slab[0]), slab[1]
        return tuple(swap_ras_lps(brightest_along(image, swap_ras_lps(ras_mm), direction, thickness)))

    def _stand(self, wanted: bool) -> None:
        if wanted != self._standing:
            self._standing = wanted
            self.panel.clicks.stand(*((self.onClick, self.onMove) if wanted else (None,)))
        if not wanted:
            self.circle.hide()

    def act(self, work: Callable[[Editor], Outcome], ras_mm: Any = None) -> None:
        """Do something to lesions: the tables follow at once, the step can be undone, the trail knows it."""
        panel, parameters = self.panel, self.panel.parameters
        if parameters is None or panel.locked():
            return
        try:
            editor = self._editor(parameters)
            with panel.holding(), drawn_once():
                outcome = work(editor)
        except UnusableInputError as error:
            set_text(self.ui.clickLabel, str(error))
            return
        text = outcome_words(outcome)
        if outcome.done:
            panel.history().note(text)
            note_action(parameters, trail_words(outcome))
            touched = self._touched(editor, ras_mm)
            if touched:
                panel.expect_lesion(touched)
            panel.rescore()
            panel.views.show_role("lesionTable")
        set_text(self.ui.clickLabel, text)

    def lesion(self, number: int) -> Any:
        """Return the lesion of an id as it was grown; None where there is none any more."""
        try:
            return self._lesion(self._editor(self.panel.parameters), number)
        except UnusableInputError:
            return None

    def _lesion(self, editor: Editor, number: int | None) -> Any:
        """Return the lesion that a row of the table means: by its seeds, which may have changed since it was filled."""
        seeds = self.panel.lesions.table.seeds_of(number)
        return next((one for one in editor.lesions() if any(seed.name in seeds for seed in one.seeds)), None)

    def _touched(self, editor: Editor, ras_mm: Any) -> str:
        """Return the name of a seed of the lesion that a click was about."""
        if ras_mm is None:
            return ""
        lesion = editor.lesion_at(ras_mm)
        return lesion.seeds[0].name if lesion is not None else ""

    def _editor(self, parameters: Any) -> Editor:
        session = self.panel.logic.sessions.of(parameters.volume)
        return Editor(parameters, session, clicking_protocol(parameters, session), heart_of(parameters))

    def _go(self, step: Callable[[Any], Any], words: str, done: str) -> None:
        panel, parameters = self.panel, self.panel.parameters
        if parameters is None or panel.locked():
            return
        with panel.holding(), drawn_once():
            gone = step(panel.history())
        if gone is None:
            return
        note_action(parameters, f"{done}: {gone.text}")
        panel.rescore()
        set_text(self.ui.clickLabel, words.format(what=step_words(gone.text)))

    def _show_lesion(self, parameters: Any) -> None:
        number = self.panel.chosen_lesion() if parameters is not None else None
        missing = "" if number is not None else _("Choose a lesion first: click it in a view, or its row.")
        missing = missing or self.panel.locked()
        status = self.panel.lesion_status(number) if number is not None else ""
        enable(self.ui.removeLesionButton, missing, _("Take the chosen lesion out of the reading (Delete)."))
        scored = missing or (_("This lesion is excluded already.") if status == "excluded" else "")
        enable(
            self.ui.excludeButton, scored, _("List the chosen lesion without scoring it; it stays visible, struck out.")
        )
        excluded = missing or ("" if status == "excluded" else _("This lesion is not excluded."))
        enable(self.ui.includeLesionButton, excluded, _("Score the chosen lesion, which was excluded."))

    def _keys(self) -> dict[str, Callable[[], None]]:
        arteries = {
            str(number): lambda code=row["code"]: self.panel.lesions.onTerritory(code)
            for number, row in enumerate(territory_table(), start=1)
        }
        return {
            **arteries,
            "Delete": self.onRemove,
            "Ctrl+Z": self.onUndo,
            "Ctrl+Shift+Z": self.onRedo,
            "Ctrl+Y": self.onRedo,
            "Esc": self.onEscape,
        }

    def _placing(self) -> bool:
        interaction = slicer.mrmlScene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
        return interaction is not None and interaction.GetCurrentInteractionMode() == interaction.Place
