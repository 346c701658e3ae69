"""Headers that contradict themselves, count in other units, or leave out what nobody may assume."""

from __future__ import annotations

import gzip
import math
import struct
import time
from contextlib import suppress

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.headers import label_names
from CACBoneAxisLib.imaging.imagefile import read_stored

SPACING, ORIGIN = (0.7, 0.8, 3.0), (-10.0, -20.0, 30.0)
VALUES = (np.arange(4 * 5 * 6).reshape(4, 5, 6) * 9 - 1000).astype(np.int16)
# Offsets in a NIfTI-1 header.
PIXDIM, SLOPE, INTERCEPT, UNITS, QFORM, SFORM, SROW_Z, QOFFSET = 76, 112, 116, 123, 252, 254, 312, 268


@pytest.fixture(scope="module")
def nifti(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("nifti") / "a.nii"
    image = sitk.GetImageFromArray(VALUES)
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    sitk.WriteImage(image, str(path))
    return path.read_bytes()


def changed(path, raw, *changes):
    content = bytearray(raw)
    for code, offset, value in changes:
        struct.pack_into("<" + code, content, offset, value)
    path.write_bytes(content)
    return path


def code_of(path) -> str:
    with pytest.raises(UnusableInputError) as caught:
        read_stored(path)
    assert path.name in str(caught.value)
    return caught.value.code


def nrrd(path, *lines):
    fixed = ["NRRD0005", "type: short", "dimension: 3", "sizes: 6 5 4", "endian: little", "encoding: raw"]
    path.write_bytes("\n".join([*fixed, *lines, "", ""]).encode() + VALUES.tobytes())
    return path


def metaimage(path, *lines):
    fixed = ["ObjectType = Image", "NDims = 3", "BinaryData = True", "BinaryDataByteOrderMSB = False"]
    last = ["DimSize = 6 5 4", "ElementType = MET_SHORT", "ElementDataFile = LOCAL", ""]
    path.write_bytes("\n".join([*fixed, *lines, *last]).encode() + VALUES.tobytes())
    return path


def test_a_header_that_agrees_with_itself_is_read_as_it_stands(nifti, tmp_path):
    stored = read_stored(changed(tmp_path / "a.nii", nifti))
    assert stored.geometry.spacing_mm == SPACING
    assert stored.geometry.origin_mm == pytest.approx(ORIGIN)
    assert stored.findings == ()


@pytest.mark.parametrize(
    "changes",
    [
        [("f", PIXDIM + 12, 1.0), ("h", QFORM, 0)],  # pixdim 1 mm, sform 3 mm
        [("f", SROW_Z + 8, 1.0), ("h", QFORM, 0)],  # pixdim 3 mm, sform 1 mm
        [("f", SROW_Z + 8, 1.0)],  # qform 3 mm, sform 1 mm
        [("f", QOFFSET + 8, 40.0)],  # qform 10 mm higher than sform
        [("f", SROW_Z + 12, 40.0)],  # sform 10 mm higher than qform
        [("f", PIXDIM, 1.0), ("f", SROW_Z + 8, -3.0)],  # sform from head to feet, qform from feet to head
    ],
)
def test_claims_of_a_nifti_header_that_differ_are_refused(nifti, tmp_path, changes):
    assert code_of(changed(tmp_path / "a.nii", nifti, *changes)) == "header-disagrees"


def test_the_second_claim_does_not_count_where_its_code_says_unknown(nifti, tmp_path):
    path = changed(tmp_path / "a.nii", nifti, ("f", QOFFSET + 8, 40.0), ("h", QFORM, 0))
    assert read_stored(path).geometry.origin_mm == pytest.approx(ORIGIN)
    path = changed(tmp_path / "b.nii", nifti, ("f", SROW_Z + 8, 1.0), ("h", SFORM, 0))
    assert read_stored(path).geometry.spacing_mm == SPACING


def test_a_slope_of_zero_scales_nothing_whatever_the_intercept_is(nifti, tmp_path):
    path = changed(tmp_path / "a.nii", nifti, ("f", SLOPE, 0.0), ("f", INTERCEPT, -1024.0))
    stored = read_stored(path)
    assert np.array_equal(stored.array, VALUES)
    assert [f.code for f in stored.findings] == ["scale-zero"]
    # With a slope the values are scaled: 2 x stored - 24.
    path = changed(tmp_path / "b.nii", nifti, ("f", SLOPE, 2.0), ("f", INTERCEPT, -24.0))
    assert np.array_equal(read_stored(path).array, VALUES * 2.0 - 24)


@pytest.mark.parametrize("pixdim", [0.0, -3.0, math.nan, math.inf])
def test_a_distance_that_is_none_is_not_taken_for_one_millimetre(nifti, tmp_path, pixdim):
    path = changed(tmp_path / "a.nii", nifti, ("f", PIXDIM + 12, pixdim), ("h", SFORM, 0))
    assert code_of(path) == "spacing-implausible"


def test_lengths_of_nifti_are_in_the_unit_that_it_states(tmp_path):
    micrometres = [1000 * s for s in SPACING]
    image = sitk.GetImageFromArray(VALUES)
    image.SetSpacing(micrometres)
    image.SetOrigin([1000 * o for o in ORIGIN])
    sitk.WriteImage(image, str(tmp_path / "a.nii"))
    raw = (tmp_path / "a.nii").read_bytes()
    stored = read_stored(changed(tmp_path / "um.nii", raw, ("b", UNITS, 3)))
    assert stored.geometry.spacing_mm == pytest.approx(SPACING, rel=1e-6)
    assert stored.geometry.origin_mm == pytest.approx(ORIGIN, rel=1e-6)
    assert code_of(tmp_path / "a.nii") == "spacing-implausible"  # 3000 mm


def test_voxels_smaller_than_any_scanner_makes_are_refused(nifti, tmp_path):
    assert code_of(changed(tmp_path / "a.nii", nifti, ("b", UNITS, 3))) == "spacing-implausible"  # 0.7 um


def test_analyze_does_not_say_how_its_axes_lie(nifti, tmp_path):
    stored = read_stored(changed(tmp_path / "a.nii", nifti, ("I", 344, 0), ("h", QFORM, 0)))
    assert [f.code for f in stored.findings] == ["orientation-assumed"]
    assert code_of(changed(tmp_path / "b.nii", nifti, ("I", 344, 0), ("b", QFORM, 2))) == "header-disagrees"


DIRECTIONS = "space directions: (0.7,0,0) (0,0.8,0) (0,0,3)"


@pytest.mark.parametrize(("unit", "mm"), [("mm", 1.0), ("cm", 10.0), ("um", 1e-3), ("m", 1000.0), ("", 1.0)])
def test_lengths_of_nrrd_are_in_the_unit_that_it_states(tmp_path, unit, mm):
    x, y, z = (s / mm for s in SPACING)
    lines = [f"space directions: ({x!r},0,0) (0,{y!r},0) (0,0,{z!r})", f"space origin: ({-10 / mm!r},{-20 / mm!r},0)"]
    path = nrrd(tmp_path / "a.nrrd", "space: LPS", f'space units: "{unit}" "{unit}" "{unit}"', *lines[:1])
    assert read_stored(path).geometry.spacing_mm == pytest.approx(SPACING)
    path = nrrd(tmp_path / "b.nrrd", f"spacings: {x!r} {y!r} {z!r}", f'units: "{unit}" "{unit}" "{unit}"')
    assert read_stored(path).geometry.spacing_mm == pytest.approx(SPACING)


def test_the_origin_of_nrrd_is_in_its_unit_too(tmp_path):
    lines = ["space: LPS", "space directions: (0.07,0,0) (0,0.08,0) (0,0,0.3)", "space origin: (-1,-2,3)"]
    stored = read_stored(nrrd(tmp_path / "a.nrrd", *lines, 'space units: "cm" "cm" "cm"'))
    assert stored.geometry.origin_mm == pytest.approx(ORIGIN)


def test_units_of_nrrd_that_are_unknown_or_several_are_refused(tmp_path):
    for units in ('"inch" "inch" "inch"', '"mm" "mm" "cm"'):
        assert code_of(nrrd(tmp_path / "a.nrrd", "space: LPS", DIRECTIONS, f"space units: {units}")) == "length-unit"


@pytest.mark.parametrize(
    "lines",
    [[], ["spacings: 0.7 0.8 nan"], ["space: LPS", "space directions: (0.7,0,0) (0,0.8,0) none"], ["space: LPS"]],
)
def test_nrrd_that_does_not_say_how_large_its_voxels_are_is_refused(tmp_path, lines):
    assert code_of(nrrd(tmp_path / "a.nrrd", *lines)) in ("spacing-missing", "file-unreadable")


@pytest.mark.parametrize("space", [None, "scanner-xyz", "3D-right-handed"])
def test_nrrd_without_a_space_of_the_patient_is_said(tmp_path, space):
    lines = [f"space: {space}", DIRECTIONS] if space else ["spacings: 0.7 0.8 3"]
    assert [f.code for f in read_stored(nrrd(tmp_path / "a.nrrd", *lines)).findings] == ["orientation-assumed"]


SPACED = "ElementSpacing = 0.7 0.8 3"


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "spacing-missing"),
        ([SPACED, "ElementSize = 0.7 0.8 5"], "header-disagrees"),
        ([SPACED, "TransformMatrix = -1 0 0 0 -1 0 0 0 1", "Rotation = 1 0 0 0 1 0 0 0 1"], "header-disagrees"),
        ([SPACED, "TransformMatrix = -1 0 0 0 -1 0 0 0 1", "AnatomicalOrientation = RAI"], "header-disagrees"),
        ([SPACED, "AnatomicalOrientation = LPI"], "header-disagrees"),
        ([SPACED, "Offset = 1 2 3", "Origin = 4 5 6"], "header-disagrees"),
        ([SPACED, "ElementToIntensityFunctionSlope = 2"], "header-disagrees"),
        ([SPACED, "TransformMatrix = nan 0 0 0 1 0 0 0 1"], "header-damaged"),
        ([SPACED, "DistanceUnits = furlong"], "length-unit"),
    ],
)
def test_metaimage_that_contradicts_itself_is_refused(tmp_path, lines, code):
    assert code_of(metaimage(tmp_path / "a.mha", *lines)) == code


def test_metaimage_is_read_where_what_it_says_agrees(tmp_path):
    lines = ["TransformMatrix = -1 0 0 0 -1 0 0 0 1", "AnatomicalOrientation = LPI", "Offset = 10 20 30"]
    stored = read_stored(metaimage(tmp_path / "a.mha", SPACED, *lines))
    assert stored.geometry.direction[0][0] == stored.geometry.direction[1][1] == -1
    assert stored.findings == ()
    stored = read_stored(metaimage(tmp_path / "b.mha", SPACED))
    assert [f.code for f in stored.findings] == ["orientation-assumed"]
    stored = read_stored(metaimage(tmp_path / "c.mha", "ElementSpacing = 0.07 0.08 0.3", "DistanceUnits = cm"))
    assert stored.geometry.spacing_mm == pytest.approx(SPACING)


@pytest.mark.parametrize(
    "turn", [(1, 0, 0, 0, 1, 0, 0, 0, 1), (0, 0, 1, 1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, 0, 1, 0, 1, 0)]
)
def test_the_orientation_that_itk_writes_is_the_one_that_is_checked(tmp_path, turn):
    image = sitk.GetImageFromArray(VALUES)
    image.SetSpacing(SPACING)
    image.SetDirection(turn)
    for name in ("a.mha", "a.nii.gz", "a.nrrd"):
        sitk.WriteImage(image, str(tmp_path / name))
        stored = read_stored(tmp_path / name)
        assert stored.findings == ()
        assert np.asarray(stored.geometry.direction).ravel() == pytest.approx(turn)


def test_names_of_labels_are_read_from_a_header_extension():
    xml = '<Label Key="31" Red="1"><![CDATA[vertebrae_L1]]></Label>\n<Label Key="5">liver</Label>'
    assert label_names(xml) == {31: "vertebrae_L1", 5: "liver"}
    assert label_names("no xml") == {}


def meaning(stored) -> tuple:
    """What measurements rest on: values, sizes and places."""
    return stored.array.tobytes(), stored.geometry.spacing_mm, stored.geometry.origin_mm, stored.geometry.direction


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offset=st.integers(76, 343), byte=st.integers(0, 255))
def test_one_byte_of_a_nifti_header_that_changes_a_number_is_refused_or_said(nifti, tmp_path, offset, byte):
    content = bytearray(nifti)
    content[offset] = byte
    path = tmp_path / "a.nii"
    path.write_bytes(content)
    with suppress(UnusableInputError):
        stored = read_stored(path)
        if SLOPE <= offset < UNITS:
            return  # slope and intercept are said once: nothing in the header can contradict them
        reference = tmp_path / "reference.nii"
        reference.write_bytes(nifti)
        true = read_stored(reference)
        said = {f.code for f in stored.findings} - {f.code for f in true.findings}
        same = np.array_equal(stored.array, true.array) and np.allclose(
            stored.geometry.index_to_lps, true.geometry.index_to_lps, rtol=1e-4, atol=0.25
        )
        assert same or said, (offset, byte)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    line=st.sampled_from(["space", "space units", "units", "spacings", "space origin", "centerings", "kinds"]),
    value=st.sampled_from(
        ["LPS", "RAS", "scanner-xyz", '"cm" "cm" "cm"', '"mm" "mm" "mm"', "1 1 1", "0.7 0.8 3", "nan nan nan", "", "?"]
    ),
)
def test_a_line_added_to_a_nrrd_header_changes_no_number_in_silence(tmp_path, line, value):
    lines = [text for text in ("space: LPS", DIRECTIONS) if not text.startswith(f"{line}:")]
    path = nrrd(tmp_path / "a.nrrd", *lines, f"{line}: {value}")
    with suppress(UnusableInputError):
        stored = read_stored(path)
        true = read_stored(nrrd(tmp_path / "b.nrrd", "space: LPS", DIRECTIONS))
        # Another space and a unit are claims that nothing contradicts; they are followed.
        followed = line == "space" or (line == "space units" and "cm" in value)
        assert followed or stored.findings or meaning(stored) == meaning(true)
        if line == "space units" and "cm" in value:
            assert stored.geometry.spacing_mm == pytest.approx([10 * s for s in SPACING])


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".hdr"])
@pytest.mark.parametrize("offset", [1.0, 2e9, -1.0, 351.0, 352.5, float("inf"), float("nan"), 1e30])
def test_a_first_voxel_where_none_can_be_is_refused_at_once(nifti, tmp_path, suffix, offset):
    path = changed(tmp_path / f"a{suffix}", nifti if suffix != ".hdr" else pair_of(nifti), ("f", 108, offset))
    if suffix == ".hdr":
        (tmp_path / "a.img").write_bytes(nifti[352:])
    if suffix == ".nii.gz":
        path.write_bytes(gzip.compress(path.read_bytes()))
    start = time.perf_counter()
    assert code_of(path) in ("header-disagrees", "file-unreadable")
    assert time.perf_counter() - start < 5


def pair_of(nifti: bytes) -> bytes:
    """The header of a pair from that of a single file."""
    return nifti[:344] + b"ni1\0" + nifti[348:352]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *(("NDims = 3", f"NDims = {n}") for n in ("-1", "0", "1", "9", "1e9", "3.5", "x", "", "2", "-2147483648")),
        *(
            ("DimSize = 6 5 4", f"DimSize = {n}")
            for n in ("6 5", "6 5 -4", "6 5 0", "6 5 4 1", "", "6 5 x", "6 5 1e400")
        ),
        ("DimSize", "ElementNumberOfChannels = -1\nDimSize"),
        ("DimSize", "ElementNumberOfChannels = 1000000000\nDimSize"),
        ("DimSize", "HeaderSize = -5\nDimSize"),
        ("DimSize", "Offset = 0 0\nDimSize"),
        ("DimSize", "TransformMatrix = 1 0 0 1\nDimSize"),
        ("DimSize", "ElementSpacing = 1 1 1 1\nDimSize"),
        ("ElementDataFile = LOCAL", "ElementDatafile"),
        ("DimSize", "DimSize = 60 50 40\nDimSize"),
    ],
)
def test_a_metaimage_with_impossible_counts_is_refused_before_itk_sees_it(tmp_path, old, new):
    path = metaimage(tmp_path / "a.mha", *([] if "ElementSpacing = 1 1 1 1" in new else ["ElementSpacing = 1 1 1"]))
    content = path.read_bytes()
    assert old.encode() in content
    path.write_bytes(content.replace(old.encode(), new.encode(), 1))
    assert code_of(path) == "file-unreadable"
