"""A stand-in for Slicer's parameterNodeWrapper: the types and widgets that the module's parameter node uses.

Values are kept in the node as Slicer keeps them (text of numbers, ``True``/``False``,
an enum's member name, node references, ``name.len`` and ``name.0`` for lists), so a
scene written by the application is understood here and the other way round.
"""

from __future__ import annotations

import enum
import pathlib
import types
import typing
from collections.abc import Callable
from typing import Any

import pythonqt
import slicer
import vtk
from PySide6 import QtWidgets


class WithinRange:
    """The range of a number."""

    def __init__(self, minimum: float, maximum: float) -> None:
        self.minimum, self.maximum = minimum, maximum

    def validate(self, value: float) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} is not within {self.minimum} and {self.maximum}")


def as_module() -> types.ModuleType:
    """Return a module in place of ``slicer.parameterNodeWrapper``."""
    made = types.ModuleType("slicer.parameterNodeWrapper")
    made.WithinRange = WithinRange
    made.parameterNodeWrapper = parameterNodeWrapper
    return made


def parameterNodeWrapper(cls: type) -> type:
    """Make a class of annotated fields a view of a parameter node."""
    hints = typing.get_type_hints(cls, include_extras=True)
    fields = {name: Field(name, hint, getattr(cls, name, None)) for name, hint in hints.items()}
    for name, field in fields.items():
        setattr(cls, name, property(lambda self, f=field: f.read(self.parameterNode), _writer(field)))

    def __init__(self: Any, node: Any) -> None:
        self.parameterNode = node
        self._connections: dict[int, Any] = {}
        self._updating = False
        for field in fields.values():
            if not field.is_in(node):
                field.write(node, field.default)

    cls.__init__ = __init__
    cls.fields = fields
    cls.AddObserver = lambda self, *arguments: self.parameterNode.AddObserver(*arguments)
    cls.RemoveObserver = lambda self, tag: self.parameterNode.RemoveObserver(tag)
    cls.connectGui = _connect_gui
    cls.disconnectGui = _disconnect_gui
    return cls


def _writer(field: Field) -> Callable[[Any, Any], None]:
    return lambda self, value: field.write(self.parameterNode, value)


class Field:
    """One parameter: its type, default, and its form in the node."""

    def __init__(self, name: str, hint: Any, default: Any) -> None:
        self.name = name
        self.checks: tuple[Any, ...] = getattr(hint, "__metadata__", ())
        self.type = typing.get_args(hint)[0] if self.checks else hint
        self.is_list = typing.get_origin(self.type) is list
        self.is_node = isinstance(self.type, type) and issubclass(self.type, slicer.vtkMRMLNode)
        self.is_enum = isinstance(self.type, type) and issubclass(self.type, enum.Enum)
        self.default = default
        if default is None and not self.is_node:
            self.default = [] if self.is_list else self.type()

    def is_in(self, node: Any) -> bool:
        return bool(node.HasParameter(f"{self.name}.len" if self.is_list else self.name))

    def read(self, node: Any) -> Any:
        if self.is_list:
            count = int(node.GetParameter(f"{self.name}.len") or 0)
            return [node.GetNodeReference(f"{self.name}.{n}") for n in range(count)]
        if self.is_node:
            return node.GetNodeReference(self.name)
        text = node.GetParameter(self.name)
        if self.is_enum:
            return self.type[text]
        return text == "True" if self.type is bool else self.type(text)

    def write(self, node: Any, value: Any) -> None:
        for check in self.checks:
            check.validate(value)
        with slicer.util.NodeModify(node):
            if self.is_list:
                for n in range(max(len(value), int(node.GetParameter(f"{self.name}.len") or 0))):
                    item = value[n] if n < len(value) else None
                    node.SetParameter(f"{self.name}.{n}", "")
                    node.SetNodeReferenceID(f"{self.name}.{n}", item.GetID() if item is not None else None)
                node.SetParameter(f"{self.name}.len", str(len(value)))
            elif self.is_node:
                node.SetParameter(self.name, "")
                node.SetNodeReferenceID(self.name, value.GetID() if value is not None else None)
            else:
                node.SetParameter(self.name, value.name if self.is_enum else str(value))


def _connect_gui(self: Any, ui: Any) -> int:
    connected = []
    for widget in vars(ui).values():
        name = widget.property("SlicerParameterName")
        if name:
            connected.append((self.fields[name], _Binding(pythonqt.unwrap(widget), self.fields[name])))
    tag = len(self._connections)

    def to_widgets(*_arguments: Any) -> None:
        if not self._updating and tag in self._connections:
            self._updating = True
            try:
                for field, binding in connected:
                    binding.write(field.read(self.parameterNode))
            finally:
                self._updating = False

    for field, binding in connected:
        binding.write(field.read(self.parameterNode))
        binding.changed = lambda field=field, binding=binding: (
            None if self._updating else field.write(self.parameterNode, binding.read())
        )
    self._connections[tag] = (connected, self.AddObserver(vtk.vtkCommand.ModifiedEvent, to_widgets))
    return tag


def _disconnect_gui(self: Any, tag: int) -> None:
    connected, observer = self._connections.pop(tag)
    for _field, binding in connected:
        binding.changed = lambda: None
    self.RemoveObserver(observer)


class _Binding:
    """A widget that shows one field."""

    def __init__(self, widget: Any, field: Field) -> None:
        self.widget, self.field = widget, field
        self.changed: Callable[[], Any] = lambda: None
        kind = type(widget).__name__
        self.kind = kind
        notify = lambda *arguments: self.changed()  # noqa: E731
        if field.is_enum and kind == "QComboBox":
            self.choices = list(field.type)
            widget.clear()
            widget.addItems([choice.label() for choice in self.choices])
            widget.currentIndexChanged.connect(notify)
        elif field.type is pathlib.Path and kind == "ctkPathLineEdit":
            widget.currentPathChanged.connect(notify)
        elif field.type is bool and kind == "QCheckBox":
            widget.stateChanged.connect(notify)
        elif field.type is bool and kind == "QPushButton":
            widget.toggled.connect(notify)
        elif field.type is str and kind == "QLineEdit":
            widget.textChanged.connect(notify)
        elif (field.type, kind) in ((int, "QSpinBox"), (float, "QDoubleSpinBox"), (float, "ctkSliderWidget")):
            for check in field.checks:
                widget.setRange(check.minimum, check.maximum)
            widget.valueChanged.connect(notify)
        else:
            raise RuntimeError(f"{kind} cannot show {field.name}")

    def read(self) -> Any:
        if isinstance(self.widget, QtWidgets.QComboBox):
            return self.choices[self.widget.currentIndex()]
        if self.kind == "ctkPathLineEdit":
            return pathlib.Path(self.widget.property("currentPath"))
        if self.kind == "QLineEdit":
            return self.widget.text()
        return self.widget.isChecked() if self.kind in ("QCheckBox", "QPushButton") else self.widget.value()

    def write(self, value: Any) -> None:
        if isinstance(self.widget, QtWidgets.QComboBox):
            self.widget.setCurrentIndex(self.choices.index(value))
        elif self.kind == "ctkPathLineEdit":
            self.widget.setProperty("currentPath", str(value))
        elif self.kind in ("QCheckBox", "QPushButton"):
            self.widget.setChecked(value)
        elif self.kind == "QLineEdit":
            self.widget.setText(value)
        else:
            self.widget.setValue(value)
