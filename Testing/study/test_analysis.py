"""Both answers for a scan whose numbers are known by hand, and the cases in which there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_study import LAD_AGATSTON, RCA_AGATSTON, TRABECULAR_HU, small_image, small_region, small_seeds

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box, PointList
from CACBoneAxisLib.study import Settings, StudyInputs, StudyResult, analyze

CALIBRATED = {
    "bone": {"calibration": {"kind": "linear", "slope": 0.8, "intercept": 2.0, "material": "HA", "kvp": 120}},
    "patient": {"age_years": 63, "sex": "F"},
    "acquisition": {"kvp": 120, "contrast": False, "ecg_gated": True},
}


def run(settings: dict[str, Any] | None = None, **changes: Any) -> StudyResult:
    inputs = StudyInputs(
        small_image(), (small_seeds(),), (small_region(),), None, Settings.from_mapping(settings or CALIBRATED)
    )
    return analyze(replace(inputs, **changes))


def test_both_answers_are_those_worked_by_hand() -> None:
    result = run().to_dict()
    assert result["calcium"]["territories"]["LAD"]["agatston"] == pytest.approx(LAD_AGATSTON)
    assert result["calcium"]["territories"]["RCA"]["agatston"] == pytest.approx(RCA_AGATSTON)
    assert result["calcium"]["total"]["agatston"] == pytest.approx(LAD_AGATSTON + RCA_AGATSTON)
    assert result["calcium"]["total"]["arteries"] == 2
    assert result["calcium"]["categories"]["cac-drs"]["category"] == "A1/N2"
    (vertebra,) = result["bone"]["vertebrae"]
    assert (vertebra["level"], vertebra["status"]) == ("L1", "measured")
    assert vertebra["mean_hu"] == TRABECULAR_HU
    assert vertebra["bmd"] == {"value": 0.8 * TRABECULAR_HU + 2.0, "material": "HA", "units": "mg/cm3"}
    assert result["suitability"]["calcium"]["verdict"] == "standard"


def test_a_scan_that_nobody_read_for_calcium_has_no_score_and_one_without_calcium_has_zero() -> None:
    unread = run(seeds=None).to_dict()["calcium"]
    assert unread["total"]["agatston"] is None
    assert [f["code"] for f in unread["findings"]] == ["no-seeds"]
    empty = run(seeds=(PointList("seeds", ()),)).to_dict()["calcium"]
    assert empty["total"]["agatston"] == 0
    assert empty["categories"]["standard"]["category"] == "0"


def test_without_regions_bone_is_not_measured() -> None:
    bone = run(regions=()).to_dict()["bone"]
    assert bone["vertebrae"] == []
    assert "no-regions" in [f["code"] for f in bone["findings"]]


def test_contrast_agent_gives_no_agatston_score_and_says_why() -> None:
    said = {**CALIBRATED, "acquisition": {"kvp": 120, "contrast": True}}
    result = run(said).to_dict()
    assert result["suitability"]["calcium"]["verdict"] == "unsuitable"
    assert result["calcium"]["total"]["agatston"] is None
    (reason,) = result["calcium"]["findings"]
    assert reason["code"] == "calcium-unsuitable"
    assert "ontrast agent" in reason["message"]


def test_tilted_slices_give_no_agatston_score_but_bone_is_measured() -> None:
    image = small_image()
    angle = np.radians(8)
    tilted = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    old = image.geometry
    geometry = ImageGeometry(old.shape, old.spacing_mm, old.origin_mm, tuple(map(tuple, tilted)))
    center = geometry.to_lps((30, 42, 5.5))
    region = replace(small_region(), center_mm=tuple(center), axes=tuple(map(tuple, tilted)))
    result = run(image=replace(image, geometry=geometry), regions=(region,)).to_dict()
    assert result["calcium"]["total"]["agatston"] is None
    assert "slices-not-axial" in [f["code"] for f in result["suitability"]["calcium"]["findings"]]
    assert result["bone"]["vertebrae"][0]["mean_hu"] == TRABECULAR_HU


def test_what_the_user_says_against_the_file_is_a_finding_for_both_questions() -> None:
    image = small_image(Acquisition(kvp=100.0, contrast=False, ecg_gated=True))
    result = run(image=image).to_dict()
    for question in ("calcium", "bone"):
        codes = [f["code"] for f in result["suitability"][question]["findings"]]
        assert "acquisition-disagrees" in codes
        assert "kvp-not-120" not in codes
    assert result["study"]["acquisition"]["kvp"] == 120


def test_the_segmented_voxels_are_those_of_the_reported_volumes() -> None:
    result = run()
    mapping = result.to_dict()
    voxel = result.image.geometry.voxel_volume_mm3
    for lesion in mapping["calcium"]["lesions"]:
        assert result.calcium_masks[lesion["id"]].count * voxel == pytest.approx(lesion["volume_mm3"])
    assert result.bone_masks["L1"].count == mapping["bone"]["vertebrae"][0]["voxels"]


def test_the_image_is_left_as_it_was() -> None:
    image = small_image()
    before = image.hu.copy()
    image.hu.flags.writeable = False
    run(image=image)
    assert np.array_equal(image.hu, before)


def test_progress_goes_from_nothing_to_everything_and_can_cancel() -> None:
    told: list[tuple[str, float]] = []
    inputs = StudyInputs(small_image(), (small_seeds(),), (small_region(),))
    analyze(inputs, progress=lambda message, fraction: told.append((message, fraction)))
    assert told[0][1] == 0
    assert told[-1][1] == 1
    assert [f for _, f in told] == sorted(f for _, f in told)

    def cancel(message: str, fraction: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyze(inputs, progress=cancel)


def aorta_at(hu: int) -> tuple[CTImage, Box]:
    """The small study with a box of blood in front, and the region in it."""
    image = small_image()
    image.hu[:, 6:10, 20:40] = hu
    left, posterior, superior = (float(v) for v in image.geometry.to_lps((30, 7.5, 5.5)))
    return image, Box("aorta", (left, posterior, superior), (9.0, 1.9, 20.0))


NOT_SEEN, STATED, BRIGHT, ENHANCED = "contrast-not-seen", "contrast-enhanced", "blood-bright", "blood-enhanced"


@pytest.mark.parametrize(
    ("hu", "tagged", "untagged"),
    [
        (40, {NOT_SEEN}, set()),
        (59, {NOT_SEEN}, set()),
        (60, {STATED, BRIGHT}, set()),
        (61, {STATED, BRIGHT}, {BRIGHT}),
        (95, {STATED, BRIGHT}, {BRIGHT}),
        (100, {STATED, BRIGHT}, {BRIGHT}),
        (101, {ENHANCED}, {ENHANCED}),
        (300, {ENHANCED}, {ENHANCED}),
    ],
)
@pytest.mark.parametrize("stated", [None, False, True])
def test_blood_decides_about_contrast_except_from_60_to_100_where_the_tag_stands(
    hu: int, tagged: set[str], untagged: set[str], stated: bool | None
) -> None:
    image, box = aorta_at(hu)
    settings = Settings.from_mapping({"acquisition": {"contrast": stated}})
    result = analyze(StudyInputs(image, (small_seeds(),), (box, small_region()), settings=settings))
    expected = tagged if stated else untagged
    refused = bool(expected & {STATED, ENHANCED})
    assert (result.calcium.total.agatston is None) is refused
    for fitness in (result.suitability.calcium, result.suitability.bone):
        assert {f.code for f in fitness.findings} & {NOT_SEEN, STATED, BRIGHT, ENHANCED} == expected
    assert (
        "bone-contrast"
        in {f.code for v in result.bone.vertebrae for f in v.findings} | {f.code for f in result.bone.findings}
    ) is refused


def test_contrast_mode_gives_volume_and_number_and_no_score() -> None:
    image, box = aorta_at(200)
    settings = Settings.from_mapping({"calcium": {"contrast_threshold_hu": 240}})
    mapping = analyze(StudyInputs(image, (small_seeds(),), (box,), settings=settings)).to_dict()["calcium"]
    assert mapping["total"]["agatston"] is None
    # Of both lesions only the one of 36 voxels at 250 HU is above; 0.75 mm3 each.
    assert (mapping["contrast_calcium"]["volume_mm3"], mapping["contrast_calcium"]["lesions"]) == (27.0, 1)


def test_what_is_known_of_the_patient_reaches_percentiles_and_risk() -> None:
    settings = Settings.from_mapping({"patient": {"age_years": 60, "sex": "M", "ethnicity": "White"}})
    mapping = analyze(StudyInputs(small_image(), (small_seeds(),), settings=settings)).to_dict()["calcium"]
    # A score of 26: between 0 and 28, and above 13 up to 113
    assert mapping["percentiles"]["mesa"]["words"] == "between the 25th and the 50th percentile"
    assert mapping["percentiles"]["hoff"]["words"] == "between the 25th and the 50th percentile"
    assert "diabetes" in mapping["risk"]["mesa_chd_10_year"]["missing"]


def test_a_protocol_for_another_voltage_is_a_warning() -> None:
    settings = Settings.from_mapping({"calcium": {"protocol": "kvp-100"}, "acquisition": {"kvp": 120}})
    result = analyze(StudyInputs(small_image(), (small_seeds(),), settings=settings))
    assert "protocol-kvp" in {f.code for f in result.calcium.findings}
