"""The views for reading: their nodes, the slab that follows, the windows of grey."""

from __future__ import annotations

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

import numpy as np  # noqa: E402

from CACBoneAxisLib.mrml.layout import (  # noqa: E402
    AXIAL_TAG,
    LAYOUT_ID,
    SAGITTAL_TAG,
    SLAB_MM,
    SLAB_TAG,
    WINDOWS,
    follow_view,
    make_slab,
    reading_place,
    register_layout,
    set_window,
    show_table,
    shown_table,
    view_node,
)


@pytest.fixture
def views(scene):
    """The nodes of the reading layout, made by MRML's layout logic; the logic is kept alive."""
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(scene)
    register_layout(logic.GetLayoutNode())
    logic.GetLayoutNode().SetViewArrangement(LAYOUT_ID)
    yield {tag: view_node(scene, tag) for tag in (AXIAL_TAG, SLAB_TAG, SAGITTAL_TAG)}
    logic.SetMRMLScene(None)


def test_the_layout_has_an_axial_a_slab_and_a_sagittal_view_and_a_table(views, scene):
    assert [node.GetOrientation() for node in views.values()] == ["Axial", "Axial", "Sagittal"]
    table = scene.AddNewNodeByClass("vtkMRMLTableNode")
    show_table(scene, table)
    assert shown_table(scene) is table


def test_the_layout_is_not_one_of_slicers(scene):
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(scene)
    node = logic.GetLayoutNode()
    assert not node.IsLayoutDescription(LAYOUT_ID)
    assert register_layout(node) == register_layout(node) == LAYOUT_ID
    logic.SetMRMLScene(None)


def test_the_slab_shows_the_brightest_within_its_thickness(views):
    slab = views[SLAB_TAG]
    make_slab(slab)
    assert slab.GetSlabReconstructionEnabled()
    assert slab.GetSlabReconstructionTypeAsString(slab.GetSlabReconstructionType()) == "Max"
    assert slab.GetSlabReconstructionThickness() == SLAB_MM
    assert not views[AXIAL_TAG].GetSlabReconstructionEnabled()


def test_the_slab_is_where_the_axial_view_is_and_shows_all_that_it_shows(views):
    leader, slab = views[AXIAL_TAG], views[SLAB_TAG]
    leader.SetDimensions(400, 200, 1)
    slab.SetDimensions(100, 100, 1)
    leader.SetFieldOfView(200.0, 100.0, 1.0)
    leader.JumpSliceByCentering(10.0, -20.0, 30.0)
    follow_view(slab, leader)
    assert slab.GetSliceOffset() == pytest.approx(30.0)
    matrices = [slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS()) for node in (leader, slab)]
    assert np.array_equal(*matrices)
    # 2 mm a pixel: 200 mm have to fit into 100 pixels.
    assert list(slab.GetFieldOfView()[:2]) == pytest.approx([200.0, 200.0])


@pytest.mark.parametrize("name", sorted(WINDOWS))
def test_a_window_is_set_on_the_volume(scene, name):
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    set_window(volume, name)
    display = volume.GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel()) == (WINDOWS[name].width_hu, WINDOWS[name].level_hu)
    assert not display.GetAutoWindowLevel()


def test_calcium_is_in_the_brighter_half_of_its_window():
    from CACBoneAxisLib.calcium.protocol import CalciumProtocol

    assert WINDOWS["calcium"].level_hu == CalciumProtocol().threshold_hu


def test_the_views_open_at_the_middle_of_the_heart_and_at_the_spine_behind_it():
    from CACBoneAxisLib.imaging.geometry import ImageGeometry
    from CACBoneAxisLib.imaging.image import CTImage
    from CACBoneAxisLib.imaging.markups import Box

    hu = np.full((20, 60, 80), 30, dtype=np.int16)
    hu[:, 45:55, 30:41] = 200  # the spine: its middle is column 35
    hu[:, 10:20, 60:70] = 900  # a rib in front counts for nothing
    hu[:2, 45:55, 50:60] = 900  # nor does what lies farther below
    geometry = ImageGeometry(spacing_mm=(1.0, 1.0, 5.0), origin_mm=(0.0, 0.0, 0.0), shape=hu.shape)
    box = Box("heart", (40.0, 25.0, 50.0), (40.0, 30.0, 40.0), geometry.direction)
    assert reading_place(CTImage(hu, geometry), box) == pytest.approx((35.0, 25.0, 50.0))
    hu[:] = 30
    assert reading_place(CTImage(hu, geometry), box) == pytest.approx((40.0, 25.0, 50.0))
