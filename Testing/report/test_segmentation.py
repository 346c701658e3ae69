"""The segmentation files, read back by Slicer's own storage node and by SimpleITK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.report.segmentation import (
    Segment,
    bone_segments,
    calcium_segments,
    calcium_terminology,
    write_segmentation,
)

# Positions are compared in mm; a file keeps 16 digits, Slicer's matrices are inverted twice.
POSITION_TOLERANCE_MM = 1e-6

ANGLE = np.deg2rad(20)
OBLIQUE = (
    (float(np.cos(ANGLE)), float(-np.sin(ANGLE)), 0.0),
    (float(np.sin(ANGLE)), float(np.cos(ANGLE)), 0.0),
    (0.0, 0.0, 1.0),
)


@pytest.fixture(scope="module")
def slicer() -> Any:
    module = pytest.importorskip("slicer", reason="slicer-core is not installed")
    scene = module.vtkMRMLScene()
    application = module.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    logic = module.vtkSlicerSegmentationsModuleLogic()
    logic.SetMRMLApplicationLogic(application)
    logic.SetMRMLScene(scene)
    application.SetModuleLogic("Segmentations", logic)
    yield module, scene
    scene.Clear(True)


def load(slicer: Any, path: Path) -> Any:
    _, scene = slicer
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(path))
    assert storage.ReadData(node) == 1
    return node.GetSegmentation()


def positions(slicer: Any, segment: Any) -> np.ndarray:
    """Voxel centres of a loaded segment, LPS mm, sorted."""
    from vtk import vtkMatrix4x4
    from vtk.util.numpy_support import vtk_to_numpy

    image = segment.GetRepresentation("Binary labelmap")
    extent = image.GetExtent()
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(
        extent[5] - extent[4] + 1, extent[3] - extent[2] + 1, extent[1] - extent[0] + 1
    )
    zyx = np.argwhere(array == segment.GetLabelValue()) + np.array(extent[4::-2])
    matrix = vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    world = np.array([[matrix.GetElement(i, j) for j in range(4)] for i in range(4)])
    ras = zyx[:, ::-1] @ world[:3, :3].T + world[:3, 3]
    return np.array(sorted(map(tuple, np.round(ras * (-1, -1, 1), 5))))


def expected(masks: list[Mask], geometry: ImageGeometry) -> np.ndarray:
    indices = np.unique(np.vstack([mask.indices() for mask in masks]), axis=0)
    return np.array(sorted(map(tuple, np.round(geometry.to_lps(indices[:, ::-1]), 5))))


def tag(slicer: Any, segment: Any) -> str:
    from vtk import reference

    value = reference("")
    assert segment.GetTag("TerminologyEntry", value)
    return str(value.get())


@pytest.mark.parametrize("direction", [((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)), OBLIQUE])
def test_slicer_reads_names_colours_codes_and_voxels_at_their_places(
    slicer: Any, example: Any, tmp_path: Path, direction: Any
) -> None:
    g = example.image.geometry
    geometry = ImageGeometry(g.shape, g.spacing_mm, g.origin_mm, direction)
    calcium = example.result["calcium"]
    write_segmentation(tmp_path / "c.seg.nrrd", calcium_segments(calcium, example.calcium_masks), geometry)
    segmentation = load(slicer, tmp_path / "c.seg.nrrd")
    names = [segmentation.GetNthSegment(n).GetName() for n in range(segmentation.GetNumberOfSegments())]
    assert names == ["Left main", "Left anterior descending", "Right coronary", "Descending aorta", "Not scored"]
    for territory, color in (("LM", (214, 64, 214)), ("RCA", (230, 50, 50))):
        segment = segmentation.GetSegment(territory)
        assert np.allclose(segment.GetColor(), np.array(color) / 255, atol=1e-5)
        masks = [example.calcium_masks[e["id"]] for e in calcium["lesions"] if e["territory"] == territory]
        found = positions(slicer, segment)
        assert np.allclose(found, expected(masks, geometry), atol=1e-5 + POSITION_TOLERANCE_MM)
        assert tag(slicer, segment) == calcium_terminology(territory)
    bone = bone_segments(example.result["bone"], example.bone_masks)
    write_segmentation(tmp_path / "b.seg.nrrd", bone, geometry)
    segmentation = load(slicer, tmp_path / "b.seg.nrrd")
    found = positions(slicer, segmentation.GetSegment("L1"))
    assert np.allclose(found, expected([example.bone_masks["L1"]], geometry), atol=1e-5 + POSITION_TOLERANCE_MM)
    assert "SCT^66794005^" in tag(slicer, segmentation.GetSegment("L1"))


def test_slicer_understands_the_terminology_entry(slicer: Any) -> None:
    module, _ = slicer
    entry = module.vtkSlicerTerminologyEntry()
    logic = module.vtkSlicerTerminologiesModuleLogic()
    assert logic.DeserializeTerminologyEntry(calcium_terminology("LAD"), entry)
    assert entry.GetCategoryObject().GetCodeValue() == "49755003"
    assert entry.GetTypeObject().GetCodeMeaning() == "Pathologic calcification"
    assert entry.GetRegionObject().GetCodeValue() == "59438005"
    assert logic.SerializeTerminologyEntry(entry) == calcium_terminology("LAD")


def test_the_reference_geometry_is_the_whole_ct(slicer: Any, example: Any, tmp_path: Path) -> None:
    module, _ = slicer
    segments = bone_segments(example.result["bone"], example.bone_masks)
    write_segmentation(tmp_path / "b.seg.nrrd", segments, example.image.geometry)
    text = load(slicer, tmp_path / "b.seg.nrrd").GetConversionParameter("Reference image geometry")
    image = module.vtkOrientedImageData()
    assert module.vtkSegmentationConverter.DeserializeImageGeometry(text, image, False)
    assert image.GetDimensions() == example.image.geometry.shape[::-1]
    assert image.GetSpacing() == pytest.approx(example.image.geometry.spacing_mm)
    assert np.allclose(np.array(image.GetOrigin()) * (-1, -1, 1), example.image.geometry.origin_mm)


def test_a_plain_reader_sees_labels_from_one_at_the_same_places(example: Any, tmp_path: Path) -> None:
    g = example.image.geometry
    geometry = ImageGeometry(g.shape, g.spacing_mm, g.origin_mm, OBLIQUE)
    write_segmentation(tmp_path / "b.seg.nrrd", bone_segments(example.result["bone"], example.bone_masks), geometry)
    image = SimpleITK.ReadImage(tmp_path / "b.seg.nrrd")
    array = SimpleITK.GetArrayFromImage(image)
    assert sorted(np.unique(array)) == [0, 1, 2]
    assert array.size < 0.2 * example.image.hu.size
    for value, level in enumerate(("T12", "L1"), start=1):
        found = [image.TransformIndexToPhysicalPoint(tuple(map(int, i[::-1]))) for i in np.argwhere(array == value)]
        wanted = geometry.to_lps(example.bone_masks[level].indices()[:, ::-1])
        assert np.allclose(found, wanted, atol=POSITION_TOLERANCE_MM)


def test_segments_that_share_voxels_keep_all_of_them(slicer: Any, tmp_path: Path) -> None:
    geometry = ImageGeometry((4, 6, 8), (0.7, 0.7, 2.0), (1.0, 2.0, 3.0))
    first = Mask((0, 1, 1), np.ones((2, 3, 3), dtype=bool))
    second = Mask((1, 2, 2), np.ones((2, 3, 3), dtype=bool))
    segments = [Segment(n, n, (255, 0, 0), "", (m,)) for n, m in (("a", first), ("b", second))]
    write_segmentation(tmp_path / "o.seg.nrrd", segments, geometry)
    segmentation = load(slicer, tmp_path / "o.seg.nrrd")
    for name, mask in (("a", first), ("b", second)):
        assert np.allclose(positions(slicer, segmentation.GetSegment(name)), expected([mask], geometry))


def test_what_is_not_scored_is_in_no_territory_and_what_is_no_lesion_in_no_segment(example: Any) -> None:
    calcium = example.result["calcium"]
    segments = {s.id: s for s in calcium_segments(calcium, example.calcium_masks)}
    assert "LCX" not in segments
    assert [m.count for m in segments["not-scored"].masks] == [example.calcium_masks[3].count]
    calcium["lesions"][2]["status"] = "implausible"
    assert "not-scored" not in {s.id for s in calcium_segments(calcium, example.calcium_masks)}


def test_nothing_to_show_is_an_empty_segmentation(slicer: Any, example: Any, tmp_path: Path) -> None:
    write_segmentation(tmp_path / "e.seg.nrrd", [], example.image.geometry)
    assert load(slicer, tmp_path / "e.seg.nrrd").GetNumberOfSegments() == 0


def test_the_same_input_gives_the_same_bytes(example: Any, tmp_path: Path) -> None:
    for name in ("a", "b"):
        segments = calcium_segments(example.result["calcium"], example.calcium_masks)
        write_segmentation(tmp_path / name, segments, example.image.geometry)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert b"\r\n" not in (tmp_path / "a").read_bytes().split(b"\n\n")[0]
