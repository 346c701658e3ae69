"""Whether a lesion counts is decided once: wherever lesions are listed, those in the total add up to it."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_reading import random_study

from CACBoneAxisLib.report.details import lesion_table
from CACBoneAxisLib.report.quantities import quantities
from CACBoneAxisLib.report.segmentation import calcium_segments
from CACBoneAxisLib.report.tables import LESION_COLUMNS, lesion_rows, write_csv
from CACBoneAxisLib.study import analyze
from CACBoneAxisLib.study.result import StudyResult

CORONARY = ("LM", "LAD", "LCX", "RCA")
KEYS = ("agatston", "volume_mm3", "mass_mg")
ANY = settings(max_examples=30, deadline=None)
NUMBERS = st.integers(0, 10_000)
# Ten significant digits of each, added up.
ROUNDING = 1e-6


def with_total(number: int) -> tuple[StudyResult, dict[str, Any]] | None:
    """Return a random result that has a total; None where a lesion leaves it open."""
    result = analyze(random_study(number))
    mapping = result.to_dict()
    return None if mapping["calcium"]["total"]["agatston"] is None else (result, mapping)


def test_the_random_readings_have_lesions_of_every_kind() -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    totals = 0
    for number in range(30):
        calcium = analyze(random_study(number)).to_dict()["calcium"]
        undecided = any(one["in_total"] and one["territory"] is None for one in calcium["lesions"])
        totals += undecided and calcium["total"]["agatston"] is not None
        seen.update((lesion["status"], lesion["in_total"]) for lesion in calcium["lesions"])
    kinds = {("scored", True), ("scored", False), ("excluded", False), ("implausible", False)}
    assert set(seen) == kinds | {("conflict", True), ("conflict", False)}
    assert totals >= 5


@ANY
@given(NUMBERS)
def test_csv_page_and_result_add_up(number: int) -> None:
    if (found := with_total(number)) is None:
        return
    mapping = found[1]
    total = mapping["calcium"]["total"]
    lesions = [lesion for lesion in mapping["calcium"]["lesions"] if lesion["in_total"]]
    rows = [row for row in lesion_rows(mapping) if row["in_total"]]
    for key in KEYS:
        assert sum(lesion[key] for lesion in lesions) == pytest.approx(total[key], abs=ROUNDING)
        assert sum(row[key] for row in rows) == pytest.approx(total[key], abs=ROUNDING)
    assert sum(lesion["agatston"] > 0 for lesion in lesions) == total["lesions"]
    page = [row.cells for row in lesion_table(mapping).rows if row.kind != "beside"]
    assert len(page) == len(lesions)
    for place, one in enumerate(quantities("lesion", "page")):
        if one.key in KEYS:
            rounding = len(page) * 0.5 * 10.0 ** -(one.decimals or 0) + ROUNDING
            assert sum(float(cells[place]) for cells in page) == pytest.approx(total[one.key], abs=rounding)


def test_the_file_says_yes_or_no(tmp_path: Path) -> None:
    mapping = analyze(random_study(3)).to_dict()
    write_csv(tmp_path / "lesions.csv", LESION_COLUMNS, lesion_rows(mapping))
    with (tmp_path / "lesions.csv").open() as file:
        said = [row["in_total"] for row in csv.DictReader(file)]
    assert said == ["yes" if lesion["in_total"] else "no" for lesion in mapping["calcium"]["lesions"]]


@ANY
@given(NUMBERS)
def test_the_segments_of_coronary_calcium_add_up(number: int) -> None:
    if (found := with_total(number)) is None:
        return
    result, mapping = found
    voxel = result.image.geometry.voxel_volume_mm3
    segments = calcium_segments(mapping["calcium"], result.calcium_masks)
    volume = sum(mask.count for one in segments if one.id in (*CORONARY, "coronary") for mask in one.masks) * voxel
    assert volume == pytest.approx(mapping["calcium"]["total"]["volume_mm3"], abs=ROUNDING)


@ANY
@given(NUMBERS)
def test_dicom_objects_add_up(number: int) -> None:
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    from CACBoneAxisLib.dicomout.codes import territory_code
    from CACBoneAxisLib.dicomout.groups import Maker
    from CACBoneAxisLib.dicomout.segments import result_segments

    if (found := with_total(number)) is None:
        return
    result, mapping = found
    total = mapping["calcium"]["total"]
    coronary = {territory_code(code)[1] for code in (*CORONARY, None)}
    series = SimpleNamespace(new_uid=lambda *words: "1.2.3")
    scores = {"112058": "agatston", "122660": "volume_mm3", "122661": "mass_mg"}
    sums = dict.fromkeys(KEYS, 0.0)
    for group in Maker(mapping, series, {}, "0")._lesions():  # type: ignore[arg-type]
        if group is None or group.finding_sites[0].value.value not in coronary:
            continue
        for one in group.get_measurements():
            if key := scores.get(one.name.value):
                sums[key] += one.value
    for key in KEYS:
        assert sums[key] == pytest.approx(total[key], abs=ROUNDING)
    voxels = sum(
        segment.mask.count
        for segment in result_segments(mapping, result.calcium_masks, {})
        if segment.region is not None and segment.region[1] in coronary and "not scored" not in segment.label
    )
    assert voxels * result.image.geometry.voxel_volume_mm3 == pytest.approx(total["volume_mm3"], abs=ROUNDING)
