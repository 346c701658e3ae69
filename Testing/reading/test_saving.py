"""The report of a reading in the scene, as files."""

from __future__ import annotations

import json

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.imaging.findings import UnusableInputError  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_reading, add_study  # noqa: E402
from CACBoneAxisLib.mrml.inputs import analyze_nodes  # noqa: E402
from CACBoneAxisLib.mrml.scene import show_result  # noqa: E402
from CACBoneAxisLib.reading.saving import save_report  # noqa: E402


@pytest.fixture
def volume(scene, small_study, small_result):
    """The small study in the scene, analysed."""
    nodes = add_study(small_result, small_study, scene)
    show_result(analyze_nodes(nodes), nodes)
    return nodes.volume


def test_the_report_is_written_whole(volume, tmp_path):
    folder = save_report(volume, tmp_path)
    names = {path.name for path in folder.iterdir()}
    assert {"result.json", "report.html", "lesions.csv", "vertebrae.csv"} <= names
    assert "report.pdf" not in names
    with pytest.raises(UnusableInputError, match="result"):
        save_report(None, tmp_path)


def test_the_report_on_paper_stands_beside_it_where_it_is_asked_for(volume, tmp_path):
    pytest.importorskip("PySide6", reason="PySide6 is not installed")
    folder = save_report(volume, tmp_path, paper="letter")
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")


def test_dicom_objects_of_a_volume_that_is_not_from_the_database_are_refused_and_nothing_is_written(volume, tmp_path):
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    pytest.importorskip("PySide6", reason="PySide6 is not installed")
    with pytest.raises(UnusableInputError, match="not read from DICOM files"):
        save_report(volume, tmp_path, objects=True)
    assert not any(tmp_path.iterdir())


def test_dicom_objects_refer_to_the_files_of_the_database(scene, small_study, database, tmp_path):
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    pytest.importorskip("PySide6", reason="PySide6 is not installed")
    import pydicom

    loaded = database("coronal")
    nodes = add_reading(loaded.volume, small_study.seeds, small_study.regions, None, small_study.settings)
    show_result(analyze_nodes(nodes), nodes)
    folder = save_report(loaded.volume, tmp_path, objects=True)
    assert json.loads((folder / "result.json").read_text())["calcium"]["total"]["agatston"] > 0
    report = pydicom.dcmread(folder / "dicom" / "measurements.dcm")
    referred = {str(e.value) for e in report.iterall() if e.keyword == "ReferencedSOPInstanceUID"}
    assert len(referred & set(loaded.uids)) == len(loaded.uids)
    assert report.PatientID == "SECRET-4711"
