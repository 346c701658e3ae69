"""PythonQt as Slicer has it, imitated over PySide6, for tests.

What is imitated, because code for Slicer depends on it:

- properties are attributes (``button.checked``, ``label.text = "x"``), methods are called
  (``table.currentRow()``); an attribute that is neither cannot be set
- ``object.connect("clicked()", f)``: the signal is named by its signature, a name that Qt does
  not know gives ``False`` and no exception, and ``f`` gets exactly the signature's arguments
- ``object.clicked.connect(f)`` too
- ``objectName`` is also ``name``; a deleted object is falsy, not None

What is not: everything else. Widgets of ctk and MRML are plain Qt widgets with the
properties, signals and slots that the panel's .ui file and code use (:mod:`widgets`).
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6 import QtCore, QtGui, QtWidgets

# Which handlers are connected, by object and signal.
CONNECTED: dict[tuple[int, str], list[tuple[Callable[..., Any], Callable[..., None]]]] = {}


class Wrapped:
    """A QObject as PythonQt shows it."""

    __slots__ = ("_object",)

    def __init__(self, qobject: QtCore.QObject) -> None:
        object.__setattr__(self, "_object", qobject)

    def __getattr__(self, name: str) -> Any:
        qobject = self._object
        name = "objectName" if name == "name" else name
        if qobject.metaObject().indexOfProperty(name) >= 0:
            return wrap(qobject.property(name))
        attribute = getattr(qobject, name)
        if isinstance(attribute, QtCore.SignalInstance):
            return attribute
        return lambda *arguments: wrap(attribute(*(unwrap(a) for a in arguments)))

    def __setattr__(self, name: str, value: Any) -> None:
        name = "objectName" if name == "name" else name
        meta = self._object.metaObject()
        if meta.indexOfProperty(name) < 0:
            raise AttributeError(f"{meta.className()} has no property {name}")
        if value is None and isinstance(self._object.property(name), str):
            value = "None"
        if not self._object.setProperty(name, unwrap(value)):
            raise ValueError(f"{meta.className()}.{name} cannot be {value!r}")

    def connect(self, signal: str, handler: Callable[..., Any]) -> bool:
        """Connect a signal named by its signature; False where there is none."""
        signature = QtCore.QMetaObject.normalizedSignature(signal).data().decode().replace("vtkMRMLNode*", "PyObject")
        name, _, rest = signature.partition("(")
        if self._object.metaObject().indexOfSignal(signature) < 0:
            print(f"QObject::connect: no such signal {signature}")  # noqa: T201 as PythonQt does
            return False
        types_of = [t for t in rest.rstrip(")").split(",") if t]
        emitter = getattr(self._object, name)

        # PySide gives a slot of any number of arguments none where the signal has defaults (clicked).
        slots: dict[int, Callable[..., None]] = {
            0: lambda: handler(),
            1: lambda a: handler(wrap(a)),
            2: lambda a, b: handler(wrap(a), wrap(b)),
            4: lambda a, b, c, d: handler(wrap(a), wrap(b), wrap(c), wrap(d)),
        }
        slot = slots[len(types_of)]
        emitter.connect(slot)
        CONNECTED.setdefault((id(self._object), signature), []).append((handler, slot))
        return True

    def disconnect(self, signal: str, handler: Callable[..., Any]) -> bool:
        """Disconnect a handler from a signal named by its signature; False where it was not connected."""
        signature = QtCore.QMetaObject.normalizedSignature(signal).data().decode()
        made = CONNECTED.get((id(self._object), signature), [])
        for pair in [pair for pair in made if pair[0] == handler]:
            getattr(self._object, signature.partition("(")[0]).disconnect(pair[1])
            made.remove(pair)
            return True
        return False

    def __bool__(self) -> bool:
        return shiboken6.isValid(self._object)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Wrapped) and other._object is self._object

    def __hash__(self) -> int:
        return hash(self._object)

    def __repr__(self) -> str:
        return f"{self._object.metaObject().className()} {self._object.objectName()}"


def wrap(value: Any) -> Any:
    """Return a QObject as PythonQt shows it, lists of them too; anything else as it is."""
    if isinstance(value, QtCore.QObject):
        return Wrapped(value)
    return [wrap(item) for item in value] if isinstance(value, list) else value


def unwrap(value: Any) -> Any:
    """Return the QObject under a wrapper; anything else as it is."""
    return value._object if isinstance(value, Wrapped) else value


def module(name: str, **own: Any) -> types.ModuleType:
    """Return a module ``qt`` or ``ctk``: Qt's classes, whose objects come wrapped, and the given ones."""

    class Module(types.ModuleType):
        def __getattr__(self, attribute: str) -> Any:
            for source in (QtWidgets, QtGui, QtCore):
                if hasattr(source, attribute):
                    found = getattr(source, attribute)
                    is_object = isinstance(found, type) and issubclass(found, QtCore.QObject)
                    return _factory(found) if is_object else found
            raise AttributeError(attribute)

    made = Module(name)
    wrapped = {n: _factory(c) if isinstance(c, type) and issubclass(c, QtCore.QObject) else c for n, c in own.items()}
    vars(made).update(wrapped)
    return made


class _Factory:
    """A class of Qt: called it makes a wrapped object, its static functions and enums are attributes."""

    def __init__(self, qt_class: type) -> None:
        self.qt_class = qt_class

    def __call__(self, *arguments: Any) -> Wrapped:
        return Wrapped(self.qt_class(*(unwrap(a) for a in arguments)))

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.qt_class, name)
        return (lambda *arguments: wrap(found(*(unwrap(a) for a in arguments)))) if callable(found) else found


def _factory(qt_class: type) -> Callable[..., Any]:
    return _Factory(qt_class)
