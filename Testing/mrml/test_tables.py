"""Table nodes: the result's own digits, written as everywhere else."""

from __future__ import annotations

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from random_reading import random_study  # noqa: E402

from CACBoneAxisLib.mrml import tables  # noqa: E402
from CACBoneAxisLib.report.numbers import NOT_MEASURED, format_value  # noqa: E402
from CACBoneAxisLib.study import analyze  # noqa: E402


@pytest.fixture
def mapping(small_result):
    return small_result.to_dict()


def column(node, name) -> list[str]:
    array = node.GetTable().GetColumnByName(name)
    return [array.GetValue(n) for n in range(array.GetNumberOfValues())]


def test_lesions_are_written_as_the_report_writes_them(scene, mapping):
    node = scene.AddNewNodeByClass("vtkMRMLTableNode")
    tables.fill_table(node, "lesion", tables.lesion_rows(mapping))
    lesions = mapping["calcium"]["lesions"]
    assert column(node, "agatston") == [format_value(lesion["agatston"], "agatston") for lesion in lesions]
    assert column(node, "territory") == ["LAD", "RCA"]
    assert column(node, "slices") == ["4-5", "7"]
    assert column(node, "mass_mg") == [NOT_MEASURED, NOT_MEASURED]


def test_columns_say_their_unit(scene, mapping):
    node = scene.AddNewNodeByClass("vtkMRMLTableNode")
    tables.fill_table(node, "lesion", tables.lesion_rows(mapping))
    assert node.GetColumnTitle("volume_mm3") == "Volume"
    assert node.GetColumnUnitLabel("peak_hu") == "HU"
    assert node.GetUseColumnTitleAsColumnHeader()


def test_the_total_is_the_last_row_and_holds_the_four_arteries(mapping):
    rows = tables.territory_rows(mapping)
    assert rows[-1]["territory"] == tables.TOTAL
    total = 2 * 6 * 0.56 * 2 + 4 * 0.56 * 4
    assert rows[-1]["agatston"] == format_value(total, "agatston")


def test_a_vertebra_without_calibration_has_hu_and_a_dash_for_bmd(mapping):
    rows = tables.vertebra_rows(mapping)
    assert (rows[0]["level"], rows[0]["mean_hu"], rows[0]["bmd"]) == ("L1", "120.0", NOT_MEASURED)


def test_filling_again_replaces(scene, mapping):
    node = scene.AddNewNodeByClass("vtkMRMLTableNode")
    for rows in (tables.lesion_rows(mapping), []):
        tables.fill_table(node, "lesion", rows)
    assert node.GetNumberOfRows() == 0
    assert node.GetNumberOfColumns() == len(tables.headings("lesion", "scene"))


def test_a_table_is_saved_by_slicer_as_csv(scene, mapping, tmp_path):
    node = scene.AddNewNodeByClass("vtkMRMLTableNode", "Lesions")
    tables.fill_table(node, "lesion", tables.lesion_rows(mapping))
    node.AddDefaultStorageNode()
    node.GetStorageNode().SetFileName(str(tmp_path / "lesions.csv"))
    assert node.GetStorageNode().WriteData(node)
    text = (tmp_path / "lesions.csv").read_text()
    assert "LAD" in text
    assert format_value(2 * 6 * 0.56 * 2, "agatston") in text


def test_the_rows_in_the_total_add_up_to_it():
    for number in range(40):
        result = analyze(random_study(number)).to_dict()
        total = result["calcium"]["total"]["agatston"]
        scores = [float(row["agatston"]) for row in tables.lesion_rows(result) if row["in_total"] == "yes"]
        # Each row is rounded to a tenth.
        assert total is None or sum(scores) == pytest.approx(total, abs=0.05 * len(scores) + 1e-9)
