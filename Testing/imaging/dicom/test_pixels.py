"""Stored values to HU, compared with the formula in floating point."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from CACBoneAxisLib.imaging.dicom.layout import PixelLayout
from CACBoneAxisLib.imaging.dicom.pixels import Pixels, compact, hounsfield_of, is_plain
from CACBoneAxisLib.imaging.dicom.slices import SliceHeader
from CACBoneAxisLib.imaging.findings import UnusableInputError

PLAIN = PixelLayout("1.2.840.10008.1.2.1", 100, 24, False, 16, 16, 15, True, 1, None)


def header(slope: float, intercept: float, padding=None) -> SliceHeader:
    from dataclasses import replace

    layout = replace(PLAIN, padding=padding)
    return SliceHeader(Path("a.dcm"), 0, "1", 3, 4, None, None, None, None, slope, intercept, layout=layout)


@settings(max_examples=200, deadline=None)
@given(
    stored=st.one_of(arrays(np.int16, (3, 4)), arrays(np.uint16, (3, 4)), arrays(np.int32, (3, 4))),
    slope=st.sampled_from([1.0, 2.0, -1.0, 0.5, 1.25, 0.1]),
    intercept=st.sampled_from([0.0, -1024.0, -8192.0, 1000.0, -1000.5, -40000.0]),
    into=st.booleans(),
)
def test_values_are_those_of_the_formula_or_refused(stored, slope, intercept, into):
    expected = stored.astype(np.float64) * slope + intercept
    out = np.zeros((3, 4), dtype=np.int16) if into else None
    try:
        values, padded = hounsfield_of(stored, header(slope, intercept), out)
    except UnusableInputError as error:
        assert error.code == "not-hu" and expected.max() > 32767
        return
    # What lies below 16 bits is padding; single precision holds a millionth of the value.
    assert np.allclose(values, np.maximum(expected, -32768), rtol=1e-6, atol=1e-3)
    assert padded == 0
    assert values.dtype == (np.int16 if np.all(expected == np.rint(expected)) else values.dtype)


def test_padding_is_counted_where_it_is_bright():
    stored = np.array([[30000, 0], [30000, 100]], dtype=np.int16)
    values, padded = hounsfield_of(stored, header(1.0, -1024.0, (30000, 30000)))
    assert (values.tolist(), padded) == ([[-1024, -1024], [-1024, -924]], 2)
    values, padded = hounsfield_of(np.array([[-2000]], dtype=np.int16), header(1.0, 0.0, (-2000, -2000)))
    assert (values.tolist(), padded) == ([[-2000]], 0)


@pytest.mark.parametrize(
    ("changes", "plain"),
    [
        ({}, True),
        ({"syntax": ""}, True),
        ({"syntax": "1.2.840.10008.1.2.4.90"}, False),
        ({"start": None}, False),
        ({"length": None}, False),
        ({"bits_stored": 12, "high_bit": 11}, True),
        ({"bits_stored": 12, "high_bit": 15}, False),
        ({"bits_allocated": 12, "bits_stored": 12, "high_bit": 11}, False),
        ({"bits_allocated": 8, "bits_stored": 8, "high_bit": 7, "big_endian": True}, False),
    ],
)
def test_only_what_lies_there_plainly_is_read_directly(changes, plain):
    from dataclasses import replace

    assert is_plain(replace(PLAIN, **changes)) is plain


def test_one_slice_with_fractions_makes_the_volume_fractional():
    pixels = Pixels((3, 1, 2))
    pixels.put(0, np.array([[1, 2]], dtype=np.int16), 0)
    pixels.put(1, np.array([[1.5, 2.5]], dtype=np.float32), 0)
    pixels.put(2, np.array([[3, 4]], dtype=np.int16), 1)
    assert pixels.array.dtype == np.float32
    assert pixels.array.tolist() == [[[1, 2]], [[1.5, 2.5]], [[3, 4]]]
    assert pixels.padded == 1


def test_not_a_number_is_no_hounsfield_unit():
    with pytest.raises(UnusableInputError) as caught:
        compact(np.array([[np.nan, 1.0]]), header(1, 0))
    assert caught.value.code == "not-hu"
