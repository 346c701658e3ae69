"""Plain Qt widgets in place of ctk's and MRML's, as far as the panel uses them, and the loader that makes them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from PySide6.QtCore import Property, QFile, QIODevice, Signal, Slot
from PySide6.QtUiTools import QUiLoader
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QGroupBox, QHBoxLayout, QLineEdit, QToolButton, QWidget


class ctkCollapsibleButton(QGroupBox):
    """A section with a title (ctk draws a button; here a group box)."""

    text = Property(str, QGroupBox.title, QGroupBox.setTitle)


class ctkCollapsibleGroupBox(QGroupBox):
    """A group that hides its content while collapsed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._collapsed = False

    def _get(self) -> bool:
        return self._collapsed

    def _set(self, value: bool) -> None:
        self._collapsed = value
        # A collapsed group of ctk is its title alone.
        self.setMaximumHeight(self.fontMetrics().height() + 4 if value else 16777215)
        for child in self.findChildren(QWidget):
            if child.parent() is self:
                child.setVisible(not value)

    collapsed = Property(bool, _get, _set)

    def showEvent(self, event: Any) -> None:
        """Hide the content that the loader added after the property was set."""
        super().showEvent(event)
        self._set(self._collapsed)


class ctkPathLineEdit(QWidget):
    """A path with a button."""

    currentPathChanged = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._edit = QLineEdit(self)
        layout.addWidget(self._edit)
        button = QToolButton(self)
        button.setText("...")
        layout.addWidget(button)
        self._edit.textChanged.connect(self.currentPathChanged)

    def _get(self) -> str:
        return self._edit.text()

    def _set(self, value: str) -> None:
        self._edit.setText(value)

    currentPath = Property(str, _get, _set)
    filters = Property(int, lambda self: 0, lambda self, value: None)


class ctkSliderWidget(QDoubleSpinBox):
    """A slider with a number; here the number alone."""


class ctkComboBox(QComboBox):
    """A combo box that may leave the wheel to what is around it."""

    NeverScroll, AlwaysScroll = 0, 1
    _effect = 1

    def wheelEvent(self, event: Any) -> None:
        """Scroll where that is allowed."""
        if self._effect == self.AlwaysScroll:
            super().wheelEvent(event)
        else:
            event.ignore()

    scrollWheelEffect = Property(int, lambda self: self._effect, lambda self, value: setattr(self, "_effect", value))


class qMRMLNodeComboBox(QWidget):
    """Chooses a node of given classes from the scene; where its node is deleted it moves to another, as Slicer's."""

    currentNodeChanged = Signal(object)
    nodeActivated = Signal(object)
    nodeAddedByUserAction = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.combo = QComboBox(self)
        layout.addWidget(self.combo)
        self._types: list[str] = []
        self._flags: dict[str, bool] = {}
        self._scene: Any = None
        self._nodes: list[Any] = []
        self.combo.activated.connect(lambda index: self._tell_picked())

    @Slot(object)
    def setMRMLScene(self, scene: Any) -> None:
        """Offer the nodes of a scene."""
        if self._scene is not None:
            self._scene.RemoveObserver(self._removed)
        self._scene = scene
        if scene is not None:
            self._removed = scene.AddObserver(scene.NodeRemovedEvent, self._on_removed)
        self.refresh()

    def pick(self, node: Any) -> None:
        """Choose a node as a user does, with the mouse."""
        self.refresh()
        self.combo.setCurrentIndex(self._nodes.index(node))
        self._tell_picked()

    def _tell_picked(self) -> None:
        self.currentNodeChanged.emit(self.currentNode())
        self.nodeActivated.emit(self.currentNode())

    def _on_removed(self, caller: Any, event: Any) -> None:
        current = self.currentNode()
        if current is not None and current.GetScene() is None and not self._scene.IsClosing():
            self.refresh()
            self.combo.setCurrentIndex(len(self._nodes) - 1)
            self._tell_picked()

    def refresh(self) -> None:
        """Read the scene again; the application's widget observes it."""
        current = self.currentNode()
        found = []
        if self._scene is not None:
            for name in self._types:
                nodes = self._scene.GetNodesByClass(name)
                nodes.UnRegister(None)
                candidates = [nodes.GetItemAsObject(n) for n in range(nodes.GetNumberOfItems())]
                found += [n for n in candidates if n.GetClassName() == name]
        self._nodes = [None, *found]
        self.combo.blockSignals(True)
        self.combo.clear()
        self.combo.addItems(["None", *(n.GetName() for n in found)])
        self.combo.setCurrentIndex(self._nodes.index(current) if current in self._nodes else 0)
        self.combo.blockSignals(False)

    def currentNode(self) -> Any:
        """Return the chosen node or None."""
        index = self.combo.currentIndex()
        return self._nodes[index] if 0 <= index < len(self._nodes) else None

    def setCurrentNode(self, node: Any) -> None:
        """Choose a node of the scene, or None."""
        before = self.currentNode()
        self.refresh()
        self.combo.setCurrentIndex(self._nodes.index(node) if node in self._nodes else 0)
        if self.currentNode() is not before:
            self.currentNodeChanged.emit(self.currentNode())

    def _get_types(self) -> list[str]:
        return self._types

    def _set_types(self, types: list[str]) -> None:
        self._types = list(types)

    nodeTypes = Property("QStringList", _get_types, _set_types)
    for _flag in ("addEnabled", "removeEnabled", "renameEnabled", "noneEnabled", "showChildNodeTypes"):
        locals()[_flag] = Property(
            bool,
            lambda self, flag=_flag: self._flags.get(flag, False),
            lambda self, value, flag=_flag: self._flags.update({flag: value}),
        )
    selectNodeUponCreation = Property(bool, lambda self: False, lambda self, value: None)


class qMRMLWidget(QWidget):
    """Passes its scene on to the receivers that the .ui file connects."""

    entered = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.receivers: list[str] = []

    @Slot(object)
    def setMRMLScene(self, scene: Any) -> None:
        """Tell the scene to every connected widget."""
        for name in self.receivers:
            self.findChild(QWidget, name).setMRMLScene(scene)

    isEntered = Property(bool, lambda self: self.entered)


CUSTOM = {
    c.__name__: c
    for c in (
        ctkCollapsibleButton,
        ctkCollapsibleGroupBox,
        ctkComboBox,
        ctkPathLineEdit,
        ctkSliderWidget,
        qMRMLNodeComboBox,
        qMRMLWidget,
    )
}


class Loader(QUiLoader):
    """Makes the custom widgets of a .ui file."""

    def createWidget(self, class_name: str, parent: QWidget | None = None, name: str = "") -> QWidget:
        """Make one widget; a class that is neither Qt's nor imitated is an error."""
        if class_name in CUSTOM:
            widget: QWidget = CUSTOM[class_name](parent)
            widget.setObjectName(name)
            return widget
        if not class_name.startswith("Q"):
            raise LookupError(f"{class_name} is not imitated")
        return super().createWidget(class_name, parent, name)


def load(path: str | Path) -> QWidget:
    """Load a .ui file with its scene connections."""
    tree = ET.parse(path)  # noqa: S314 our own file
    # Qt cannot connect the imitations' signals, which carry Python objects.
    connections = tree.getroot().find("connections")
    receivers = [c.findtext("receiver") for c in connections if c.findtext("slot").startswith("setMRMLScene")]
    file = QFile(str(path))
    file.open(QIODevice.OpenModeFlag.ReadOnly)
    widget = Loader().load(file)
    file.close()
    widget.receivers = receivers
    return widget
