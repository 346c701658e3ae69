"""Analyse one reading of one CT: input nodes to result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.markups import PointList
from CACBoneAxisLib.mrml.labels import heart_from_segmentation, labels_from_segmentation, segments_state
from CACBoneAxisLib.mrml.markups import box_from_node, points_from_node
from CACBoneAxisLib.mrml.parameternodes import find_reading
from CACBoneAxisLib.mrml.trail import trail_of
from CACBoneAxisLib.mrml.volumes import image_from_volume
from CACBoneAxisLib.study import Settings, StudyInputs, StudyResult
from CACBoneAxisLib.study.approval import Trail
from CACBoneAxisLib.study.incremental import IncrementalAnalysis

Progress = Callable[[str, float], None]

# The heart on the grid of an image, cached with its key because clicks do not change it.
_hearts: WeakKeyDictionary[CTImage, tuple[Any, LabelImage]] = WeakKeyDictionary()


@dataclass(frozen=True)
class ReadingNodes:
    """The nodes of a reading.

    Parameters
    ----------
    volume : vtkMRMLScalarVolumeNode
    seeds : vtkMRMLMarkupsFiducialNodes; ``None`` if the scan was not read for calcium, which
        gives no score; an empty sequence or empty lists if it was read and nothing was found,
        which gives 0
    regions : vtkMRMLMarkupsROINodes, one per vertebra, named by level
    vertebrae : vtkMRMLSegmentationNode with segments named by level, or None
    second : vtkMRMLScalarVolumeNode of the same scan at another energy, or None
    heart : vtkMRMLSegmentationNode with the heart, which limits candidates, or None
    """

    volume: Any
    seeds: tuple[Any, ...] | None = None
    regions: tuple[Any, ...] = ()
    vertebrae: Any = None
    second: Any = None
    heart: Any = None


def inputs_from_nodes(
    nodes: ReadingNodes, settings: Settings | None = None, study_id: str = "study", image: CTImage | None = None
) -> StudyInputs:
    """Return the study described by the nodes.

    Parameters
    ----------
    image : image of the volume, if already read

    Raises
    ------
    UnusableInputError
        One sentence, if a node is missing, empty or unusable.
    """
    image = image_from_volume(nodes.volume) if image is None else image
    _refuse_other_classes(nodes.seeds or (), "vtkMRMLMarkupsFiducialNode", "point lists")
    _refuse_other_classes(nodes.regions, "vtkMRMLMarkupsROINode", "ROIs")
    seeds: tuple[PointList, ...] | None = None
    if nodes.seeds is not None:
        seeds = tuple(points_from_node(node) for node in nodes.seeds)
    settings = settings or Settings()
    if nodes.vertebrae is not None:
        # Segments of a node have names; numbers only come from files.
        settings = replace(settings, bone=replace(settings.bone, numbering="auto"))
    return StudyInputs(
        image=image,
        seeds=seeds,
        regions=tuple(box_from_node(node) for node in nodes.regions),
        vertebrae=None if nodes.vertebrae is None else labels_from_segmentation(nodes.vertebrae, nodes.volume),
        settings=settings,
        study_id=study_id,
        second=None if nodes.second is None else image_from_volume(nodes.second),
        trail=_trail(nodes),
        heart=None if nodes.heart is None else _heart(nodes, image),
    )


def analyze_nodes(
    nodes: ReadingNodes,
    settings: Settings | None = None,
    study_id: str = "study",
    progress: Progress | None = None,
    analysis: IncrementalAnalysis | None = None,
) -> StudyResult:
    """Analyse the study described by the nodes, identical to the command line.

    Parameters
    ----------
    progress : called with the current step and the fraction done (0 to 1); an exception ends the
        analysis, which is how a user cancels
    analysis : incremental analysis of the volume, which recomputes only what changed

    Raises
    ------
    UnusableInputError
        One sentence, if the input is unusable.
    """
    analysis = IncrementalAnalysis(image_from_volume(nodes.volume)) if analysis is None else analysis
    return analysis.analyze(inputs_from_nodes(nodes, settings, study_id, analysis.image), progress=progress)


def _heart(nodes: ReadingNodes, image: CTImage) -> LabelImage:
    state = (*segments_state(nodes.heart), nodes.volume)
    kept = _hearts.get(image)
    if kept is None or kept[0] != state:
        kept = _hearts[image] = (state, heart_from_segmentation(nodes.heart, nodes.volume))
    return kept[1]


def _trail(nodes: ReadingNodes) -> Trail:
    """Return the trail of these nodes' reading; empty for a script's own nodes."""
    reading = find_reading(nodes.volume.GetScene(), nodes.volume) if nodes.volume.GetScene() is not None else None
    if reading is None or reading.GetNodeReference("seeds") not in (nodes.seeds or (None,)):
        return Trail()
    return trail_of(reading)


def _refuse_other_classes(nodes: Sequence[Any], class_name: str, what: str) -> None:
    for node in nodes:
        if node is None or not node.IsA(class_name):
            raise refusal("node-missing" if node is None else "node-kind", **_names(node, what))


def _names(node: Any, what: str) -> dict[str, str]:
    return {"what": what} if node is None else {"node": str(node.GetName()), "kind": node.GetClassName(), "what": what}
