"""Bone density in colour over the CT."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
import vtk  # noqa: E402

from CACBoneAxisLib.bone.calibration import Calibration  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402
from CACBoneAxisLib.mrml.density import (  # noqa: E402
    NO_DENSITY,
    add_density_node,
    density_block,
    show_density,
)
from CACBoneAxisLib.mrml.volumes import is_density  # noqa: E402

LINE = Calibration("linear", slope=0.8, intercept=5.0, material="HA")


def test_every_voxel_of_a_region_is_the_mean_of_its_neighbours_in_the_region(small_result):
    """By brute force: each voxel with those of the region within 1.5 mm (0.7 x 0.8 x 3 mm voxels: 4 x 4 x 1)."""
    image, masks = small_result.image, small_result.bone_masks
    noisy = image.hu + np.random.default_rng(1).integers(-50, 50, image.hu.shape)
    image = type(image)(noisy, image.geometry)
    block, (z0, y0, x0) = density_block(image, masks, LINE)
    mask = masks["L1"]
    inside = np.zeros(image.hu.shape, bool)
    inside[mask.slices] = mask.voxels
    zyx = np.argwhere(inside)
    assert np.count_nonzero(block != NO_DENSITY) == len(zyx)
    for z, y, x in zyx[::97]:
        near = slice(z, z + 1), slice(y - 2, y + 2), slice(x - 2, x + 2)
        expected = 0.8 * noisy[near][inside[near]].mean() + 5
        assert block[z - z0, y - y0, x - x0] == pytest.approx(expected, abs=1e-3)


def test_the_map_lies_on_the_region_and_hides_the_rest(scene, small_result):
    volume = add_volume(small_result.image, scene)
    node = add_density_node(scene, volume)
    show_density(small_result.image, small_result.bone_masks, LINE, node)
    assert is_density(node)
    assert not is_density(volume)
    array = slicer.util.arrayFromVolume(node)
    k, j, i = np.argwhere(array != NO_DENSITY)[0]
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    ras = np.array(matrix.MultiplyPoint((i, j, k, 1)))[:3]
    index = small_result.image.geometry.to_index(ras * (-1, -1, 1))
    mask = small_result.bone_masks["L1"]
    assert index[::-1] == pytest.approx(np.argwhere(mask.voxels)[0] + mask.offset, abs=1e-6)
    # 0.8 x 120 + 5 everywhere in the small vertebra.
    assert array[array != NO_DENSITY] == pytest.approx(101, abs=1e-3)
    display = node.GetDisplayNode()
    assert display.GetApplyThreshold()
    assert not display.GetInterpolate()
    assert display.GetLowerThreshold() > NO_DENSITY
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (0, 200)
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node)
    assert legend.GetTitleText() == "BMD mg/cm3\nHA"


def test_shown_again_it_makes_no_second_table_or_scale(scene, small_result):
    volume = add_volume(small_result.image, scene)
    node = add_density_node(scene, volume)
    show_density(small_result.image, small_result.bone_masks, LINE, node)
    count = scene.GetNumberOfNodes()
    show_density(small_result.image, small_result.bone_masks, LINE, node)
    assert scene.GetNumberOfNodes() == count


def test_it_is_not_taken_for_a_ct(scene, small_result):
    from CACBoneAxisLib.imaging.findings import UnusableInputError
    from CACBoneAxisLib.mrml.volumes import image_from_volume

    volume = add_volume(small_result.image, scene)
    node = add_density_node(scene, volume)
    show_density(small_result.image, small_result.bone_masks, LINE, node)
    with pytest.raises(UnusableInputError, match="density in colour"):
        image_from_volume(node)
