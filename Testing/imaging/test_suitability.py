from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.findings import finding
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.suitability import assess

CALCIUM_SCAN = Acquisition(
    kvp=120.0,
    kernel="Qr36d",
    slice_thickness_mm=3.0,
    contrast=False,
    ecg_gated=True,
    manufacturer="SIEMENS",
    image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
)


def a_scan(spacing=(0.4, 0.4, 3.0), tilt_degrees=0.0, change=None, findings=()) -> CTImage:
    generator = np.random.default_rng(9)
    hu = np.full((20, 60, 60), 40.0)
    hu[:, :24] = -1000
    hu[:, 45:50, 20:40] = generator.uniform(100, 1200, (20, 5, 20))
    hu = np.rint(hu + generator.normal(0, 15, hu.shape)).astype(np.int16)
    c, s = float(np.cos(np.radians(tilt_degrees))), float(np.sin(np.radians(tilt_degrees)))
    geometry = ImageGeometry(hu.shape, spacing, (0, 0, 0), ((1, 0, 0), (0, c, -s), (0, s, c)))
    return CTImage(hu if change is None else change(hu), geometry, findings=findings)


def codes(image=None, **acquisition) -> tuple[set[str], set[str]]:
    """The findings beyond those of a calcium scan."""
    found = assess(image or a_scan(), replace(CALCIUM_SCAN, **acquisition))
    calcium, bone = ([f.code for f in one.findings] for one in (found.calcium, found.bone))
    assert len(set(calcium)) == len(calcium) and len(set(bone)) == len(bone)
    return set(calcium), set(bone) - {"bone-opportunistic"}


def test_a_calcium_scan_is_standard_for_calcium_and_opportunistic_for_bone():
    found = assess(a_scan(), CALCIUM_SCAN)
    assert (found.calcium.verdict, found.calcium.findings) == ("standard", ())
    assert (found.bone.verdict, [f.code for f in found.bone.findings]) == ("opportunistic", ["bone-opportunistic"])


def test_with_a_calibration_phantom_in_the_scan_bone_is_standard():
    found = assess(a_scan(), CALCIUM_SCAN, calibration_in_scan=True)
    assert (found.bone.verdict, found.bone.findings) == ("standard", ())


def test_a_scan_of_which_nothing_is_known_is_opportunistic():
    found = assess(a_scan(), Acquisition())
    assert found.calcium.verdict == found.bone.verdict == "opportunistic"
    assert [f.code for f in found.calcium.findings] == ["kvp-unknown", "gating-unknown", "contrast-unknown"]


@pytest.mark.parametrize(
    ("acquisition", "calcium", "bone"),
    [
        ({"kvp": 100.0}, {"kvp-not-120"}, {"kvp-not-120"}),
        ({"kvp": 119.9}, set(), set()),
        ({"ecg_gated": False}, {"not-gated"}, set()),
        ({"contrast": True}, {"contrast-enhanced"}, {"contrast-enhanced"}),
        ({"kernel": "B70f"}, {"kernel-sharp"}, {"kernel-sharp"}),
        ({"slice_thickness_mm": 3.02}, set(), set()),
        ({"slice_thickness_mm": 5.0}, {"slices-overlap"}, set()),
        ({"slice_thickness_mm": 1.5}, {"slices-gap"}, set()),
        (
            {"image_type": ("DERIVED", "SECONDARY", "AXIAL", "CT_SOM5 MPR")},
            {"reformatted-axial"},
            {"reformatted-axial"},
        ),
        (
            {"image_type": ("DERIVED", "SECONDARY", "MPR"), "slice_thickness_mm": 1.0},
            {"reformatted", "slices-gap"},
            {"reformatted"},
        ),
        ({"image_type": ("DERIVED", "SECONDARY", "MPR", "MIP")}, {"reformatted"}, {"reformatted"}),
        ({"image_type": ("DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE")}, {"reformatted"}, {"reformatted"}),
        ({"image_type": ("DERIVED", "PRIMARY", "VOLUME", "MAXIMUM")}, {"reformatted"}, {"reformatted"}),
        ({"image_type": ("DERIVED", "PRIMARY", "VOLUME", "NONE", "MIN_IP")}, {"reformatted"}, {"reformatted"}),
        ({"image_type": ("DERIVED", "PRIMARY", "VOLUME", "NONE", "CURVED_MPR")}, {"reformatted"}, {"reformatted"}),
        ({"image_type": ("DERIVED", "PRIMARY", "AXIAL")}, set(), set()),
    ],
)
def test_what_the_header_says_leads_to_its_finding(acquisition, calcium, bone):
    assert codes(**acquisition) == (calcium, bone)


@pytest.mark.parametrize(
    ("spacing", "calcium", "bone"),
    [
        ((0.4, 0.4, 2.5), {"increment-not-3", "slices-overlap"}, set()),
        ((0.4, 0.4, 3.04), set(), set()),
        ((0.4, 0.4, 3.5), {"increment-not-3", "slices-gap"}, set()),
        ((0.4, 0.4, 5.0), {"increment-not-3", "increment-thick", "slices-gap"}, set()),
        ((1.0, 1.0, 3.0), set(), set()),
        ((1.37, 1.37, 3.0), {"pixels-large"}, {"pixels-large"}),
        ((2.0, 2.0, 3.0), {"pixels-coarse"}, {"pixels-coarse"}),
        ((1.5, 1.5, 1.5), {"pixels-coarse", "increment-not-3", "slices-overlap"}, {"pixels-coarse"}),
    ],
)
def test_the_grid_leads_to_its_finding(spacing, calcium, bone):
    assert codes(a_scan(spacing)) == (calcium, bone)


@pytest.mark.parametrize(
    ("degrees", "calcium"), [(4.9, set()), (5.1, {"slices-not-axial"}), (30.0, {"slices-not-axial"})]
)
def test_slices_count_as_axial_within_five_degrees(degrees, calcium):
    assert codes(a_scan(tilt_degrees=degrees)) == (calcium, set())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda hu: np.minimum(hu, 300), "hu-clipped-high"),
        (lambda hu: np.minimum(hu, 900), "hu-clipped-dense"),
        (lambda hu: np.maximum(hu, -160), "hu-clipped-low"),
        (lambda hu: hu + np.int16(60), "hu-air-off"),
        (lambda hu: hu - np.int16(60), "hu-air-off"),
        (lambda hu: hu + np.float32(0.25), "hu-fractional"),
    ],
)
def test_the_values_lead_to_their_finding(change, code):
    assert codes(a_scan(change=change)) == ({code}, {code})


def test_air_within_its_tolerance_is_air():
    assert codes(a_scan(change=lambda hu: hu - np.int16(25))) == (set(), set())
    assert codes(a_scan(change=lambda hu: hu + np.int16(15))) == (set(), set())


def test_unsuitable_stays_unsuitable_beside_lesser_findings():
    found = assess(a_scan(tilt_degrees=20), Acquisition(contrast=True))
    assert (found.calcium.verdict, found.bone.verdict) == ("unsuitable", "opportunistic")


def test_findings_of_the_file_come_first_and_once():
    image = a_scan(change=lambda hu: hu + np.float32(0.5), findings=(finding("hu-fractional"),))
    found = assess(image, CALCIUM_SCAN)
    assert [f.code for f in found.calcium.findings] == ["hu-fractional"]
    assert found.calcium.verdict == "unsuitable"


@pytest.mark.parametrize(
    ("name", "calcium", "bone"),
    [
        ("chest/ct.nrrd", "opportunistic", "opportunistic"),
        ("qrm_cci/qrm_cci_crop.nrrd", "opportunistic", "opportunistic"),
        ("spine/ct.nii.gz", "unsuitable", "opportunistic"),
        ("dicom/contrast_series", "unsuitable", "opportunistic"),
    ],
)
def test_real_scans_are_judged_as_a_radiologist_would(shared_data, name, calcium, bone):
    image = read_ct(shared_data / name)
    found = assess(image, image.acquisition)
    assert (found.calcium.verdict, found.bone.verdict) == (calcium, bone)
