"""Manage the views while the panel is open: reading layout and display windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from CACBoneAxisLib.mrml.layout import (
    AXIAL_TAG,
    LAYOUT_ID,
    SLAB_TAG,
    TABLE_TAG,
    WINDOWS,
    follow_view,
    keep_layout_out,
    make_slab,
    register_layout,
    set_window,
    show_table,
    shown_table,
    view_node,
)
from CACBoneAxisLib.mrml.showing import is_output, show_reading_of
from CACBoneAxisLib.mrml.views import look_inside
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.section import Section, connect, enable, no_ct
from CACBoneAxisLib.panel.sliceviews import layout_manager, show_volume, table_view
from CACBoneAxisLib.reading.candidates import look_at_heart

# Time for views to settle their size and the range of a new volume.
SETTLING_MS = 300

SHOWN_TABLES = ("lesionTable", "territoryTable", "vertebraTable")


class ViewsSection(Section, VTKObservationMixin):
    """Sets the reading layout and restores the user's layout on leaving."""

    def __init__(self, host: PanelHost) -> None:
        Section.__init__(self, host)
        VTKObservationMixin.__init__(self)
        self._before: int | None = None
        # The panel uses its layout until the user chooses otherwise.
        self._wanted = True
        self._entered = False
        self._moving = False
        self._new_to_views = False
        self._volume: Any = None
        self._opened: set[str] = set()
        self._table_view: Any = None
        self._replaced = self.workspace.defer(0, self.onViewsReplaced)
        self.settling = self.workspace.defer(SETTLING_MS, self.onSettled)

    def setup(self) -> None:
        """Connect the buttons and observe the application's layout."""
        connect(self.ui.readingLayoutButton, "clicked(bool)", self.onReadingLayout)
        for name, button in self._window_buttons().items():
            connect(button, "clicked()", lambda name=name: self.onWindow(name))
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneReplaced)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneReplaced)
        manager = layout_manager()
        if manager is not None:
            connect(manager, "layoutChanged(int)", self.onLayoutChanged)

    def enter(self) -> None:
        """Set the reading layout, unless the user left with another one."""
        self._entered = True
        if self._wanted:
            self._arrange()
        self._show_state()

    def exit(self) -> None:
        """Restore the user's layout, unless it was changed meanwhile."""
        self._entered = False
        manager = layout_manager()
        if manager is None:
            return
        self._wanted = manager.layout == LAYOUT_ID
        if self._wanted:
            self._give_back(manager)

    def cleanup(self) -> None:
        """Stop observing the views."""
        self._replaced.stop()
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

    def update(self) -> None:
        """Show a new reading's volume in the views; update the buttons."""
        volume = self.reading.volume if self.reading is not None else None
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
        missing = "" if volume is not None else no_ct()
        for name, button in self._window_buttons().items():
            ready = _("Window {width} HU around {level} HU.")
            window = WINDOWS[name]
            enable(button, missing, ready.format(width=round(window.width_hu), level=round(window.level_hu)))

    def show(self, result: Mapping[str, Any] | None) -> None:
        """Show the lesions below the views, or without lesions the vertebrae."""
        record, shown = self._record(), shown_table(slicer.mrmlScene)
        if result is None or record is None:
            # The shown table belongs to another scan's result.
            if shown is not None and is_output(slicer.mrmlScene, shown):
                show_table(slicer.mrmlScene, None)
            return
        tables = {role: record.GetNodeReference(role) for role in SHOWN_TABLES}
        if shown is None or shown not in tables.values():
            lesions = bool(result["calcium"]["lesions"]) or not result["bone"]["vertebrae"]
            show_table(slicer.mrmlScene, tables["lesionTable" if lesions else "vertebraTable"])

    # User actions

    def onReadingLayout(self, checked: bool = True) -> None:
        """Switch to the reading layout or back to the previous one."""
        manager = layout_manager()
        if manager is None:
            return
        if manager.layout == LAYOUT_ID:
            self._give_back(manager)
        else:
            self._arrange()
        self._show_state()

    def onTableClicked(self, index: Any) -> None:
        """Jump to the lesion or vertebra of a row in the table below the views."""
        record, shown = self._record(), shown_table(slicer.mrmlScene)
        for role in ("lesionTable", "vertebraTable"):
            if record is not None and shown is not None and shown is record.GetNodeReference(role):
                self.host.choose_row(role, shown.GetCellText(index.row(), 0))

    def onWindow(self, name: str) -> None:
        """Show the volume with another display window."""
        if self.reading is not None:
            set_window(self.reading.volume, name)

    def onLayoutChanged(self, layout: int) -> None:
        """Follow a layout change made elsewhere."""
        keep_layout_out(layout_manager().layoutLogic().GetLayoutNode())
        self._show_state()

    def onSceneReplaced(self, caller: Any = None, event: Any = None) -> None:
        """Restore slab and layout after a scene was closed or loaded."""
        self._volume = None
        self._opened.clear()
        # Slicer sets up its own views after this.
        self._replaced.start()

    def onViewsReplaced(self) -> None:
        """Set up the reading layout's views again, if it is still active."""
        manager = layout_manager()
        if manager is not None and manager.layout == LAYOUT_ID and self._entered:
            self._set_up_views()

    def onViewModified(self, caller: Any, event: Any = None) -> None:
        """Keep the axial view and the slab synchronised."""
        leader, slab = (view_node(slicer.mrmlScene, tag) for tag in (AXIAL_TAG, SLAB_TAG))
        if self._moving or leader is None or slab is None:
            return
        self._moving = True
        try:
            # A view showing its first volume moves to one of its slices automatically.
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
        if manager is None:
            return
        node = manager.layoutLogic().GetLayoutNode()
        # Scenes of earlier versions contain our layout number, without views if it was unregistered.
        if manager.layout == LAYOUT_ID:
            if node.IsLayoutDescription(LAYOUT_ID):
                return
            # The application ignores a request for the layout it believes to be active.
            manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutInitialView)
        register_layout(node)
        self._before = manager.layout
        manager.setLayout(LAYOUT_ID)
        self._set_up_views()

    def _give_back(self, manager: Any) -> None:
        self._follow(False)
        # At start-up Slicer may not have a layout yet.
        manager.setLayout(self._before or slicer.vtkMRMLLayoutNode.SlicerLayoutInitialView)

    def _set_up_views(self) -> None:
        """Configure and link the slab, then show volume and table."""
        keep_layout_out(layout_manager().layoutLogic().GetLayoutNode())
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
        self.show(self.reading.result_mapping() if self.reading is not None else None)

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
        if self.reading is None:
            return
        volume = self.reading.volume
        unread = self.reading.parameters.heart is None and volume.GetID() not in self._opened
        self._opened.add(volume.GetID())
        if show_volume(volume) or (unread and layout_manager() is not None):
            display = volume.GetDisplayNode()
            if unread and (display is None or display.GetAutoWindowLevel()):
                set_window(volume, "calcium")
            self._new_to_views = True
            self.settling.start()

    def onSettled(self) -> None:
        """Fit a new volume once the views have settled, in the reading layout."""
        volume = self._volume
        if volume is not None and volume.GetScene() is not None and layout_manager() is not None:
            slicer.util.setSliceViewerLayers(background=volume, fit=True)
            look_inside(volume)
            look_at_heart(self.reading)
        self._new_to_views = False

    def _record(self) -> Any:
        return self.reading.result() if self.reading is not None else None

    def _show_state(self) -> None:
        manager = layout_manager()
        self.ui.readingLayoutButton.checked = manager is not None and manager.layout == LAYOUT_ID
