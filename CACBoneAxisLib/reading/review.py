"""Open a batch study for review, compare it with its row, and close it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import slicer

from CACBoneAxisLib.cohort.corrections import CorrectedReading, changed_settings
from CACBoneAxisLib.cohort.review import load_for_review
from CACBoneAxisLib.mrml.archive import add_inputs, add_study
from CACBoneAxisLib.mrml.attributes import json_attribute
from CACBoneAxisLib.mrml.inputs import Progress, ReadingNodes
from CACBoneAxisLib.mrml.labels import labels_from_segmentation
from CACBoneAxisLib.mrml.markups import box_from_node, points_from_node
from CACBoneAxisLib.mrml.parameternodes import find_reading
from CACBoneAxisLib.mrml.scene import INPUT_ROLES, OUTPUT_ROLES, RESULT_ATTRIBUTE, reading_nodes, result_mapping
from CACBoneAxisLib.study import analyze

# Stored with the volume, so that a saved scene knows which row it may replace.
BATCH_ATTRIBUTE = "CACBoneAxis.Batch"
STUDY_ATTRIBUTE = "CACBoneAxis.BatchStudy"
OPENED_ATTRIBUTE = "CACBoneAxis.BatchOpened"


def open_study(scene: Any, batch: Path, study_id: str, progress: Progress | None = None) -> ReadingNodes:
    """Add a batch study with its row's reading to the scene; return the nodes.

    Raises
    ------
    UnusableInputError
        One sentence, if it cannot be opened.
    """
    inputs = load_for_review(batch, study_id, progress)
    # Regions placed from points exist only after the analysis; in the scene they can be corrected.
    nodes = add_study(analyze(inputs, progress), inputs, scene) if inputs.points else add_inputs(inputs, scene)
    # A file name may contain the patient's name.
    nodes.volume.SetName(study_id)
    nodes.volume.SetAttribute(BATCH_ATTRIBUTE, str(batch))
    nodes.volume.SetAttribute(STUDY_ATTRIBUTE, study_id)
    return nodes


def study_of(volume: Any) -> tuple[Path, str] | None:
    """Return the batch folder and study a volume was opened from, or None."""
    study_id = volume.GetAttribute(STUDY_ATTRIBUTE) if volume is not None else None
    return (Path(volume.GetAttribute(BATCH_ATTRIBUTE)), str(study_id)) if study_id else None


def find_study(scene: Any, batch: Path, study_id: str) -> Any:
    """Return the volume of a study already in the scene, or None."""
    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode", scene)
    return next((volume for volume in volumes if study_of(volume) == (batch, study_id)), None)


def note_opened(nodes: ReadingNodes, settings: Mapping[str, Any], record: Any) -> None:
    """Store the row's reading with the volume, to detect corrections.

    Parameters
    ----------
    settings : complete, from the panel
    record : the result node, or None without a result
    """
    opened = {
        "settings": settings,
        "result": reading_hash(record) if record is not None else None,
        "vertebrae": _labels_hash(nodes),
    }
    nodes.volume.SetAttribute(OPENED_ATTRIBUTE, json.dumps(opened, allow_nan=False))


def is_as_opened(volume: Any, record: Any) -> bool:
    """Return whether a result equals the row's; False if the row has none."""
    opened = json_attribute(volume, OPENED_ATTRIBUTE, {})
    return bool(opened) and opened.get("result") == reading_hash(record)


def reading_hash(record: Any) -> str:
    """Return a hash of a result and its inputs, without time and file names."""
    result = result_mapping(record)
    said = [result[name] for name in ("suitability", "calcium", "bone")]
    said += [result["study"]["patient"], result["study"]["acquisition"], result["provenance"]["settings"]]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def corrected_reading(record: Any) -> CorrectedReading:
    """Return the reading behind a current result of a batch study."""
    nodes = reading_nodes(record)
    opened = json_attribute(nodes.volume, OPENED_ATTRIBUTE, {})
    same = opened.get("vertebrae") == _labels_hash(nodes)
    return CorrectedReading(
        None if nodes.seeds is None else tuple(points_from_node(node) for node in nodes.seeds),
        tuple(box_from_node(node) for node in nodes.regions),
        None if same or nodes.vertebrae is None else labels_from_segmentation(nodes.vertebrae, nodes.volume),
        same,
        changed_settings(opened.get("settings", {}), result_mapping(record)["provenance"]["settings"]),
    )


def close_study(scene: Any, record: Any) -> None:
    """Remove a study's volume, its reading and its result from the scene."""
    reading = find_reading(scene, record.GetNodeReference("volume"))
    nodes = [
        record.GetNthNodeReference(role, number)
        for role in (*OUTPUT_ROLES, *INPUT_ROLES)
        for number in range(record.GetNumberOfNodeReferences(role))
    ]
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(record)) if hierarchy is not None else 0
    for node in (record, reading, *nodes):
        if node is not None:
            scene.RemoveNode(node)
    if folder and hierarchy.GetItemAttribute(folder, RESULT_ATTRIBUTE):
        hierarchy.RemoveItem(folder)


def _labels_hash(nodes: ReadingNodes) -> str | None:
    if nodes.vertebrae is None:
        return None
    labels = labels_from_segmentation(nodes.vertebrae, nodes.volume)
    named = json.dumps(sorted((labels.names or {}).items())).encode()
    return hashlib.sha256(named + labels.labels.tobytes()).hexdigest()
