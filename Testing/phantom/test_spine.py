"""The vertebrae against their own truth: density, cortex, regions and labels."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.imaging.regions import Region
from CACBoneAxisLib.phantom import TorsoParameters, make_torso
from CACBoneAxisLib.phantom.render import scan_frame
from CACBoneAxisLib.phantom.spine import CORTEX_HU, CORTEX_MM, body_labels, vertebrae


def measured(torso, box):
    return Region(box.center_mm, box.size_mm, box.axes).voxels(torso.image.geometry).mask.values(torso.image.hu)


def truth_of(torso, level):
    return next(row for row in torso.truth["bone"]["vertebrae"] if row["level"] == level)


def test_the_mean_of_each_region_is_the_hu_of_its_density(spine):
    assert [box.name for box in spine.regions] == ["T12", "L1", "L2"]
    for box in spine.regions:
        values = measured(spine, box)
        # Noise is correlated over about 2 x 2 voxels: 4 standard errors, and 0.5 HU of texture left in a sub-region.
        tolerance_hu = 4 * 2 * values.std() / np.sqrt(values.size) / 2 + 0.5
        assert values.mean() == pytest.approx(truth_of(spine, box.name)["hu"], abs=tolerance_hu)


def test_the_stated_calibration_returns_the_density_within_two_mg(spine):
    law = spine.truth["bone"]["calibration"]
    for box in spine.regions:
        bmd = law["slope"] * measured(spine, box).mean() + law["intercept"]
        assert bmd == pytest.approx(truth_of(spine, box.name)["bmd"]["value"], abs=2.0)


@pytest.mark.parametrize("bmd", [45.0, 180.0])
def test_another_density_is_measured_as_well(bmd):
    torso = make_torso(TorsoParameters.spine(bmd_mg_cm3=bmd, spacing_mm=1.0, noise_sd_hu=5.0))
    law = torso.truth["bone"]["calibration"]
    for box in torso.regions:
        assert law["slope"] * measured(torso, box).mean() + law["intercept"] == pytest.approx(bmd, abs=2.0)


def test_regions_keep_off_the_cortex(spine):
    for box in spine.regions:
        assert np.percentile(measured(spine, box), 99.9) < 350  # cortex is 560 HU before blurring


def test_regions_stand_along_the_vertebra(spine):
    for box in spine.regions:
        axis = np.array(box.axes)[:, 2]
        assert axis == pytest.approx(truth_of(spine, box.name)["axis_lps"])


def test_the_cortex_is_a_shell_of_its_thickness_and_hu():
    vertebra = next(v for v in vertebrae() if v.level == "L1")
    w = np.linspace(8, 16, 2001, dtype=np.float32)
    zero = np.zeros_like(w)
    surface = w[np.argmin(np.abs(vertebra.body(zero, zero, w)))]
    inner = w[np.argmin(np.abs(vertebra.body(zero, zero, w) + CORTEX_MM))]
    assert surface - inner == pytest.approx(1.2, abs=0.05)
    assert CORTEX_HU > 400


def test_labels_are_verse_numbers_in_bodies_of_plausible_volume(spine):
    labels, geometry = spine.vertebrae, spine.image.geometry
    assert {19, 20, 21} <= set(np.unique(labels))
    for label, low, high in ((19, 15, 32), (20, 18, 38), (21, 20, 44)):  # cm3, women's T12, L1, L2
        assert low < np.count_nonzero(labels == label) * geometry.voxel_volume_mm3 / 1000 < high
    for row in spine.truth["bone"]["vertebrae"]:
        if row["in_image"]:
            x, y, z = np.rint(geometry.to_index(row["center_lps_mm"])).astype(int)
            assert labels[z, y, x] == row["label"]


def test_levels_t10_to_l3_lie_whole_in_the_default_scan():
    parameters = TorsoParameters(spacing_mm=2.0)
    frame = scan_frame(parameters)
    labels = body_labels(frame.geometry, frame)
    for label in (17, 18, 19, 20, 21, 22):
        z = np.flatnonzero((labels == label).any(axis=(1, 2)))
        assert z.min() > 0
        assert z.max() < labels.shape[0] - 1
