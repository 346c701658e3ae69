"""The calibration phantom under the back."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.phantom import TorsoParameters, make_torso


def rod_means(torso):
    geometry = torso.image.geometry
    shape = torso.image.hu.shape
    x, y = np.meshgrid(np.arange(shape[2]), np.arange(shape[1]))
    points = geometry.to_lps(np.stack([x, y, np.full_like(x, shape[0] // 2)], axis=-1))
    for rod in torso.truth["rods"]["rods"]:
        near = np.hypot(points[..., 0] - rod["center_lps_mm"][0], points[..., 1] - rod["center_lps_mm"][1])
        inside = near < rod["radius_mm"] - 2.5
        yield rod, float(torso.image.hu[:, inside].mean())


def test_rods_measure_what_the_law_says(spine):
    found = list(rod_means(spine))
    assert [rod["name"] for rod, _ in found] == ["A", "B", "C", "D", "E"]
    for rod, mean in found:
        assert mean == pytest.approx(rod["hu"], abs=1.0)  # noise 14 HU over some thousand correlated voxels


def test_the_mindways_fit_of_the_measured_rods_gives_the_stated_bone_calibration(spine):
    rows = [(rod["k2hpo4_mg_cm3"], mean - rod["water_mg_cm3"]) for rod, mean in rod_means(spine)]
    sigma_ref, beta_ref = np.polyfit(*np.array(rows).T, 1)
    law = spine.truth["bone"]["calibration"]
    assert 1 / (sigma_ref - 0.2174) == pytest.approx(law["slope"], rel=0.005)
    assert -(beta_ref + 999.6) / (sigma_ref - 0.2174) == pytest.approx(law["intercept"], abs=1.0)


def test_without_rods_there_is_air_under_the_back():
    torso = make_torso(TorsoParameters.spine(rods=False, noise_sd_hu=0.0, spacing_mm=2.0))
    assert torso.truth["rods"]["rods"] == []
    x, y, z = np.rint(torso.image.geometry.to_index((0.0, 142.0, -20.0))).astype(int)
    assert torso.image.hu[z, y, x] == -1000
