"""Offer calcium and vertebral level codes in Slicer's terminology selector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
import vtk

import CACBoneAxisLib.data
from CACBoneAxisLib.report.segmentation import TERMINOLOGY_CONTEXT

TERMINOLOGY_FILE = Path(CACBoneAxisLib.data.__file__).parent / "CACBoneAxis.term.json"


def load_terminology(logic: Any = None) -> bool:
    """Load our terminology into Slicer once; return whether it is available.

    Segments carry their codes without it; with it Slicer shows the names in its selector.

    Parameters
    ----------
    logic : vtkSlicerTerminologiesModuleLogic, by default the application's
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
