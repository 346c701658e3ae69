"""Stand-ins for Slicer's base classes of scripted modules: the attributes and calls that the module relies on."""

from __future__ import annotations

import logging
import sys
import types
import unittest
from pathlib import Path
from typing import Any

import slicer


def as_module(module_file: Path) -> types.ModuleType:
    """Return a module in place of ``slicer.ScriptedLoadableModule`` for a module's file."""
    made = types.ModuleType("slicer.ScriptedLoadableModule")

    class ScriptedLoadableModule:
        def __init__(self, parent: Any) -> None:
            self.parent = parent
            self.moduleName = type(self).__name__
            slicer.selfTests = {self.moduleName: self.runTest}

        def runTest(self, msec: int = 100, **kwargs: Any) -> None:
            # The class is looked for again, because a reload replaces it.
            test = getattr(sys.modules[type(self).__module__], f"{self.moduleName}Test")()
            test.messageDelay = msec
            test.runTest(**kwargs)

    class ScriptedLoadableModuleWidget:
        def __init__(self, parent: Any = None) -> None:
            self.parent = parent
            self.layout = parent.layout()
            self.moduleName = type(self).__name__.removesuffix("Widget")

        def setup(self) -> None:
            pass

        def resourcePath(self, name: str) -> str:
            return str(module_file.parent / "Resources" / name)

        def onReload(self) -> None:
            slicer.util.reloadScriptedModule(self.moduleName)

        def onTest(self, **kwargs: Any) -> None:
            slicer.selfTests[self.moduleName](msec=0, **kwargs)

        def onReloadAndTest(self, **kwargs: Any) -> None:
            self.onReload()
            self.onTest(**kwargs)

    class ScriptedLoadableModuleLogic:
        def __init__(self, parent: Any = None) -> None:
            self.moduleName = type(self).__name__.removesuffix("Logic")

    class ScriptedLoadableModuleTest(unittest.TestCase):
        def delayDisplay(self, message: str) -> None:
            pass

        def runTest(self) -> None:
            logging.warning(f"No test is defined in {type(self).__name__}")

    for item in (
        ScriptedLoadableModule,
        ScriptedLoadableModuleWidget,
        ScriptedLoadableModuleLogic,
        ScriptedLoadableModuleTest,
    ):
        setattr(made, item.__name__, item)
    return made
