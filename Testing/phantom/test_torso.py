"""The whole torso: tissues, truth, seeds, what it refuses, and how long it takes."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.phantom import TorsoParameters, make_torso


def value(torso, *lps_mm):
    x, y, z = np.rint(torso.image.geometry.to_index(lps_mm)).astype(int)
    return float(np.median(torso.image.hu[z, y - 2 : y + 3, x - 2 : x + 3]))


# Where (LPS mm) and what (HU, low and high) a radiologist would measure.
TISSUES = {
    "left ventricle": ((42, -38, 122), (25, 60)),
    "ascending aorta": ((0, -34, 186), (25, 60)),
    "descending aorta": ((25, 32, 150), (25, 60)),
    "liver": ((-80, -10, 50), (45, 72)),
    "spleen": ((104, 40, 40), (35, 66)),
    "right lung": ((-90, 0, 150), (-920, -780)),
    "left lung": ((100, 30, 140), (-920, -780)),
    "trachea": ((0, 9, 246), (-1024, -800)),
    "air in front": ((0, -155, 0), (-1024, -960)),
    "back muscle": ((31, 90, 0), (25, 75)),
    "fat of the flank": ((153, 0, 20), (-130, -80)),
}


@pytest.mark.parametrize("where", TISSUES)
def test_tissues_measure_what_they_are(small, where):
    place, (low, high) = TISSUES[where]
    assert low <= value(small, *place) <= high


def test_the_acquisition_says_that_the_torso_is_one(small):
    acquisition = small.image.acquisition
    assert (acquisition.kvp, acquisition.contrast, acquisition.ecg_gated) == (120.0, False, True)
    assert acquisition.manufacturer == "CACBoneAxis digital torso"
    assert (acquisition.sex, acquisition.age_years) == ("F", 66.0)
    assert small.image.hu.dtype == np.int16
    assert small.image.hu.shape == small.image.geometry.shape == small.vertebrae.shape


def test_the_truth_is_json_and_adds_up(small):
    truth = json.loads(json.dumps(small.truth))
    for territory, total in truth["calcium"]["territories"].items():
        rows = [r for r in truth["calcium"]["lesions"] if r["territory"] == territory]
        assert total["lesions"] == len(rows)
        assert total["mass_mg"] == pytest.approx(sum(r["volume_mm3"] * r["hydroxyapatite_mg_cm3"] / 1000 for r in rows))
    assert set(truth["calcium"]["territories"]) == {"LM", "LAD", "LCX", "RCA", "AA", "DA"}


def test_lesions_outside_the_field_have_no_seed_and_the_truth_says_so():
    torso = make_torso(TorsoParameters.spine(spacing_mm=2.0))
    rows = torso.truth["calcium"]["lesions"]
    outside = {r["name"] for r in rows if not r["in_image"]}
    assert "LAD-1" in outside
    assert outside.isdisjoint(p.label for p in torso.seeds.points)


def test_no_calcium_means_no_seed_and_no_candidate_in_the_heart():
    torso = make_torso(TorsoParameters.heart(calcifications=(), aortic_calcifications=(), noise_sd_hu=0.0))
    assert torso.seeds.points == ()
    x, y, _ = np.rint(torso.image.geometry.to_index((40.0, -36.0, 130.0))).astype(int)
    assert torso.image.hu[:, y - 50 : y + 40, x - 90 : x + 50].max() < 130


def test_the_seed_sits_in_the_middle_of_a_turned_patients_lesion():
    torso = make_torso(
        TorsoParameters.heart(rotation_degrees=(0.0, 0.0, 8.0), noise_sd_hu=0.0, z_range_mm=(135.0, 180.0))
    )
    rows = {row["name"]: row for row in torso.truth["calcium"]["lesions"]}
    assert len(torso.seeds.points) >= 5
    for point in torso.seeds.points:
        row = rows[point.label]
        assert np.linalg.norm(np.subtract(point.position_mm, row["center_lps_mm"])) < row["length_mm"] / 2 + 1


def test_a_man_has_no_breasts():
    where = (100.0, -110.0, 130.0)
    woman, man = (make_torso(TorsoParameters.small(sex=sex, z_range_mm=(110.0, 150.0))) for sex in ("F", "M"))
    assert value(woman, *where) > -200
    assert value(man, *where) < -900


@pytest.mark.parametrize(
    "change",
    [
        {"spacing_mm": 0.0},
        {"slice_increment_mm": float("nan")},
        {"noise_sd_hu": -1.0},
        {"z_range_mm": (10.0, 0.0)},
        {"storage_axes": "LLP"},
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_in_a_sentence(change):
    with pytest.raises(UnusableInputError, match="digital torso cannot be made"):
        make_torso(TorsoParameters.small(**change))


def test_the_small_torso_takes_moments():
    start = time.process_time()
    make_torso(TorsoParameters.small())
    assert time.process_time() - start < 4  # about 1 s on an idle core; a guard against growing tenfold
