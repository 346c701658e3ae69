"""Show bone density in colour over the CT; display only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.imaging.geometry import RAS_LPS, ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.mrml.labels import vertebra_segments
from CACBoneAxisLib.mrml.volumes import DENSITY_ATTRIBUTE
from CACBoneAxisLib.report.bonefigures import DENSITY_RANGE_MG_CM3, SMOOTHING_MM, colors_of

# Value outside the regions, below any density, so that a display threshold hides it.
NO_DENSITY = -3000.0
NUMBER_OF_COLORS = 256
LEGEND_LABELS = 6
# Fraction of the view's width and height; the font grows with the height.
LEGEND_SIZE = (0.1, 0.25)


def density_block(
    image: CTImage, masks: Mapping[str, Mask], calibration: Calibration
) -> tuple[NDArray[np.float32], tuple[int, int, int]]:
    """Return a block with the BMD of the regions, mg/cm3, and its (z, y, x) offset.

    Each voxel is the mean of the region's voxels in a 3 mm cube, as in the report's picture, because
    single voxels show mostly noise.

    Parameters
    ----------
    image : CT in axial order
    masks : measured voxels by level, at least one
    calibration : a line

    Returns
    -------
    block : float32 (z, y, x), ``NO_DENSITY`` outside the regions
    offset : (z, y, x)
    """
    low = np.min([mask.offset for mask in masks.values()], axis=0)
    high = np.max([np.add(mask.offset, mask.voxels.shape) for mask in masks.values()], axis=0)
    block = np.full(tuple(high - low), NO_DENSITY, dtype=np.float32)
    size = [max(1, round(SMOOTHING_MM / spacing)) for spacing in image.geometry.spacing_mm[::-1]]
    for mask in masks.values():
        inside = mask.voxels.astype(float)
        weight = ndimage.uniform_filter(inside, size, mode="constant")
        total = ndimage.uniform_filter(
            np.where(mask.voxels, image.hu[mask.slices], 0).astype(float), size, mode="constant"
        )
        place = tuple(slice(o - a, o - a + n) for o, a, n in zip(mask.offset, low, mask.voxels.shape, strict=True))
        bmd = calibration.bmd_mg_cm3(total / np.where(mask.voxels, weight, 1))
        block[place][mask.voxels] = np.asarray(bmd)[mask.voxels]
    return block, (int(low[0]), int(low[1]), int(low[2]))


def show_density(image: CTImage, masks: Mapping[str, Mask], calibration: Calibration, node: Any) -> None:
    """Show BMD of the regions in a volume node, with report colours and scale bar.

    Parameters
    ----------
    image, masks, calibration : as in :func:`density_block`
    node : vtkMRMLScalarVolumeNode of :func:`add_density_node`
    """
    block, offset = density_block(image, masks, calibration)
    slicer.util.updateVolumeFromArray(node, block)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(_place(image.geometry, offset)))
    display = node.GetDisplayNode()
    if display is None:
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
        display.SetAndObserveColorNodeID(_color_table(node).GetID())
        # No interpolation: densities between bone and background have no meaning.
        display.SetInterpolate(False)
        low, high = DENSITY_RANGE_MG_CM3
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(low, high)
        display.AutoThresholdOff()
        display.SetLowerThreshold(NO_DENSITY + 1)
        display.SetUpperThreshold(-NO_DENSITY)
        display.ApplyThresholdOn()
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(node)
    if legend is not None:
        legend.SetTitleText(f"BMD mg/cm3\n{calibration.material}")
        legend.SetNumberOfLabels(LEGEND_LABELS)
        legend.SetLabelFormat("%.0f")
        legend.SetSize(*LEGEND_SIZE)


def add_density_node(scene: Any, volume: Any) -> Any:
    """Add and return an empty density volume node for a CT volume node."""
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", f"{volume.GetName()} BMD in colour, for the eye only")
    node.SetAttribute(DENSITY_ATTRIBUTE, "1")
    return node


def draw_scale(node: Any) -> None:
    """Trigger drawing of the scale bar once the density is shown.

    The views check the scale bar only when it changes.
    """
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node)
    if legend is not None:
        legend.Modified()


def fill_vertebrae(segmentation: Any, filled: bool) -> None:
    """Fill the vertebra segments in slice views, or show only their outlines."""
    display = segmentation.GetDisplayNode() if segmentation is not None else None
    if display is None:
        return
    for segment_id in vertebra_segments(segmentation):
        if bool(display.GetSegmentVisibility2DFill(segment_id)) != filled:
            display.SetSegmentVisibility2DFill(segment_id, filled)


def _place(geometry: ImageGeometry, offset: tuple[int, int, int]) -> NDArray[np.float64]:
    matrix = geometry.index_to_lps
    matrix[:3, 3] = geometry.to_lps(offset[::-1])
    return RAS_LPS @ matrix


def _color_table(node: Any) -> Any:
    table = node.GetScene().AddNewNodeByClass("vtkMRMLColorTableNode", "BMD in colour")
    table.SetTypeToUser()
    table.SetAttribute(DENSITY_ATTRIBUTE, "1")
    table.SetHideFromEditors(True)
    table.SetNumberOfColors(NUMBER_OF_COLORS)
    values = np.linspace(*DENSITY_RANGE_MG_CM3, NUMBER_OF_COLORS)
    for number, color in enumerate(colors_of(values) / 255):
        table.SetColor(number, f"{values[number]:.0f} mg/cm3", *(float(channel) for channel in color), 1.0)
    return table
