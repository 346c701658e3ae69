"""Both published calibration vectors, and their inverses."""

import numpy as np
import pytest

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.phantoms import Rod, fit_rods, phantoms

# The vectors are published with eight decimals of HU and ten of the results.
VECTOR_TOLERANCE = 1e-6
K2HPO4 = (375.83, 157.05, 58.88, -53.40, -51.83)
WATER = (923.20, 1119.52, 1103.57, 1056.95, 1012.25)
GUIDE_HU = (462.93637566, 345.73809215, 176.71197512, -35.37819031, -69.54917012)
PLAIN_HU = (490.28414063, 200.31946153, 68.02660165, -77.60183361, -77.74668932)


def rods():
    return [Rod(str(n), k, w) for n, (k, w) in enumerate(zip(K2HPO4, WATER, strict=True))]


def test_the_guides_equations_give_the_published_vector():
    fit = fit_rods("k2hpo4-water", GUIDE_HU, rods())
    assert fit.reference_slope == pytest.approx(1.4669584955, abs=VECTOR_TOLERANCE)
    assert fit.reference_intercept == pytest.approx(-1009.7500468666, abs=VECTOR_TOLERANCE)
    assert 1 / fit.slope == pytest.approx(1.2495584955, abs=VECTOR_TOLERANCE)
    assert -fit.intercept / fit.slope == pytest.approx(-10.1500468666, abs=VECTOR_TOLERANCE)
    # Published with five decimals.
    bmd = [378.60286, 284.81111, 149.54244, -20.18965, -47.53609]
    assert [fit.slope * hu + fit.intercept for hu in GUIDE_HU] == pytest.approx(bmd, abs=5e-6)


def test_rods_made_by_the_law_return_the_law():
    hu = [1.3 * k - 995.0 + w for k, w in zip(K2HPO4, WATER, strict=True)]
    fit = fit_rods("k2hpo4-water", hu, rods())
    assert (fit.reference_slope, fit.reference_intercept) == pytest.approx((1.3, -995.0), abs=VECTOR_TOLERANCE)
    assert fit.fitted_hu == pytest.approx(hu, abs=VECTOR_TOLERANCE)
    # And a bone of 100 mg/cm3 by that law reads 100.
    assert fit.slope * ((1.3 - 0.2174) * 100 + (-995.0 + 999.6)) + fit.intercept == pytest.approx(100, abs=1e-9)


def test_the_plain_line_gives_the_published_vector_and_its_inverse():
    fit = fit_rods("linear", PLAIN_HU, rods())
    assert fit.slope == pytest.approx(0.75397275, abs=VECTOR_TOLERANCE)
    assert fit.intercept == pytest.approx(6.33441013, abs=VECTOR_TOLERANCE)
    assert np.sqrt(fit.r2) == pytest.approx(0.99998663, abs=VECTOR_TOLERANCE)
    back = [fit.reference_slope * k + fit.reference_intercept for k in K2HPO4]
    assert back == pytest.approx([(k - fit.intercept) / fit.slope for k in K2HPO4], abs=1e-9)


def test_the_line_is_the_one_of_numpy():
    rng = np.random.default_rng(0)
    hu = rng.normal(100, 50, 5)
    fit = fit_rods("linear", hu, rods())
    slope, intercept = np.polyfit(hu, K2HPO4, 1)
    assert (fit.slope, fit.intercept) == pytest.approx((slope, intercept))
    assert fit.r2 == pytest.approx(np.corrcoef(hu, K2HPO4)[0, 1] ** 2)


def test_fewer_than_two_different_rods_make_no_line():
    for hu in ([100.0], [100.0, 100.0]):
        with pytest.raises(ValueError, match="two rods"):
            fit_rods("linear", hu, rods()[: len(hu)])


@pytest.mark.parametrize(
    ("name", "densities"),
    [
        ("mindways", (-51.83, -53.40, 58.88, 157.05, 375.83)),
        ("image-analysis", (8.0, 97.3, 189.8)),
        ("qrm-bdc-3", (100, 400, 800)),
        ("qrm-bdc-6", (0, 100, 200, 400, 600, 800)),
        ("b-mas200", (0, 50, 100, 150, 200)),
        ("siemens-osteo", (0, 200)),
    ],
)
def test_the_phantoms_have_their_published_densities(name, densities):
    assert tuple(rod.density_mg_cm3 for rod in phantoms()[name].rods) == densities


def test_a_certificate_goes_before_the_type_and_must_have_its_rods():
    own = tuple(Rod(rod.name, rod.density_mg_cm3 + 1, rod.water_mg_cm3) for rod in phantoms()["mindways"].rods)
    assert Calibration(kind="phantom", phantom="mindways", rods=own).known_phantom.rods == own
    with pytest.raises(ValueError, match="must be 5 for mindways"):
        Calibration(kind="phantom", phantom="mindways", rods=own[:3])
    with pytest.raises(ValueError, match="water_mg_cm3"):
        Calibration(kind="phantom", phantom="mindways", rods=tuple(Rod(r.name, r.density_mg_cm3) for r in own))
    with pytest.raises(ValueError, match="must be one of mindways"):
        Calibration(kind="phantom")
