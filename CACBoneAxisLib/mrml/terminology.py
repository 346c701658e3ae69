"""The codes of calcium and vertebral levels, offered in Slicer's terminology selector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
import vtk

import CACBoneAxisLib.data
from CACBoneAxisLib.report.segmentation import TERMINOLOGY_CONTEXT

TERMINOLOGY_FILE = Path(CACBoneAxisLib.data.__file__).parent / "CACBoneAxis.term.json"


def load_terminology(logic: Any = None) -> bool:
    """Load this software's terminology into Slicer, once, and return whether it is there.

    Segments carry their codes without it; with it Slicer shows their names when a reader
    changes them.

    Parameters
    ----------
    logic : vtkSlicerTerminologiesModuleLogic; the application's where it has one
    """
    if logic is None:
        module = getattr(slicer.modules, "terminologies", None)
        if module is None:
            return False
        logic = module.logic()
    names = vtk.vtkStringArray()
    logic.GetLoadedTerminologyNames(names)
    if TERMINOLOGY_CONTEXT in [names.GetValue(n) for n in range(names.GetNumberOfValues())]:
        return True
    return bool(logic.LoadTerminologyFromFile(str(TERMINOLOGY_FILE)) == TERMINOLOGY_CONTEXT)
