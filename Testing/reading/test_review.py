"""A study of a batch in the scene: what was corrected in it, and what was not."""

from __future__ import annotations

import numpy as np
import pytest
from small_batch import run, study_row, write_manifest
from small_study import small_image, write_small_study

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.imaging.labels import LabelImage, write_labels  # noqa: E402
from CACBoneAxisLib.mrml.inputs import analyze_nodes  # noqa: E402
from CACBoneAxisLib.mrml.scene import find_result, show_result  # noqa: E402
from CACBoneAxisLib.reading import review  # noqa: E402
from CACBoneAxisLib.study import Settings  # noqa: E402


@pytest.fixture
def opened(scene, tmp_path):
    """A study with labels of a vertebra, opened and analysed; its nodes."""
    (tmp_path / "a00").mkdir()
    write_small_study(tmp_path / "a00")
    image = small_image()
    labels = np.zeros(image.hu.shape, dtype=np.uint8)
    labels[1:11, 33:51, 13:47] = 1
    write_labels(tmp_path / "a00" / "spine.seg.nrrd", LabelImage(labels, image.geometry, {1: "L1"}))
    row = [*study_row("a00"), "a00/spine.seg.nrrd"]
    header = ["study_id", "image", "seeds", "regions", "settings", "vertebrae"]
    run(write_manifest(tmp_path / "manifest.csv", [row], header), tmp_path / "out")
    nodes = review.open_study(scene, tmp_path / "out", "a00")
    show_result(analyze_nodes(nodes), nodes)
    review.note_opened(nodes, Settings().to_mapping(), find_result(scene, nodes.volume))
    return nodes


def test_the_volume_knows_its_row_and_is_called_by_the_study(opened, tmp_path):
    assert review.study_of(opened.volume) == (tmp_path / "out", "a00")
    assert opened.volume.GetName() == "a00"
    assert review.find_study(opened.volume.GetScene(), tmp_path / "out", "a00") is opened.volume


def test_what_nobody_touched_is_no_correction(opened, scene):
    record = find_result(scene, opened.volume)
    assert review.is_as_opened(opened.volume, record)
    reading = review.corrected_reading(record)
    assert (reading.same_vertebrae, reading.vertebrae, reading.settings) == (True, None, {})


def test_an_edited_segment_and_a_changed_setting_are(opened, scene):
    inside = slicer.util.arrayFromSegmentBinaryLabelmap(opened.vertebrae, "L1", opened.volume)
    inside = inside.copy()
    inside[:5] = 0
    slicer.util.updateSegmentBinaryLabelmapFromArray(inside, opened.vertebrae, "L1", opened.volume)
    settings = Settings.from_mapping({"calcium": {"minimum_area_mm2": 2.0}})
    show_result(analyze_nodes(opened, settings), opened)
    record = find_result(scene, opened.volume)
    assert not review.is_as_opened(opened.volume, record)
    reading = review.corrected_reading(record)
    assert not reading.same_vertebrae
    assert np.count_nonzero(reading.vertebrae.labels) == np.count_nonzero(inside)
    assert reading.settings == {"calcium": {"minimum_area_mm2": 2.0}}


def test_a_closed_study_leaves_nothing(opened, scene):
    review.close_study(scene, find_result(scene, opened.volume))
    for name in ("ScalarVolume", "MarkupsFiducial", "MarkupsROI", "Segmentation", "Table", "Text"):
        assert slicer.util.getNodesByClass(f"vtkMRML{name}Node", scene) == []
