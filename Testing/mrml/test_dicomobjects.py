"""DICOM in Slicer beyond the volume."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.imaging.findings import UnusableInputError  # noqa: E402
from CACBoneAxisLib.imaging.labels import LabelImage  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_reading  # noqa: E402
from CACBoneAxisLib.mrml.dicomobjects import restore_reading, volume_slices  # noqa: E402
from CACBoneAxisLib.mrml.inputs import analyze_nodes  # noqa: E402
from CACBoneAxisLib.mrml.scene import show_result  # noqa: E402
from CACBoneAxisLib.reading.saving import save_report  # noqa: E402
from CACBoneAxisLib.study import Settings  # noqa: E402

SETTINGS = {"bone": {"numbering": {"7": "L2"}, "region": {"erosion_mm": 1.0}}, "calcium": {"threshold_hu": 140}}


def answers(result) -> dict:
    mapping = result.to_dict()
    return {"calcium": mapping["calcium"], "bone": mapping["bone"]}


def test_a_volume_knows_its_files_through_the_database(database):
    loaded = database("axial")
    assert {path for path, _ in volume_slices(loaded.volume)} == set(loaded.files)
    loaded.volume.RemoveAttribute("DICOM.instanceUIDs")
    assert volume_slices(loaded.volume) == ()


@pytest.mark.parametrize("kind", ["axial", "coronal"])
def test_a_structured_report_restores_the_reading_with_its_digits(database, small_study, kind, tmp_path):
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    pytest.importorskip("PySide6", reason="PySide6 is not installed")
    loaded = database(kind)
    labels = np.zeros(small_study.image.hu.shape, dtype=np.uint8)
    labels[8:11, 47:70, 27:63] = 7
    vertebrae = LabelImage(labels, small_study.image.geometry)
    settings = Settings.from_mapping(SETTINGS)
    nodes = add_reading(loaded.volume, small_study.seeds, small_study.regions, vertebrae, settings)
    first = analyze_nodes(nodes, settings)
    show_result(first, nodes)
    folder = save_report(loaded.volume, tmp_path, objects=True)
    assert sorted(p.name for p in (folder / "dicom").iterdir()) == [
        "measurements.dcm",
        "report.dcm",
        "segmentation.dcm",
        "vertebrae.dcm",
    ]
    restored = restore_reading(loaded.volume, folder / "dicom" / "measurements.dcm")
    assert restored.seeds[0] is not nodes.seeds[0]
    assert answers(analyze_nodes(restored, settings)) == answers(first)


def test_a_reading_of_another_series_is_refused(database, small_study, tmp_path):
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    pytest.importorskip("PySide6", reason="PySide6 is not installed")
    loaded = database("axial")
    nodes = add_reading(loaded.volume, small_study.seeds, small_study.regions, None, Settings())
    show_result(analyze_nodes(nodes), nodes)
    folder = save_report(loaded.volume, tmp_path, objects=True)
    other = database("axial")
    with pytest.raises(UnusableInputError) as refused:
        restore_reading(other.volume, folder / "dicom" / "measurements.dcm")
    assert refused.value.code == "reading-series"
