from __future__ import annotations

import pytest

from CACBoneAxisLib.imaging.dicom.transfersyntax import GDCM_SYNTAXES, LOSSY_SYNTAXES, PLAIN_SYNTAXES, syntax_name


def test_what_is_plain_is_read_and_what_is_lossy_is_not_plain():
    assert PLAIN_SYNTAXES <= GDCM_SYNTAXES
    assert not PLAIN_SYNTAXES & LOSSY_SYNTAXES


@pytest.mark.parametrize(
    ("syntax", "name"),
    [
        ("1.2.840.10008.1.2.4.90", "JPEG 2000 Image Compression (Lossless Only)"),
        ("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level"),
        ("1.2.3.4", "1.2.3.4"),
        ("", "unknown"),
    ],
)
def test_a_syntax_is_called_by_its_name(syntax, name):
    assert syntax_name(syntax) == name
