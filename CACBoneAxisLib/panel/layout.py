"""The views of the application while the panel is open: the reading layout and the windows of grey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.mrml.layout import (
    AXIAL_TAG,
    LAYOUT_ID,
    SLAB_TAG,
    TABLE_TAG,
    WINDOWS,
    follow_view,
    make_slab,
    reading_place,
    register_layout,
    set_window,
    show_table,
    shown_table,
    view_node,
)
from CACBoneAxisLib.mrml.markups import box_from_node
from CACBoneAxisLib.mrml.showing import is_output, show_reading_of
from CACBoneAxisLib.panel.section import Section, connect, enable
from CACBoneAxisLib.panel.views import jump_to, layout_manager, look_inside, show_volume, table_view

# What views need to find their size, and the range of a volume that is new to them.
SETTLING_MS = 300

SHOWN_TABLES = ("lesionTable", "territoryTable", "vertebraTable")


class ViewsSection(Section, VTKObservationMixin):
    """Arranges the views for reading, and gives the user's own arrangement back on leaving."""

    def __init__(self, panel: Any) -> None:
        Section.__init__(self, panel)
        VTKObservationMixin.__init__(self)
        self._before: int | None = None
        # Until the user chooses otherwise, the panel comes with its layout.
        self._wanted = True
        self._entered = False
        self._moving = False
        self._new_to_views = False
        self._volume: Any = None
        self._opened: set[str] = set()
        self._table_view: Any = None
        panel.views = self

    def setup(self) -> None:
        """Connect the buttons and the application's layout."""
        connect(self.ui.readingLayoutButton, "clicked(bool)", self.onReadingLayout)
        for name, button in self._window_buttons().items():
            connect(button, "clicked()", lambda name=name: self.onWindow(name))
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneReplaced)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneReplaced)
        self.timer = qt.QTimer()
        self.timer.setSingleShot(True)
        connect(self.timer, "timeout()", self.onViewsReplaced)
        self.settling = qt.QTimer()
        self.settling.setSingleShot(True)
        self.settling.setInterval(SETTLING_MS)
        connect(self.settling, "timeout()", self.onSettled)
        manager = layout_manager()
        if manager is not None:
            connect(manager, "layoutChanged(int)", self.onLayoutChanged)

    def enter(self) -> None:
        """Arrange the views for reading, unless the user had chosen another arrangement when he left."""
        self._entered = True
        if self._wanted:
            self._arrange()
        self._show_state()

    def exit(self) -> None:
        """Give the user's arrangement back; one he chose in the meantime stays."""
        self._entered = False
        manager = layout_manager()
        if manager is None:
            return
        self._wanted = manager.layout == LAYOUT_ID
        if self._wanted:
            self._give_back(manager)

    def cleanup(self) -> None:
        """Stop following the views."""
        self.timer.stop()
        self.settling.stop()
        manager = layout_manager()
        if manager is not None:
            manager.disconnect("layoutChanged(int)", self.onLayoutChanged)
            if manager.layout == LAYOUT_ID:
                self._give_back(manager)
        if self._table_view:
            self._table_view.disconnect("clicked(QModelIndex)", self.onTableClicked)
        self._table_view = None
        self.removeObservers()

    def update(self, parameters: Any) -> None:
        """Show the volume of another reading in the views; say what the buttons need."""
        volume = parameters.volume if parameters is not None else None
        if volume is not self._volume:
            self._volume = volume
            show_reading_of(slicer.mrmlScene, volume)
            if volume is not None and self._entered:
                self._show_volume()
        no_views = "" if layout_manager() is not None else _("There are no views: Slicer runs without its window.")
        enable(
            self.ui.readingLayoutButton,
            no_views,
            _("Axial view, slab of the same slices, sagittal view, and tables. Press again for the layout before."),
        )
        missing = "" if volume is not None else _("Choose a CT volume first.")
        for name, button in self._window_buttons().items():
            ready = _("Window {width} HU around {level} HU.")
            window = WINDOWS[name]
            enable(button, missing, ready.format(width=round(window.width_hu), level=round(window.level_hu)))

    def show(self, result: Mapping[str, Any] | None) -> None:
        """Show the lesions below the views, or the vertebrae where there are no lesions."""
        record, shown = self.panel.result(), shown_table(slicer.mrmlScene)
        if result is None or record is None:
            # A table of another scan's result says nothing about this one.
            if shown is not None and is_output(slicer.mrmlScene, shown):
                show_table(slicer.mrmlScene, None)
            return
        tables = {role: record.GetNodeReference(role) for role in SHOWN_TABLES}
        if shown is None or shown not in tables.values():
            lesions = bool(result["calcium"]["lesions"]) or not result["bone"]["vertebrae"]
            show_table(slicer.mrmlScene, tables["lesionTable" if lesions else "vertebraTable"])

    def show_role(self, role: str) -> None:
        """Show the table of what was just worked on below the views, unless the user put another table there."""
        record, shown = self.panel.result(), shown_table(slicer.mrmlScene)
        if record is not None and (shown is None or is_output(slicer.mrmlScene, shown)):
            show_table(slicer.mrmlScene, record.GetNodeReference(role))

    # What a user does

    def onReadingLayout(self, checked: bool = True) -> None:
        """Arrange the views for reading, or go back to the arrangement before."""
        manager = layout_manager()
        if manager is None:
            return
        if manager.layout == LAYOUT_ID:
            self._give_back(manager)
        else:
            self._arrange()
        self._show_state()

    def onTableClicked(self, index: Any) -> None:
        """Go to the lesion or the vertebra of a row of the table below the views, as its row in the panel does."""
        record, shown = self.panel.result(), shown_table(slicer.mrmlScene)
        if record is None or shown is None:
            return
        rows = {"lesionTable": self.panel.lesions.table.row_of, "vertebraTable": self._vertebra_row}
        for role, row_of in rows.items():
            if shown is record.GetNodeReference(role):
                row = row_of(shown.GetCellText(index.row(), 0))
                table = getattr(self.ui, role)
                # Whoever clicks a row again wants to go there again.
                table.clearSelection()
                table.selectRow(row)

    def onWindow(self, name: str) -> None:
        """Show the volume in another window of grey."""
        if self.panel.parameters is not None:
            set_window(self.panel.parameters.volume, name)

    def onLayoutChanged(self, layout: int) -> None:
        """Follow a layout chosen elsewhere."""
        self._show_state()

    def onSceneReplaced(self, caller: Any = None, event: Any = None) -> None:
        """A closed scene takes the slab's settings with it; a loaded one may bring another layout."""
        self._volume = None
        self._opened.clear()
        # Slicer itself arranges its views after this.
        self.timer.start()

    def onViewsReplaced(self) -> None:
        """Make the views of the reading layout what they were, where it is still the layout."""
        manager = layout_manager()
        if manager is not None and manager.layout == LAYOUT_ID and self._entered:
            self._set_up_views()

    def onViewModified(self, caller: Any, event: Any = None) -> None:
        """Keep the axial view and the slab at the same place, whichever was moved."""
        leader, slab = (view_node(slicer.mrmlScene, tag) for tag in (AXIAL_TAG, SLAB_TAG))
        if self._moving or leader is None or slab is None:
            return
        self._moving = True
        try:
            # A view that gets its first volume moves by itself to a slice that the volume has.
            if caller is slab and not self._new_to_views:
                if slab.GetSliceOffset() != leader.GetSliceOffset():
                    leader.SetSliceOffset(slab.GetSliceOffset())
            else:
                follow_view(slab, leader)
        finally:
            self._moving = False

    def _window_buttons(self) -> dict[str, Any]:
        return {
            "calcium": self.ui.windowCalciumButton,
            "mediastinum": self.ui.windowMediastinumButton,
            "bone": self.ui.windowBoneButton,
        }

    def _arrange(self) -> None:
        manager = layout_manager()
        if manager is None or manager.layout == LAYOUT_ID:
            return
        register_layout(manager.layoutLogic().GetLayoutNode())
        self._before = manager.layout
        manager.setLayout(LAYOUT_ID)
        self._set_up_views()

    def _give_back(self, manager: Any) -> None:
        self._follow(False)
        # At start-up Slicer may not have had a layout yet.
        manager.setLayout(self._before or slicer.vtkMRMLLayoutNode.SlicerLayoutInitialView)

    def _set_up_views(self) -> None:
        """Make the slab one, follow it, and show what there is to show."""
        slab = view_node(slicer.mrmlScene, SLAB_TAG)
        if slab is None:
            return
        make_slab(slab)
        view = table_view(TABLE_TAG)
        if view is not None and view is not self._table_view:
            connect(view, "clicked(QModelIndex)", self.onTableClicked)
            self._table_view = view
        self._follow(True)
        self._show_volume()
        self.show(self.panel.result_mapping())

    def _follow(self, on: bool) -> None:
        self.removeObservers(self.onViewModified)
        if not on:
            return
        for tag in (AXIAL_TAG, SLAB_TAG):
            node = view_node(slicer.mrmlScene, tag)
            if node is not None:
                self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self.onViewModified)
        self.onViewModified(view_node(slicer.mrmlScene, AXIAL_TAG))

    def _show_volume(self) -> None:
        parameters = self.panel.parameters
        if parameters is None:
            return
        volume = parameters.volume
        unread = parameters.heart is None and volume.GetID() not in self._opened
        self._opened.add(volume.GetID())
        if show_volume(volume) or (unread and layout_manager() is not None):
            display = volume.GetDisplayNode()
            if unread and (display is None or display.GetAutoWindowLevel()):
                set_window(volume, "calcium")
            self._new_to_views = True
            self.settling.start()

    def onSettled(self) -> None:
        """Show all of a volume that is new to the views, once they have found their size and range, where one reads."""
        volume = self._volume
        if volume is not None and volume.GetScene() is not None and layout_manager() is not None:
            slicer.util.setSliceViewerLayers(background=volume, fit=True)
            look_inside(volume)
            self.look_at_heart()
        self._new_to_views = False

    def look_at_heart(self) -> None:
        """Go to the middle of the heart's box, the sagittal view to the spine behind it; nowhere without a box."""
        parameters = self.panel.parameters
        if parameters is None or parameters.heart is None:
            return
        image = self.panel.logic.sessions.of(parameters.volume).image
        jump_to(swap_ras_lps(reading_place(image, box_from_node(parameters.heart))))

    def _vertebra_row(self, level: str) -> int:
        items = [self.ui.vertebraTable.item(row, 0) for row in range(self.ui.vertebraTable.rowCount)]
        return next((row for row, item in enumerate(items) if item.data(qt.Qt.UserRole) == level), -1)

    def _show_state(self) -> None:
        manager = layout_manager()
        self.ui.readingLayoutButton.checked = manager is not None and manager.layout == LAYOUT_ID
