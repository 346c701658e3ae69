"""A small Slicer around the module's file: enough to run the unmodified widget class in a test.

``Host`` puts ``qt``, ``ctk`` and the Python parts of the application that slicer-core
lacks (ScriptedLoadableModule, parameterNodeWrapper, i18n, app, loadUI) in place over a
scene of slicer-core, and imports ``CACBoneAxis/CACBoneAxis.py`` as the application does.
The behaviour imitated is described in :mod:`pythonqt`; where the application differs in
anything else, tests here prove nothing about it.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import layouts
import parameters
import pythonqt
import scripted
import slicer
import widgets
from PySide6 import QtCore, QtGui
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

REPOSITORY = Path(__file__).resolve().parent.parent.parent
MODULE_FILE = REPOSITORY / "CACBoneAxis" / "CACBoneAxis.py"


class Timer(QtCore.QTimer):
    """Runs out when the test lets time pass (``Host.wait``), not when a loaded machine is slow.

    One of no delay runs out as Qt's does, as soon as events are processed.
    """

    @staticmethod
    def singleShot(milliseconds: int, function: Any) -> None:
        if milliseconds == 0:
            QtCore.QTimer.singleShot(0, function)


class Host:
    """The application: modules in ``sys.modules``, one module panel, the widget under test."""

    def __init__(self, scene: Any) -> None:
        self.qt_application = QApplication.instance() or QApplication(["test"])
        self.scene = scene
        self.layout_manager: Any = None
        self.jumps: list[tuple[float, float, float]] = []
        self.opened: list[str] = []
        self.views: dict[str, Any] = {}
        self._before: dict[str, Any] = {}
        # The panel's files hold the qt that was there when they were imported.
        for name in [n for n in sys.modules if n.startswith("CACBoneAxisLib.panel")]:
            del sys.modules[name]
        self._install()
        self.module = self._import()
        self.panel_parent = widgets.qMRMLWidget()
        self.panel_parent.setLayout(QVBoxLayout())
        self.widget: Any = None

    def open(self) -> Any:
        """Open the module, as a click in the module list does, and return its widget."""
        self.widget = self.module.CACBoneAxisWidget(pythonqt.wrap(self.panel_parent))
        slicer.modules.CACBoneAxisWidget = self.widget
        self.widget.setup()
        self.enter()
        return self.widget

    def reload(self, name: str) -> None:
        """Load the module's file again and make its panel anew, as slicer.util.reloadScriptedModule does."""
        self.module = self._import()
        self.widget.cleanup()
        self.widget = self.module.CACBoneAxisWidget(pythonqt.wrap(self.panel_parent))
        slicer.modules.CACBoneAxisWidget = self.widget
        self.widget.setup()

    def show_views(self) -> Any:
        """Give the application views, as its main window has; return what arranges them."""
        self.layout_manager = layouts.LayoutManager(self.scene)
        slicer.app.layoutManager = lambda: pythonqt.wrap(self.layout_manager)
        return self.layout_manager

    def enter(self) -> None:
        """Come (back) to the module."""
        self.panel_parent.entered = True
        self.widget.enter()

    def add_view(self, view: Any) -> None:
        """Show a slice view (``offscreen.OffscreenSliceView``) in the layout."""
        self.views[view.node.GetName()] = view
        self.show_views().views = self.views
        slicer.util.setSliceViewerLayers = lambda **layers: None

    def section(self, name: str) -> Any:
        """Return the section of the panel with a class name."""
        return next(one for one in self.widget.panel.sections if type(one).__name__ == name)

    def exit(self) -> None:
        """Go to another module."""
        self.panel_parent.entered = False
        self.widget.exit()

    def close(self) -> None:
        """End the application."""
        if self.widget is not None:
            self.widget.cleanup()
        if self.layout_manager is not None:
            self.layout_manager.close()
        self.panel_parent.deleteLater()
        for name, module in self._before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module

    def process(self) -> None:
        """Let Qt deliver what is pending."""
        self.qt_application.processEvents()

    def wait(self, *calls: Any) -> None:
        """Make these deferred calls, the soonest first, also when one asks for another."""
        self.process()
        for _ in range(50):
            waiting = [call for call in calls if call.waiting]
            if not waiting:
                return
            first = min(waiting, key=lambda call: call.milliseconds)
            first.stop()
            first.function()
            self.process()
        raise AssertionError("timers start each other for ever")

    def _install(self) -> None:
        qt = pythonqt.module("qt", QTimer=Timer)
        # Painting on paper takes Qt's own objects.
        for name in ("QPdfWriter", "QTextDocument", "QGuiApplication"):
            setattr(qt, name, getattr(QtGui, name))
        qt.QDesktopServices = SimpleNamespace(openUrl=lambda url: self.opened.append(url.toLocalFile()))
        application = SimpleNamespace(
            connect=lambda signal, handler: True,
            processEvents=self.process,
            setOverrideCursor=lambda cursor: None,
            restoreOverrideCursor=lambda: None,
            # As under --testing: errors are raised again and no dialog waits for a click.
            testingEnabled=lambda: True,
        )
        slicer.app = application
        # Keys are the main window's; here the panel's parent stands for it.
        slicer.util.mainWindow = lambda: pythonqt.wrap(self.panel_parent)
        slicer.util.loadUI = lambda path: pythonqt.wrap(widgets.load(path))
        slicer.util.childWidgetVariables = child_widget_variables
        slicer.util.reloadScriptedModule = self.reload
        logic = slicer.modules.markups.logic()
        slicer.modules.markups = SimpleNamespace(logic=lambda: _Markups(logic, self.jumps))
        i18n = types.ModuleType("slicer.i18n")
        i18n.tr = lambda text: text
        i18n.translate = lambda context, text: text
        made = {
            "qt": qt,
            "ctk": pythonqt.module("ctk", **widgets.CUSTOM),
            "slicer.i18n": i18n,
            "slicer.ScriptedLoadableModule": scripted.as_module(MODULE_FILE),
            "slicer.parameterNodeWrapper": parameters.as_module(),
        }
        for name, module in made.items():
            self._before[name] = sys.modules.get(name)
            sys.modules[name] = module
            if name.startswith("slicer."):
                setattr(slicer, name.split(".")[1], module)

    def _import(self) -> types.ModuleType:
        specification = importlib.util.spec_from_file_location("CACBoneAxis", MODULE_FILE)
        module = importlib.util.module_from_spec(specification)
        self._before["CACBoneAxis"] = sys.modules.get("CACBoneAxis")
        sys.modules["CACBoneAxis"] = module
        specification.loader.exec_module(module)
        if "CACBoneAxisLib" in sys.modules:
            # What tests imported stays; that a reload drops it has a test of its own.
            sys.modules["CACBoneAxisLib"].loading = module.LOADING
        return module


class _Markups:
    """The markups logic, noting where the views are sent."""

    def __init__(self, logic: Any, jumps: list[tuple[float, float, float]]) -> None:
        self._logic = logic
        self._jumps = jumps

    def JumpSlicesToLocation(self, r: float, a: float, s: float, centered: bool) -> None:
        self._jumps.append((r, a, s))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logic, name)


def child_widget_variables(widget: Any) -> Any:
    """Return the named widgets of a loaded .ui file as attributes, as slicer.util does."""
    found = SimpleNamespace()
    for child in pythonqt.unwrap(widget).findChildren(QWidget):
        if child.objectName():
            setattr(found, child.objectName(), pythonqt.wrap(child))
    return found
