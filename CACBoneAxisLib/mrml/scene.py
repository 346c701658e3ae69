"""Keep a reading's result, tables and overlay together as replayable nodes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import slicer

from CACBoneAxisLib.imaging.findings import UnusableInputError, refusal
from CACBoneAxisLib.mrml import tables
from CACBoneAxisLib.mrml.halves import analyze_halves
from CACBoneAxisLib.mrml.inputs import ReadingNodes, inputs_from_nodes
from CACBoneAxisLib.mrml.labels import exclusion, heart_segments, vertebra_segments
from CACBoneAxisLib.mrml.markups import box_from_node, points_from_node
from CACBoneAxisLib.mrml.overlays import fill_label_volume, result_segments, show_segments
from CACBoneAxisLib.mrml.terminology import load_terminology
from CACBoneAxisLib.mrml.volumes import acquisition_of, keep_acquisition
from CACBoneAxisLib.report.quantities import Subject
from CACBoneAxisLib.study import Settings, StudyInputs, StudyResult
from CACBoneAxisLib.study.upgrade import parse_result

# The result node holds result.json as text and references every node of the reading, so a program
# without the panel can replay a saved scene.
RESULT_ATTRIBUTE = "CACBoneAxis.Result"
FINGERPRINT = "CACBoneAxis.Inputs"
READ_FOR_CALCIUM = "CACBoneAxis.ReadForCalcium"
KEPT_DECIMALS = 9
INPUT_ROLES = ("volume", "seeds", "regions", "vertebrae", "second", "heart")
OUTPUT_ROLES = ("segmentation", "lesionTable", "territoryTable", "vertebraTable", "labelVolume")

TABLES: dict[str, tuple[str, Subject, Callable[[Mapping[str, Any]], list[tables.Row]]]] = {
    "lesionTable": ("lesions", "lesion", tables.lesion_rows),
    "territoryTable": ("calcium", "territory", tables.territory_rows),
    "vertebraTable": ("vertebrae", "vertebra", tables.vertebra_rows),
}


@dataclass(frozen=True)
class ReadingOutputs:
    """The nodes showing a result; ``label_volume`` is None unless requested."""

    result: Any
    segmentation: Any
    lesion_table: Any
    territory_table: Any
    vertebra_table: Any
    label_volume: Any = None


def show_result(
    result: StudyResult, nodes: ReadingNodes, *, label_volume: bool = False, only_changed: bool = False
) -> ReadingOutputs:
    """Show a result (overlay, tables, result node) in a folder beside its volume.

    Repeated calls for a volume update the existing nodes and recreate deleted ones.

    Parameters
    ----------
    label_volume : also fill a label volume node
    only_changed : skip segments with unchanged lesions, as after a click
    """
    scene, name = nodes.volume.GetScene(), nodes.volume.GetName()
    record = find_result(scene, nodes.volume) or _add_result(scene, nodes.volume)
    mapping = result.to_dict()
    # No indentation: it would take ten times as long at every click.
    record.SetText(json.dumps(mapping, ensure_ascii=False, allow_nan=False))
    _keep_inputs(record, nodes)
    record.SetAttribute(FINGERPRINT, fingerprint(nodes, result.settings))
    outputs: dict[str, Any] = {}
    for role, (title, subject, rows) in TABLES.items():
        outputs[role] = _output(record, role, "vtkMRMLTableNode", f"{name} {title}")
        tables.fill_table(outputs[role], subject, rows(mapping))
    load_terminology()
    segments = result_segments(result, mapping)
    outputs["segmentation"] = _output(record, "segmentation", "vtkMRMLSegmentationNode", f"{name} calcium and bone")
    show_segments(segments, result, nodes.volume, outputs["segmentation"], only_changed=only_changed)
    if label_volume:
        outputs["labelVolume"] = _output(record, "labelVolume", "vtkMRMLLabelMapVolumeNode", f"{name} labels")
        fill_label_volume(segments, result, nodes.volume, outputs["labelVolume"])
    _keep_together(record, nodes, outputs.values())
    return ReadingOutputs(
        record,
        outputs["segmentation"],
        outputs["lesionTable"],
        outputs["territoryTable"],
        outputs["vertebraTable"],
        outputs.get("labelVolume"),
    )


def is_current(record: Any, nodes: ReadingNodes, settings: Settings) -> bool:
    """Return whether a result matches the current nodes and settings.

    Node contents are compared, so this holds after changes by other modules and after saving and
    loading the scene.
    """
    return bool(record.GetAttribute(FINGERPRINT) == fingerprint(nodes, settings))


def fingerprint(nodes: ReadingNodes, settings: Settings) -> str:
    """Return a hash of the seeds, regions, vertebrae and settings of a reading; why, of what cannot be read."""
    seeds = None if nodes.seeds is None else [_content(points_from_node, node) for node in nodes.seeds]
    regions = [_content(box_from_node, node) for node in nodes.regions]
    # Names change with the scene's wishes and decide nothing where there are points.
    points = None if seeds is None else [point for one in seeds for point in one.get("points", [one])]
    segments = None
    if nodes.vertebrae is not None:
        named = vertebra_segments(nodes.vertebrae)
        segments = [(level, exclusion(nodes.vertebrae, segment_id)) for segment_id, level in named.items()]
    second = nodes.second.GetID() if nodes.second is not None else None
    said = [points, regions, segments, second, settings.to_mapping()]
    if nodes.heart is not None:
        said.append(heart_segments(nodes.heart))
    return hashlib.sha256(json.dumps(_rounded(said), sort_keys=True).encode()).hexdigest()


def _content(read: Callable[[Any], Any], node: Any) -> dict[str, Any]:
    """Return what a node holds, or why it cannot be read."""
    try:
        return asdict(read(node))
    except UnusableInputError as error:
        return {"unusable": str(error)}


def _rounded(said: Any) -> Any:
    """Round values to the digits in Slicer's files; axes are normalised on reading."""
    if isinstance(said, float):
        return round(said, KEPT_DECIMALS)
    if isinstance(said, dict):
        return {name: _rounded(value) for name, value in said.items()}
    return [_rounded(value) for value in said] if isinstance(said, list | tuple) else said


def find_result(scene: Any, volume: Any) -> Any:
    """Return a volume's result node, or None."""
    for node in slicer.util.getNodesByClass("vtkMRMLTextNode", scene):
        if node.GetAttribute(RESULT_ATTRIBUTE) and node.GetNodeReference("volume") is volume:
            return node
    return None


def result_nodes(scene: Any) -> list[Any]:
    """Return all result nodes of a scene."""
    return [n for n in slicer.util.getNodesByClass("vtkMRMLTextNode", scene) if n.GetAttribute(RESULT_ATTRIBUTE)]


def result_mapping(record: Any) -> Mapping[str, Any]:
    """Return the ``result.json`` content of a result node, in the current schema.

    Raises
    ------
    UnusableInputError
        If it is damaged.
    """
    return parse_result(record.GetText(), "The result in the scene")


def reading_nodes(record: Any) -> ReadingNodes:
    """Return the input nodes of a result node's reading."""
    seeds = _references(record, "seeds")
    read = record.GetAttribute(READ_FOR_CALCIUM) == "true"
    return ReadingNodes(
        record.GetNodeReference("volume"),
        seeds if read else None,
        _references(record, "regions"),
        record.GetNodeReference("vertebrae"),
        record.GetNodeReference("second"),
        record.GetNodeReference("heart"),
    )


def replay(record: Any) -> StudyResult:
    """Analyse a reading again from the nodes and settings stored with its result.

    A saved scene gives the same digits on another machine.

    Raises
    ------
    UnusableInputError
        If a node of the reading is missing.
    """
    return analyze_halves(*_kept(record))


def replayed_inputs(record: Any) -> StudyInputs:
    """Return the study of a result node: its nodes and stored settings.

    Raises
    ------
    UnusableInputError
        If a node of the reading is missing.
    """
    return inputs_from_nodes(*_kept(record))


def _kept(record: Any) -> tuple[ReadingNodes, Settings, str]:
    """Return nodes, settings and id of the study that a result was made of."""
    nodes = reading_nodes(record)
    if nodes.volume is None:
        raise refusal("node-missing", what="CT volume")
    kept = result_mapping(record)
    return nodes, Settings.from_mapping(kept["provenance"]["settings"]), kept["study"]["id"]


def write_mrb(scene: Any, path: str | Path) -> None:
    """Write a scene with all its data to one ``.mrb`` file.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path = Path(path)
    if not scene.WriteToMRB(str(path)) or not path.is_file():
        raise OSError(f"the scene could not be written to {path.name}")


def _add_result(scene: Any, volume: Any) -> Any:
    record = scene.AddNewNodeByClass("vtkMRMLTextNode", f"{volume.GetName()} result")
    record.SetAttribute(RESULT_ATTRIBUTE, "1")
    record.SetNodeReferenceID("volume", volume.GetID())
    # A separate file makes the text visible in an unpacked scene.
    record.SetForceCreateStorageNode(record.CreateStorageNodeAlways)
    return record


def _output(record: Any, role: str, class_name: str, name: str) -> Any:
    node = record.GetNodeReference(role)
    if node is None:
        node = record.GetScene().AddNewNodeByClass(class_name, name)
        record.SetNodeReferenceID(role, node.GetID())
    return node


def _keep_inputs(record: Any, nodes: ReadingNodes) -> None:
    given: dict[str, Sequence[Any]] = {
        "volume": (nodes.volume,),
        "seeds": nodes.seeds or (),
        "regions": nodes.regions,
        "vertebrae": () if nodes.vertebrae is None else (nodes.vertebrae,),
        "second": () if nodes.second is None else (nodes.second,),
        "heart": () if nodes.heart is None else (nodes.heart,),
    }
    for role, items in given.items():
        record.RemoveNodeReferenceIDs(role)
        for item in items:
            record.AddNodeReferenceID(role, item.GetID())
    keep_acquisition(nodes.volume, acquisition_of(nodes.volume))
    record.SetAttribute(READ_FOR_CALCIUM, "false" if nodes.seeds is None else "true")


def _references(record: Any, role: str) -> tuple[Any, ...]:
    found = (record.GetNthNodeReference(role, n) for n in range(record.GetNumberOfNodeReferences(role)))
    return tuple(node for node in found if node is not None)


def _keep_together(record: Any, nodes: ReadingNodes, outputs: Any) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(record.GetScene())
    if hierarchy is None:
        return
    parent = hierarchy.GetItemParent(_item(hierarchy, nodes.volume))
    folder = hierarchy.GetItemParent(_item(hierarchy, record))
    if not hierarchy.GetItemAttribute(folder, RESULT_ATTRIBUTE):
        folder = hierarchy.CreateFolderItem(parent, f"{nodes.volume.GetName()} CACBoneAxis")
        hierarchy.SetItemAttribute(folder, RESULT_ATTRIBUTE, "1")
    for node in (record, *outputs, *(nodes.seeds or ()), *nodes.regions):
        hierarchy.SetItemParent(_item(hierarchy, node), folder)


def _item(hierarchy: Any, node: Any) -> int:
    # The application creates most subject hierarchy items; without it they are missing.
    return int(hierarchy.GetItemByDataNode(node) or hierarchy.CreateItem(hierarchy.GetSceneItemID(), node))
