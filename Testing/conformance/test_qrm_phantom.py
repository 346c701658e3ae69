"""A real scan of the QRM cardiac calcium insert, and the scores that an open reference method published for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imaging.dicom_writer import write_series

from CACBoneAxisLib.calcium.masscalibration import mass_calibration
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import CalciumResult, score_calcium
from CACBoneAxisLib.calcium.seeds import Seed
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import Box

# Published with five decimals; half of the last one.
FIVE_DECIMALS = 0.5e-5

Scored = Callable[..., CalciumResult]


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> dict[str, Any]:
    return json.loads((shared_data / "qrm_cci" / "expected.json").read_text())


@pytest.fixture(scope="module")
def scored(shared_data: Path, expected: dict[str, Any]) -> Scored:
    image = read_ct(shared_data / "qrm_cci" / expected["image"])
    seeds = []
    for name, insert in expected["inserts"].items():
        right, anterior, superior = insert["seed_ras_mm"]
        seeds.append(Seed(name, "LAD", (-right, -anterior, superior)))
    factor = expected["mass_factor_mg_per_mm3_per_hu"]
    return lambda **changes: score_calcium(
        image, seeds, CalciumProtocol(mass_factor_mg_per_mm3_per_hu=factor, **changes)
    )


def by_insert(result: CalciumResult) -> dict[str, Any]:
    return {lesion.seeds[0].name: score for lesion, score in result.lesions}


def test_all_21_published_numbers_to_five_decimals(scored: Scored, expected: dict[str, Any]) -> None:
    result = scored()
    compared = 0
    for name, score in by_insert(result).items():
        for measure in ("agatston", "volume_mm3", "mass_mg"):
            assert getattr(score, measure) == pytest.approx(expected["inserts"][name][measure], abs=FIVE_DECIMALS)
            compared += 1
    assert compared == 21
    # The published total is the sum of published, that is rounded, scores.
    assert result.total.agatston == pytest.approx(expected["total_agatston"], abs=7 * FIVE_DECIMALS)


def test_four_connected_regions_break_it(scored: Scored, expected: dict[str, Any]) -> None:
    wrong = [
        name
        for name, score in by_insert(scored(in_plane_connectivity=4)).items()
        if abs(score.agatston - expected["inserts"][name]["agatston"]) > FIVE_DECIMALS
    ]
    assert wrong == ["L_HD", "L_LD", "M_HD", "S_HD"]


def test_no_smallest_area_breaks_it(scored: Scored, expected: dict[str, Any]) -> None:
    wrong = [
        name
        for name, score in by_insert(scored(minimum_area_mm2=0.0)).items()
        if abs(score.agatston - expected["inserts"][name]["agatston"]) > FIVE_DECIMALS
    ]
    assert wrong


def test_the_rod_of_the_scan_itself_gives_the_published_masses(shared_data: Path, expected: dict[str, Any]) -> None:
    image = read_ct(shared_data / "qrm_cci" / expected["image"])
    # The insert's large rod of 200 mg/cm3 and its water rod, in the middle of three slices that both fill.
    boxes = [
        Box("rod-200", (-2.70, 0.13, 630.875), (15.0, 15.0, 8.9)),
        Box("water", (-14.31, -19.14, 630.875), (12.0, 12.0, 8.9)),
    ]
    found, findings = mass_calibration(image, boxes, CalciumProtocol())
    assert found is not None
    assert findings == ()
    # From slice to slice of these two rods the factor moves by 1.1 %; the published one comes from slices of its own.
    between_slices = 0.011
    assert found.factor_mg_per_mm3_per_hu == pytest.approx(
        expected["mass_factor_mg_per_mm3_per_hu"], rel=between_slices
    )
    seeds = [
        Seed(name, "LAD", (-insert["seed_ras_mm"][0], -insert["seed_ras_mm"][1], insert["seed_ras_mm"][2]))
        for name, insert in expected["inserts"].items()
    ]
    protocol = CalciumProtocol(mass_factor_mg_per_mm3_per_hu=found.factor_mg_per_mm3_per_hu)
    for name, score in by_insert(score_calcium(image, seeds, protocol)).items():
        assert score.mass_mg == pytest.approx(expected["inserts"][name]["mass_mg"], rel=between_slices)


def test_the_scan_gives_its_published_scores_from_a_dicom_series_of_it(
    shared_data: Path, tmp_path: Path, expected: dict[str, Any]
) -> None:
    crop = read_ct(shared_data / "qrm_cci" / expected["image"])
    header = {"ImageType": ["DERIVED", "PRIMARY", "MPR"], "KVP": "120", "ConvolutionKernel": "FC12"}
    header |= {"Manufacturer": "TOSHIBA", "ManufacturerModelName": "Aquilion ONE", "SliceThickness": "3.0"}
    write_series(tmp_path / "series", crop.hu, crop.geometry, header=header)
    image = read_ct(tmp_path / "series")
    assert np.array_equal(image.hu, crop.hu)
    seeds = []
    for name, insert in expected["inserts"].items():
        right, anterior, superior = insert["seed_ras_mm"]
        seeds.append(Seed(name, "LAD", (-right, -anterior, superior)))
    result = score_calcium(image, seeds, CalciumProtocol())
    for name, score in by_insert(result).items():
        assert score.agatston == pytest.approx(expected["inserts"][name]["agatston"], abs=FIVE_DECIMALS)
