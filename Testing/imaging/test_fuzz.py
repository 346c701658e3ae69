"""Damaged files and absurd headers: a result or one sentence, never a traceback, never a hang, never all memory."""

from __future__ import annotations

import resource
import shutil
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from CACBoneAxisLib.imaging.dicom.survey import survey
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.load import read_ct

BOUNDED = settings(
    max_examples=40,
    # The machine may be busy; what hangs takes longer.
    deadline=timedelta(seconds=20),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
# Where in the file, and what is put there.
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=6)), min_size=1, max_size=4)
WORDS = st.one_of(
    st.sampled_from(["", "0", "-1", "1e400", "nan", "inf", "-inf", "1\\2\\3\\4\\5\\6\\7", "65535", "1e-30", "x", "  "]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\"), max_size=16),
)
TEXT_ELEMENTS = [
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept"),
    *("SliceThickness", "KVP", "PatientAge", "SeriesNumber", "InstanceNumber", "TriggerTime", "AcquisitionNumber"),
    *("ConvolutionKernel", "SeriesDescription", "ContrastBolusAgent", "ImageType", "PatientBirthDate", "StudyDate"),
    *("RescaleType", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "NumberOfFrames", "Modality"),
]
NUMBER_ELEMENTS = [
    *("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit"),
]


def outcome(path: Path) -> str:
    """What came of reading a file or folder: ``read``, or the code of the refusal."""
    try:
        image = read_ct(path)
    except UnusableInputError as error:
        sentence = str(error)
        assert sentence and (sentence[-1] in ".:" or error.code in ("several-series", "no-ct")), sentence
        return error.code
    assert np.all(np.isfinite(image.hu))
    assert min(image.geometry.spacing_mm) > 0
    return "read"


@pytest.fixture(scope="module")
def samples(tmp_path_factory, dicom_writer, dicom_variants):
    """A classic series, the same compressed, and an enhanced file of it, tiny."""
    from CACBoneAxisLib.imaging.geometry import ImageGeometry

    hu = np.random.default_rng(3).integers(-1024, 1300, (3, 6, 7)).astype(np.int16)
    geometry = ImageGeometry(hu.shape, (0.6, 0.7, 2.5), (-40.25, -101.5, 33.75))
    root = tmp_path_factory.mktemp("samples")
    for name, syntax in (("plain", None), ("rle", "RLE"), ("jpeg", "JPEG 2000"), ("deflated", "deflated")):
        dicom_writer.write_series(root / name, hu, geometry, header={"PixelRepresentation": 0})
        for path in (root / name).iterdir():
            if syntax:
                dicom_variants.recode(path, syntax)
    frames = [pydicom.dcmread(path) for path in sorted((root / "plain").iterdir())]
    for name, syntax in (("enhanced", "explicit"), ("enhanced rle", "RLE")):
        (root / name).mkdir()
        dicom_variants.save_as(dicom_variants.enhanced(frames), root / name / "e.dcm", syntax)
    for name in ("a.nrrd", "a.nii", "a.nii.gz", "a.mha", "a.nhdr", "a.mhd"):
        sitk.WriteImage(sitk.GetImageFromArray(hu), str(root / name))
    return root


def damaged(content: bytes, changes, cut: float) -> bytes:
    changed = bytearray(content)
    for place, what in changes:
        at = int(place * (len(changed) - 1))
        changed[at : at + len(what)] = what
    return bytes(changed[: max(1, int(cut * len(changed)))])


@pytest.mark.parametrize("name", ["plain", "rle", "jpeg", "deflated", "enhanced", "enhanced rle"])
@BOUNDED
@given(changes=CHANGES, cut=st.sampled_from([1.0, 1.0, 0.99, 0.5, 0.1]))
def test_damaged_bytes_of_a_dicom_file(samples, tmp_path, name, changes, cut):
    folder = tmp_path / "study"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(samples / name, folder)
    victim = sorted(folder.iterdir())[0]
    victim.write_bytes(damaged(victim.read_bytes(), changes, cut))
    outcome(folder)


@pytest.mark.parametrize("name", ["a.nrrd", "a.nii", "a.nii.gz", "a.mha", "a.nhdr", "a.mhd"])
@BOUNDED
@given(changes=CHANGES, cut=st.sampled_from([1.0, 1.0, 0.9, 0.3]))
def test_damaged_bytes_of_an_image_file(samples, tmp_path, name, changes, cut):
    for beside in samples.glob("a.*raw"):
        shutil.copy(beside, tmp_path)
    (tmp_path / name).write_bytes(damaged((samples / name).read_bytes(), changes, cut))
    outcome(tmp_path / name)


@BOUNDED
@given(values=st.dictionaries(st.sampled_from(TEXT_ELEMENTS), WORDS, min_size=1, max_size=4), both=st.booleans())
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_absurd_words_in_a_header(samples, dicom_writer, tmp_path, values, both):
    folder = tmp_path / "words"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(samples / "plain", folder)
    for number, path in enumerate(sorted(folder.iterdir())):
        if number and not both:
            break
        content = path.read_bytes()
        dataset = pydicom.dcmread(path)
        for keyword, value in values.items():
            # As the bytes that a careless writer leaves, because pydicom refuses to write most of them.
            tag = pydicom.tag.Tag(keyword)
            raw = value.encode()
            raw += b" " * (len(raw) % 2)
            kind = pydicom.datadict.dictionary_VR(tag).encode()
            element = tag.group.to_bytes(2, "little") + tag.element.to_bytes(2, "little") + kind
            element += len(raw).to_bytes(2, "little") + raw
            content = with_element(content, dataset, tag, element)
        path.write_bytes(content)
    outcome(folder)


def with_element(content: bytes, dataset, tag, element: bytes) -> bytes:
    """The file with an element put in the place of the one that it has; unchanged where it has none."""
    marker = tag.group.to_bytes(2, "little") + tag.element.to_bytes(2, "little")
    place = content.find(marker + pydicom.datadict.dictionary_VR(tag).encode())
    if tag not in dataset or place < 0:
        return content
    length = int.from_bytes(content[place + 6 : place + 8], "little")
    return content[:place] + element + content[place + 8 + length :]


@BOUNDED
@given(values=st.dictionaries(st.sampled_from(NUMBER_ELEMENTS), st.integers(0, 65535), min_size=1, max_size=3))
def test_absurd_numbers_in_a_header(samples, dicom_writer, tmp_path, values):
    folder = tmp_path / "numbers"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(samples / "plain", folder)
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        for keyword, value in values.items():
            # Padding is written with the sign of the pixels.
            setattr(dataset, keyword, value % 32768 if "Padding" in keyword else value)
        dataset["PixelData"].VR = "OW"
        dicom_writer.save(dataset, path)
    outcome(folder)


@BOUNDED
@given(content=st.binary(max_size=400), name=st.sampled_from(["a", "a.dcm", "DICOMDIR", "a.nii", "a.nrrd", "a.mhd"]))
def test_any_bytes_at_all(tmp_path, content, name):
    folder = tmp_path / "bytes"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number, head in enumerate((b"", b"\0" * 128 + b"DICM", b"\x08\0\x05\0")):
        (folder / f"{number}{name}").write_bytes(head + content)
        assert outcome(folder / f"{number}{name}") != "read"
    outcome(folder)
    with suppress(UnusableInputError):
        survey(folder)


@pytest.mark.parametrize("name", ["plain", "rle", "jpeg", "deflated", "enhanced", "enhanced rle"])
@pytest.mark.parametrize(("rows", "columns"), [(60000, 60000), (65535, 1), (20000, 20000), (4000, 4000)])
def test_a_header_that_claims_too_much_is_refused_before_memory_is_asked_for(
    samples, tmp_path, dicom_writer, dicom_variants, name, rows, columns
):
    folder = tmp_path / "huge"
    shutil.copytree(samples / name, folder)
    for path in folder.iterdir():
        content = path.read_bytes()
        if name == "deflated":
            dataset = pydicom.dcmread(path)
            dataset.Rows, dataset.Columns = rows, columns
            if pydicom.__version_info__[0] == "2":
                dataset.save_as(path, write_like_original=True)
            else:
                dataset.save_as(path, enforce_file_format=False)
            continue
        for keyword, value in (("Rows", rows), ("Columns", columns)):
            tag = pydicom.tag.Tag(keyword)
            marker = tag.group.to_bytes(2, "little") + tag.element.to_bytes(2, "little") + b"US\2\0"
            place = content.index(marker)
            content = content[: place + 8] + value.to_bytes(2, "little") + content[place + 10 :]
        path.write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert outcome(folder) in ("too-large", "file-unreadable")
    # One plane of 4000 x 4000, as the decoder may ask for it, is 31 MiB; a volume of them would be thousands.
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 200


def test_what_inflates_without_end_is_refused(samples, tmp_path):
    import zlib

    path = tmp_path / "bomb.dcm"
    content = next((samples / "deflated").iterdir()).read_bytes()
    start = 144 + int.from_bytes(content[140:144], "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    zeros = b"\0" * (1 << 20)
    packed = b"".join(packer.compress(zeros) for _ in range(600)) + packer.flush()
    path.write_bytes(content[:start] + packed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert outcome(path) == "file-unreadable" or outcome(path) == "no-ct"
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 200


@pytest.mark.parametrize("depth", [50, 3000])
def test_sequences_in_sequences_end(tmp_path, samples, depth):
    content = next((samples / "plain").iterdir()).read_bytes()
    inner = b""
    for _ in range(depth):
        item = b"\xfe\xff\x00\xe0" + len(inner).to_bytes(4, "little") + inner
        inner = b"\x08\x00\x15\x11SQ\0\0" + len(item).to_bytes(4, "little") + item
    place = content.index(b"\x08\x00\x60\x00CS")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.dcm").write_bytes(content[:place] + inner + content[place:])
    outcome(tmp_path / "deep")
