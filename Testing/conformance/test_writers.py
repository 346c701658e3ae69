"""One scan through other people's writers gives the same digits, or a refusal."""

from __future__ import annotations

from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import score_calcium
from CACBoneAxisLib.calcium.seeds import Seed
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.load import read_ct

SPACING, ORIGIN = (0.7, 0.8, 3.0), (-30.0, -120.0, 40.0)
SEED = Seed("a", "LAD", (ORIGIN[0] + 20 * 0.7, ORIGIN[1] + 15 * 0.8, ORIGIN[2] + 4 * 3.0))
# Two slices of 12 pixels at 350 HU: 2 x 12 x 0.56 mm2, weight 3, increment 3 mm.
AGATSTON = 2 * 12 * 0.7 * 0.8 * 3


@pytest.fixture(scope="module")
def hu() -> np.ndarray:
    values = np.random.default_rng(4).normal(-1000, 8, (10, 40, 44)).round()
    values[:, 6:36, 6:38] = np.random.default_rng(5).normal(40, 8, (10, 30, 32)).round()
    values[4:6, 14:17, 19:23] = 350
    return np.maximum(values, -1024).astype(np.int16)


def lps_affine() -> np.ndarray:
    affine = np.diag([*SPACING, 1.0])
    affine[:3, 3] = ORIGIN
    return affine


def by_simpleitk(path: Path, hu: np.ndarray, turned: bool = False) -> None:
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    if turned:
        image = sitk.Flip(sitk.PermuteAxes(image, (2, 0, 1)), (True, False, True), False)
    sitk.WriteImage(image, str(path))


def by_nibabel(path: Path, hu: np.ndarray, kind: type = nibabel.Nifti1Image, code: str = "both") -> None:
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps_affine()
    image = kind(hu.T, affine)
    if code != "both" and hasattr(image, "set_sform"):
        image.set_sform(affine if code == "sform" else None, 1 if code == "sform" else 0)
        image.set_qform(affine if code == "qform" else None, 1 if code == "qform" else 0)
    nibabel.save(image, path)


def by_pynrrd(
    path: Path, hu: np.ndarray, space: str = "left-posterior-superior", unit: float = 1.0, **more: object
) -> None:
    sign = np.array([-1, -1, 1]) if space.startswith("right") else np.ones(3)
    header = {
        "space": space,
        "space directions": np.diag(np.array(SPACING) * sign) / unit,
        "space origin": np.array(ORIGIN) * sign / unit,
        "kinds": ["domain"] * 3,
        **more,
    }
    nrrd.write(str(path), hu.T, header)


WRITERS = {
    "simpleitk.nrrd": by_simpleitk,
    "simpleitk.nii.gz": by_simpleitk,
    "simpleitk.mha": by_simpleitk,
    "simpleitk.mhd": by_simpleitk,
    "turned.nii.gz": lambda path, hu: by_simpleitk(path, hu, turned=True),
    "turned.mha": lambda path, hu: by_simpleitk(path, hu, turned=True),
    "float.nrrd": lambda path, hu: by_simpleitk(path, hu.astype(np.float32)),
    "both.nii.gz": by_nibabel,
    "sform.nii": lambda path, hu: by_nibabel(path, hu, code="sform"),
    "qform.nii": lambda path, hu: by_nibabel(path, hu, code="qform"),
    "double.nii": lambda path, hu: by_nibabel(path, hu.astype(np.float64)),
    "pynrrd.nrrd": by_pynrrd,
    "ras.nrrd": lambda path, hu: by_pynrrd(path, hu, "right-anterior-superior"),
    "cm.nrrd": lambda path, hu: by_pynrrd(path, hu, unit=10.0, **{"space units": ["cm"] * 3}),
    "detached.nhdr": by_pynrrd,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_gives_the_same_scan_and_the_same_score(tmp_path, hu, name):
    WRITERS[name](tmp_path / name, hu)
    image = read_ct(tmp_path / name)
    assert np.array_equal(image.hu, hu)
    assert image.geometry.spacing_mm == SPACING
    assert image.geometry.origin_mm == pytest.approx(ORIGIN, abs=1e-4)
    assert "orientation-assumed" not in [f.code for f in image.findings]
    assert score_calcium(image, [SEED], CalciumProtocol()).total.agatston == pytest.approx(AGATSTON, rel=1e-6)


REFUSED = {
    "second version.nii.gz": lambda path, hu: by_nibabel(path, hu, nibabel.Nifti2Image),
    "plain.nrrd": lambda path, hu: nrrd.write(str(path), hu.T),
    "inches.nrrd": lambda path, hu: by_pynrrd(path, hu, unit=25.4, **{"space units": ["in"] * 3}),
    "metres said as mm.nrrd": lambda path, hu: by_pynrrd(path, hu, unit=1000.0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_writer_leaves_open_is_refused(tmp_path, hu, name):
    REFUSED[name](tmp_path / name, hu)
    with pytest.raises(UnusableInputError):
        read_ct(tmp_path / name)


def test_analyze_of_nibabel_is_read_with_a_warning_because_it_names_no_orientation(tmp_path, hu):
    nibabel.save(nibabel.AnalyzeImage(hu.T, np.diag([*SPACING, 1.0])), tmp_path / "a.img")
    try:
        image = read_ct(tmp_path / "a.img")
    except UnusableInputError:
        return
    assert "orientation-assumed" in [f.code for f in image.findings]
