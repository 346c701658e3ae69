"""Calcium is where, as large and as heavy as the truth says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.phantom import Calcification, TorsoParameters, make_torso
from CACBoneAxisLib.phantom.lesions import lesions, place
from CACBoneAxisLib.phantom.lungs import LEFT_BRONCHUS, RIGHT_BRONCHUS, TRACHEA


def without_calcium(parameters: TorsoParameters) -> TorsoParameters:
    """The same patient, soft plaques in place, no calcium in them."""
    bare = {
        name: tuple(replace(c, hydroxyapatite_mg_cm3=0.0) for c in getattr(parameters, name))
        for name in ("calcifications", "aortic_calcifications")
    }
    return replace(parameters, **bare)


def agatston(hu, seed_zyx, geometry):
    """A plain scorer: 26-connected growth, 8-connected regions of 1 mm2 and more, weight by peak, increment / 3."""
    grown, _ = ndimage.label(hu >= 130, np.ones((3, 3, 3)))
    lesion = grown == grown[seed_zyx]
    score = 0.0
    for z in np.flatnonzero(lesion.any(axis=(1, 2))):
        regions, count = ndimage.label(lesion[z], np.ones((3, 3)))
        for k in range(1, count + 1):
            area = np.count_nonzero(regions == k) * geometry.pixel_area_mm2
            if area >= 1:
                score += area * min(4, hu[z][regions == k].max() // 100) * geometry.slice_increment_mm / 3
    return score


@pytest.mark.parametrize("fwhm_mm", [0.0, 2.4])
def test_the_calcium_adds_exactly_its_mass_whatever_the_point_spread(fwhm_mm):
    parameters = TorsoParameters.heart(noise_sd_hu=0.0, point_spread_fwhm_mm=fwhm_mm)
    with_calcium = make_torso(parameters)
    excess = with_calcium.image.hu.astype(float) - make_torso(without_calcium(parameters)).image.hu
    geometry = with_calcium.image.geometry
    factor = with_calcium.truth["calcium"]["mass_factor_mg_per_mm3_per_hu"]
    for row in with_calcium.truth["calcium"]["lesions"]:
        if row["in_image"] and row["territory"] != "DA":
            reach = np.ceil((row["length_mm"] / 2 + 4.5) / np.array(geometry.spacing_mm)).astype(int)
            center = np.rint(geometry.to_index(row["center_lps_mm"])).astype(int)
            block = tuple(slice(c - r, c + r + 1) for c, r in zip(center[::-1], reach[::-1], strict=True))
            mass = excess[block].sum() * geometry.voxel_volume_mm3 * factor
            sampling = 0.02  # 6 x 6 x 6 samples to a voxel, HU rounded to integers
            assert mass == pytest.approx(row["mass_mg"], rel=sampling), row["name"]


def test_every_seed_is_on_a_candidate_inside_its_lesion(heart):
    rows = {row["name"]: row for row in heart.truth["calcium"]["lesions"]}
    assert {p.label.split("-")[0] for p in heart.seeds.points} == {"LM", "LAD", "LCX", "RCA", "DA"}
    for point in heart.seeds.points:
        x, y, z = np.rint(heart.image.geometry.to_index(point.position_mm)).astype(int)
        assert heart.image.hu[z, y, x] >= 130, point.label
        reach = rows[point.label]["length_mm"] / 2 + 1.0
        assert np.linalg.norm(np.subtract(point.position_mm, rows[point.label]["center_lps_mm"])) < reach


def test_lesions_touch_neither_each_other_nor_bone(heart):
    grown, _ = ndimage.label(heart.image.hu >= 130, np.ones((3, 3, 3)))
    found = [
        grown[tuple(np.rint(heart.image.geometry.to_index(p.position_mm)).astype(int)[::-1])]
        for p in heart.seeds.points
    ]
    assert len(set(found)) == len(found)
    volumes = np.bincount(grown.ravel())[found] * heart.image.geometry.voxel_volume_mm3
    assert volumes.max() < 300  # bone in the same block is larger by far


def test_a_large_dense_lesion_scores_its_volume_at_full_weight():
    # A cylinder-like lesion much larger than the point spread: Agatston is about 4 x volume / 3 mm, plus the rim
    # that blurring and partial volume lift above 130 HU.
    big = Calcification("LAD", 0.55, 12.0, 700.0, 12.0)
    parameters = TorsoParameters.heart(calcifications=(big,), aortic_calcifications=(), noise_sd_hu=0.0)
    torso = make_torso(parameters)
    point = torso.seeds.points[0]
    seed = tuple(np.rint(torso.image.geometry.to_index(point.position_mm)).astype(int)[::-1])
    ideal = 4 * big.volume_mm3 / 3
    rim = (np.pi / 6 * 13.6**3) / big.volume_mm3  # 130 of 875 HU is reached about 0.8 mm outside
    assert ideal < agatston(torso.image.hu, seed, torso.image.geometry) < ideal * rim


def test_the_default_heart_is_moderate_to_severe_and_has_calcium_in_every_artery(quiet_heart):
    total = {}
    for p in quiet_heart.seeds.points:
        seed = tuple(np.rint(quiet_heart.image.geometry.to_index(p.position_mm)).astype(int)[::-1])
        territory = p.label.split("-")[0]
        total[territory] = total.get(territory, 0.0) + agatston(quiet_heart.image.hu, seed, quiet_heart.image.geometry)
    coronary = {k: v for k, v in total.items() if k != "DA"}
    assert set(coronary) == {"LM", "LAD", "LCX", "RCA"}
    assert 250 < sum(coronary.values()) < 450
    assert coronary["LAD"] > coronary["RCA"] > coronary["LM"] > 10


def test_lesions_are_numbered_within_their_territory_and_keep_their_size_in_a_scaled_patient():
    assert [lesion.name for lesion in lesions(TorsoParameters())][:4] == ["LM-1", "LAD-1", "LAD-2", "LAD-3"]
    calcification = Calcification("RCA", 0.3, 3.0, 300.0)
    assert place(calcification, "RCA-1", 0.8).ellipsoid.radii[0] * 0.8 == pytest.approx(1.5)


@pytest.mark.parametrize(
    "wrong",
    [
        Calcification("LVX", 0.5, 3.0, 300.0),
        Calcification("LAD", 1.5, 3.0, 300.0),
        Calcification("LAD", 0.5, 0.0, 300.0),
        Calcification("LAD", 0.5, 3.0, -1.0),
    ],
)
def test_a_calcification_that_makes_no_sense_is_refused_in_a_sentence(wrong):
    with pytest.raises(UnusableInputError, match="Calcification LAD-1"):
        place(wrong, "LAD-1")


def test_no_default_plaque_lies_in_an_airway():
    airways = np.concatenate(
        [curve.point(np.linspace(0, 1, 200)) for curve in (TRACHEA, LEFT_BRONCHUS, RIGHT_BRONCHUS)]
    )
    for lesion in lesions(TorsoParameters()):
        gap = np.linalg.norm(airways - lesion.ellipsoid.center, axis=1).min()
        assert gap > 8.6 + 1.4 + max(lesion.ellipsoid.radii), lesion.name  # trachea's lumen, its wall
