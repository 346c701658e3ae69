"""The written objects, read by the programs of others."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from CACBoneAxisLib.dicomout.segments import Segment, layers
from CACBoneAxisLib.dicomout.source import source_series
from CACBoneAxisLib.dicomout.storedreading import StoredReading
from CACBoneAxisLib.dicomout.write import write_objects
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.study import Settings, StudyInputs, analyze

FILES = ("segmentation.dcm", "vertebrae.dcm", "heart.dcm", "measurements.dcm", "report.dcm")
# Every warning that the validator gives, and why it is right that it stands.
EXPLAINED = {
    r"Unrecognized defined term <99CACBONEAXIS> for value 1 of attribute <Coding Scheme Designator>": (
        "What has no standard code has a private one; the scheme is identified in the object, as DICOM asks."
    ),
}
COPIED = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID", "StudyDate")
COPIED += ("StudyTime", "AccessionNumber", "ReferringPhysicianName")


def tool(name: str, package: str) -> str:
    """The path of a program that others wrote; the test skips where it is not installed."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f"{name} (package {package}) is not installed")
    return found


def run(*words: str | Path) -> str:
    done = subprocess.run([str(w) for w in words], capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return (done.stdout + done.stderr).decode(errors="replace")


def ct_instances(folder: Path) -> dict[str, Any]:
    found = (pydicom.dcmread(path) for path in folder.iterdir())
    return {str(one.SOPInstanceUID): one for one in found}


def references(dataset: Any) -> set[str]:
    """Every Referenced SOP Instance UID at any depth."""
    return {str(e.value) for e in dataset.iterall() if e.keyword == "ReferencedSOPInstanceUID"}


def test_the_validator_finds_no_error_and_only_what_is_explained(written: Any) -> None:
    validator = tool("dciodvfy", "dicom3tools")
    for name in FILES:
        said = run(validator, written.folder / name)
        lines = [line for line in said.splitlines() if line.startswith(("Error", "Warning", "Abort"))]
        unexplained = [line for line in lines if not any(re.search(known, line) for known in EXPLAINED)]
        assert unexplained == []


def test_dcmtk_reads_the_structured_report(written: Any) -> None:
    dump = run(tool("dsrdump", "dcmtk"), "+Pc", written.folder / "measurements.dcm")
    assert not [line for line in dump.splitlines() if line.startswith(("E:", "F:"))]
    assert "Comprehensive 3D SR Document" in dump
    found = re.findall(r'NUM:\(VBMD-HA,99CACBONEAXIS[^=]*="([\d.]+)" \(mg/cm3,UCUM', dump)
    values = [written.mapping["bone"]["summary"], *written.mapping["bone"]["vertebrae"]]
    assert [float(v) for v in found] == pytest.approx([v["bmd"]["value"] for v in values if v["bmd"]], rel=1e-9)


def test_dcmqi_reads_measurements_and_their_segments(written: Any, tmp_path: Path) -> None:
    reader = tool("tid1500reader", "dcmqi")
    run(reader, "--inputDICOM", written.folder / "measurements.dcm", "--outputMetadata", tmp_path / "sr.json")
    content = json.loads((tmp_path / "sr.json").read_text(encoding="utf-8"))
    groups = {group["TrackingIdentifier"]: group for group in content["Measurements"]}
    segmentation = pydicom.dcmread(written.folder / "segmentation.dcm")
    numbers = {s.TrackingID: int(s.SegmentNumber) for s in segmentation.SegmentSequence}
    scored = [lesion for lesion in written.mapping["calcium"]["lesions"] if lesion["status"] == "scored"]
    assert len(scored) == 2
    for lesion in scored:
        (key,) = lesion["seeds"]
        group = groups[key]
        assert group["segmentationSOPInstanceUID"] == segmentation.SOPInstanceUID
        assert group["ReferencedSegment"] == numbers[key]
        values = {m["quantity"]["CodeMeaning"]: float(m["value"]) for m in group["measurementItems"]}
        assert values["Calcium score"] == pytest.approx(lesion["agatston"], rel=1e-9)
        assert values["Calcium Volume"] == pytest.approx(lesion["volume_mm3"], rel=1e-9)
        assert values["Calcium Mass"] == pytest.approx(lesion["mass_mg"], rel=1e-9)
        assert values["Mean Attenuation Coefficient"] == pytest.approx(lesion["mean_hu"], rel=1e-9)


def test_dcmqi_places_the_segments_where_the_voxels_are(written: Any, tmp_path: Path) -> None:
    import SimpleITK

    reader = tool("segimage2itkimage", "dcmqi")
    run(reader, "--inputDICOM", written.folder / "segmentation.dcm", "--outputDirectory", tmp_path, "-t", "nrrd")
    segmentation = pydicom.dcmread(written.folder / "segmentation.dcm")
    tracked = {int(s.SegmentNumber): str(s.TrackingID) for s in segmentation.SegmentSequence}
    geometry = written.inputs.image.geometry
    lesions = {" + ".join(x["seeds"]): x["id"] for x in written.mapping["calcium"]["lesions"]}
    masks = {key: written.result.calcium_masks[i] for key, i in lesions.items() if i in written.result.calcium_masks}
    masks |= dict(written.result.bone_masks)
    assert set(tracked.values()) == set(masks)
    for number, key in tracked.items():
        image = SimpleITK.ReadImage(str(tmp_path / f"{number}.nrrd"))
        indices = np.argwhere(SimpleITK.GetArrayFromImage(image) > 0)[:, ::-1]
        found = [image.TransformIndexToPhysicalPoint([int(v) for v in index]) for index in indices]
        here = np.sort(np.rint(geometry.to_index(found)).astype(int) @ [1, 1000, 1000000])
        there = np.sort(masks[key].indices()[:, ::-1] @ [1, 1000, 1000000])
        assert np.array_equal(here, there), key


def test_everything_refers_to_instances_of_the_ct_and_carries_its_identifiers(written: Any) -> None:
    ct = ct_instances(written.source)
    first = next(iter(ct.values()))
    objects = {name: pydicom.dcmread(written.folder / name) for name in FILES}
    own = {str(one.SOPInstanceUID) for one in objects.values()}
    assert sorted(path.name for path in written.folder.iterdir()) == sorted(FILES)
    for name, dataset in objects.items():
        for keyword in COPIED:
            assert str(dataset[keyword].value) == str(first[keyword].value), (name, keyword)
        assert references(dataset) <= set(ct) | own
        assert references(dataset) & set(ct)
        assert dataset.SeriesInstanceUID != first.SeriesInstanceUID
    assert len({one.SeriesInstanceUID for one in objects.values()}) == len(FILES)
    assert len({one.SeriesNumber for one in objects.values()}) == len(FILES)
    assert objects["segmentation.dcm"].FrameOfReferenceUID == first.FrameOfReferenceUID


def test_each_frame_of_the_segmentation_refers_to_the_slice_it_lies_on(written: Any) -> None:
    ct = ct_instances(written.source)
    dataset = pydicom.dcmread(written.folder / "segmentation.dcm")
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        place = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, dtype=float)
        (source,) = frame.DerivationImageSequence[0].SourceImageSequence
        slice_ = ct[str(source.ReferencedSOPInstanceUID)]
        if "ReferencedFrameNumber" in source:
            slice_ = slice_.PerFrameFunctionalGroupsSequence[int(source.ReferencedFrameNumber) - 1]
            slice_ = slice_.PlanePositionSequence[0]
        assert np.allclose(place, np.array(slice_.ImagePositionPatient, dtype=float), atol=1e-6)


def test_segments_are_coded_by_category_type_and_region(written: Any) -> None:
    dataset = pydicom.dcmread(written.folder / "segmentation.dcm")
    coded = {}
    for segment in dataset.SegmentSequence:
        parts = [segment.SegmentedPropertyCategoryCodeSequence[0], segment.SegmentedPropertyTypeCodeSequence[0]]
        parts += list(segment.get("AnatomicRegionSequence") or [])
        coded[segment.TrackingID] = [part.CodeValue for part in parts]
    assert coded["LAD-1"] == ["49755003", "18115005", "59438005"]
    assert coded["RCA-1"] == ["49755003", "18115005", "13647002"]
    assert coded["L1"] == ["123037004", "66794005"]


def test_the_pdf_comes_out_as_it_went_in(written: Any) -> None:
    dataset = pydicom.dcmread(written.folder / "report.dcm")
    assert dataset.EncapsulatedDocument[: dataset.EncapsulatedDocumentLength] == written.pdf
    assert dataset.MIMETypeOfEncapsulatedDocument == "application/pdf"


def test_the_same_result_gives_the_same_instances_and_another_others(written: Any, tmp_path: Path) -> None:
    masks = written.result.calcium_masks, written.result.bone_masks
    uids = []
    for name, started in (("a", None), ("b", None), ("c", "2031-01-01T00:00:00+00:00")):
        mapping = json.loads(json.dumps(written.mapping))
        mapping["provenance"]["started"] = started or mapping["provenance"]["started"]
        (tmp_path / name).mkdir()
        reading = StoredReading(written.inputs.settings.to_mapping(), written.inputs.seeds, written.inputs.regions)
        write_objects(tmp_path / name, mapping, reading, written.inputs.image, *masks)
        files = sorted((tmp_path / name).iterdir())
        uids.append([str(pydicom.dcmread(path).SOPInstanceUID) for path in files])
    assert uids[0] == uids[1]
    assert not set(uids[0]) & set(uids[2])


def test_the_instances_are_found_again_in_the_order_of_the_image(written: Any) -> None:
    series = source_series(written.inputs.image)
    assert len(series.stack.slices) == len(written.inputs.image.slices)
    mask = next(iter(written.result.bone_masks.values()))
    assert np.count_nonzero(series.stored({1: mask})) == mask.count


# What the validator says about the headers of a real scan, which are copied as they are.
FROM_THE_SCAN = {
    r"Missing attribute or value that would be needed to build DICOMDIR - (Study|Patient) ID": "the CT has none",
    r"Unrecognized defined term <SECTRA>": "a code of the hospital's own for the procedure",
}


def test_a_real_scans_headers_give_valid_objects(shared_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    validator = tool("dciodvfy", "dicom3tools")
    source = tmp_path / "ct"
    source.mkdir()
    for path in (shared_data / "dicom" / "contrast_series").iterdir():
        dataset = pydicom.dcmread(path)
        # Who published it emptied its UIDs.
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = "1.2.3", "1.2.4", "1.2.5"
        dataset.save_as(source / path.name)
    image = read_ct(source)
    center = tuple(float(v) for v in image.geometry.to_lps([256, 256, 10]))
    result = analyze(StudyInputs(image, None, (Box("L1", center, (20.0, 16.0, 8.0)),)))
    masks = result.calcium_masks, result.bone_masks
    paths = write_objects(tmp_path, result.to_dict(), StoredReading(Settings().to_mapping()), image, *masks, b"%PDF")
    for path in paths:
        lines = [line for line in run(validator, path).splitlines() if line.startswith(("Error", "Warning", "Abort"))]
        known = EXPLAINED | FROM_THE_SCAN
        assert [line for line in lines if not any(re.search(one, line) for one in known)] == []


def test_segments_that_share_voxels_go_to_different_objects() -> None:
    def segment(key: str, offset: int) -> Segment:
        mask = Mask((offset, 0, 0), np.ones((2, 2, 2), dtype=bool))
        return Segment(key, key, ("SCT", "1", "c"), ("SCT", "2", "t"), None, (0, 0, 0), mask)

    groups = layers([segment("a", 0), segment("b", 1), segment("c", 2), segment("d", 1)])
    assert [[one.key for one in group] for group in groups] == [["a", "c"], ["b"], ["d"]]
