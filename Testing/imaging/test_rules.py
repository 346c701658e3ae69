"""Every rule about the fitness of a scan is triggered once, by what it looks at, and by nothing else.

A gated calcium scan of the torso is written as DICOM and read back; each row changes one thing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pydicom
import pytest

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.aorta import find_blood
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.suitability import assess
from CACBoneAxisLib.phantom import TorsoParameters, make_torso

CATALOGUE = load_table("findings")["findings"]
RULES = {code for code, entry in CATALOGUE.items() if "looks_at" in entry}
# Every routine scan has this one; it is taken away by a phantom in the scan.
ALWAYS = {"bone-opportunistic"}
STANDARD = {
    "KVP": "120",
    "SliceThickness": "3",
    "CardiacSynchronizationTechnique": "PROSPECTIVE",
    "ContrastBolusAgent": "NONE",
    "ConvolutionKernel": "Qr36d",
    "Manufacturer": "SIEMENS",
}


def torso(**changes) -> CTImage:
    heart = TorsoParameters(spacing_mm=0.98, slice_increment_mm=3.0, z_range_mm=(84.0, 204.0), point_spread_fwhm_mm=1.4)
    return make_torso(replace(heart, **changes)).image


@pytest.fixture(scope="module")
def plain() -> CTImage:
    return torso()


def without_chest(image: CTImage) -> CTImage:
    """Half of the image, in which no aorta is found."""
    hu = image.hu[:, :, : image.hu.shape[2] // 3]
    return replace(image, hu=np.ascontiguousarray(hu), geometry=replace(image.geometry, shape=hu.shape))


def spaced(image: CTImage, spacing_mm) -> CTImage:
    return replace(image, geometry=replace(image.geometry, spacing_mm=spacing_mm))


def tilted(image: CTImage) -> CTImage:
    c, s = float(np.cos(np.radians(8))), float(np.sin(np.radians(8)))
    return replace(image, geometry=replace(image.geometry, direction=((1, 0, 0), (0, c, -s), (0, s, c))))


def changed(image: CTImage, change) -> CTImage:
    return replace(image, hu=change(image.hu.astype(np.int32)).astype(np.float32))


# code: (the scan, header elements, rescale slope, findings that must come along)
ROWS = {
    "kvp-unknown": (None, {"KVP": None}, 1.0, set()),
    "kvp-not-120": (None, {"KVP": "100"}, 1.0, set()),
    "increment-not-3": (lambda i: spaced(i, (0.98, 0.98, 2.5)), {"SliceThickness": "2.5"}, 1.0, set()),
    "increment-thick": (
        lambda i: spaced(i, (0.98, 0.98, 5.0)), {"SliceThickness": "5"}, 1.0, {"increment-not-3"},
    ),
    "slices-overlap": (None, {"SliceThickness": "5"}, 1.0, set()),
    "slices-gap": (None, {"SliceThickness": "1.5"}, 1.0, set()),
    "gating-unknown": (None, {"CardiacSynchronizationTechnique": None}, 1.0, set()),
    "not-gated": (None, {"CardiacSynchronizationTechnique": "NONE"}, 1.0, set()),
    "contrast-unknown": (without_chest, {"ContrastBolusAgent": None}, 1.0, set()),
    "contrast-enhanced": (without_chest, {"ContrastBolusAgent": "Ultravist 370"}, 1.0, set()),
    "contrast-not-seen": (None, {"ContrastBolusAgent": "Ultravist 370"}, 1.0, set()),
    "blood-bright": (lambda i: torso(blood_hu=80.0), {}, 1.0, set()),
    "blood-enhanced": (lambda i: torso(blood_hu=300.0), {}, 1.0, set()),
    "noise-high": (lambda i: torso(noise_sd_hu=40.0), {}, 1.0, set()),
    "kernel-sharp": (None, {"ConvolutionKernel": "B70f"}, 1.0, set()),
    "pixels-large": (lambda i: spaced(i, (1.2, 1.2, 3.0)), {}, 1.0, set()),
    "pixels-coarse": (lambda i: spaced(i, (1.7, 1.7, 3.0)), {}, 1.0, set()),
    "slices-not-axial": (tilted, {}, 1.0, set()),
    "reformatted": (None, {"ImageType": ["DERIVED", "SECONDARY", "REFORMATTED"]}, 1.0, set()),
    "hu-fractional": (lambda i: changed(i, lambda hu: hu * 0.999), {}, 0.25, set()),
    "hu-clipped-low": (lambda i: changed(i, lambda hu: np.maximum(hu, -200)), {}, 1.0, set()),
    "hu-air-off": (lambda i: changed(i, lambda hu: np.where(hu < -900, hu - 60, hu)), {}, 1.0, set()),
    "hu-clipped-high": (lambda i: changed(i, lambda hu: np.minimum(hu, 180)), {}, 1.0, set()),
    "hu-clipped-dense": (lambda i: changed(i, lambda hu: np.minimum(hu, 450)), {}, 1.0, set()),
    "scan-mixed": (None, {"TableHeight": lambda k: "150" if k < 20 else "170"}, 1.0, set()),
    "spectral-image": (None, {"ImageType": ["DERIVED", "PRIMARY", "AXIAL", "VMI"]}, 1.0, set()),
    "hu-scale-unchecked": (lambda i: changed(i, lambda hu: np.where(hu < -150, -2000, hu)), {}, 1.0, set()),
    "kvp-calcium-aware": (None, {"KVP": "100", "ConvolutionKernel": "Sa36f"}, 1.0, set()),
    "reformatted-axial": (None, {"ImageType": ["DERIVED", "PRIMARY", "MPR"]}, 1.0, set()),
    "heart-not-seen": (
        lambda i: changed(i, lambda hu: np.where((hu > -980) & (hu < -400), 40, hu)), {"ImageType": None}, 1.0, set(),
    ),
    "body-part-elsewhere": (
        lambda i: changed(i, lambda hu: np.where((hu > -980) & (hu < -400), 40, hu)),
        {"ImageType": None, "BodyPartExamined": "KNEE"}, 1.0, {"heart-not-seen"},
    ),
    "lossy-compression": (None, {"LossyImageCompression": "01"}, 1.0, set()),
}  # fmt: skip


def codes(folder) -> tuple[list[str], list[str]]:
    image = read_ct(folder)
    found = assess(image, image.acquisition, blood=find_blood(image))
    effective = {code for code, entry in CATALOGUE.items() if "calcium" in entry or "bone" in entry}
    return tuple([f.code for f in one.findings if f.code in effective] for one in (found.calcium, found.bone))


def test_there_is_a_row_for_every_rule():
    assert set(ROWS) | ALWAYS == RULES


def test_a_calcium_scan_triggers_none(plain, tmp_path, dicom_writer):
    dicom_writer.write_series(tmp_path / "s", plain.hu, plain.geometry, header=STANDARD)
    assert codes(tmp_path / "s") == ([], ["bone-opportunistic"])


@pytest.mark.parametrize("code", sorted(ROWS))
def test_a_rule_is_triggered_once_and_alone(plain, tmp_path, dicom_writer, code):
    make, header, slope, beside = ROWS[code]
    image = plain if make is None else make(plain)
    dicom_writer.write_series(tmp_path / "s", image.hu, image.geometry, slope=slope, header={**STANDARD, **header})
    calcium, bone = codes(tmp_path / "s")
    entry = CATALOGUE[code]
    # What is said of one question alone is not listed with the other.
    expected_calcium = ({code} if "calcium" in entry else set()) | beside
    expected_bone = ({code} if "bone" in entry else set()) | ALWAYS
    assert (sorted(calcium), sorted(bone)) == (sorted(expected_calcium), sorted(expected_bone))


def test_a_phantom_in_the_scan_takes_the_last_one_away(plain):
    found = assess(plain, Acquisition(kvp=120.0, contrast=False, ecg_gated=True), calibration_in_scan=True)
    assert "bone-opportunistic" not in [one.code for one in found.bone.findings]


def test_a_header_read_with_pydicom_has_what_was_written(plain, tmp_path, dicom_writer):
    """The rows above test nothing if the writer leaves elements out."""
    paths = dicom_writer.write_series(tmp_path / "s", plain.hu[:2], plain.geometry, header=STANDARD)
    header = pydicom.dcmread(paths[0])
    assert all(str(header.get(keyword)) == value for keyword, value in STANDARD.items())


def test_a_body_part_that_lungs_and_heart_contradict_is_not_said(plain, tmp_path, dicom_writer):
    dicom_writer.write_series(tmp_path, plain.hu, plain.geometry, header={**STANDARD, "BodyPartExamined": "HEAD"})
    assert codes(tmp_path) == ([], ["bone-opportunistic"])
