"""A Slicer scene without the application, for tests: slicer-core with its logics wired up.

What the application does at start-up and slicer-core leaves to its user: the
singleton nodes, the module logics (each told of the application logic before the
scene), and ``slicer.mrmlScene`` and ``slicer.modules``.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import slicer

# The application logic comes first: it makes the selection and interaction singletons.
LOGICS = {
    "Colors": "vtkSlicerColorLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Tables": "vtkSlicerTablesLogic",
}


def new_scene() -> slicer.vtkMRMLScene:
    """Return an empty scene as the application has it after start-up, and make it ``slicer.mrmlScene``."""
    scene = slicer.vtkMRMLScene()
    application_logic = slicer.vtkSlicerApplicationLogic()
    application_logic.SetMRMLScene(scene)
    modules = SimpleNamespace()
    logics = [application_logic]
    for name, class_name in LOGICS.items():
        logic = getattr(slicer, class_name)()
        logic.SetMRMLApplicationLogic(application_logic)
        logic.SetMRMLScene(scene)
        application_logic.SetModuleLogic(name, logic)
        logics.append(logic)
        setattr(modules, name.lower(), SimpleNamespace(logic=lambda logic=logic: logic))
    slicer.mrmlScene = scene
    slicer.modules = modules
    slicer.subject_hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    # Python owns them: the C++ side keeps only weak pointers.
    scene_logics[scene] = logics
    return scene


def close_scene(scene: slicer.vtkMRMLScene) -> None:
    """Take the scene away again, logics last."""
    scene.Clear(True)
    for logic in reversed(scene_logics.pop(scene)):
        logic.SetMRMLScene(None)
    slicer.mrmlScene = None


def open_saved(scene: slicer.vtkMRMLScene, bundle: Path) -> Path:
    """Open a saved scene (.mrb) in a scene; return the folder beside it in which it was unpacked."""
    folder = bundle.parent / "unpacked"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    (mrml,) = folder.rglob("*.mrml")
    scene.SetURL(str(mrml))
    scene.SetRootDirectory(str(mrml.parent))
    assert scene.Import()
    return folder


@contextmanager
def reopened(bundle: Path) -> Iterator[slicer.vtkMRMLScene]:
    """Open a saved scene in an empty one, and close that again."""
    before, fresh = slicer.mrmlScene, new_scene()
    try:
        open_saved(fresh, bundle)
        yield fresh
    finally:
        close_scene(fresh)
        slicer.mrmlScene = before


scene_logics: dict[slicer.vtkMRMLScene, list[slicer.vtkMRMLAbstractLogic]] = {}
