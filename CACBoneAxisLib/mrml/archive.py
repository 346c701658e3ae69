"""Build a scene from a study analysed from files, for Slicer to open."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import slicer

from CACBoneAxisLib.bone.levels import levels, parse_level
from CACBoneAxisLib.bone.numbering import level_numbers
from CACBoneAxisLib.bone.results import VertebraMeasurement
from CACBoneAxisLib.calcium.heartlabels import heart_labels
from CACBoneAxisLib.imaging.geometry import RAS_LPS, as_point, swap_ras_lps
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.markups import Box, PointList
from CACBoneAxisLib.imaging.orient import to_axial
from CACBoneAxisLib.mrml.inputs import ReadingNodes
from CACBoneAxisLib.mrml.labels import exclude_segment
from CACBoneAxisLib.mrml.markups import add_box_node, add_points_node
from CACBoneAxisLib.mrml.parameternodes import choose, reading_of, session_node
from CACBoneAxisLib.mrml.protocols import visual_text
from CACBoneAxisLib.mrml.scene import show_result, write_mrb
from CACBoneAxisLib.mrml.volumes import keep_acquisition, volume_geometry
from CACBoneAxisLib.study import Settings, StudyInputs, StudyResult

SCENE_FILE = "scene.mrb"


def write_scene(result: StudyResult, inputs: StudyInputs, folder: Path) -> None:
    """Write a study as ``scene.mrb`` into a folder, clearing the current scene.

    It holds the CT, seeds, regions, choices and result, so the panel continues where the command
    line ended, and a replay gives the same digits.
    """
    slicer.mrmlScene.Clear()
    nodes = add_study(result, inputs, slicer.mrmlScene)
    show_result(result, nodes)
    write_mrb(slicer.mrmlScene, Path(folder) / SCENE_FILE)


def add_study(result: StudyResult, inputs: StudyInputs, scene: Any) -> ReadingNodes:
    """Add an analysed study and the panel's choices to a scene; return the nodes.

    A region placed from a point becomes an ROI that measures the same.
    """
    placed = tuple(filter(None, (box_of_point(vertebra) for vertebra in result.bone.vertebrae)))
    return add_inputs(replace(inputs, settings=result.settings, regions=(*inputs.regions, *placed), points=()), scene)


def box_of_point(vertebra: VertebraMeasurement) -> Box | None:
    """Return the box of a region placed from a point, None for other vertebrae."""
    region = vertebra.region
    if vertebra.source != "point" or "center_ras_mm" not in region:
        return None
    axes = RAS_LPS[:3, :3] @ np.array(region["axes_ras"])
    return Box(
        vertebra.level,
        as_point(swap_ras_lps(region["center_ras_mm"])),
        as_point(region["size_mm"]),
        tuple(map(as_point, axes)),
        vertebra.level,
        json.dumps({"shape": region["shape"]}, allow_nan=False),
    )


def add_inputs(inputs: StudyInputs, scene: Any) -> ReadingNodes:
    """Add a study's inputs and the panel's choices to a scene; return the nodes."""
    volume = add_volume(inputs.image, scene)
    nodes = add_reading(volume, inputs.seeds, inputs.regions, inputs.vertebrae, inputs.settings)
    if inputs.second is not None:
        nodes = replace(nodes, second=add_volume(inputs.second, scene))
        choose(reading_of(scene, volume), "secondVolume", nodes.second)
    if inputs.heart is not None:
        nodes = replace(nodes, heart=add_heart(inputs.heart.on_grid_of(inputs.image.geometry), volume, scene))
        choose(reading_of(scene, volume), "heartSegmentation", nodes.heart)
    return nodes


def add_reading(
    volume: Any,
    given: Sequence[PointList] | None,
    boxes: Sequence[Box],
    labels: LabelImage | None,
    settings: Settings,
) -> ReadingNodes:
    """Add seeds, regions and vertebrae as a volume's reading; return the nodes.

    Parameters
    ----------
    given : point lists; None if the scan was not read for calcium
    boxes : regions
    labels : vertebrae on the volume's grid in axial order, or None
    settings : settings of the reading
    """
    scene = volume.GetScene()
    seeds = None
    if given is not None:
        # One list, because the panel works on one; seed order has no meaning.
        together = PointList("Seeds", tuple(point for points in given for point in points.points))
        seeds = (add_points_node(together, scene),)
    regions = []
    for box in boxes:
        level = parse_level(box.name) or parse_level(box.label)
        regions.append(add_box_node(box, scene, levels()[level].color if level else None))
        regions[-1].SetName(box.name)
    vertebrae = None if labels is None else add_vertebrae(labels, volume, scene, settings.bone.numbering)
    nodes = ReadingNodes(volume, seeds, tuple(regions), vertebrae)
    keep_choices(nodes, settings.to_mapping(), scene)
    return nodes


def add_volume(image: CTImage, scene: Any) -> Any:
    """Add a CT image to a scene as a scalar volume node and return it."""
    matrix = image.geometry.index_to_ras
    array = np.ascontiguousarray(image.hu)
    volume = slicer.util.addVolumeFromArray(array, matrix, image.source.name)
    keep_acquisition(volume, image.acquisition)
    # A chest CT window; without it the greys span the whole range from air to metal.
    volume.CreateDefaultDisplayNodes()
    display = volume.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(350, 40)
    return volume


PART_NAMES = {
    "heart": "heart",
    "LA": "left atrium",
    "LV": "left ventricle",
    "RA": "right atrium",
    "RV": "right ventricle",
    "aorta": "aorta",
    "bone": "bone",
}


def add_vertebrae(labels: LabelImage, volume: Any, scene: Any, numbering: Any = "auto") -> Any:
    """Add vertebra labels on the CT's grid as a segmentation named by level.

    Parameters
    ----------
    numbering : scheme for unnamed labels, as in ``BoneProtocol``
    """
    numbers, _ = level_numbers(labels, numbering)
    named = {level: (level, levels()[level].color, (value,)) for level, value in numbers.items()}
    segmentation = _add_segmentation(labels, volume, scene, named)
    for level, value in numbers.items():
        exclude_segment(segmentation, level, labels.excluded.get(value))
    return segmentation


def add_heart(labels: LabelImage, volume: Any, scene: Any) -> Any:
    """Add heart labels on the CT's grid to a scene as a segmentation of its parts.

    Raises
    ------
    UnusableInputError
        If it has no heart, or its grid differs from the volume in axial order.
    """
    found, _ = heart_labels(labels, asked=True)
    parts = found.parts if found is not None else {}
    segmentation = _add_segmentation(
        labels, volume, scene, {part: (PART_NAMES[part], None, tuple(numbers)) for part, numbers in parts.items()}
    )
    # It limits the search; displayed, it would hide the calcium.
    segmentation.GetDisplayNode().SetVisibility(False)
    return segmentation


def _add_segmentation(
    labels: LabelImage,
    volume: Any,
    scene: Any,
    segments: Mapping[str, tuple[str, tuple[int, int, int] | None, tuple[int, ...]]],
) -> Any:
    """Add labels on the CT's grid as a segmentation.

    ``segments`` maps ids to name, colour (RGB 0-255) and values.
    """
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", labels.name)
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    for segment_id, (name, color, values) in segments.items():
        segment = slicer.vtkSegment()
        segment.SetName(name)
        if color is not None:
            segment.SetColor(*(channel / 255 for channel in color))
        segmentation.GetSegmentation().AddSegment(segment, segment_id)
        inside = np.zeros(slicer.util.arrayFromVolume(volume).shape, dtype=np.uint8)
        # A volume from elsewhere may have its axes in another order.
        axial, _ = to_axial(inside, volume_geometry(volume))
        axial[...] = np.isin(labels.labels, values)
        slicer.util.updateSegmentBinaryLabelmapFromArray(inside, segmentation, segment_id, volume)
    segmentation.CreateDefaultDisplayNodes()
    return segmentation


def keep_choices(nodes: ReadingNodes, settings: Mapping[str, Any], scene: Any) -> None:
    """Write nodes and settings into the volume's reading and show it.

    Settings without a field in the parameter node go to ``otherSettings``, so that Apply in the panel
    uses them too.
    """
    node = reading_of(scene, nodes.volume)
    calcium = settings["calcium"]
    contrast = {None: "UNKNOWN", False: "NO", True: "YES"}[settings["acquisition"]["contrast"]]
    texts = {
        "regions.len": len(nodes.regions),
        "noneFound": nodes.seeds is not None and not any(n.GetNumberOfDefinedControlPoints() for n in nodes.seeds),
        "kvp": round(settings["acquisition"]["kvp"] or 0),
        "contrast": contrast,
        "ageYears": round(settings["patient"]["age_years"] or 0),
        "sex": {None: "UNKNOWN", "F": "FEMALE", "M": "MALE"}[settings["patient"]["sex"]],
        "protocol": calcium["protocol"],
        "contrastThreshold": calcium["contrast_threshold_hu"] or 0.0,
        "contrastSd": calcium["contrast_threshold_sd"] or 0.0,
        "visual": visual_text(settings["visual"]),
        "threshold": calcium["threshold_hu"],
        "minimumArea": calcium["minimum_area_mm2"],
        "massFactor": calcium["mass_factor_mg_per_mm3_per_hu"] or 0.0,
        "otherSettings": json.dumps(settings, allow_nan=False),
    }
    # One event for all changes, so observers never see half a study.
    with slicer.util.NodeModify(node):
        for name, chosen in (
            ("seeds", (nodes.seeds or (None,))[0]),
            ("vertebrae", nodes.vertebrae),
            *((f"regions.{n}", region) for n, region in enumerate(nodes.regions)),
        ):
            choose(node, name, chosen)
        for name, value in texts.items():
            node.SetParameter(name, str(value))
    choose(session_node(scene), "volume", nodes.volume)
