from __future__ import annotations

import re

import pytest

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.kernels import is_sharp


@pytest.mark.parametrize(
    ("kernel", "manufacturer"),
    [
        ("B60f", "SIEMENS"),
        ("B50s", "SIEMENS"),
        ("B70f", None),
        ("b60f 3", "Siemens Healthineers"),
        ("U90u", "SIEMENS"),
        ("LUNG", "GE MEDICAL SYSTEMS"),
        ("BONEPLUS", "GE MEDICAL SYSTEMS"),
    ],
)
def test_kernels_for_lung_and_bone_are_sharp(kernel, manufacturer):
    assert is_sharp(kernel, manufacturer)


@pytest.mark.parametrize(
    ("kernel", "manufacturer"),
    [
        ("B30f", "SIEMENS"),
        ("B35f", "SIEMENS"),
        ("Br38f 3", "SIEMENS"),
        ("Qr36d", "SIEMENS"),
        ("STANDARD", "GE MEDICAL SYSTEMS"),
        ("DETAIL", "GE MEDICAL SYSTEMS"),
        ("FC12", "TOSHIBA"),
        ("FC03", "TOSHIBA"),
        ("B", "Philips"),
        ("L", None),
        ("LUNG", "SIEMENS"),
        ("unknown", None),
        ("", None),
        (None, "SIEMENS"),
    ],
)
def test_others_are_not_called_sharp(kernel, manufacturer):
    assert not is_sharp(kernel, manufacturer)


def test_every_row_has_its_source_and_confidence():
    for row in load_table("kernels")["kernels"]:
        assert row["source"] and row["confidence"] in ("A", "B")
        re.compile(row["pattern"])
