"""A real scan of the QRM cardiac calcium insert, and the scores that an open reference method published for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import qrm_phantom
from imaging.dicom_writer import write_series
from qrm_phantom import INSERTS

from CACBoneAxisLib.calcium.masscalibration import mass_calibration
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import CalciumResult, score_calcium
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import Box

# Published with five decimals; half of the last one.
FIVE_DECIMALS = 0.5e-5

Scored = Callable[..., CalciumResult]


@pytest.fixture(scope="module")
def image(shared_data: Path) -> CTImage:
    return read_ct(shared_data / qrm_phantom.FILE)


@pytest.fixture(scope="module")
def scored(image: CTImage) -> Scored:
    factor = qrm_phantom.MASS_FACTOR_MG_PER_MM3_PER_HU
    return lambda **changes: score_calcium(
        image, qrm_phantom.seeds(), CalciumProtocol(mass_factor_mg_per_mm3_per_hu=factor, **changes)
    )


def by_insert(result: CalciumResult) -> dict[str, Any]:
    return {lesion.seeds[0].name: score for lesion, score in result.lesions}


def other_scores(result: CalciumResult) -> list[str]:
    """Return the inserts whose score is not the published one."""
    return [
        name
        for name, score in by_insert(result).items()
        if abs(score.agatston - INSERTS[name].agatston) > FIVE_DECIMALS
    ]


def test_all_21_published_numbers_to_five_decimals(scored: Scored) -> None:
    result = scored()
    compared = 0
    for name, score in by_insert(result).items():
        for measure in ("agatston", "volume_mm3", "mass_mg"):
            assert getattr(score, measure) == pytest.approx(getattr(INSERTS[name], measure), abs=FIVE_DECIMALS)
            compared += 1
    assert compared == 21
    # The published total is the sum of published, that is rounded, scores.
    assert result.total.agatston == pytest.approx(qrm_phantom.TOTAL_AGATSTON, abs=7 * FIVE_DECIMALS)


def test_four_connected_regions_break_it(scored: Scored) -> None:
    assert other_scores(scored(in_plane_connectivity=4)) == ["L_HD", "L_LD", "M_HD", "S_HD"]


def test_no_smallest_area_breaks_it(scored: Scored) -> None:
    assert other_scores(scored(minimum_area_mm2=0.0))


def test_the_rod_of_the_scan_itself_gives_the_published_masses(image: CTImage) -> None:
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
        qrm_phantom.MASS_FACTOR_MG_PER_MM3_PER_HU, rel=between_slices
    )
    protocol = CalciumProtocol(mass_factor_mg_per_mm3_per_hu=found.factor_mg_per_mm3_per_hu)
    for name, score in by_insert(score_calcium(image, qrm_phantom.seeds(), protocol)).items():
        assert score.mass_mg == pytest.approx(INSERTS[name].mass_mg, rel=between_slices)


def test_the_scan_gives_its_published_scores_from_a_dicom_series_of_it(image: CTImage, tmp_path: Path) -> None:
    header = {"ImageType": ["DERIVED", "PRIMARY", "MPR"], "KVP": "120", "ConvolutionKernel": "FC12"}
    header |= {"Manufacturer": "TOSHIBA", "ManufacturerModelName": "Aquilion ONE", "SliceThickness": "3.0"}
    write_series(tmp_path / "series", image.hu, image.geometry, header=header)
    series = read_ct(tmp_path / "series")
    assert np.array_equal(series.hu, image.hu)
    assert other_scores(score_calcium(series, qrm_phantom.seeds(), CalciumProtocol())) == []
