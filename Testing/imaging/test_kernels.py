from __future__ import annotations

import re

import pytest

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.kernels import is_calcium_aware, is_sharp


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
        ("EDGE", "GE MEDICAL SYSTEMS"),
        ("HD LUNG", "GE MEDICAL SYSTEMS"),
        ("Br57", "Siemens Healthineers"),
        ("Bl64d 3", "SIEMENS"),
        ("Bv60f", "SIEMENS"),
        ("Hr68", "SIEMENS"),
        ("Qr59d", "SIEMENS"),
        ("Ur77u", None),
        ("D", "Philips"),
        ("YA", "Philips Medical Systems"),
        ("YC", "Philips"),
        ("L", "Philips"),
        ("FC51", "TOSHIBA"),
        ("FC86", "Canon Medical Systems"),
        ("B_SHARP_C", "UIH"),
        ("I70f 3", "SIEMENS"),
        ("Q70f", "SIEMENS"),
        ("B75h", "SIEMENS"),
        ("FC30", "TOSHIBA"),
        # A maker that nobody knows: the name is compared with every vendor's.
        ("YA", "None"),
        ("B70f", "ANONYMIZED"),
        ("D", None),
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
        ("Br56", "SIEMENS"),
        ("Sa36f", "SIEMENS"),
        ("D", "SIEMENS"),
        ("YA", "SIEMENS"),
        ("SOFT", "GE MEDICAL SYSTEMS"),
        ("STANDARD", "GE MEDICAL SYSTEMS"),
        ("DETAIL", "GE MEDICAL SYSTEMS"),
        ("FC12", "TOSHIBA"),
        ("FC03", "TOSHIBA"),
        ("B", "Philips"),
        ("L", "TOSHIBA"),
        ("LUNG", "SIEMENS"),
        ("unknown", None),
        ("", None),
        (None, "SIEMENS"),
    ],
)
def test_others_are_not_called_sharp(kernel, manufacturer):
    assert not is_sharp(kernel, manufacturer)


def test_the_calcium_aware_kernel_is_known_and_others_are_not():
    assert is_calcium_aware("Sa36f", "SIEMENS") and is_calcium_aware("sa36 3", "Siemens Healthineers")
    assert not any(is_calcium_aware(name, "SIEMENS") for name in ("Qr36d", "Sa40f", "", None))
    assert not is_calcium_aware("Sa36f", "Philips")


def test_every_row_has_its_source_and_confidence():
    table = load_table("kernels")
    for row in (*table["kernels"], *table["calcium_aware"]):
        assert row["source"] and row["confidence"] in ("A", "B")
        re.compile(row["pattern"])
