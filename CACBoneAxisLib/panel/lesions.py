"""Edit lesions by clicks, keys and buttons, with undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.section import Section, connect, enable, no_ct, set_text
from CACBoneAxisLib.panel.shortcuts import Shortcuts
from CACBoneAxisLib.panel.sliceviews import Circle, layout_manager
from CACBoneAxisLib.reading.outcome import Outcome
from CACBoneAxisLib.reading.reading import Reading
from CACBoneAxisLib.reading.words import EXCLUSIONS, exclusion_words, step_words
from CACBoneAxisLib.report.wording import territory_table


class LesionTools(Section):
    """Adds, moves, cuts, excludes and removes lesions, with undo."""

    def __init__(self, host: PanelHost) -> None:
        super().__init__(host)
        self.circle = Circle()
        self.shortcuts = Shortcuts(self._keys())
        self._entered = False
        self._standing = False

    def setup(self) -> None:
        """Connect the buttons."""
        connect(self.ui.undoButton, "clicked()", lambda: self._do(Reading.undo))
        connect(self.ui.redoButton, "clicked()", lambda: self._do(Reading.redo))
        connect(self.ui.removeLesionButton, "clicked()", lambda: self._do(lambda reading: reading.lesions.remove()))
        connect(self.ui.includeLesionButton, "clicked()", lambda: self._do(lambda reading: reading.lesions.include()))
        menu = qt.QMenu(self.ui.excludeButton)
        for reason in EXCLUSIONS:
            action = menu.addAction(exclusion_words()[reason])
            connect(
                action, "triggered()", lambda reason=reason: self._do(lambda reading: reading.lesions.exclude(reason))
            )
        self.ui.excludeButton.setMenu(menu)
        self._menu = menu
        manager = layout_manager()
        if manager is not None:
            connect(manager, "layoutChanged(int)", self.onLayoutChanged)
        set_text(self.ui.clickLabel, "")
        self.offer_switch(self.ui.clickLabel)

    def enter(self) -> None:
        """Enable clicks and keys."""
        self._entered = True
        self.shortcuts.start()

    def exit(self) -> None:
        """Release clicks and keys to other modules."""
        self._entered = False
        self.shortcuts.stop()
        self._stand(False)

    def cleanup(self) -> None:
        """Disconnect views and keys."""
        self.exit()
        self.shortcuts.remove()

    def update(self) -> None:
        """Update the controls; observe the views while clicks add lesions."""
        reading, session, locked = self.reading, self.workspace.session, self.locked()
        missing = "" if reading is not None else no_ct()
        ready = _("A click in a slice view takes the lesion there for the artery that is chosen above.")
        enable(self.ui.scoreByClicksButton, missing or locked, ready)
        wanted = self._entered and not missing and not locked and bool(session.scoreByClicks)
        self._stand(wanted)
        if not wanted or not session.cutTool:
            self.circle.hide()
        for name in ("cutButton", "cutRadiusSlider", "sliceOnlyCheckBox"):
            getattr(self.ui, name).enabled = wanted
        self._show_lesion()
        undo = step_words(reading.history.done[-1].text) if reading is not None and reading.history.done else ""
        redo = step_words(reading.history.undone[-1].text) if reading is not None and reading.history.undone else ""
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

    # User actions

    def onClick(self, ras_mm: tuple[float, float, float]) -> None:
        """Add the lesion at a position in a slice view."""
        if not self._placing() and not self.refuses_click(self.ui.clickLabel):
            view = self.host.clicks.clicked
            slab = view.slab if view is not None else None
            self._do(lambda reading: reading.lesions.click(ras_mm, slab))

    def onMove(self, view: Any, pixel: tuple[int, int] | None) -> None:
        """Show the sphere that a click would cut."""
        session = self.workspace.session
        if pixel is None or session is None or not session.cutTool:
            self.circle.hide()
        else:
            self.circle.show(view, pixel, float(session.cutRadius))

    def onEscape(self) -> None:
        """Leave the cut tool, else scoring by clicks."""
        session = self.workspace.session
        if session is None:
            return
        if session.cutTool:
            session.cutTool = False
        else:
            session.scoreByClicks = False

    def onLayoutChanged(self, layout: int) -> None:
        """Observe the views of the new layout."""
        self.host.clicks.look_again()

    def onTerritory(self, code: str) -> None:
        """Select the artery for the next click."""
        if self.parameters is not None:
            self.parameters.territory = code

    def _do(self, action: Callable[[Reading], Outcome]) -> None:
        sentence = action(self.reading).sentence if self.reading is not None else ""
        if sentence:
            set_text(self.ui.clickLabel, sentence)

    def _stand(self, wanted: bool) -> None:
        if wanted != self._standing:
            self._standing = wanted
            self.host.clicks.stand(*((self.onClick, self.onMove) if wanted else (None,)))
        if not wanted:
            self.circle.hide()

    def _show_lesion(self) -> None:
        lesion = self.reading.lesions.chosen_entry() if self.reading is not None else None
        missing = "" if lesion is not None else _("Choose a lesion first: click it in a view, or its row.")
        missing = missing or self.locked()
        excluded = lesion is not None and lesion["status"] == "excluded"
        enable(self.ui.removeLesionButton, missing, _("Take the chosen lesion out of the reading (Delete)."))
        enable(
            self.ui.excludeButton,
            missing or (_("This lesion is excluded already.") if excluded else ""),
            _("List the chosen lesion without scoring it; it stays visible, struck out."),
        )
        enable(
            self.ui.includeLesionButton,
            missing or ("" if excluded else _("This lesion is not excluded.")),
            _("Score the chosen lesion, which was excluded."),
        )

    def _keys(self) -> dict[str, Callable[[], None]]:
        arteries = {
            str(number): lambda code=row["code"]: self.onTerritory(code)
            for number, row in enumerate(territory_table(), start=1)
        }
        return {
            **arteries,
            "Delete": lambda: self._do(lambda reading: reading.lesions.remove()),
            "Ctrl+Z": lambda: self._do(Reading.undo),
            "Ctrl+Shift+Z": lambda: self._do(Reading.redo),
            "Ctrl+Y": lambda: self._do(Reading.redo),
            "Esc": self.onEscape,
        }

    def _placing(self) -> bool:
        interaction = slicer.mrmlScene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
        return interaction is not None and interaction.GetCurrentInteractionMode() == interaction.Place
