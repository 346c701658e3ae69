"""Nothing that names a patient leaves by any file, unless it is asked for."""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from pathlib import Path

import pydicom
import pytest
from pydicom._dicom_dict import DicomDictionary

pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.imaging.markups import write_markups
from CACBoneAxisLib.mrml.archive import write_scene

NAME, NUMBER, BORN, UID_ROOT = "Zwetschkenbaum", "KRANK4711", "19310405", "1.2.826.0.1.99"
TEXT_VRS = ("LO", "SH", "PN", "ST", "LT", "UT", "UC", "AE", "UR")
GROUPS = (0x0008, 0x0010, 0x0012, 0x0018, 0x0020, 0x0032, 0x0038, 0x0040)
# Facts about how the scan was made, which the result says; documented in docs/files.md.
SAID = {"Manufacturer", "ManufacturerModelName", "ConvolutionKernel"}
# What says how a file is read.
STRUCTURE = {"SpecificCharacterSet", "RescaleType", "PatientAge", "ContrastBolusAgent", "ContrastBolusRoute"}
# Lists from which a series is chosen show it, outputs do not.
DESCRIPTION = "FREITEXT"


def planted() -> dict[str, str]:
    """A patient's name or number for every text element of the standard's patient, study, scan and series."""
    header = {}
    for tag, (vr, _, _, retired, keyword) in DicomDictionary.items():
        if vr in TEXT_VRS and tag >> 16 in GROUPS and not retired and keyword not in SAID | STRUCTURE:
            header[keyword] = NUMBER if vr in ("SH", "AE") else NAME
    header["SeriesDescription"] = DESCRIPTION
    header |= {"PatientBirthDate": BORN, "PatientBirthTime": "040506", "FrameOfReferenceUID": f"{UID_ROOT}.1"}
    header |= {"StudyInstanceUID": f"{UID_ROOT}.2", "SeriesInstanceUID": f"{UID_ROOT}.3", "Manufacturer": "SCANNERS"}
    return header


def contents(path: Path) -> dict[str, str]:
    """What stands in a file, and in the files inside it, as text by name."""
    data = path.read_bytes()
    if path.suffix in (".mrb", ".zip"):
        found = {}
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for inner in archive.namelist():
                inside = path.parent / "inside" / Path(inner).name
                inside.parent.mkdir(exist_ok=True)
                inside.write_bytes(archive.read(inner))
                found |= {f"{inner} {name}": text for name, text in contents(inside).items()}
                found[f"name of {inner}"] = inner
        return found
    texts = {path.name: data.decode("latin-1")}
    if path.name.endswith(".nrrd"):
        payload = data.partition(b"\n\n")[2]
        if payload[:2] == b"\x1f\x8b":
            texts[f"{path.name} unpacked"] = gzip.decompress(payload).decode("latin-1")
    if path.suffix == ".pdf":
        pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
        reader = pypdf.PdfReader(path)
        texts[f"{path.name} text"] = " ".join(page.extract_text() for page in reader.pages) + str(reader.metadata)
    return texts


@pytest.fixture
def words(scene, small_study, dicom_writer, tmp_path) -> list[str]:
    """A study whose every name is the patient's."""
    folder = tmp_path / f"{NAME}^Anton {NUMBER}"
    image = small_study.image
    files = dicom_writer.write_series(folder, image.hu, image.geometry, header=planted(), prefix=f"{NAME}_{NUMBER}_")
    assert NAME in str(pydicom.dcmread(files[0]).PatientName)
    seeds, region = tmp_path / f"{NAME} seeds.mrk.json", tmp_path / f"{NAME} L1.mrk.json"
    write_markups(seeds, small_study.seeds)
    write_markups(region, small_study.regions)
    for path in (seeds, region):
        # Slicer takes the file's name where the file says none; so does this software.
        text = json.loads(path.read_text(encoding="utf-8"))
        text["markups"][0]["name"] = f"{NAME} L1"
        path.write_text(json.dumps(text), encoding="utf-8")
    given = ["--seeds", str(seeds), "--rois", str(region)]
    return ["analyze", str(folder), *given, "--output", str(tmp_path / "out")]


def leaks(text: str) -> list[str]:
    kinds = {
        NAME: NAME.lower() in text.lower(),
        NUMBER: NUMBER.lower() in text.lower(),
        BORN: BORN in text or "1931-04-05" in text,
        "UID": UID_ROOT in text,
        DESCRIPTION: DESCRIPTION in text,
    }
    return [kind for kind, there in kinds.items() if there]


def test_no_output_names_the_patient(words, tmp_path, capfd):
    pytest.importorskip("PySide6", reason="PySide6 is not installed")
    assert main([*words, "--pdf"], after_analysis=write_scene) == 0
    said = capfd.readouterr()
    assert leaks(said.out + said.err) == []
    out = tmp_path / "out"
    names = {path.name for path in out.iterdir()}
    assert {"scene.mrb", "report.pdf", "report.html", "result.json", "lesions.csv", "bone.seg.nrrd"} <= names
    searched = {}
    for path in sorted(out.iterdir()):
        searched |= contents(path)
    assert len(searched) > 15
    assert {name: leaks(f"{name} {text}") for name, text in searched.items() if leaks(f"{name} {text}")} == {}


def test_with_identifiers_they_stand_where_the_page_says(words, tmp_path):
    assert main([*words, "--identifiers"]) == 0
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    found = result["study"]["identifiers"]
    assert found["patient_name"] == NAME
    assert found["birth_date"] == BORN
    assert found["study_uid"] == f"{UID_ROOT}.2"
    assert result["study"]["id"].startswith(NAME)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert re.search(rf"patient {NAME}.*born {BORN}", page)


@pytest.mark.parametrize("damage", ["missing", "rescale", "seeds", "series"])
def test_no_refusal_names_the_patient(words, tmp_path, capfd, damage):
    if damage == "missing":
        words[1] += " other"
    elif damage == "seeds":
        Path(words[3]).write_text("{}")
    elif damage == "rescale":
        for path in Path(words[1]).iterdir():
            dataset = pydicom.dcmread(path)
            del dataset.RescaleSlope
            dataset.save_as(path)
    else:
        words += ["--series", f"{UID_ROOT}.7"]
    assert main(words) == 2
    said = capfd.readouterr()
    assert [kind for kind in leaks(said.out + said.err) if kind != DESCRIPTION] == []
    assert said.err.startswith("cacboneaxis: ")
