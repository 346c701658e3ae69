import pytest

from CACBoneAxisLib.bone.calibration import Bmd, Calibration, plausibility
from CACBoneAxisLib.imaging.acquisition import Acquisition


def test_bmd_is_slope_times_hu_plus_intercept():
    # By hand: 0.8 x 150 - 5 = 115.
    calibration = Calibration("linear", 0.8, -5.0, "K2HPO4")
    assert calibration.bmd_mg_cm3(150) == pytest.approx(115, abs=1e-12)


def test_without_a_calibration_there_is_no_bmd():
    with pytest.raises(ValueError, match="no calibration"):
        Calibration().bmd_mg_cm3(150)
    usable, said = Calibration().check(120)
    assert not usable
    assert [f.code for f in said] == ["no-calibration"]


@pytest.mark.parametrize(
    ("made_at", "scanned_at", "usable", "codes"),
    [
        (None, 100, True, []),
        (120, 120, True, []),
        (120, 120.4, True, []),
        (120, 100, False, ["calibration-kvp"]),
        (120, None, True, ["calibration-kvp-unknown"]),
    ],
)
def test_a_calibration_is_not_used_across_tube_voltages(made_at, scanned_at, usable, codes):
    found, said = Calibration("linear", 0.8, -5.0, "HA", kvp=made_at).check(scanned_at)
    assert (found, [f.code for f in said]) == (usable, codes)


@pytest.mark.parametrize(
    ("values", "clause"),
    [
        ({"kind": "guess"}, "bone.calibration.kind must be one of none, linear"),
        ({"kind": "linear", "slope": 0, "intercept": 0, "material": "HA"}, "slope must be a positive number"),
        ({"kind": "linear", "slope": -1, "intercept": 0, "material": "HA"}, "slope must be a positive number"),
        ({"kind": "linear", "slope": float("nan"), "intercept": 0, "material": "HA"}, "slope must be a positive"),
        ({"kind": "linear", "slope": True, "intercept": 0, "material": "HA"}, "slope must be a positive number"),
        ({"kind": "linear", "slope": 1, "material": "HA"}, "intercept must be a number"),
        ({"kind": "linear", "slope": 1, "intercept": 0}, "material must be one of HA, K2HPO4"),
        ({"kind": "linear", "slope": 1, "intercept": 0, "material": "ha"}, "material must be one of HA"),
        ({"kind": "linear", "slope": 1, "intercept": 0, "material": "HA", "kvp": 0}, "kvp must be a positive number"),
        ({"slope": 1}, "kind must be linear where a slope"),
    ],
)
def test_a_calibration_of_no_meaning_is_refused_in_one_clause(values, clause):
    with pytest.raises(ValueError, match=clause):
        Calibration(**values)


@pytest.mark.parametrize(("bmd", "said"), [(-100, 0), (500, 0), (-101, 1), (501, 1)])
def test_a_bmd_that_bone_cannot_have_is_said(bmd, said):
    assert len(plausibility("L1", Bmd(bmd, "HA"))) == said


def test_a_line_made_at_a_tube_voltage_is_not_used_on_an_image_of_one_energy():
    scan = Acquisition(kvp=120.0, spectral="virtual monoenergetic image, 40 keV (by Image Type)")
    line = Calibration("linear", 0.8, 4.0, "HA", kvp=120.0)
    assert line.check(120.0, Acquisition(kvp=120.0))[0]
    usable, (said,) = line.check(120.0, scan)
    assert not usable and said.code == "calibration-differs" and "40 keV" in said.message
    # A line without a tube voltage is the user's own, and one of a phantom in the scan is the scan's.
    assert Calibration("linear", 0.8, 4.0, "HA").check(120.0, scan)[0]
