"""Noise, point spread and sampling are what the parameters say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.phantom import TorsoParameters, make_torso
from CACBoneAxisLib.phantom.render import Noise, Scanner, render, scan_frame, spread


@pytest.mark.parametrize("sd", [8.0, 25.0])
def test_noise_in_homogeneous_tissue_has_the_stated_sd(sd):
    parameters = TorsoParameters.heart(noise_sd_hu=sd, z_range_mm=(114.0, 144.0))
    noise = make_torso(parameters).image.hu.astype(float) - make_torso(replace(parameters, noise_sd_hu=0.0)).image.hu
    whole_number = np.sqrt(2 / 12)  # both images are rounded
    heart = noise[:, 70:120, 80:140]
    assert np.sqrt(heart.var() - whole_number**2) == pytest.approx(sd, rel=0.02)
    assert heart.mean() == pytest.approx(0, abs=sd / 20)


def test_noise_is_correlated_in_the_slice_and_new_in_the_next():
    geometry = ImageGeometry((4, 128, 128), (0.7, 0.7, 3.0), (0.0, 0.0, 0.0))
    first, second = Noise(TorsoParameters(), geometry).pair(0)
    other = Noise(TorsoParameters(), geometry).pair(1)[0]
    neighbours = np.corrcoef(first[:, 1:].ravel(), first[:, :-1].ravel())[0, 1]
    assert neighbours > 0.3
    for stranger in (second, other):
        assert abs(np.corrcoef(first.ravel(), stranger.ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("fwhm", [1.0, 2.0])
def test_the_image_of_a_wire_is_as_wide_as_the_point_spread(fwhm):
    geometry = ImageGeometry((1, 81, 81), (0.25, 0.25, 3.0), (0.0, 0.0, 0.0))
    wire = np.zeros((1, 81, 81), dtype=np.float32)
    wire[0, 40, 40] = 1000.0
    profile = spread(wire, TorsoParameters(point_spread_fwhm_mm=fwhm), geometry)[0, 40]
    half = profile.max() / 2
    right = 40 + np.argmax(profile[40:] < half)
    crossing = right - (half - profile[right]) / (profile[right - 1] - profile[right])
    assert 2 * (crossing - 40) * 0.25 == pytest.approx(fwhm, rel=0.02)
    assert profile.sum() > 0


def test_the_same_parameters_give_the_same_digits_and_another_seed_others():
    parameters = TorsoParameters.small(z_range_mm=(100.0, 150.0))
    first, again = (make_torso(parameters).image.hu for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, make_torso(replace(parameters, seed=1)).image.hu)


def test_slices_painted_together_or_apart_are_the_same():
    parameters = TorsoParameters.small(z_range_mm=(110.0, 150.0))
    frame = scan_frame(parameters)
    scanner = Scanner(parameters, frame)
    together = scanner.slices(0, 10)
    apart = np.concatenate([scanner.slices(0, 3), scanner.slices(3, 4), scanner.slices(4, 10)])
    assert together == pytest.approx(apart, abs=1e-3)


def test_the_grid_is_the_one_asked_for():
    geometry = scan_frame(TorsoParameters()).geometry
    assert geometry.shape == (128, 512, 512)
    assert geometry.spacing_mm == (0.7, 0.7, 3.0)
    assert geometry.origin_mm[2] == pytest.approx(-110.5)


def test_a_turned_patient_shows_the_same_organs_elsewhere():
    straight = TorsoParameters.small(noise_sd_hu=0.0, z_range_mm=(120.0, 150.0), rods=False)
    turned = replace(straight, rotation_degrees=(0.0, 0.0, 90.0))
    a, b = (render(p, scan_frame(p)) for p in (straight, turned))
    fields = [
        np.count_nonzero((image > low) & (image < high)) for image in (a, b) for low, high in ((-890, -780), (20, 70))
    ]
    # Lung and soft tissue. Textures are tied to the scan, and edges are sharpened differently.
    assert fields[2] == pytest.approx(fields[0], rel=0.03)
    assert fields[3] == pytest.approx(fields[1], rel=0.05)
