"""Whether a scan is contrast-enhanced, at both sides of both limits of the blood."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.aorta import BloodPool
from CACBoneAxisLib.imaging.contrast import is_enhanced, result_is_enhanced
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.suitability import assess

# Blood in HU, what the header says, enhanced or not, and the findings about contrast agent.
CASES = [
    (59.0, True, False, ["contrast-not-seen"]),
    (60.0, True, True, ["contrast-enhanced", "blood-bright"]),
    (100.0, True, True, ["contrast-enhanced", "blood-bright"]),
    (101.0, True, True, ["blood-enhanced"]),
    (59.0, False, False, []),
    (60.0, False, False, []),
    (61.0, False, False, ["blood-bright"]),
    (100.0, False, False, ["blood-bright"]),
    (101.0, False, True, ["blood-enhanced"]),
    (59.0, None, False, []),
    (60.0, None, False, []),
    (61.0, None, False, ["blood-bright"]),
    (100.0, None, False, ["blood-bright"]),
    (101.0, None, True, ["blood-enhanced"]),
    (None, True, True, ["contrast-enhanced"]),
    (None, False, False, []),
    (None, None, None, ["contrast-unknown"]),
]


@pytest.mark.parametrize(("blood_hu", "stated", "enhanced", "codes"), CASES)
def test_blood_decides_and_between_its_limits_the_header_does(
    blood_hu: float | None, stated: bool | None, enhanced: bool | None, codes: list[str]
) -> None:
    assert is_enhanced(stated, blood_hu) is enhanced
    blood = None if blood_hu is None else BloodPool(blood_hu, 5.0, 1000, 10, "region")
    result = {
        "study": {"acquisition": {"contrast": stated}},
        "calcium": {"blood": None if blood is None else {"hu": blood.hu}},
    }
    assert result_is_enhanced(result) is enhanced
    hu = np.full((10, 40, 40), 40, dtype=np.int16)
    image = CTImage(hu, ImageGeometry(hu.shape, (1.0, 1.0, 3.0), (0.0, 0.0, 0.0)))
    found = assess(image, Acquisition(contrast=stated), blood=blood)
    about = ("blood-", "contrast-")
    assert [f.code for f in found.calcium.findings if f.code.startswith(about)] == codes
