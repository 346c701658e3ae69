"""Stand-ins for Slicer's base classes of scripted modules: the attributes and calls that the module relies on."""

from __future__ import annotations

import types
import unittest
from pathlib import Path
from typing import Any


def as_module(module_file: Path) -> types.ModuleType:
    """Return a module in place of ``slicer.ScriptedLoadableModule`` for a module's file."""
    made = types.ModuleType("slicer.ScriptedLoadableModule")

    class ScriptedLoadableModule:
        def __init__(self, parent: Any) -> None:
            self.parent = parent

    class ScriptedLoadableModuleWidget:
        def __init__(self, parent: Any = None) -> None:
            self.parent = parent
            self.layout = parent.layout()
            self.reloads = 0

        def setup(self) -> None:
            pass

        def resourcePath(self, name: str) -> str:
            return str(module_file.parent / "Resources" / name)

        def onReload(self) -> None:
            self.reloads += 1

    class ScriptedLoadableModuleLogic:
        def __init__(self, parent: Any = None) -> None:
            self.moduleName = type(self).__name__.removesuffix("Logic")

    class ScriptedLoadableModuleTest(unittest.TestCase):
        def delayDisplay(self, message: str) -> None:
            pass

    for item in (
        ScriptedLoadableModule,
        ScriptedLoadableModuleWidget,
        ScriptedLoadableModuleLogic,
        ScriptedLoadableModuleTest,
    ):
        setattr(made, item.__name__, item)
    return made
