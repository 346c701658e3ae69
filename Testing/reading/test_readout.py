"""What one region measures, while it is moved."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.mrml.analyses import Analyses  # noqa: E402
from CACBoneAxisLib.reading.readout import read_region  # noqa: E402
from CACBoneAxisLib.study import Settings  # noqa: E402

LINEAR = {"bone": {"calibration": {"kind": "linear", "slope": 0.8, "intercept": 5, "material": "HA"}}}


def test_it_has_the_digits_of_the_result(nodes, small_result):
    check = Analyses().of(nodes.volume).check(small_result.settings)
    readout = read_region(check, small_result.settings, nodes.regions[0])
    (expected,) = small_result.to_dict()["bone"]["vertebrae"]
    for name in ("level", "mean_hu", "median_hu", "sd_hu", "voxels", "status"):
        assert readout.vertebra[name] == pytest.approx(expected[name])
    assert readout.level == "L1"
    assert readout.hu.size == expected["voxels"]
    assert np.all(readout.hu == 120)


def test_it_follows_the_node_and_says_why_there_is_nothing(nodes):
    settings = Settings.from_mapping(LINEAR)
    check = Analyses().of(nodes.volume).check(settings)
    assert read_region(check, settings, nodes.regions[0]).vertebra["bmd"]["value"] == pytest.approx(101)
    nodes.regions[0].SetCenter(500, 0, 0)
    away = read_region(check, settings, nodes.regions[0])
    assert (away.vertebra["status"], away.hu.size) == ("not-measured", 0)
    assert "outside" in away.vertebra["findings"][0]["message"]
