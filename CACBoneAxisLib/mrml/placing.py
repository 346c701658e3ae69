"""Place seeds and regions from clicks in slice views."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.bone.levels import levels, parse_level
from CACBoneAxisLib.bone.locate import locate_vertebra
from CACBoneAxisLib.bone.protocol import RegionProtocol
from CACBoneAxisLib.bone.regionplacement import located_region, lowered
from CACBoneAxisLib.imaging.findings import finding, refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry, as_point
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.regions import Region
from CACBoneAxisLib.mrml.markups import add_box_node
from CACBoneAxisLib.mrml.regions import box_of, move_region, set_shape

# Stays inside the trabecular bone of most adult lower thoracic and lumbar vertebral bodies:
# left-right, anterior-posterior, superior-inferior. The reader adjusts it with the handles.
FIRST_REGION_SIZE_MM = (24.0, 18.0, 10.0)
# Per cent of the view; Slicer's default is 3.
HANDLE_SCALE = 1.2


def add_seeds_node(scene: Any, volume: Any) -> Any:
    """Add an empty point list for a volume's seeds and return it."""
    name = f"{volume.GetName()} seeds" if volume is not None else "Seeds"
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
    node.CreateDefaultDisplayNodes()
    # A click on a lesion must not drag its seed.
    node.SetLocked(True)
    # Small enough not to hide the calcium.
    node.GetDisplayNode().SetGlyphScale(1.5)
    node.GetDisplayNode().SetTextScale(2.5)
    return node


def name_seed(node: Any, number: int, territory: str) -> str:
    """Label a control point by territory and next free number (``LAD-2``).

    Returns the label.
    """
    others = [node.GetNthControlPointLabel(n) for n in range(node.GetNumberOfControlPoints()) if n != number]
    used = [
        int(tail)
        for head, _, tail in (label.rpartition("-") for label in others)
        if head == territory and tail.isdigit()
    ]
    label = f"{territory}-{max(used, default=0) + 1}"
    node.SetNthControlPointLabel(number, label)
    return label


def place_region(
    scene: Any,
    image: CTImage,
    point_lps_mm: NDArray[np.floating],
    level: str,
    node: Any = None,
    protocol: RegionProtocol | None = None,
) -> tuple[Any, str]:
    """Place a level's region from a point in its vertebra; return ROI and message.

    Parameters
    ----------
    image : CT in axial order
    point_lps_mm : clicked point
    level : level of the vertebra
    node : the level's existing vtkMRMLMarkupsROINode, which is moved; None adds a new one
    protocol : type of region and shape filling its box; the region overrides it if its protocol differs

    Raises
    ------
    UnusableInputError
        If the point lies outside the scan.
    """
    protocol = protocol or RegionProtocol()
    region, message = region_at(image, point_lps_mm, level, protocol)
    if node is None:
        node = add_box_node(box_of(level, region), scene, levels()[level].color)
        # Unlike a unique scene name, the level stays unchanged when two scans are read in one scene.
        node.SetName(level)
        display = node.GetDisplayNode()
        display.SetRotationHandleVisibility(True)
        display.SetTranslationHandleVisibility(True)
        display.SetScaleHandleVisibility(True)
        # Sized to the vertebra, not the view.
        display.SetInteractionHandleScale(HANDLE_SCALE)
    else:
        move_region(node, region)
    set_shape(node, None if region.shape == protocol.shape else region.shape)
    return node, message


def hold_handles(regions: Iterable[Any], current: Any) -> None:
    """Show the handles of one region only, so that neighbours do not overlap."""
    for node in regions:
        display = node.GetDisplayNode()
        if display is not None and bool(display.GetHandlesInteractive()) != (node is current):
            display.SetHandlesInteractive(node is current)


def region_at(
    image: CTImage, point_lps_mm: NDArray[np.floating], level: str, protocol: RegionProtocol
) -> tuple[Region, str]:
    """Return a vertebra's protocol region and, for a fallback, the reason.

    If endplates, axis and wall are not found, the region is upright at the point, with a size that
    stays inside the trabecular bone of most adult vertebrae.
    """
    if not _inside(point_lps_mm, image.geometry):
        raise refusal("point-outside", level=level)
    found = locate_vertebra(image, level, point_lps_mm, protocol.metal_hu)
    if found.frame is not None:
        region = located_region(found.frame, protocol.protocol, protocol.erosion_mm, image.geometry)
        if region is not None:
            told = lowered(level, region, protocol.protocol, image.geometry.slice_increment_mm)
            return region, " ".join(one.message for one in (*found.findings, *told))
    said = found.findings or (finding("region-empty", level=level),)
    return Region(as_point(point_lps_mm), FIRST_REGION_SIZE_MM), " ".join(one.message for one in said)


def region_of(regions: Iterable[Any], level: str) -> Any:
    """Return the given ROI node of a level, or None."""
    return next((node for node in regions if parse_level(node.GetName()) == level), None)


def _inside(position_lps: NDArray[np.floating], geometry: ImageGeometry) -> bool:
    index = geometry.to_index(position_lps)
    return bool(np.all(index >= -0.5) and np.all(index <= np.asarray(geometry.shape[::-1]) - 0.5))
